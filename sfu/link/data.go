package link

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/datachannel"
	"github.com/pion/sctp"
	"golang.org/x/time/rate"

	"kinwire/sfu/sdp"
)

// MaxMessage is the largest data channel message, in bytes, that a peer may
// send: what every browser sends in one piece (RFC 8831 section 6.6).
const MaxMessage = sdp.MaxMessage

// maxPrefix is by how much the owner may lengthen a message before it goes on.
const maxPrefix = 256

// Bounds of what one peer's data channels may hold here.
const (
	maxChannels = 8
	maxLabel    = 64 // bytes
	// maxStrikes is how many channels a peer may open in vain, or lose by its
	// own fault, before it has no data channels at all any more.
	maxStrikes = 16
)

// DataLimits bound what one peer may do on all its data channels together.
// Fields that are zero stand for those of DefaultDataLimits.
type DataLimits struct {
	// Messages and Bytes may be sent each second on the long run, MessageBurst
	// and ByteBurst at once. What comes faster waits where it is, and so does
	// the sender, once the window of SCTP is full: nothing is lost by it.
	Messages, MessageBurst int
	Bytes, ByteBurst       int
	// Behind is how many bytes may wait for a peer who is slow. Beyond them a
	// message on a channel that may lose messages is dropped; a channel that may
	// not is closed.
	Behind int
}

// DefaultDataLimits are far above what drawing and playing take: a pointer's way
// at the rate of a display is some 60 messages and 3 kB a second.
func DefaultDataLimits() DataLimits {
	return DataLimits{Messages: 120, MessageBurst: 240, Bytes: 128 << 10, ByteBurst: 256 << 10, Behind: 256 << 10}
}

func (d DataLimits) withDefaults() DataLimits {
	own := DefaultDataLimits()
	for _, f := range []struct{ given, own *int }{
		{&d.Messages, &own.Messages}, {&d.MessageBurst, &own.MessageBurst},
		{&d.Bytes, &own.Bytes}, {&d.ByteBurst, &own.ByteBurst}, {&d.Behind, &own.Behind},
	} {
		if *f.given == 0 {
			*f.given = *f.own
		}
	}
	d.ByteBurst = max(d.ByteBurst, MaxMessage) // any message has to fit
	return d
}

// DataDrop names a reason for which a message on a data channel did not reach
// a peer.
type DataDrop uint8

// The reasons.
const (
	DataNoChannel DataDrop = iota // the peer has opened no channel with that label
	DataBehind                    // the peer is slow, and the channel may lose messages
	DataTooLarge                  // the peer takes no message of that size
	DataFailed                    // its connection is ending
	dataDrops
)

// DataClose names a reason for which the server closed a data channel.
type DataClose uint8

// The reasons.
const (
	DataCloseBehind  DataClose = iota // the peer is slow, and the channel may not lose messages
	DataCloseLarge                    // the peer sent a message of more than MaxMessage bytes
	DataCloseRefused                  // too many channels, too long a label, or no proper beginning
	DataCloseAbused                   // all of them, and for good: too many such closings
	dataCloses
)

var (
	dataDropNames  = [dataDrops]string{"no_channel", "behind", "too_large", "failed"}
	dataCloseNames = [dataCloses]string{"behind", "too_large", "refused", "abused"}
)

// DataDropReasons and DataCloseReasons are the names of all reasons, in the
// order of DataStats.
func DataDropReasons() []string  { return dataDropNames[:] }
func DataCloseReasons() []string { return dataCloseNames[:] }

// DataStats count messages on the data channels of all peers.
type DataStats struct {
	Received, ReceivedBytes uint64 // from peers
	Sent, SentBytes         uint64 // to peers
	Slowed                  uint64 // of those received: had to wait for the sender's rate
	Dropped                 [dataDrops]uint64
	Closed                  [dataCloses]uint64 // channels
}

// dataCounters are those of DataStats.
type dataCounters struct {
	received, receivedBytes, sent, sentBytes, slowed atomic.Uint64
	dropped                                          [dataDrops]atomic.Uint64
	closed                                           [dataCloses]atomic.Uint64
}

func (c *dataCounters) stats() DataStats {
	s := DataStats{
		Received: c.received.Load(), ReceivedBytes: c.receivedBytes.Load(),
		Sent: c.sent.Load(), SentBytes: c.sentBytes.Load(), Slowed: c.slowed.Load(),
	}
	for i := range c.dropped {
		s.Dropped[i] = c.dropped[i].Load()
	}
	for i := range c.closed {
		s.Closed[i] = c.closed[i].Load()
	}
	return s
}

