package proto

// CloseCode is the status with which the server closes a WebSocket (RFC 6455,
// section 7.4).
type CloseCode int

// The close codes. After CloseRestart, CloseTooLarge, CloseFlood and a socket
// that drops without a code the session can be resumed if its server still
// runs; after the others it has ended or belongs to another socket.
//
// A client that closes with 1000 ends its session at once; any other end of
// the socket leaves the session to be resumed.
const (
	CloseRestart      CloseCode = 1012 // the server restarts: connect again
	CloseTooLarge     CloseCode = 1009 // a message far beyond the size limit
	CloseHelloTimeout CloseCode = 4001 // no hello in time, or too many wrong ones
	CloseTakenOver    CloseCode = 4002 // another socket resumed this session
	CloseOverflow     CloseCode = 4003 // the client left too much unacknowledged: the session has ended
	CloseLoggedOut    CloseCode = 4004 // the login token was given up: the session has ended
	CloseFlood        CloseCode = 4005 // the client kept on sending after rate_limited
)
