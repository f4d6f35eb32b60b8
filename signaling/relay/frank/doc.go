// Package frank lets a message that only its receivers can read prove who sent
// it, when one of them reports it, and keeps everybody else out: message
// franking.
//
// # How it works
//
// The sender's device picks an opening, 32 random bytes, and sends
// HMAC-SHA-256(opening, content) along with the message: the commitment. The
// opening itself goes inside the ciphertext. The server cannot open the
// commitment, but binds it, with a key that it alone has, to what it knows:
// sender, conversation, place and time. That is the tag. A receiver's device
// refuses a message whose commitment does not open, so what was shown to
// somebody can be reported. A report reveals content and opening of that one
// message; [Keys.Verify] computes the commitment from them and looks whether
// the tag is the server's.
//
// Without the opening the commitment says nothing about the content (the
// opening is as long as the hash and random); without the server's key nobody
// makes a tag for something that was not sent, the reporter neither.
//
// # Why a hash of its own
//
// AES-GCM does not commit to its key: it takes little to make one ciphertext
// that opens to two contents under two keys, and to report the harmless one of
// them. That is the "invisible salamander" of Grubbs, Lu and Ristenpart
// ("Message Franking via Committing Authenticated Encryption", CRYPTO 2017)
// and of Dodis, Grubbs, Ristenpart and Woodage ("Fast Message Franking",
// CRYPTO 2018); a test of this package makes one. HMAC-SHA-256 with a key of
// one fixed length commits: two pairs of opening and content with the same
// commitment are a collision of SHA-256. The length is part of that, since
// HMAC (RFC 2104, section 2) fills short keys up with zeros: 31 bytes and the
// same 31 bytes with a zero behind them are one key.
//
// # Tags
//
// A tag is one byte for the length of the key's id, the id, and 32 bytes of
// HMAC-SHA-256 over a label and the fields key id, commitment, sender,
// conversation, seq and time, each after its length in 8 bytes: nothing can
// move from one field into the next. The first key makes tags, and all verify,
// so that a new key goes in front of the others without a message losing its
// proof; a key may go when the last evidence that it could prove is of no
// interest any more.
package frank
