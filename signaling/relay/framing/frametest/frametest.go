// Package frametest makes MLS messages (RFC 9420) that are well formed on the
// outside and hold nothing: for tests and for load, where what counts is how
// the relay deals with them, and running MLS would only be in the way. No
// device can read them.
package frametest

import "encoding/binary"

// Leaf is a device: the identity of its basic credential (user id, slash,
// device id) and its signature key.
type Leaf struct {
	Identity     string
	SignatureKey []byte
}

// Application is a PrivateMessage with application data.
func Application(groupID string, epoch int64, payload []byte) []byte {
	return private(groupID, epoch, 1, payload)
}

// Commit is a PrivateMessage with a commit that ends epoch.
func Commit(groupID string, epoch int64, payload []byte) []byte {
	return private(groupID, epoch, 3, payload)
}

func private(groupID string, epoch int64, content byte, payload []byte) []byte {
	w := message(2).vector([]byte(groupID)).u64(epoch).u8(content)
	return w.vector(nil).vector(nil).vector(payload)
}

// External is a PublicMessage with a commit by which leaf comes into a group.
func External(groupID string, epoch int64, leaf Leaf) []byte {
	const newMemberCommit, commit, there = 4, 3, 1
	w := message(1).vector([]byte(groupID)).u64(epoch).u8(newMemberCommit).vector(nil).u8(commit)
	w = w.vector(nil).u8(there).leaf(leaf, 3).vector(nil)
	return w.vector(nil).vector(nil)
}

// Welcome is one for so many devices.
func Welcome(suite int64, joiners int, payload []byte) []byte {
	var secrets writer
	for range joiners {
		secrets = secrets.vector(nil).vector(nil).vector(nil)
	}
	return message(3).u16(suite).vector(secrets).vector(payload)
}

// GroupInfo has a tree of those leaves, and the key to come in by.
func GroupInfo(suite int64, groupID string, epoch int64, leaves ...Leaf) []byte {
	const blank, there, isLeaf, ratchetTree, externalPub = 0, 1, 1, 2, 4
	var nodes writer
	for i, l := range leaves {
		if i > 0 {
			nodes = nodes.u8(blank)
		}
		nodes = nodes.u8(there).u8(isLeaf).leaf(l, 3)
	}
	extensions := writer{}.u16(ratchetTree).vector(writer{}.vector(nodes)).u16(externalPub).vector(nil)
	w := message(4).u16(1).u16(suite).vector([]byte(groupID)).u64(epoch).vector(nil).vector(nil).vector(nil)
	return append(w.vector(extensions).vector(nil), 0, 0, 0, 0).vector(nil)
}

// KeyPackage is one of leaf; init makes it different from others.
func KeyPackage(suite int64, leaf Leaf, init []byte) []byte {
	return message(5).u16(1).u16(suite).vector(init).leaf(leaf, 1).vector(nil).vector(nil)
}

type writer []byte

func message(wire int64) writer { return writer{}.u16(1).u16(wire) }

func (w writer) u8(v byte) writer { return append(w, v) }

func (w writer) u16(v int64) writer { return binary.BigEndian.AppendUint16(w, uint16(v)) }

func (w writer) u64(v int64) writer { return binary.BigEndian.AppendUint64(w, uint64(v)) }

// vector writes the length in as few bytes as possible (section 2.1.2).
func (w writer) vector(v []byte) writer {
	n := len(v)
	if n < 1<<6 {
		return append(append(w, byte(n)), v...)
	}
	if n < 1<<14 {
		return append(binary.BigEndian.AppendUint16(w, uint16(n)|0x4000), v...)
	}
	return append(binary.BigEndian.AppendUint32(w, uint32(n)|0x80000000), v...)
}

// leaf writes a LeafNode (section 7.2) from a source: 1 a key package, 3 a
// commit.
func (w writer) leaf(l Leaf, source byte) writer {
	const basic = 1
	w = w.vector(nil).vector(l.SignatureKey).u16(basic).vector([]byte(l.Identity))
	w = w.vector(nil).vector(nil).vector(nil).vector(nil).vector(nil).u8(source)
	if source == 1 {
		w = w.u64(0).u64(0)
	} else {
		w = w.vector(nil)
	}
	return w.vector(nil).vector(nil)
}
