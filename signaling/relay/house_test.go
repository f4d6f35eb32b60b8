package relay

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"kinwire/signaling/proto"
	"kinwire/signaling/relay/framing/frametest"
	"kinwire/signaling/relay/frank"
	"kinwire/signaling/relay/seal"
	"kinwire/signaling/store"
	"kinwire/signaling/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var t0 = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// house is a relay on a real store, with a real key ring and real tags. What
// stands in for others is the hub, which keeps what it is told, and policy.
type house struct {
	t        tb
	store    *store.Store
	ring     *seal.Ring
	tags     *frank.Keys
	hub      *hub
	notifier Notifier // is the hub, but for a benchmark
	log      bytes.Buffer
	folder   string
	cfg      Config

	mu     sync.Mutex
	at     time.Time
	policy func(ids []string) error
	attach func(ids []string) error
	woken  []string
	made   int // people and conversations, to name them

	*Service
	stop func()
}

// tb is what a test and one run of a property have in common.
type tb interface {
	require.TestingT
	Helper()
	Context() context.Context
}

func newHouse(t testing.TB, cfg Config) *house {
	t.Helper()
	folder := t.TempDir()
	path := filepath.Join(folder, "keys")
	require.NoError(t, seal.NewFile(path, t0))
	ring, err := seal.Open(t.Context(), seal.File(path))
	require.NoError(t, err)
	tags, err := frank.New(frank.Key{ID: "f1", Secret: bytes.Repeat([]byte{7}, 32)})
	require.NoError(t, err)
	s, err := storetest.Open(t, filepath.Join(folder, "relay.db"), slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	h := &house{t: t, store: s, ring: ring, tags: tags, hub: newHub(), cfg: cfg, at: t0, folder: folder}
	h.notifier = h.hub
	h.start()
	t.Cleanup(func() {
		h.stop()
		require.NoError(t, s.Close())
	})
	return h
}

// start makes the relay, as the start of a server does. What was in memory
// before is gone.
func (h *house) start() {
	h.Service = New(h.store, h.now, h.cfg, Deps{
		Policy: rules{h}, Sealer: h.ring, Franker: h.tags, Notifier: h.notifier,
		Wake: func(id string) { h.mu.Lock(); h.woken = append(h.woken, id); h.mu.Unlock() },
		Log:  slog.New(slog.NewTextHandler(&locked{h: h}, nil)),
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func(s *Service) {
		defer close(done)
		s.Run(ctx)
	}(h.Service)
	h.stop = func() {
		cancel()
		<-done
	}
}

// crash drops the relay with all that it had in memory.
func (h *house) crash() {
	h.stop()
	h.hub.forget()
	h.start()
}

func (h *house) now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.at
}

func (h *house) later(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.at = h.at.Add(d)
}

func (h *house) wokenNow() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.woken)
}

// locked is the log, which is read while it is written.
type locked struct{ h *house }

func (l *locked) Write(p []byte) (int, error) {
	l.h.mu.Lock()
	defer l.h.mu.Unlock()
	return l.h.log.Write(p)
}

func (h *house) logged() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.log.String()
}

// rules is policy.
type rules struct{ h *house }

func (r rules) ask(which func() func([]string) error, ids []string) error {
	r.h.mu.Lock()
	decide := which()
	r.h.mu.Unlock()
	if decide == nil {
		return nil
	}
	return decide(ids)
}

func (r rules) Correspond(_ context.Context, _ string, ids []string) error {
	return r.ask(func() func([]string) error { return r.h.policy }, ids)
}

func (r rules) Attach(_ context.Context, ids []string) error {
	return r.ask(func() func([]string) error { return r.h.attach }, ids)
}

func (h *house) rule(policy, attach func(ids []string) error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.policy, h.attach = policy, attach
}

// phone is a device as a client keeps it: it remembers what it has sent and what
// it has got, and survives everything.
type phone struct {
	h             *house
	id, user      string
	session       string
	sessions      int
	last, settled int64 // n
	kept          int64 // the highest pos that it has kept
}

