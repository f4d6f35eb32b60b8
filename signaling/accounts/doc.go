// Package accounts knows who people are, who looks after whom, and who is
// signed in.
//
// # Who gets an account, and how
//
//   - A parent signs up with an e-mail address, and a password or later a
//     passkey, or comes from an OpenID Connect provider.
//   - Teens and adults sign up for themselves from the age at which people
//     consent alone in their country. That age is data with a date
//     ([AgeRule]). Below it nothing of what was entered is kept, not even in
//     memory.
//   - A child is made by a parent ([Service.NewChild]), with a consent that was
//     granted, is for the notice as it reads now, and is not used yet. The
//     child's rows and the binding of the consent are one transaction: there
//     is no child without a consent, and no consent makes two.
//
// Until the link in the e-mail is opened an account is only a ticket, whose
// data holds what was entered, the password hashed already. Tickets are
// single-use, short-lived and kept as hashes.
//
// # Families
//
// A child can have several parents with equal rights; one shows another a
// code ([Service.GuardianCode]). The child, its parents and its siblings are
// friends from the start and for good.
//
// # Passwords
//
// A password is kept as an argon2id hash in PHC string format, for example
//
//	$argon2id$v=19$m=19456,t=2,p=1$<salt>$<key>
//
// with the parameters in the string, so that raising them later leaves old
// hashes readable. Each hash takes tens of milliseconds and 19 MiB on
// purpose; only as many run at once as there are processors, and the rest
// wait, so a flood of log-ins cannot exhaust the memory.
//
// Grown-ups have ten characters or more. A child can have four pictures
// instead, which a small child remembers and finds on a keyboard: emoji are
// counted as they are seen, and the selectors that keyboards add or leave out
// do not count. A child can also sign in with a one-time code that a parent
// shows ([Service.ChildCode]).
//
// # What a stranger learns
//
// Nothing about who exists. A wrong password and an unknown login give the
// same error after the same work. Sign-up and "forgot my password" give the
// same answer for every address; what there is to say goes there by e-mail.
// Passwords, codes and e-mails are slowed by small budgets that refill with
// time: by login, by the beginning of a code, by address. Nobody is ever
// locked out for good, since that would let anybody lock out a child. What
// one network may try is bounded before it gets here, by the HTTP API.
//
// # What others see
//
// A name and one emoji. Names that look like a phone number, a street
// address, an e-mail address, an account elsewhere or a school are refused
// with a kind word why (checkText).
//
// # Sessions
//
// A log-in gives the device an opaque random token. Only its SHA-256 is
// stored: who reads the database cannot sign in with what is there. A
// password hash would be pointless here, because the token has 256 random
// bits and cannot be guessed. People list and end their sessions by id, and
// parents those of their children; what ends is returned as token hashes, by
// which the sockets of those devices are found.
//
// # Suspension
//
// Whoever was suspended is known again by a mark: a keyed hash of the e-mail
// address, or, for a child, of each parent and the date of birth
// ([Service.Marks]). Sign-up looks for it, and tells only the owner of the
// address.
package accounts
