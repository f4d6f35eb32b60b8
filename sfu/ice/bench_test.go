package ice_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/sfu/ice"
)

func TestCheckAllocatesLittle(t *testing.T) {
	if raceDetector {
		t.Skip("allocations say nothing under the race detector")
	}
	a, b, now := newAgent(), check(t, ours, theirs, nominate()), epoch
	require.LessOrEqual(t, testing.AllocsPerRun(100, func() {
		now = now.Add(time.Millisecond)
		if _, err := a.Check(b, udp(0), now); err != nil {
			t.Fatal(err)
		}
	}), 8.0)
}

func TestHeardDoesNotAllocate(t *testing.T) {
	a, now := newAgent(), epoch
	good(t, a, udp(0), now, nominate())
	require.Zero(t, testing.AllocsPerRun(100, func() {
		now = now.Add(time.Millisecond)
		if a.Heard(udp(0), now) || a.State(now) != ice.Connected {
			t.Fatal("a change")
		}
	}))
}

func BenchmarkUsername(b *testing.B) {
	packet := check(b, ours, theirs, nominate())
	b.ReportAllocs()
	for b.Loop() {
		if _, _, ok := ice.Username(packet); !ok {
			b.Fatal("not found")
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	for _, c := range []struct {
		name   string
		packet []byte
	}{
		{"good", check(b, ours, theirs, nominate())},
		{"wrong password", check(b, ice.Credentials{Ufrag: ours.Ufrag, Pwd: theirs.Pwd}, theirs)},
	} {
		b.Run(c.name, func(b *testing.B) {
			a, p := newAgent(), udp(0)
			b.ReportAllocs()
			for b.Loop() {
				if r, _ := a.Check(c.packet, p, epoch); len(r.Response) == 0 {
					b.Fatal("no answer")
				}
			}
		})
	}
}

func BenchmarkHeard(b *testing.B) {
	a := newAgent()
	for i := range 16 {
		good(b, a, udp(i), epoch)
	}
	b.ReportAllocs()
	for b.Loop() {
		a.Heard(udp(15), epoch)
	}
}
