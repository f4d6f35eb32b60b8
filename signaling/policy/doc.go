// Package policy is the one place that answers "may A do X to B, now?".
//
// Every module that is about to let one person reach another asks here and
// nowhere else, so that there is one place to read, to test and to trust. The
// decisions are pure functions over facts (meet.go, hours.go, part.go); the facts
// are read by a handful of statements, and read afresh each time: an answer is
// never older than the question.
//
// # Who may be in one call
//
// Every pair of them has to be friends or of one family, with no block either
// way and both accounts active: not only whoever calls with each. Then, for
// each child among them: a parent's consent to calls under the notice as it
// reads today; no quiet hours now; and something left of the day's minutes.
// Quiet hours and minutes are about calls with others: a call that has only
// one family in it is always allowed, so that a child can always reach a
// parent. A person of the staff may meet a parent whose consent waits for a
// video call with the staff, and nobody else, and nobody may call the staff.
//
// # Who may be in one conversation
//
// The same for every pair, with a parent's consent to messages in place of that
// to calls, and to photos where there are attachments. Quiet hours and minutes
// are about calls: they stop no message. The staff writes to nobody here. Where
// a group cannot stay as it is, [Service.Part] says who leaves.
//
// # What is told
//
// Whoever asks has to know everybody whom they name; for all others the answer
// is the same as for a person who does not exist. Among those whom they know,
// a refusal says what is missing between whom, in names, and not why
// something is not to be.
//
// # Time
//
// Quiet hours and days are a child's own: by the clock on the wall in the time
// zone that a parent has set (UTC where that is none). A span begins when the
// wall clock first shows its beginning and ends when it last shows its end:
// when an hour comes twice in autumn, quiet hours are an hour longer; a time
// that is skipped in spring is the moment of the skip.
//
// The minutes that are used are those that have been counted. Who asks in the
// middle of a call gets a right answer if the call's minutes up to now have
// been counted before.
package policy
