package calls

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

// key is a state without its history: deadlines count from now, ids are left
// out, and a person's devices have no names but the order in which they turn
// up, for they can all do the same.
func (w *universe) key() string {
	var parts []string
	for id, c := range w.board.calls {
		parts = append(parts, w.encode(c, w.ledgers[id]))
	}
	slices.Sort(parts)
	return strings.Join(parts, "|")
}

type encoder struct {
	b        []byte
	now      time.Time
	sessions map[string]byte
}

func (e *encoder) flag(flags ...bool) {
	for _, f := range flags {
		var x byte
		if f {
			x = 1
		}
		e.b = append(e.b, x)
	}
}

func (e *encoder) text(s string) { e.b = append(append(e.b, s...), 0) }

func (e *encoder) at(t time.Time) {
	left := int32(-1 << 31)
	if !t.IsZero() {
		left = int32(t.Sub(e.now) / time.Millisecond)
	}
	e.b = binary.BigEndian.AppendUint32(e.b, uint32(left))
}

// session is the name of a device: its owner is known from where it stands.
// Devices of one person get numbers; the same device has the same in all
// calls only if it is the first there too, which tells states apart that are
// the same rather than the other way round.
func (e *encoder) session(s string) {
	if s == "" {
		e.b = append(e.b, 0)
		return
	}
	if e.sessions[s] == 0 {
		e.sessions[s] = byte(len(e.sessions) + 1)
	}
	e.b = append(e.b, e.sessions[s])
}

func (w *universe) encode(c *call, l *ledger) string {
	e := &encoder{now: w.now, sessions: map[string]byte{}}
	if len(w.board.calls) > 1 { // names tie calls together
		for n, s := range []string{"u0/0", "u0/1", "u1/0", "u1/1", "u2/0", "u2/1"} {
			e.sessions[s] = byte(n + 1)
		}
	}
	e.text(string(c.phase))
	e.text(string(c.lastReason))
	e.flag(c.mediaUsed, c.allBusy, c.terms.NoVideo)
	e.at(c.busyAt)
	e.at(c.aloneAt)
	e.at(c.graceAt)
	e.at(c.terms.EndsAt)
	for i, p := range c.people {
		e.text(p.person.ID)
		e.b = append(e.b, byte(p.stage), byte(p.link), byte(l.parties[i].pending))
		e.text(string(p.reason))
		e.flag(p.socketDown, p.joining, p.media, p.seated, l.parties[i].peer, !p.warned.IsZero() && p.warned.Equal(c.terms.EndsAt))
		e.session(p.session)
		e.at(p.lostAt)
		e.at(p.setupAt)
		if p.stage == invited {
			e.at(p.ring.endsAt)
			e.flag(p.ring.waiting)
			for _, d := range p.ring.devices {
				e.session(d)
			}
		}
		for _, source := range p.sources {
			e.flag(source.Muted)
		}
	}
	return string(e.b)
}

// rings lets the first person call the second: by symmetry there is no other
// beginning.
func ringsFirst(w *universe) { w.invite(device(0, 0), user(1), false) }

// TestEveryInterleavingOfTwo: two people with two devices each, who call each
// other, answer, decline, join, leave, lose sockets and media, in any order.
func TestEveryInterleavingOfTwo(t *testing.T) {
	x := &explorer{t: t, people: 2, devices: 2, depth: 6, first: ringsFirst}
	require.Greater(t, x.run(), 1000)
}

// TestEveryStateOfOneCall is the same with one call, until
// no new state turns up.
func TestEveryStateOfOneCall(t *testing.T) {
	x := &explorer{t: t, people: 2, devices: 2, depth: 1000, one: true, first: ringsFirst}
	require.Greater(t, x.run(), 1000)
	require.NotZero(t, x.connected)
}

// TestEveryInterleavingOfTwoTalking begins in the middle of a call.
func TestEveryInterleavingOfTwoTalking(t *testing.T) {
	x := &explorer{t: t, people: 2, devices: 2, depth: 4, waits: true, first: func(w *universe) {
		ringsFirst(w)
		id := w.order()[0]
		w.request(id, device(1, 0), evAccept)
		require.NoError(t, w.settle())
		for _, p := range w.board.calls[id].people {
			c := w.board.calls[id]
			w.request(id, Who{UserID: p.person.ID, SessionID: p.session}, evJoin)
			w.event(c, p, event{kind: evJoined, sources: []proto.Source{{Kind: proto.SourceVideo}}})
			w.event(c, p, event{kind: evLinkUp})
		}
		require.Equal(t, proto.PhaseConnected, w.board.calls[id].phase)
	}}
	require.Greater(t, x.run(), 1000)
	require.NotZero(t, x.connected)
}

// TestEveryInterleavingOfThree: calls that cross and wait, people who are
// added and expelled, terms that change.
func TestEveryInterleavingOfThree(t *testing.T) {
	x := &explorer{t: t, people: 3, devices: 1, depth: 4, waits: true, rules: true, first: ringsFirst}
	require.Greater(t, x.run(), 1000)
	require.Greater(t, x.calls, 1)
}
