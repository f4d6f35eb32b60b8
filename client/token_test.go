package client

import (
	"testing"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

func TestMediaToken(t *testing.T) {
	ctx := limit(t)
	s := newServer(t)
	c := s.dial(t)
	answer := proto.MediaToken{Token: "secret", WHIPURL: "/v1/whip", WHEPURL: "/v1/whep", ExpiresAt: 7}
	s.mu.Lock()
	s.handle = func(r proto.Request) (any, *proto.Error) {
		if r.Type != proto.TypeMediaToken || string(r.Data) != `{"call_id":"c1"}` {
			return nil, &proto.Error{Code: proto.CodeBadMessage, Message: string(r.Data)}
		}
		return answer, nil
	}
	s.mu.Unlock()
	got, err := c.MediaToken(ctx, "c1")
	require.NoError(t, err)
	require.Equal(t, proto.MediaToken{Token: "secret", WHIPURL: s.URL + "/v1/whip", WHEPURL: s.URL + "/v1/whep", ExpiresAt: 7}, got)
	got, err = (&Call{s: c, id: "c1"}).MediaToken(ctx)
	require.NoError(t, err)
	require.Equal(t, "secret", got.Token)

	// Behind a proxy that adds a path, and of a server that gives whole ones.
	c.opt.BaseURL = "https://a.example/kin/"
	s.mu.Lock()
	answer.WHEPURL = "https://b.example/whep"
	s.mu.Unlock()
	got, err = c.MediaToken(ctx, "c1")
	require.NoError(t, err)
	require.Equal(t, "https://a.example/kin/v1/whip", got.WHIPURL)
	require.Equal(t, "https://b.example/whep", got.WHEPURL)

	s.mu.Lock()
	answer.WHIPURL = "%"
	s.mu.Unlock()
	_, err = c.MediaToken(ctx, "c1")
	require.ErrorContains(t, err, `"%"`)
	_, err = c.MediaToken(ctx, "c2")
	var refused *proto.Error
	require.ErrorAs(t, err, &refused)
}
