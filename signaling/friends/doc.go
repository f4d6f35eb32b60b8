// Package friends decides who are friends.
//
// # Every yes
//
// Two people are friends when every yes is there: one of each of the two, and,
// for each of the two who is a child whose parents want to approve new friends
// (Rules.ApproveFriends), one of that child's parents. A parent of both
// children gives two, one for each child.
//
// What is between two people is one row (proto.FriendRow) and moves by the
// table in table.go and by nothing else. The machine is pure: it has no clock
// and no store, the time comes with the event. The store holds the row while
// the machine decides, and keeps the new row and the audit entries in one
// transaction.
//
// # How it ends
//
// Either of the two, or a parent of one who is a child, can end it at any
// time. A block wins over everything: it ends what there is, nothing can begin
// while it lasts, and taking it back revives nothing. Members of a family are
// friends from the start; with a child that can neither be ended nor blocked,
// so that a child always reaches a parent. Two grown-ups of one family may end
// theirs; it is an ordinary friendship that has ended then.
//
// # No nagging
//
// Somebody who was told no cannot ask the same person again before
// Config.DeclineCooldown has passed. A parent's no counts as one of the child's
// side, and ending a friendship as a no. The side that said no may ask before
// that, with one exception: a child whose own parent said no waits for
// Config.RemindInterval, as with reminding. Nobody else can introduce the two
// again in that time either. Requests that nobody answers run out after
// Config.RequestLifetime.
//
// # Finding somebody
//
// By the exact friend code and in no other way. A code is ten characters out of
// thirty ([Alphabet]), which is 49 bits, and each person has ten tries and one
// more every half a minute. A code that nobody has, that of somebody
// suspended and that of somebody who has blocked the one who asks all get the
// same answer, not_found. The alternative, a request that goes nowhere, would
// give a name and a picture to somebody who was blocked to be rid of, and a
// child would wait for an answer that cannot come.
//
// A request shows a nickname and a picture. Ids come with friendship.
//
// # The order of friends
//
// By how much two people talk, where what is long ago counts less:
//
//	score = Σ seconds of each call · 2^(−age of the call / half-life)
//
// With a half-life of two weeks an hour today counts 3600, an hour two weeks
// ago 1800, an hour four weeks ago 900. One number for each pair is enough:
// it is multiplied by 2^(−time since / half-life) before something is added.
// Equal scores, and everything where Settings.OrderByTalk is off, go by name.
package friends
