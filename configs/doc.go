// Package configs reads Kinwire's configuration: one typed [Config] out of
// the embedded default.yaml, a file, the environment and flags, each going
// over the one before.
//
// default.yaml is the reference: every key stands in it with its default and
// a comment that says its unit and its reason. The struct [Config] says the
// same in types, with the limits in its validate tags. A test holds the two
// together in both directions.
//
// # Refusals
//
// Whatever is wrong is refused, all of it at once, as one [*Error]. Each
// [Problem] names where it stands (file and line, environment variable or
// flag), the key, what was given and what is allowed:
//
//	house.yaml:3: sfu.udp_port: given 99999; allowed: a whole number from 0 to 65535
//	house.yaml:4: sfu.udp_prot: no such key; did you mean sfu.udp_port?
//	env KINWIRE_LOG_LEVEL: log.level: given "loud"; allowed: one of debug, info, warn, error
//
// The allowed text is made from the same tags that the check itself uses, so
// it cannot say something else than what is enforced.
//
// # How it works
//
// The struct's leaves are listed once by reflection ([Keys]). A YAML file is
// read as a tree of nodes, because only nodes know their line; a walk along
// the leaves turns each node into a value of the leaf's Go type, and viper
// lays the layers over one another. The origin of every value is kept
// ([Config.Origin]), so that [Config.WriteYAML] can tell where each came from.
//
// # Changes
//
// Every key says in its acts tag when a change takes effect in a server that
// runs ([Acts]). [Diff] lists what differs between two configurations, and
// [Config.Take] makes the one that a running server can go over to: what waits
// for a restart keeps its old value. docs/config.md ([Manual]) and
// docs/config.schema.json ([JSONSchema]) are made from the same keys.
//
// Secrets have the type [Secret], which shows itself masked on every way out.
package configs

//go:generate go run ./gen ../docs
