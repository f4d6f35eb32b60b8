package client

import (
	"testing"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

// TestVanish ends the media without a word to the server, once and for all.
func TestVanish(t *testing.T) {
	_, _, c, call := setUp(t, MediaOptions{Sources: []Source{&clip{kind: proto.SourceAudio, codec: "opus"}}, Loopback: true})
	require.NoError(t, call.Connected(limit(t)))
	call.Vanish()
	<-call.Done()
	require.Empty(t, call.Reason())
	c.mu.Lock()
	require.Empty(t, c.calls)
	c.mu.Unlock()
	call.Vanish()
	call.Close()
}