func (p *phone) who() proto.ChatWho { return proto.ChatWho{UserID: p.user, SessionID: p.session} }

func (p *phone) secret() string { return "secret of " + p.id }

// attach comes with a session of its own.
func (p *phone) attach() proto.ChatAttached {
	p.h.t.Helper()
	p.sessions++
	p.session = fmt.Sprint(p.id, "/", p.sessions)
	out, err := p.h.Attach(p.h.t.Context(), p.who(), proto.ChatAttach{DeviceID: p.id, Secret: p.secret()})
	require.NoError(p.h.t, err)
	return out
}

// chatRoom is a conversation.
type chatRoom struct {
	h     *house
	id    string
	epoch int64
}

func (h *house) name(what string) string {
	h.made++
	return fmt.Sprintf("%s%04d", what, h.made)
}

// person makes somebody with devices.
func (h *house) person(devices int) (phones []*phone) {
	h.t.Helper()
	user := h.name("u_")
	added, err := h.store.AddPerson(h.t.Context(), proto.Person{ID: user, Name: user, Role: proto.RoleChild}, "login-"+user, "hash")
	require.NoError(h.t, err)
	require.True(h.t, added)
	for i := range devices {
		p := &phone{h: h, id: fmt.Sprint("md_", user, "_", i+1), user: user}
		hash := sha256.Sum256([]byte(p.secret()))
		_, added, err := h.store.AddChatDevice(h.t.Context(), proto.ChatDeviceRow{
			ID: p.id, PersonID: user, SecretHash: hex.EncodeToString(hash[:]), SignatureKey: []byte{1}, CreatedAt: t0.UnixMilli(), SeenAt: t0.UnixMilli(),
		}, 1000)
		require.NoError(h.t, err)
		require.True(h.t, added)
		phones = append(phones, p)
	}
	return phones
}

// conversation puts phones into one MLS group.
func (h *house) conversation(phones ...*phone) *chatRoom {
	h.t.Helper()
	c := &chatRoom{h: h, id: h.name("g_"), epoch: 1}
	change := proto.ConversationChange{Epoch: &proto.EpochChange{
		Generation: 1, Epoch: 1, ID: "first", DeviceID: phones[0].id, UserID: phones[0].user,
		SealInfo: func() ([]byte, error) { return []byte("info"), nil },
	}}
	for _, p := range phones {
		change.Epoch.Leaves = append(change.Epoch.Leaves, proto.LeafRow{DeviceID: p.id, PersonID: p.user, In: true})
		if !slices.ContainsFunc(change.In, func(m proto.MemberRow) bool { return m.Person.ID == p.user }) {
			change.In = append(change.In, proto.MemberRow{Person: proto.Person{ID: p.user}, In: true})
		}
	}
	_, existing, err := h.store.StartConversation(h.t.Context(),
		proto.ConversationRow{ID: c.id, Kind: proto.ConversationGroup, Suite: 1, Generation: 1}, [2]string{}, nil,
		func(proto.ConversationRow, map[string]proto.ChatDeviceRow) (proto.ConversationChange, error) {
			return change, nil
		})
	require.NoError(h.t, err)
	require.Empty(h.t, existing)
	return c
}

// change changes it.
func (c *chatRoom) change(change func(row proto.ConversationRow) proto.ConversationChange) proto.ConversationChanged {
	c.h.t.Helper()
	changed, found, err := c.h.store.ChangeConversation(c.h.t.Context(), c.id, nil,
		func(row proto.ConversationRow, _ map[string]proto.ChatDeviceRow) (proto.ConversationChange, error) {
			return change(row), nil
		})
	require.NoError(c.h.t, err)
	require.True(c.h.t, found)
	return changed
}

