// Package framing reads the outside of MLS messages (RFC 9420): which group
// and epoch they are of, what kind of thing they carry, and for whom it is
// meant. It holds no keys, verifies no signature and sees no content: that is
// the devices' business. The relay reads the outside to refuse what does not
// belong where it was sent, before it is queued for anybody: a message of
// another group or epoch, a commit that is none, a Welcome for more devices
// than were named.
//
// What is read is what RFC 9420 leaves in the clear:
//
//	PrivateMessage  group id, epoch, content type          (section 6.3)
//	PublicMessage   the same, the kind of sender, and of an external commit
//	                the leaf that comes in                  (sections 6.2, 12.4)
//	Welcome         cipher suite, how many devices it is for (section 12.4.3.1)
//	GroupInfo       group id, epoch, cipher suite, and by the ratchet_tree
//	                extension all leaves of the group       (section 12.4.3)
//	KeyPackage      cipher suite and the leaf               (section 10)
//
// A leaf names its device by a basic credential (section 5.3), whose identity
// is the user id, a slash, and the device id.
//
// Everything is read to its last byte. Vectors have to have the shortest
// possible length in front (section 2.1.2), as the RFC asks, so that there is
// one way to write each message; an epoch has to fit into 63 bits.
package framing
