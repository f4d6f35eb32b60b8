package proto

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
)

// MLSGroupID is the id of the MLS group of a conversation's generation.
func MLSGroupID(conversationID string, generation int64) string {
	return conversationID + ":" + strconv.FormatInt(generation, 10)
}

// DeviceSecretHash is how the secret of a device is remembered: its SHA-256 in
// hex. It is random, so nothing slower is needed.
func DeviceSecretHash(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// ChatWho is by which session somebody speaks. It never goes over the wire.
type ChatWho struct {
	UserID    string
	SessionID string // of the WebSocket; empty over HTTP
	// LoginHash is hex SHA-256 of the token of the login by which the session was
	// opened: when that is ended, the device that is attached here goes with it.
	LoginHash string
}

// ChatReceiver is a device with the person whose it is.
type ChatReceiver struct {
	DeviceID string
	UserID   string
}

// ChatHint says that there is something new in queues. It goes from those who
// fill them to those who empty them.
type ChatHint struct {
	Devices []ChatReceiver
}
