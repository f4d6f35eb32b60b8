package client

import (
	"testing"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

func TestICEServersByProtocol(t *testing.T) {
	list := []proto.ICEServer{{URLs: []string{"turn:h:3478?transport=udp", "turn:h:3478?transport=tcp", "turns:h:5349"}, Username: "u", Credential: "c"}}
	for protocol, want := range map[string][]string{
		"":    list[0].URLs,
		"udp": {"turn:h:3478?transport=udp"},
		"tcp": {"turn:h:3478?transport=tcp"},
		"tls": {"turns:h:5349"},
	} {
		got := iceServers(MediaOptions{Protocol: protocol}, list)
		require.Len(t, got, 1)
		require.Equal(t, want, got[0].URLs)
	}
	require.Empty(t, iceServers(MediaOptions{NoRelay: true}, list))
	require.Empty(t, iceServers(MediaOptions{Protocol: "tcp"}, []proto.ICEServer{{URLs: []string{"stun:h:3478"}}}))
}
