package client

import (
	"testing"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

// TestJoinByVoiceAlone: in a call where a parent's rule allows no picture,
// camera and screen are brought muted.
func TestJoinByVoiceAlone(t *testing.T) {
	l := newLiteServer(t)
	s := newServer(t)
	s.handle = l.handle
	c := s.dial(t)
	call, err := c.Join(limit(t), proto.CallEntered{Call: proto.CallView{CallID: "c1", You: "p1", NoVideo: true}}, MediaOptions{
		Sources: []Source{&clip{kind: proto.SourceAudio, codec: "opus"}, &clip{kind: proto.SourceVideo, codec: "VP8"}}, Loopback: true,
	})
	require.NoError(t, err)
	t.Cleanup(call.Close)
	l.mu.Lock()
	defer l.mu.Unlock()
	require.Equal(t, []proto.Source{{Kind: proto.SourceAudio, MID: "0"}, {Kind: proto.SourceVideo, MID: "1", Muted: true}}, l.joins[0].Sources)
}
