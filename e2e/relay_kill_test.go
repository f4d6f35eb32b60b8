package e2e

import (
	"context"
	"fmt"
	mathrand "math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/client"
	"kinwire/e2e/kinwire"
	"kinwire/e2e/postgres"
	"kinwire/signaling/proto"
)

// What TestRelaySurvivesSIGKILL does: so many devices send so many messages
// between them while the server is killed so often.
const (
	killDevicesEach = 5   // of four people
	killMessages    = 500 // of each device
	kills           = 50
)

// TestRelaySurvivesSIGKILL: 20 devices send 10,000 messages, and the server is
// killed 50 times at random moments. What it accepted arrives exactly once at
// every other device, in the order of the conversation.
func TestRelaySurvivesSIGKILL(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel() // most of it is waiting for the server to come up
		surviveKills(t, kinwire.Options{Set: relayUnlimited})
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		surviveKills(t, kinwire.Options{
			Set:     merged(relayUnlimited, map[string]string{"store.driver": "postgres"}),
			Secrets: map[string]string{"store.dsn": postgres.Start(t).Database(t, "kinkill")},
		})
	})
}

func surviveKills(t *testing.T, o kinwire.Options) {
	s := kinwire.Start(t, o)
	h := newKillHouse(t, s)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()

	var senders, readers sync.WaitGroup
	reading, stopReading := context.WithCancel(ctx)
	defer stopReading()
	for i := range h.devices {
		readers.Go(func() { h.read(reading, i) })
		senders.Go(func() { h.sendAll(ctx, t, i) })
	}
	h.kill(ctx, t, s)
	senders.Wait()
	require.EqualValues(t, len(h.devices)*killMessages, h.accepted.Load())
	require.Eventually(t, h.complete, 2*time.Minute, 50*time.Millisecond, "not everything that was accepted arrived: %v", h.missing())
	stopReading()
	readers.Wait()
	h.check(t)
}

// relayUnlimited lifts the limits that are for people.
var relayUnlimited = map[string]string{
	"relay.send_rate": "10000", "relay.send_burst": "100000", "relay.queue_messages": "100000",
	"signaling.rate_per_second": "1000", "signaling.burst": "10000",
}

func merged(maps ...map[string]string) map[string]string {
	out := map[string]string{}
	for _, m := range maps {
		for k, v := range m {
			out[k] = v
		}
	}
	return out
}

// killHouse is the devices, the conversations between them and what happened.
type killHouse struct {
	devices []*chatDevice
	rooms   map[string][]int // devices of each conversation
	in      [][]string       // conversations of each device: the small one and the one of all

	accepted atomic.Int64
	mu       sync.Mutex
	sent     map[string][]heard // by conversation
	got      []map[string][]heard
	expected []int
	arrived  []atomic.Int64
}

// heard is a message with its place in the conversation.
type heard struct {
	seq    int64
	device string
	text   string
}

func newKillHouse(t *testing.T, s *kinwire.Server) *killHouse {
	h := &killHouse{rooms: map[string][]int{}, sent: map[string][]heard{}}
	for range killDevicesEach {
		for _, login := range demoPeople {
			h.devices = append(h.devices, openDevice(t, s, login))
			h.got = append(h.got, map[string][]heard{})
		}
	}
	h.in = make([][]string, len(h.devices))
	h.expected, h.arrived = make([]int, len(h.devices)), make([]atomic.Int64, len(h.devices))
	var all []int
	for set := range killDevicesEach {
		var four []int
		for p := range demoPeople {
			four = append(four, set*len(demoPeople)+p)
		}
		h.room(t, four)
		all = append(all, four...)
	}
	h.room(t, all)
	return h
}

func (h *killHouse) room(t *testing.T, members []int) {
	var devices []*chatDevice
	for _, i := range members {
		devices = append(devices, h.devices[i])
	}
	id := converse(t, devices)
	h.rooms[id] = members
	for _, i := range members {
		h.in[i] = append(h.in[i], id)
	}
}

// sendAll sends a device's messages one after the other: most to the small
// conversation, some to all.
func (h *killHouse) sendAll(ctx context.Context, t *testing.T, i int) {
	d := h.devices[i]
	for n := range killMessages {
		to := h.in[i][0]
		if mathrand.IntN(10) == 0 {
			to = h.in[i][1]
		}
		text := fmt.Sprintf("%s %d", d.frame.DeviceID, n)
		seq, err := h.send(ctx, d, to, text)
		if err != nil {
			t.Errorf("device %d, message %d: %v", i, n, err)
			return
		}
		h.mu.Lock()
		h.sent[to] = append(h.sent[to], heard{seq, d.frame.DeviceID, text})
		for _, other := range h.rooms[to] {
			if other != i {
				h.expected[other]++
			}
		}
		h.mu.Unlock()
		h.accepted.Add(1)
	}
}

// send returns when the server has taken the message. A send that is left open
// is settled under its own number: never sent as another.
func (h *killHouse) send(ctx context.Context, d *chatDevice, to, text string) (int64, error) {
	sent, err := d.Send(ctx, client.ChatOut{ConversationID: to, Body: client.Frame(mlsGroup(to), 1, []byte(text)), Commitment: random(32)})
	return sent.Seq, err
}

func (h *killHouse) read(ctx context.Context, i int) {
	for {
		in, err := h.devices[i].Next(ctx)
		if err != nil {
			return
		}
		if in.Kind == proto.DeliveryMessage {
			_, _, text, _ := client.Unframe(in.Body)
			h.mu.Lock()
			h.got[i][in.ConversationID] = append(h.got[i][in.ConversationID], heard{in.Seq, in.DeviceID, string(text)})
			h.mu.Unlock()
			h.arrived[i].Add(1)
		}
		h.devices[i].Done(in.Pos)
	}
}

// kill kills the server at random moments, spread over all messages.
func (h *killHouse) kill(ctx context.Context, t *testing.T, s *kinwire.Server) {
	total := int64(len(h.devices) * killMessages)
	for k := range int64(kills) {
		at := total*k/kills + mathrand.Int64N(total/kills)
		for h.accepted.Load() < min(at, total-1) && ctx.Err() == nil && !t.Failed() {
			time.Sleep(time.Millisecond) // a poll: the loop ends on the condition
		}
		if ctx.Err() != nil || t.Failed() {
			return
		}
		s.Kill(t)
	}
}

func (h *killHouse) complete() bool { return len(h.missing()) == 0 }

// missing is how many messages each device still waits for.
func (h *killHouse) missing() map[int]int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := map[int]int64{}
	for i := range h.devices {
		if n := int64(h.expected[i]) - h.arrived[i].Load(); n > 0 {
			out[i] = n
		}
	}
	return out
}

// check holds what each device got against what was accepted from the others.
func (h *killHouse) check(t *testing.T) {
	for id, members := range h.rooms {
		slices.SortFunc(h.sent[id], func(a, b heard) int { return int(a.seq - b.seq) })
		for _, i := range members {
			want := slices.DeleteFunc(slices.Clone(h.sent[id]), func(m heard) bool { return m.device == h.devices[i].frame.DeviceID })
			require.Equal(t, want, h.got[i][id], "device %d in conversation %s: exactly what was accepted, once each, in order", i, id)
		}
	}
}
