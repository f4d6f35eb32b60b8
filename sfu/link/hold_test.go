package link

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// runs lets the loop of a bench run by itself until the test ends.
func (b *bench) runs(hold time.Duration) {
	b.tr.frameHold.Store(int64(hold))
	b.tr.running.Add(1)
	go b.loop.run()
	b.t.Cleanup(func() {
		_ = b.loop.door.socket.Close()
		b.tr.running.Wait()
	})
}

// parts are the packets of one picture: the marker is on the last.
func parts(t testing.TB, ssrc uint32, n int) [][]byte {
	var out [][]byte
	for i := range n {
		p := keyFrame(t, ssrc)
		if i < n-1 {
			p[1] &^= 0x80
		}
		out = append(out, p)
	}
	return out
}

// TestAPictureLeavesInOneRun sends the packets of a picture one by one: none
// leaves before the last has come, and then they leave as one message.
func TestAPictureLeavesInOneRun(t *testing.T) {
	b := newBench(t)
	sender, receiver := b.guest(7), b.guest(8)
	sender.sends(7, receiver.slot(10))
	b.runs(time.Hour)
	sockets := func() (received, sent, runs uint64) {
		s := b.tr.Stats().Sockets
		return s.Received, s.Sent, s.Runs
	}
	for i, p := range parts(t, 7, 3) {
		sender.send(p)
		require.Eventually(t, func() bool { r, _, _ := sockets(); return r == uint64(i+1) }, time.Minute, time.Millisecond)
		if i < 2 {
			_, sent, _ := sockets()
			require.Zero(t, sent)
		}
	}
	for got := 0; got < 3; {
		got += len(receiver.receive())
	}
	_, _, runs := sockets()
	require.EqualValues(t, 1, runs)
}

// TestAnIncompletePictureIsNotHeldForEver loses the last packet.
func TestAnIncompletePictureIsNotHeldForEver(t *testing.T) {
	b := newBench(t)
	sender, receiver := b.guest(7), b.guest(8)
	sender.sends(7, receiver.slot(10))
	b.runs(5 * time.Millisecond)
	sender.send(parts(t, 7, 2)[0])
	require.Len(t, receiver.receive(), 1)
}
