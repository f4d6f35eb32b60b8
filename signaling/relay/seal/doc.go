// Package seal encrypts what waits in the database with a key that is not in
// it. What is sealed are bodies that the devices have encrypted already, end to
// end: this second layer is for the day when somebody walks off with the
// database alone, and it makes what was deleted unreadable in every old copy of
// it once its key is gone as well.
//
// # Keys
//
// A key ring is a text: a line for each key, with its name, a space, and 32
// random bytes in base64. Empty lines and lines that begin with # are passed
// over.
//
//	20260301T120000-k7x2 q3v...=
//	20251201T080000-m4pa Zt0...=
//
// The first key seals, all of them open. To rotate, a fresh line is put in
// front ([Rotate] does it for a file) and [Ring.Reload] is called; nothing has
// to stop. An old key can go when nothing is left that it has sealed: a day
// after the longest retention.
//
// The text comes from a [Source]: a [File] that only its owner can read, or the
// output of a [Command], which is the hook for a key management service.
//
// # Form
//
// A sealed body is
//
//	1 | length of the name | name | salt (16) | nonce (12) | ciphertext | tag (16)
//
// and it is encrypted by AES-256-GCM under a key of its own, HKDF-SHA-256 of the
// ring's key and the salt. So a key of the ring may seal any number of bodies:
// with random nonces under one and the same key it would have to be rotated
// after 2^32 (NIST SP 800-38D, section 8.3). What is in front of the salt and the
// caller's additional data are authenticated along.
package seal