// next ends the epoch, by a commit that goes to everybody.
func (c *chatRoom) next(by *phone) proto.ConversationChanged {
	c.h.t.Helper()
	c.epoch++
	return c.change(func(row proto.ConversationRow) proto.ConversationChange {
		var to []string
		for _, l := range row.Leaves {
			to = append(to, l.DeviceID)
		}
		return proto.ConversationChange{
			At: c.h.now().UnixMilli(), ExpiresAt: c.h.now().Add(time.Hour).UnixMilli(),
			Epoch: &proto.EpochChange{
				Generation: 1, Epoch: c.epoch, ID: "next", DeviceID: by.id, UserID: by.user, Leaves: row.Leaves,
				SealInfo: func() ([]byte, error) { return []byte("info"), nil },
				Send: []proto.ConversationSend{{
					Kind: proto.DeliveryCommit, Generation: 1, Epoch: c.epoch - 1, Size: 6, Detail: `{"id":"next"}`, To: to,
					Seal: func(seq int64) ([]byte, error) {
						return c.h.ring.Seal(proto.MessagePlace(c.id, seq, proto.DeliveryCommit), []byte("commit"))
					},
				}},
			},
		}
	})
}

func (c *chatRoom) body(text string) []byte {
	return frametest.Application(c.id+":1", c.epoch, []byte(text))
}

func commitment(text string) []byte {
	sum := sha256.Sum256([]byte(text))
	return sum[:]
}

// compose makes what a phone sends next, and counts it.
func (p *phone) compose(c *chatRoom, text string) proto.ChatSend {
	p.last++
	return proto.ChatSend{ConversationID: c.id, N: p.last, Settled: p.settled, Body: c.body(text), Commitment: commitment(text)}
}

// send sends text and keeps the answer.
func (p *phone) send(c *chatRoom, text string) proto.ChatSent {
	p.h.t.Helper()
	sent, err := p.h.Send(p.h.t.Context(), p.who(), p.compose(c, text))
	require.NoError(p.h.t, err)
	p.settled = p.last
	return sent
}

// got is what has come to the phone's session.
func (p *phone) got() []proto.ChatDelivery { return of[proto.ChatDelivery](p.h.hub.of(p.session)) }

// texts are those of the messages that have come.
func (p *phone) texts() (texts []string) {
	for _, d := range p.got() {
		if d.Kind == proto.DeliveryMessage {
			texts = append(texts, textOf(d))
		}
	}
	return texts
}

func textOf(d proto.ChatDelivery) string {
	i := bytes.LastIndexByte(d.Body, '<')
	if i < 0 {
		return string(d.Body)
	}
	return string(d.Body[i:])
}

func (p *phone) waitFor(n int) []proto.ChatDelivery {
	p.h.t.Helper()
	eventually(p.h.t, func() bool { return len(p.got()) >= n }, func() string { return fmt.Sprintf("%s has %d of %d", p.id, len(p.got()), n) })
	got := p.got()
	require.Len(p.h.t, got, n)
	return got
}

func (p *phone) ack(pos int64) {
	p.h.t.Helper()
	_, err := p.h.Ack(p.h.t.Context(), p.who(), proto.ChatAck{Pos: pos})
	require.NoError(p.h.t, err)
}

func eventually(t tb, done func() bool, what func() string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-ctx.Done():
			require.Fail(t, "did not happen: "+what())
		case <-tick.C:
		}
	}
}

// idle waits until everything that could be delivered was.
func (h *house) idle() {
	h.t.Helper()
	eventually(h.t, func() bool {
		h.lanes.mu.Lock()
		defer h.lanes.mu.Unlock()
		for _, one := range h.lanes.byDevice {
			if one.queued {
				return false
			}
		}
		return len(h.lanes.line) == 0
	}, func() string { return "lanes are never idle" })
}

func requireCode(t tb, code proto.Code, err error, msg ...any) *proto.Error {
	t.Helper()
	refused, ok := errors.AsType[*proto.Error](err)
	require.True(t, ok, append([]any{err}, msg...)...)
	require.Equal(t, code, refused.Code, append([]any{refused.Message}, msg...)...)
	return refused
}

func long(n int) string { return "<" + strings.Repeat("x", n-1) }
