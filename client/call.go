package client

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/pion/interceptor/pkg/stats"
	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"

	"kinwire/signaling/proto"
)

// time2s is ICE's keep-alive interval.
const time2s = 2 * time.Second

// ErrNotConnected says that the media did not come up in time.
var ErrNotConnected = errors.New("client: media is not connected")

// Call is the media of one call that this session has joined.
type Call struct {
	s    *Session
	id   string
	opt  MediaOptions
	pc   *webrtc.PeerConnection
	get  stats.Getter
	asks *nacks

	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup
	done   chan struct{}
	up     chan struct{} // closed when first connected
	grow   chan struct{} // capacity 1
	revive chan struct{} // capacity 1
	neg    sync.Mutex    // one offer at a time

	mu      sync.Mutex
	out     []*outgoing
	in      map[string]*incoming           // by MID
	data    map[string]*webrtc.DataChannel // by label; nil: none was ever asked for
	slots   proto.MediaSlots
	mapped  bool // slots is set
	view    proto.CallView
	servers []proto.ICEServer
	reason  proto.Reason
	closed  bool
	isUp    bool

	slotsMu sync.Mutex // keeps OnSlots in order
}

// Join brings the media of a call up: it makes the offer, sends call.join and
// takes the answer. It returns before media flows; see [Call.Connected].
// entered is what Invite or Accept gave. In a call that a parent's rule makes
// one by voice alone, camera and screen are brought muted.
func (s *Session) Join(ctx context.Context, entered proto.CallEntered, opt MediaOptions) (*Call, error) {
	opt, err := opt.withDefaults()
	if err != nil {
		return nil, err
	}
	opt.log = s.opt.Log
	if entered.Call.NoVideo {
		opt.Muted = append(slices.Clone(opt.Muted), proto.SourceVideo, proto.SourceScreen)
	}
	c := &Call{
		s: s, id: entered.Call.CallID, opt: opt, view: entered.Call, servers: entered.ICEServers,
		done: make(chan struct{}), up: make(chan struct{}), grow: make(chan struct{}, 1), revive: make(chan struct{}, 1),
		in: map[string]*incoming{},
	}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	if err := c.build(); err != nil {
		c.Close()
		return nil, fmt.Errorf("join call %s: %w", c.id, err)
	}
	s.mu.Lock()
	old := s.calls[c.id]
	s.calls[c.id] = c
	s.mu.Unlock()
	if old != nil {
		old.Close()
	}
	if err := c.negotiate(ctx, false, c.sendJoin); err != nil {
		c.Close()
		return nil, fmt.Errorf("join call %s: %w", c.id, err)
	}
	c.start()
	return c, nil
}

// build makes the PeerConnection with its tracks and slots.
func (c *Call) build() error {
	c.asks = newNacks(c.s.opt.Now)
	api, err := newAPI(c.opt, c.asks, func(g stats.Getter) { c.get = g })
	if err != nil {
		return err
	}
	if c.pc, err = api.NewPeerConnection(configuration(c.opt, c.servers)); err != nil {
		return fmt.Errorf("make the peer connection: %w", err)
	}
	c.asks.know(c.roundTrip)
	c.pc.OnConnectionStateChange(c.onState)
	c.pc.OnTrack(c.onTrack)
	for _, src := range c.opt.Sources {
		if err := c.addSource(src); err != nil {
			return err
		}
	}
	for _, d := range c.opt.Data {
		if _, err := c.addData(d); err != nil {
			return err
		}
	}
	return c.addSlots(c.opt.AudioSlots, c.opt.VideoSlots)
}

// start runs what goes on while the call lasts.
func (c *Call) start() {
	c.goes(c.upkeep)
	if c.opt.StatsEvery > 0 {
		c.goes(c.reportLoop)
	}
	c.mu.Lock()
	out := c.out
	c.mu.Unlock()
	for _, o := range out {
		c.goes(func() { c.runSource(o) })
		c.goes(func() { c.readFeedback(o) })
	}
}

// goes runs f as one of the goroutines that Close waits for.
func (c *Call) goes(f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return
	}
	c.wg.Go(f)
}

// ID is the call's id.
func (c *Call) ID() string { return c.id }

// PeerConnection is the connection underneath, to look at.
func (c *Call) PeerConnection() *webrtc.PeerConnection { return c.pc }

// View is the call as the server last described it.
func (c *Call) View() proto.CallView {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.view
}

// Done is closed when the call has ended or Close was called.
func (c *Call) Done() <-chan struct{} { return c.done }

// Reason is why the call ended; "" while it goes on or after a mere Close.
func (c *Call) Reason() proto.Reason {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.reason
}

