package codec

// Kinds is how many values Kind has, Unknown included: the size of a table
// indexed by Kind.
const Kinds = int(AV1) + 1
