// Package mail gets an e-mail to a person: by SMTP, or, on a server that has
// none, into an outbox that a developer can look into.
//
// # Why sending does not wait
//
// [SMTP.Send] checks the message, puts it into a queue in memory and returns.
// A sign-up must take as long for an address that is known as for one that is
// not, and must not hang on a slow mail server. What the queue holds is sent by a
// few connections at once. A failure that may pass (no connection, a 4xx
// reply of RFC 5321, section 4.2.1) is tried again a few times with growing
// pauses; a 5xx reply is final.
//
// The queue is in memory on purpose. Everything Kinwire sends can be asked for again by
// the person who waits for it, and is worth nothing some minutes later.
// [SMTP.Close] sends what is left before the server goes.
//
// # What a mail server is trusted with
//
// With "starttls" and "tls" nothing is sent before the connection is encrypted
// and the certificate has been checked against the host's name; STARTTLS is
// never optional, since whoever sits in between could otherwise strike it from
// the server's greeting. With "none" there is no password either: that mode is
// for a relay on the same machine.
//
// # What cannot be smuggled in
//
// A line break in an address or a subject would begin another header (CWE-93). Both are
// refused when they hold any control character, and an address must be exactly
// one bare mailbox.
package mail
