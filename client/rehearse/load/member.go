package load

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"kinwire/client"
	"kinwire/client/media/clip"
	"kinwire/client/rehearse"
	"kinwire/signaling/proto"
)

// member is one person of the crowd, in one call.
type member struct {
	load    *load
	number  int // in the crowd, from 1
	login   string
	session *client.Session
	events  *client.Events
	me      proto.Person

	mu   sync.Mutex
	call *client.Call
	you  string
	up   time.Time // when media was connected
	ears map[string]*stream
	sent []*clip.Source
	done bool
}

// stream is what is received on one slot.
type stream struct {
	from  string
	first time.Time
	ear   *clip.Ear
}

// signIn logs in and opens a session.
func (m *member) signIn(ctx context.Context) error {
	h := client.HTTP{BaseURL: m.load.url, Client: m.load.http}
	in, err := h.Login(ctx, m.login, rehearse.DemoPassword, proto.Device{App: "kincall"})
	if err != nil {
		return fmt.Errorf("sign in: %w", err)
	}
	m.me = in.Me
	m.session, err = client.Dial(ctx, client.Options{
		BaseURL: m.load.url, Token: in.Token, HTTPClient: m.load.http, Device: proto.Device{App: "kincall"}, Log: m.load.opt.Log,
	})
	if err != nil {
		return fmt.Errorf("open a session: %w", err)
	}
	m.events = m.session.Events()
	return nil
}

// invite calls the others and joins.
func (m *member) invite(ctx context.Context, others []string) error {
	entered, err := m.session.Invite(ctx, !m.load.opt.Audio, others...)
	if err != nil {
		return err
	}
	return m.join(ctx, entered)
}

// answer takes the call that will ring, and joins.
func (m *member) answer(ctx context.Context) error {
	in, err := client.Await[proto.CallIncoming](ctx, m.events, nil)
	if err != nil {
		return err
	}
	entered, err := m.session.Accept(ctx, in.Call.CallID)
	if err != nil {
		return err
	}
	return m.join(ctx, entered)
}

func (m *member) join(ctx context.Context, entered proto.CallEntered) error {
	o := m.load.mediaOptions(m)
	o.OnPacket = m.packet
	call, err := m.session.Join(ctx, entered, o)
	if err != nil {
		return err
	}
	m.mu.Lock()
	m.call, m.you = call, entered.Call.You
	m.mu.Unlock()
	if err := call.Connected(ctx); err != nil {
		return err
	}
	m.mu.Lock()
	m.up = time.Now()
	m.mu.Unlock()
	return nil
}

// packet takes one that has come.
func (m *member) packet(p client.Packet) {
	now := time.Now()
	m.load.received.Add(1)
	m.mu.Lock()
	s := m.ears[p.MID]
	if s == nil {
		s = &stream{first: now, ear: clip.NewLightEar(p.Codec)}
		m.ears[p.MID] = s
	}
	if s.from == "" {
		s.from = p.ParticipantID
	}
	m.mu.Unlock()
	s.ear.Packet(p.RTP, now)
}

// sample looks at this second.
func (m *member) sample(now time.Time, rtt, jitter *[]float64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.call == nil || m.up.IsZero() || m.done {
		return
	}
	if pair, ok := m.call.PeerConnection().SCTP().Transport().ICETransport().GetSelectedCandidatePairStats(); ok && pair.CurrentRoundTripTime > 0 {
		*rtt = append(*rtt, pair.CurrentRoundTripTime*1000)
	}
	for _, s := range m.ears {
		if got, ok := s.ear.Take(now); ok && got.Packets > 0 {
			*jitter = append(*jitter, got.JitterMS)
		}
	}
}

// finish says that what comes from now on does not count.
func (m *member) finish(now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.done {
		return
	}
	m.done = true
	for _, s := range m.ears {
		s.ear.Finish(now)
	}
}

// hangUp ends this person's part, and everything that belongs to it.
func (m *member) hangUp(ctx context.Context) {
	m.finish(time.Now())
	m.mu.Lock()
	call := m.call
	m.mu.Unlock()
	if call != nil {
		_ = call.Hangup(ctx) // another may have ended the call already
	}
	if m.session != nil {
		_ = m.session.Close()
	}
}

// packets is how many this person has sent.
func (m *member) packets() uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := uint64(0)
	for _, s := range m.sent {
		packets, _ := s.Sent()
		n += packets
	}
	return n
}

// counters of all clients together.
type counters struct {
	received          atomic.Uint64
	begun, up, failed atomic.Int64
}
