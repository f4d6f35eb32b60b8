package client

import "encoding/binary"

// Further numbers of RFC 9420: sections 6, 7.2, 7.8, 12.4.3, 17.3, 17.5.
const (
	wireWelcome        = 3
	wireGroupInfo      = 4
	wireKeyPackage     = 5
	contentCommit      = 3
	credentialBasic    = 1
	leafOfKeyPackage   = 1
	nodeLeaf           = 1
	extensionTree      = 2
	extensionPublicKey = 4
)

// FrameDevice is a device as it stands in frames.
type FrameDevice struct {
	UserID, DeviceID string
	SignatureKey     []byte
}

// FrameCommit is what Frame is to a message to a commit.
func FrameCommit(groupID string, epoch int64, payload []byte) []byte {
	w := Frame(groupID, epoch, payload)
	w[len(frameHead)+len(frameVector(nil, []byte(groupID)))+8] = contentCommit
	return w
}

// FrameKeyPackage is a KeyPackage on the outside (RFC 9420, section 10), with
// keys that are none.
func FrameKeyPackage(suite int64, d FrameDevice, salt []byte) []byte {
	w := []byte{0, mls10, 0, wireKeyPackage, 0, mls10}
	w = binary.BigEndian.AppendUint16(w, uint16(suite))
	w = frameVector(w, salt) // init_key
	w = append(w, frameLeaf(d)...)
	w = frameVector(w, nil) // extensions
	return frameVector(w, make([]byte, 64))
}

// FrameWelcome is a Welcome on the outside (RFC 9420, section 12.4.3.1) for so
// many devices.
func FrameWelcome(suite int64, joiners int) []byte {
	w := []byte{0, mls10, 0, wireWelcome}
	w = binary.BigEndian.AppendUint16(w, uint16(suite))
	var secrets []byte
	for i := range joiners {
		secrets = frameVector(secrets, binary.BigEndian.AppendUint64(make([]byte, 24), uint64(i))) // new_member
		secrets = frameVector(secrets, make([]byte, 32))                                           // kem_output
		secrets = frameVector(secrets, make([]byte, 48))                                           // ciphertext
	}
	w = frameVector(w, secrets)
	return frameVector(w, make([]byte, 64)) // encrypted_group_info
}

// FrameGroupInfo is a GroupInfo on the outside (RFC 9420, section 12.4.3), with
// a tree of these leaves and an external key.
func FrameGroupInfo(suite int64, groupID string, epoch int64, leaves []FrameDevice) []byte {
	w := []byte{0, mls10, 0, wireGroupInfo, 0, mls10}
	w = binary.BigEndian.AppendUint16(w, uint16(suite))
	w = frameVector(w, []byte(groupID))
	w = binary.BigEndian.AppendUint64(w, uint64(epoch))
	w = frameVector(w, make([]byte, 32)) // tree_hash
	w = frameVector(w, make([]byte, 32)) // confirmed_transcript_hash
	w = frameVector(w, nil)              // extensions of the group
	var tree []byte
	for i, d := range leaves {
		if i > 0 {
			tree = append(tree, 0) // a blank parent
		}
		tree = append(append(tree, 1, nodeLeaf), frameLeaf(d)...)
	}
	extensions := frameExtension(nil, extensionTree, frameVector(nil, tree))
	extensions = frameExtension(extensions, extensionPublicKey, frameVector(nil, make([]byte, 32)))
	w = frameVector(w, extensions)
	w = frameVector(w, make([]byte, 32))    // confirmation_tag
	w = binary.BigEndian.AppendUint32(w, 0) // signer
	return frameVector(w, make([]byte, 64))
}

// frameLeaf is a LeafNode out of a key package (RFC 9420, section 7.2).
func frameLeaf(d FrameDevice) []byte {
	w := frameVector(nil, make([]byte, 32)) // encryption_key
	w = frameVector(w, d.SignatureKey)
	w = binary.BigEndian.AppendUint16(w, credentialBasic)
	w = frameVector(w, []byte(d.UserID+"/"+d.DeviceID))
	for range 5 { // capabilities
		w = frameVector(w, nil)
	}
	w = append(w, leafOfKeyPackage)
	w = append(w, make([]byte, 16)...) // lifetime
	w = frameVector(w, nil)            // extensions
	return frameVector(w, make([]byte, 64))
}

func frameExtension(w []byte, kind uint16, data []byte) []byte {
	return frameVector(binary.BigEndian.AppendUint16(w, kind), data)
}