// Connected waits until media can flow.
func (c *Call) Connected(ctx context.Context) error {
	select {
	case <-c.up:
		return nil
	case <-c.done:
		return fmt.Errorf("call %s has ended: %w", c.id, ErrNotConnected)
	case <-ctx.Done():
		return fmt.Errorf("call %s in state %s: %w: %w", c.id, c.pc.ConnectionState(), ErrNotConnected, ctx.Err())
	}
}

// Leave tells the server that the media ends here, and closes it.
func (c *Call) Leave(ctx context.Context) error {
	err := c.s.Leave(ctx, c.id)
	c.Close()
	return err
}

// MediaToken asks for a token for media over HTTP; see [Session.MediaToken].
// Once that media has come, what Join brought is over: Close it.
func (c *Call) MediaToken(ctx context.Context) (proto.MediaToken, error) {
	return c.s.MediaToken(ctx, c.id)
}

// Hangup hangs up (see [Session.Hangup]) and closes the media.
func (c *Call) Hangup(ctx context.Context) error {
	err := c.s.Hangup(ctx, c.id)
	c.Close()
	return err
}

// Close ends the media without a word to the server, as a crash does, and
// waits for its goroutines. Calling it again does nothing.
func (c *Call) Close() {
	c.end("")
	c.mu.Lock()
	was := c.closed
	c.closed = true
	c.mu.Unlock()
	if !was && c.pc != nil {
		_ = c.pc.GracefulClose()
	}
	c.wg.Wait()
	c.s.mu.Lock()
	if c.s.calls[c.id] == c {
		delete(c.s.calls, c.id)
	}
	c.s.mu.Unlock()
}

// Vanish ends the media as a process does that is killed: with a word to nobody,
// not even the good-bye of DTLS, which Close leaves to the connection. It waits
// for the goroutines.
func (c *Call) Vanish() {
	c.end("")
	if c.pc != nil {
		if sctp := c.pc.SCTP(); sctp != nil {
			_ = sctp.Transport().ICETransport().Stop()
		}
	}
	c.Close()
}

// end marks the call as over, once, and stops what it sends.
func (c *Call) end(reason proto.Reason) {
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case <-c.done:
		return
	default:
	}
	c.reason = reason
	c.cancel()
	close(c.done)
}

// onState follows the connection.
func (c *Call) onState(st webrtc.PeerConnectionState) {
	c.s.opt.Log.Debug("media state", "call", c.id, "state", st.String())
	if st == webrtc.PeerConnectionStateConnected {
		c.mu.Lock()
		if !c.isUp {
			c.isUp = true
			close(c.up)
		}
		c.mu.Unlock()
	}
	if st == webrtc.PeerConnectionStateFailed && !c.opt.NoRestart {
		poke(c.revive)
	}
	if f := c.opt.OnState; f != nil {
		f(st)
	}
}

// upkeep offers again when slots are missing or the connection has failed.
func (c *Call) upkeep() {
	for {
		select {
		case <-c.ctx.Done():
			return
		case <-c.grow:
			if err := c.growSlots(); err != nil && c.ctx.Err() == nil {
				c.s.opt.Log.Warn("more slots", "call", c.id, "err", err)
			}
		case <-c.revive:
			if err := c.RestartICE(c.ctx); err != nil && c.ctx.Err() == nil {
				c.s.opt.Log.Warn("ICE restart", "call", c.id, "err", err)
			}
		}
	}
}

// RequestKeyFrame sends a PLI for the stream of one slot.
func (c *Call) RequestKeyFrame(mid string) error {
	c.mu.Lock()
	in := c.in[mid]
	c.mu.Unlock()
	if in == nil {
		return fmt.Errorf("request a key frame: no stream on m-section %q yet", mid)
	}
	return c.pc.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: uint32(in.track.SSRC())}})
}

// tellCalls hands events to the calls they concern. It must not block.
func (s *Session) tellCalls(ev Event) {
	find := func(id string) *Call {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.calls[id]
	}
	switch d := ev.Data.(type) {
	case proto.MediaSlots:
		if c := find(d.CallID); c != nil {
			c.applySlots(d)
		}
	case proto.CallIncoming:
		s.rings(d.Call)
	case proto.CallState:
		if c := find(d.Call.CallID); c != nil {
			c.mu.Lock()
			c.view = d.Call
			c.mu.Unlock()
			if d.Call.NoVideo {
				c.hidePictures()
			}
			if d.Call.Phase == proto.PhaseEnded {
				c.end(d.Call.Reason)
			}
		}
	case proto.ParticipantEvent:
		if c := find(d.CallID); c != nil {
			c.applyParticipant(d.Participant)
		}
	}
}

// poke fills a channel of capacity 1 unless it is full already.
func poke(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}
