// Package reseal seals again, with the newest key of the ring (package seal),
// what older keys have sealed. After that the older keys can go, and with them
// the last chance to read any old copy of the database.
//
// Messages leave by themselves within the retention, but what a conversation
// keeps for devices that come in (its GroupInfo) and what reports have revealed
// may stay for years. So all three are gone through whenever the ring has got a
// new first key: in batches, in the order of their ids, each row replaced only if
// it still is what was read. A row that no key opens is counted and left alone:
// whatever is wrong with it, a new seal would not make it right.
//
// There is no state to lose. Whoever is interrupted begins anew, and passes over
// what is done.
package reseal
