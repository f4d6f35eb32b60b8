package proto

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
