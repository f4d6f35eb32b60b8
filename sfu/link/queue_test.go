package link

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestQueueDropsTheOldest(t *testing.T) {
	var drops atomic.Uint64
	q := newQueue(16, &drops)
	for i := range 20 {
		q.push([]byte{byte(i)})
	}
	require.EqualValues(t, 4, drops.Load())
	require.Equal(t, 16, q.len())
	for want := 4; want < 20; want++ {
		f, over := q.pop()
		require.False(t, over)
		require.Equal(t, []byte{0, 1, byte(want)}, f.b[:f.n])
	}
	f, over := q.pop()
	require.Nil(t, f)
	require.False(t, over)
	q.push(make([]byte, 4000))
	require.EqualValues(t, 5, drops.Load(), "larger than any datagram")
}

// TestQueueWritesFramesInOrder lets the writer run against a real connection,
// which then ends after the last packet.
func TestQueueWritesFramesInOrder(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = l.Close() }()
	out, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	in, err := l.Accept()
	require.NoError(t, err)
	defer func() { _ = in.Close() }()
	q := newQueue(2048, new(atomic.Uint64))
	done := make(chan struct{})
	go func() { defer close(done); q.write(out) }()
	const packets = 1000
	for i := range packets {
		q.push(binary.BigEndian.AppendUint16(make([]byte, i%1400), uint16(i)))
	}
	q.finish()
	r := bufio.NewReader(in)
	for i := range packets {
		var head [2]byte
		_, err := io.ReadFull(r, head[:])
		require.NoError(t, err)
		b := make([]byte, binary.BigEndian.Uint16(head[:]))
		_, err = io.ReadFull(r, b)
		require.NoError(t, err)
		require.Len(t, b, i%1400+2)
		require.EqualValues(t, i, binary.BigEndian.Uint16(b[len(b)-2:]))
	}
	_, err = r.ReadByte()
	require.ErrorIs(t, err, io.EOF)
	<-done
}

func TestQueueEndsWhenItIsClosed(t *testing.T) {
	q := newQueue(16, new(atomic.Uint64))
	a, b := net.Pipe()
	defer func() { _ = b.Close() }()
	done := make(chan struct{})
	go func() { defer close(done); q.write(a) }()
	q.push([]byte("never read"))
	q.close()
	_ = b.Close() // ends a write that blocks
	<-done
	q.push([]byte("too late"))
}
