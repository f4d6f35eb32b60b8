// Package records shows operators the calls: the list of them, live and past,
// their records as a stream to be kept elsewhere, and, to those who may know,
// whose pseudonym stands in one.
//
// # The list
//
// Live calls are in memory, calls that have ended are in the store, or for a
// moment still on their way there. The list has the live ones first and then
// the others, the newest first in both; a cursor says after which call the
// next page begins, and in which of the two. Nothing is counted and nothing is
// held open between pages, so a page costs the same wherever it is. A call
// that ends while somebody turns pages may show up on two of them; none is
// left out.
//
// # The export
//
// NDJSON has a document a line, byte for byte what the record's own page
// gives. CSV is for spreadsheets, with one line a stream: how it was on its
// way, as the server and as the client measured it, with the call's own
// figures in every line. A call or a participant without a stream has a line
// too, so that nothing is missing from the sums. A spreadsheet would take a
// cell that begins with =, +, - or @ for a formula (CWE-1236); part of what is
// in a record a client has written itself (the names of devices), so such a
// cell begins with an apostrophe here.
//
// Records are read from the store a few at a time, and nothing is read ahead
// of what the reader takes.
//
// # Pseudonyms
//
// In a record a person is a random name of letters that means nothing outside
// of the store. Resolve says whose it is, and writes into the audit log who
// asked about which pseudonym and why, whether or not there was an answer. The
// log has the pseudonym and not the person: otherwise the way back would
// outlive the account.
package records
