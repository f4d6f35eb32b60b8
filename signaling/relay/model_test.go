package relay

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"kinwire/signaling/proto"
)

// world is what should be the case: a model of some people, their phones and
// conversations that is too simple to be wrong.
type world struct {
	h      *house
	rooms  []*modelRoom
	phones []*modelPhone
	words  int
	notes  map[lostPair]bool // what senders were told, on any of their phones
}

type lostPair struct {
	room   string
	seq    int64
	person string
}

type modelRoom struct {
	*chatRoom
	in   []*modelPhone
	seqs []int64        // of its messages, in order
	sent []*modelParcel // in order
}

// modelParcel is a message that was accepted.
type modelParcel struct {
	room *modelRoom
	seq  int64
	text string
	from *modelPhone
	kept map[*modelPhone]int64 // by the phones that have it: its pos
}

type modelPhone struct {
	*phone
	queue   []*modelParcel  // what is in its queue at the server, but for notices
	seen    int             // of the events of its session, how many it has dealt with
	pending *proto.ChatSend // sent, and the answer was lost
	text    string
	room    *modelRoom
	here    bool
}

const modelBound = 12 // deliveries in a queue

func newWorld(t *rapid.T, h *house) *world {
	w := &world{h: h, notes: map[lostPair]bool{}}
	var people [][]*modelPhone
	for range 3 {
		var theirs []*modelPhone
		for _, p := range h.person(rapid.IntRange(1, 2).Draw(t, "phones")) {
			one := &modelPhone{phone: p}
			theirs = append(theirs, one)
			w.phones = append(w.phones, one)
		}
		people = append(people, theirs)
	}
	for _, of := range [][]int{{0, 1}, {0, 1, 2}} {
		r := &modelRoom{}
		var phones []*phone
		for _, i := range of {
			for _, p := range people[i] {
				r.in = append(r.in, p)
				phones = append(phones, p.phone)
			}
		}
		r.chatRoom = h.conversation(phones...)
		w.rooms = append(w.rooms, r)
	}
	return w
}

// accepted puts a message into the model's queues.
func (w *world) accepted(p *modelPhone, sent proto.ChatSent) {
	t := w.h.t
	parcel := &modelParcel{room: p.room, seq: sent.Seq, text: p.text, from: p, kept: map[*modelPhone]int64{}}
	if n := len(p.room.seqs); n > 0 {
		require.Greater(t, sent.Seq, p.room.seqs[n-1], "a place of its own, behind the others")
	}
	p.room.seqs = append(p.room.seqs, sent.Seq)
	p.room.sent = append(p.room.sent, parcel)
	for _, o := range p.room.in {
		if o != p {
			o.queue = append(o.queue, parcel)
		}
	}
}

// receive deals with what has come to a phone: what it has not kept before has
// to be the next in its queue.
func (w *world) receive(p *modelPhone) {
	t := w.h.t
	events := w.h.hub.of(p.session)
	for _, e := range events[min(p.seen, len(events)):] {
		d, ok := e.data.(proto.ChatDelivery)
		if !ok || d.Pos <= p.kept {
			continue // again
		}
		p.kept = d.Pos
		if d.Notice != nil {
			for _, seq := range d.Notice.Seqs {
				w.notes[lostPair{d.ConversationID, seq, d.Notice.UserID}] = true
			}
			continue
		}
		i := slices.IndexFunc(p.queue, func(o *modelParcel) bool { return o.kept[p] == 0 })
		require.GreaterOrEqual(t, i, 0, "%s got %s and nothing waits for it", p.id, textOf(d))
		next := p.queue[i]
		require.Equal(t, next.text, textOf(d), "in order, and none left out")
		require.Equal(t, next.seq, d.Seq)
		require.Equal(t, next.from.id, d.DeviceID)
		next.kept[p] = d.Pos
	}
	p.seen = len(events)
}

// try sends what is pending and hears the answer, or does not.
func (w *world) try(t *rapid.T, p *modelPhone, heard bool) {
	fresh := p.pending == nil
	if fresh {
		w.words++
		p.text, p.room = fmt.Sprint("<", w.words), rapid.SampledFrom(w.rooms).Draw(t, "room")
		if !slices.Contains(p.room.in, p) {
			return
		}
		in := p.compose(p.room.chatRoom, p.text)
		p.pending = &in
	}
	known := slices.ContainsFunc(p.room.sent, func(o *modelParcel) bool { return o.text == p.text })
	sent, err := w.h.Send(w.h.t.Context(), p.who(), *p.pending)
	if err != nil {
		requireCode(w.h.t, proto.CodeQueueFull, err)
		full := slices.ContainsFunc(p.room.in, func(o *modelPhone) bool { return o != p && w.waiting(o) >= modelBound })
		require.True(w.h.t, full && !known, "refused for want of room, and there is some")
		p.last--
		p.pending = nil
		return
	}
	if known {
		require.Equal(w.h.t, p.room.sent[slices.IndexFunc(p.room.sent, func(o *modelParcel) bool { return o.text == p.text })].seq, sent.Seq)
	} else {
		w.accepted(p, sent)
		require.False(w.h.t, slices.ContainsFunc(p.room.in, func(o *modelPhone) bool { return o != p && w.waiting(o) > modelBound }))
	}
	if heard {
		p.settled, p.pending = p.last, nil
	}
}

