package link

import (
	"fmt"
	"net"
	"sync"

	"github.com/pion/datachannel"
	"github.com/pion/sctp"
)

// Bounds of what one peer's data channels may hold here.
const (
	maxChannels = 8
	maxLabel    = 64       // bytes
	maxMessage  = 16 << 10 // bytes, what every browser sends in one piece (RFC 8831 section 6.6)
	dataWindow  = 64 << 10 // bytes that the peer may send before they are read
	maxBuffered = 256 << 10
)

// Data takes what the peer sends on data channels (RFC 8831), on a goroutine
// of the channel's. message is the caller's after it returns.
type Data interface {
	Data(label string, text bool, message []byte)
}

// channels are the data channels that a peer has opened. Clients open them,
// the server never does.
type channels struct {
	mu   sync.Mutex
	open map[string]*datachannel.DataChannel // by label
}

// SendData sends a message on the peer's channel with that label. false when
// there is none, or so much waits already that the peer is behind: a game's
// move that comes much later is worth nothing.
func (l *Link) SendData(label string, text bool, message []byte) bool {
	l.data.mu.Lock()
	c := l.data.open[label]
	l.data.mu.Unlock()
	if c == nil || c.BufferedAmount() > maxBuffered {
		l.t.count.dataDrops.Add(1)
		return false
	}
	if _, err := c.WriteDataChannel(message, text); err != nil {
		l.t.count.dataDrops.Add(1)
		return false
	}
	return true
}

// serveData runs SCTP (RFC 8261) over the DTLS connection, until either ends.
func (l *Link) serveData(conn net.Conn) error {
	log := pionLog{l.t.log}
	a, err := sctp.ServerWithOptions(
		sctp.WithNetConn(conn), sctp.WithLoggerFactory(log), sctp.WithName("link"),
		sctp.WithMaxReceiveBufferSize(dataWindow), sctp.WithMaxMessageSize(maxMessage),
	)
	if err != nil {
		return fmt.Errorf("link: SCTP: %w", err)
	}
	defer func() { _ = a.Close() }()
	var readers sync.WaitGroup
	defer readers.Wait()
	for {
		c, err := datachannel.Accept(a, &datachannel.Config{LoggerFactory: log})
		if err != nil {
			return fmt.Errorf("link: taking a data channel: %w", err)
		}
		if !l.enterChannel(c) {
			_ = c.Close()
			continue
		}
		readers.Add(1)
		go func() {
			defer readers.Done()
			l.readChannel(c)
		}()
	}
}

func (l *Link) enterChannel(c *datachannel.DataChannel) bool {
	l.data.mu.Lock()
	defer l.data.mu.Unlock()
	if len(c.Config.Label) > maxLabel || len(l.data.open) >= maxChannels || l.data.open[c.Config.Label] != nil {
		return false
	}
	if l.data.open == nil {
		l.data.open = map[string]*datachannel.DataChannel{}
	}
	l.data.open[c.Config.Label] = c
	return true
}

func (l *Link) readChannel(c *datachannel.DataChannel) {
	b := make([]byte, maxMessage)
	for {
		n, text, err := c.ReadDataChannel(b)
		if err != nil {
			break // closed, or a message that is too large
		}
		l.owner.Data(c.Config.Label, text, append([]byte(nil), b[:n]...))
	}
	_ = c.Close()
	l.data.mu.Lock()
	defer l.data.mu.Unlock()
	if l.data.open[c.Config.Label] == c {
		delete(l.data.open, c.Config.Label)
	}
}
