// Package store keeps on disk what Kinwire must remember: who is who, who may
// call whom, who is signed in, and the record of every call.
//
// It speaks two engines with one SQL text. SQLite is the default: a file
// beside the server, nothing to install. PostgreSQL is for installations of
// several nodes. What the two do differently, how they are opened, how many
// connections they bear and how migrations are kept from running twice at once, is in one file,
// dialect.go; everything else is written once and tested on both by the same
// suite.
//
// The conventions that make this possible:
//
//   - placeholders are $1, $2 …, which both understand;
//   - a time is a BIGINT of whole milliseconds since the Unix epoch, UTC;
//   - a hash or a JSON document is TEXT;
//   - an upsert is INSERT … ON CONFLICT.
//
// The signaling modules do not import this package. Each declares the few
// methods that it needs, in plain types and those of signaling/proto, and a
// [Store] happens to have them. A look-up that may find nothing says so with
// a bool, because "nobody by that name" is an answer and not a failure.
package store
