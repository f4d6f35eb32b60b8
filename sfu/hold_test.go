package sfu

import (
	"log/slog"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/sfu/codec"
	"kinwire/sfu/link"
)

type deaf struct{}

func (deaf) SlotsChanged(string, string, SlotMap)   {}
func (deaf) LinkChanged(string, string, link.State) {}

// TestARoomIsHeldWhileSomebodyJoins lets the last peer leave while another is
// about to join, after somebody else has left before: the room must wait for
// the one who joins.
func TestARoomIsHeldWhileSomebodyJoins(t *testing.T) {
	s, err := New(Config{
		Link: link.Config{
			BindAddresses: []netip.Addr{netip.MustParseAddr("127.0.0.1")}, TCPPort: -1, IPv4: true, IncludeLoopback: true,
			Audio: []codec.Kind{codec.Opus}, Video: []codec.Kind{codec.VP8}, SRTPProfiles: []string{"aead_aes_128_gcm"},
			Disconnected: time.Second, Failed: time.Second,
		},
		MaxPeers: 3, HistoryPackets: 64, NACKInterval: time.Hour, PLIMinInterval: time.Second,
		TWCCInterval: time.Hour, ReportInterval: time.Hour,
	}, deaf{}, slog.New(slog.DiscardHandler), time.Now)
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()

	r, err := s.room("x")
	require.NoError(t, err)
	for _, name := range []string{"a", "b"} {
		p := &Peer{room: r, name: name}
		p.link, err = s.transport.NewLink(p)
		require.NoError(t, err)
		r.peers[name], r.order = p, append(r.order, p)
	}
	s.drop(r)
	_, there := s.Peer("x", "a")
	require.True(t, there)
	s.Leave("x", "a")
	s.Leave("x", "nobody")

	joining, err := s.room("x")
	require.NoError(t, err)
	require.Same(t, r, joining)
	s.Leave("x", "b")
	require.Same(t, r, s.rooms["x"], "somebody is joining")
	s.drop(joining)
	require.Empty(t, s.rooms)
}
