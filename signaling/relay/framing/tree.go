package framing

import "slices"

// Where a leaf comes from: RFC 9420, section 7.2.
const (
	sourceKeyPackage = 1
	sourceUpdate     = 2
	sourceCommit     = 3
	sourceAny        = 0 // for readLeaf: whichever it is
)

const credentialBasic = 1 // RFC 9420, section 17.5

// readLeaf reads a LeafNode: RFC 9420, section 7.2.
func readLeaf(r *reader, wanted uint8) Leaf {
	r.vector("the encryption key")
	leaf := Leaf{SignatureKey: r.vector("the signature key")}
	if kind := r.u16("the credential"); r.err == nil && kind != credentialBasic {
		r.fail("a credential is of type %d: it must be 1, basic", kind)
	}
	leaf.Identity = string(r.vector("the identity"))
	for _, what := range [...]string{"the versions", "the cipher suites", "the extension types", "the proposal types", "the credential types"} {
		if list := r.vector(what); len(list)%2 != 0 {
			r.fail("%s take %d bytes: it must be an even number", what, len(list))
		}
	}
	source := r.u8("where a leaf comes from")
	if r.err == nil && wanted != sourceAny && source != wanted {
		r.fail("a leaf comes from %d: it must be %d here", source, wanted)
	}
	switch source {
	case sourceKeyPackage:
		r.skip(16, "the lifetime")
	case sourceUpdate:
	case sourceCommit:
		r.vector("the parent hash")
	default:
		r.fail("a leaf comes from %d: it must be 1 to 3", source)
	}
	r.vector("a leaf’s extensions")
	r.vector("a leaf’s signature")
	if r.err != nil {
		return Leaf{}
	}
	return leaf
}

// Kinds of nodes: RFC 9420, section 7.8.
const (
	nodeLeaf   = 1
	nodeParent = 2
)

// readTree reads the ratchet_tree extension: RFC 9420, section 12.4.3.3. Its
// nodes stand in order, leaves and parents in turn, blank ones included but
// for those at the end.
func readTree(r *reader) (leaves []Leaf) {
	at, last := 0, false
	r.each("the tree", func(r *reader) {
		place := nodeLeaf
		if at%2 == 1 {
			place = nodeParent
		}
		at++
		if last = r.optional("a node"); !last {
			return
		}
		kind := int(r.u8("a node’s type"))
		if r.err == nil && kind != place {
			r.fail("node %d of the tree is of type %d: it must be %d at its place", at-1, kind, place)
		}
		if kind == nodeLeaf {
			leaves = append(leaves, readLeaf(r, sourceAny))
			return
		}
		r.vector("a parent’s key")
		r.vector("a parent’s hash")
		r.vector("a parent’s new leaves")
	})
	if r.err == nil && !last {
		r.fail("the tree ends with a blank node, or has none: it must end with the last that is filled")
	}
	if r.err == nil && len(r.rest) > 0 {
		r.fail("%d bytes are left over behind the tree", len(r.rest))
	}
	if r.err != nil {
		return nil
	}
	return slices.Clip(leaves)
}