// Data takes what the peer sends on data channels (RFC 8831), on a goroutine
// of the channel's. message is the link's again when Data returns.
type Data interface {
	Data(label string, text bool, message []byte)
}

// channels are the data channels that a peer has opened. Clients open them,
// the server never does.
type channels struct {
	agreed  atomic.Bool  // the peer has offered data, and was answered
	largest atomic.Int64 // bytes of a message that the peer takes; 0: any

	messages, bytes *rate.Limiter // of what the peer sends

	mu    sync.Mutex
	assoc *sctp.Association
	open  map[string]*datachannel.DataChannel // by label: where messages to the peer go
	held  int                                 // channels that are open or being opened or closed
	lost  int                                 // strikes
}

func (d *channels) start(l DataLimits) {
	d.messages = rate.NewLimiter(rate.Limit(l.Messages), l.MessageBurst)
	d.bytes = rate.NewLimiter(rate.Limit(l.Bytes), l.ByteBurst)
	d.open = map[string]*datachannel.DataChannel{}
}

// agree notes that a data section was accepted.
func (d *channels) agree(s *sdp.Section) {
	d.largest.Store(int64(s.MaxMessage))
	d.agreed.Store(true)
}

// SendData sends a message on the peer's channel with that label, if there is
// one; message stays the caller's. It does not wait: to a peer that is too far
// behind nothing more goes on that channel, see DataLimits.Behind.
func (l *Link) SendData(label string, text bool, message []byte) {
	count := &l.t.count.data
	c, behind := l.channel(label)
	largest := l.data.largest.Load()
	switch {
	case c == nil:
		count.dropped[DataNoChannel].Add(1)
	case largest != 0 && int64(len(message)) > largest:
		count.dropped[DataTooLarge].Add(1)
	case behind && mayLose(c):
		count.dropped[DataBehind].Add(1)
	case behind:
		l.shut(c, DataCloseBehind)
	default:
		if _, err := c.WriteDataChannel(message, text); err != nil {
			count.dropped[DataFailed].Add(1)
			return
		}
		count.sent.Add(1)
		count.sentBytes.Add(uint64(len(message)))
	}
}

// channel finds the channel with a label, and says whether the peer is behind.
func (l *Link) channel(label string) (c *datachannel.DataChannel, behind bool) {
	d := &l.data
	d.mu.Lock()
	c, a := d.open[label], d.assoc
	d.mu.Unlock()
	if c == nil || a == nil {
		return nil, false
	}
	return c, a.BufferedAmount() > l.t.cfg.Data.Behind
}

// mayLose says whether the peer has opened the channel as one on which messages
// may be lost (RFC 8832 section 5.1).
func mayLose(c *datachannel.DataChannel) bool {
	return c.ChannelType != datachannel.ChannelTypeReliable && c.ChannelType != datachannel.ChannelTypeReliableUnordered
}

// shut closes a channel for a reason. What the peer still sends on it until it
// has heard of that is taken.
func (l *Link) shut(c *datachannel.DataChannel, why DataClose) {
	l.data.forget(c)
	l.t.count.data.closed[why].Add(1)
	_ = c.Close() // fails when the association has ended: then it is closed
}

// enter lets messages with the channel's label go there. A channel that had
// the label before is one that the peer has given up, or is about to: the
// closing of a channel can take longer than the opening of another.
func (d *channels) enter(c *datachannel.DataChannel) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.open[c.Label] = c
}

func (d *channels) forget(c *datachannel.DataChannel) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.open[c.Label] == c {
		delete(d.open, c.Label)
	}
}

// hold takes a place for one channel more, if there is one, until release.
func (d *channels) hold() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.held == maxChannels {
		return false
	}
	d.held++
	return true
}

func (d *channels) release() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.held--
}

// begin notes the association that the channels are on.
func (d *channels) begin(a *sctp.Association) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.assoc = a
}

// strike notes a fault of the peer's. At the first that is too many it gives
// the association to end.
func (d *channels) strike() *sctp.Association {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.lost++; d.lost == maxStrikes+1 {
		return d.assoc
	}
	return nil
}

// await stays until a message of n bytes is within the peer's rate. false when
// ctx has ended.
func (l *Link) await(ctx context.Context, n int) bool {
	now := l.t.now()
	wait := max(
		l.data.messages.ReserveN(now, 1).DelayFrom(now),
		l.data.bytes.ReserveN(now, n).DelayFrom(now),
	)
	if wait <= 0 {
		return true
	}
	l.t.count.data.slowed.Add(1)
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
