package clip

import (
	"context"
	"testing"

	"github.com/pion/rtp"
	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

// TestBeat plays many sources from one goroutine, in real time.
func TestBeat(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	b := NewBeat()
	done := make(chan struct{})
	go func() { b.Run(ctx); close(done) }()
	c, err := Load("small", "VP8")
	require.NoError(t, err)
	type result struct {
		n   int
		err error
	}
	ended := make(chan result)
	enough := make(chan struct{}, 20)
	for range 20 {
		go func() {
			w := &countWriter{enough: enough}
			err := b.Source(c, proto.SourceVideo).Run(ctx, w)
			ended <- result{w.n, err}
		}()
	}
	for range 20 {
		<-enough
	}
	cancel()
	for range 20 {
		r := <-ended
		require.ErrorIs(t, r.err, context.Canceled)
	}
	<-done
}

type countWriter struct {
	n      int
	enough chan struct{}
}

func (w *countWriter) WriteRTP(*rtp.Packet) error {
	if w.n++; w.n == 5 {
		w.enough <- struct{}{}
	}
	return nil
}
