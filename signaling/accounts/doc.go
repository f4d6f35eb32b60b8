// Package accounts knows who people are and who is signed in.
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
// # What a stranger learns
//
// Nothing about who exists. A wrong password and an unknown login give the
// same error after the same work, and both are slowed in the same way: each
// login has a small budget of tries that refills with time. Nobody is ever
// locked out for good, since that would let anybody lock out a child.
//
// # Sessions
//
// A log-in gives the device an opaque random token. Only its SHA-256 is
// stored: who reads the database cannot sign in with what is there. A
// password hash would be pointless here, because the token has 256 random
// bits and cannot be guessed.
package accounts