// waiting is how much is in a phone's queue by the server's own count, which is
// held against the model where there can be no notices.
func (w *world) waiting(p *modelPhone) int64 {
	list, err := w.h.store.ChatQueue(w.h.t.Context(), p.id, 0, 1000, 1<<30)
	require.NoError(w.h.t, err)
	var messages int
	for _, q := range list {
		if q.Kind == proto.DeliveryMessage {
			messages++
		}
	}
	require.Equal(w.h.t, len(p.queue), messages)
	return int64(len(list))
}

// ack acknowledges some of what a phone has kept, or all of it.
func (w *world) ack(t *rapid.T, p *modelPhone, all bool) {
	w.h.idle()
	w.receive(p)
	pos := p.kept
	if pos == 0 {
		return
	}
	if !all {
		pos = rapid.Int64Range(1, pos).Draw(t, "pos")
	}
	p.ack(pos)
	p.queue = slices.DeleteFunc(p.queue, func(o *modelParcel) bool { return o.kept[p] > 0 && o.kept[p] <= pos })
	w.waiting(p)
}

func (w *world) attach(p *modelPhone) {
	out := p.attach()
	p.here, p.seen = true, 0
	taken := p.last
	if p.pending != nil && out.LastN < p.last {
		taken--
	}
	require.Equal(w.h.t, taken, out.LastN)
}

// expire moves time on by fifteen days: nothing waits any more but notices.
func (w *world) expire() {
	for _, p := range w.phones {
		if p.here {
			w.h.idle()
			w.receive(p)
		}
	}
	w.h.later(15 * 24 * time.Hour)
	w.h.sweep(w.h.t.Context())
	for _, p := range w.phones {
		p.queue = nil
	}
}

// settle brings everything to its end: all come, take what there is, and hear the
// answers that they have not heard.
func (w *world) settle(t *rapid.T) {
	for range 2 { // the answers of some make room for others
		for _, p := range w.phones {
			w.attach(p)
			w.empty(t, p)
		}
		for _, p := range w.phones {
			if p.pending != nil {
				w.try(t, p, true)
			}
		}
	}
	for _, p := range w.phones {
		w.empty(t, p)
		require.Empty(w.h.t, p.queue)
		require.Zero(w.h.t, w.waiting(p))
		require.Nil(w.h.t, p.pending)
	}
	for _, r := range w.rooms {
		for _, parcel := range r.sent {
			reached := map[string]bool{}
			for p := range parcel.kept {
				reached[p.user] = true
			}
			for _, p := range r.in {
				told := w.notes[lostPair{r.id, parcel.seq, p.user}]
				require.True(w.h.t, reached[p.user] || told || p.user == parcel.from.user,
					"%s did not reach %s, and nobody is told", parcel.text, p.user)
			}
		}
	}
}

// empty takes all that a phone's queue has, window by window.
func (w *world) empty(t *rapid.T, p *modelPhone) {
	for range modelBound * 10 { // and notices, which have no bound
		before := p.kept
		if w.ack(t, p, true); p.kept == before && w.waiting(p) == 0 {
			return
		}
	}
	require.Fail(w.h.t, "the queue does not end")
}

// TestModel lets phones send, repeat, acknowledge, come and go while the server
// crashes and time passes, and holds the relay against the model.
func TestModel(t *testing.T) {
	h := newHouse(t, Config{QueueMessages: modelBound, SendBurst: 1 << 30, Window: 3, SweepInterval: 1000 * time.Hour, SweepBatch: 7})
	rapid.Check(t, func(t *rapid.T) {
		h.t = t
		w := newWorld(t, h)
		anyone := func(t *rapid.T) *modelPhone { return rapid.SampledFrom(w.phones).Draw(t, "phone") }
		expired := 0
		actions := map[string]func(*rapid.T){
			"attach": func(t *rapid.T) { w.attach(anyone(t)) },
			"end": func(t *rapid.T) {
				p := anyone(t)
				h.SessionEnded(p.who())
				p.here = false
			},
			"crash": func(*rapid.T) {
				h.crash()
				for _, p := range w.phones {
					p.here = false
				}
			},
			"fifteen days": func(*rapid.T) {
				if expired++; expired < 3 { // notices expire, too, and nobody is told of that
					return
				}
				if expired == 3 {
					w.expire()
				}
			},
		}
		for name, heard := range map[string]bool{"send": true, "send more": true, "send, answer lost": false} {
			actions[name] = func(t *rapid.T) {
				p := anyone(t)
				if !p.here {
					w.attach(p)
				}
				for range rapid.IntRange(1, 4).Draw(t, "messages") {
					w.try(t, p, heard)
				}
			}
		}
		for name, all := range map[string]bool{"ack": true, "ack some": false} {
			actions[name] = func(t *rapid.T) {
				if p := anyone(t); p.here {
					w.ack(t, p, all)
				}
			}
		}
		t.Repeat(actions)
		w.settle(t)
	})
	h.t = t
	list, err := h.store.ExpireChat(t.Context(), 1<<60, 1<<61, 10)
	require.NoError(t, err)
	require.Zero(t, list.Found, "no message is left without a queue that it waits in")
}
