// Package reports is how somebody says that another person did wrong, and how
// an operator answers: the queue, the decisions, the suspension of accounts,
// and what an operator may see of anybody.
//
// # Blocking comes first
//
// Who reports somebody may have them blocked at once. The block is set before
// the report is stored, and stands even where the report is refused for its
// number: nobody has to wait for an operator to be left alone.
//
// # Whom one may report
//
// Somebody whom one knows: a friend, one who was a friend, one who asked to be
// a friend or was asked, somebody out of one's call history, or somebody whom
// one has blocked. Anybody else is not_found, in the same words as somebody who
// does not exist, so that a report is no way to find out who is here. A parent
// reports for a child whom they look after, and then it is the child's
// acquaintance that counts and the child for whom is blocked.
//
// # Decisions
//
// A report is open until an operator dismisses it, warns the person or
// suspends their account. A decided report is not decided again: of two
// operators who do so at once one wins, and the other is told wrong_state. The
// decision, the suspension with the end of all sessions, and the entries of
// the audit log are one transaction. What an operator writes is kept with the
// report and not in the audit log, which holds ids and choices only.
//
// # Messages as evidence
//
// The server cannot read messages. A report may reveal one: its content, the
// opening of the sender's commitment, and the tag that the server gave it when
// it was sent. [Franking] verifies that it is what the reported person wrote,
// and the report is taken only if it is, and if the reporter (or the child for
// whom they report) is or was in that conversation. What is revealed is sealed
// with a key that is not in the database, bound to the report's id. An operator
// sees it in the report itself, not in the queue, and each look is in the audit
// log: who, and which report, never what. It is deleted when the report is
// dismissed, and [Config.EvidenceRetention] after any other decision; as long
// as nobody has decided, it stays. A key that has sealed evidence has to be kept
// as long.
//
// # Suspension
//
// A suspended account cannot sign in or be reached. Of it a minimal record
// stays for [Config.Record]: marks (keyed hashes of what the same person
// would sign up with) and the operator's note. Then the record goes, as
// decided reports do; the account stays shut until an operator restores it.
//
// # What parents are told
//
// The guardians of a child who reported somebody are told when the report
// comes in and when it is decided; the guardians of a child who was reported
// are told when that led to a warning. A report that was dismissed is no
// news to the family of somebody who did nothing. [Config.TellParents] limits
// these letters. Nobody is told of a report within a family: if a child
// reports a parent, a letter to the parents would be a letter to the person
// who was reported.
//
// A letter about the account itself (suspended, restored) always goes out, to
// the guardians of a child and to everybody else at their own address; and so
// does a warning to somebody who has no guardian.
//
// No letter holds what was reported, by whom or about whom. It names the
// reader's own child and nobody else. It is written in the reader's language
// if that is English, Hindi, Polish or Traditional Chinese, and in English
// otherwise.
package reports
