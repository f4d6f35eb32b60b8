// Package blobs takes attachments from those who send them and hands them to
// those who get them. They are encrypted by the sender's device: what is kept
// here is ciphertext, whose key is in a message that the server cannot read.
//
// # The way of an attachment
//
// Begin says how large the ciphertext is and gives an id of 130 random bits.
// Then its chunks come, in any order and any number of times; a chunk that is
// there already is not written again, so that nobody gets other bytes than
// were announced. All have the chunk size that was told, to the byte, but for
// the last. With the last chunk the upload is done, and a message may name it:
// the transaction that takes the message lets exactly those devices fetch it
// that the message goes to. Each says so when it has it, and with the last of
// them row and bytes are deleted.
//
// # Who may
//
// There are no links. Every request is a signed-in person's, and asks each
// time: the owner as long as no message has named it, then the persons of
// devices that have not fetched it yet and are in the conversation still.
// Policy is asked each time as well, so that a block or a withdrawn consent
// works from the next chunk on. To anybody else an attachment is not_found, in
// the same words as one that does not exist.
//
// # What goes by itself
//
// A sweep deletes uploads that no message has named within Config.Unsent, what
// was not fetched within Config.Retention, what was sent to devices that are
// all out of the conversation, and bytes without a row: those of a deleted
// account, or of a server that stopped between deleting the row and the bytes.
// The row always goes first, and is always there before the first byte, so
// bytes without a row are never wanted by anybody.
//
// # Where the bytes are
//
// In a [Bucket]: a [Dir] of this machine, or whatever speaks S3 (package s3).
// An attachment's id and a chunk's number are all that a bucket ever sees of
// it. One suite of tests holds for all buckets.
package blobs
