package client

import (
	"errors"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/pion/logging"
	"github.com/pion/transport/v4/vnet"
	"github.com/pion/webrtc/v4"
	"github.com/stretchr/testify/require"

	"kinwire/client/impair"
	"kinwire/signaling/proto"
)

// TestCallInAVirtualNetwork: media through a network that is nothing but memory,
// which loses one packet in ten of those that the client sends. All arrive in the
// end, for lost ones are asked for again. Where no socket of the kernel is needed,
// this needs no root.
func TestCallInAVirtualNetwork(t *testing.T) {
	const ours, theirs = "198.51.100.2", "198.51.100.3"
	router, err := vnet.NewRouter(&vnet.RouterConfig{
		CIDR: "198.51.100.0/24", MinDelay: 10 * time.Millisecond, LoggerFactory: logging.NewDefaultLoggerFactory(),
	})
	require.NoError(t, err)
	model := impair.New(impair.Profile{Up: impair.Direction{Loss: 0.1}}, 4)
	var mu sync.Mutex
	router.AddChunkFilter(func(c vnet.Chunk) bool {
		mu.Lock()
		defer mu.Unlock()
		way := model.Down
		if from, ok := c.SourceAddr().(*net.UDPAddr); ok && from.IP.String() == ours {
			way = model.Up
		}
		return len(way.Arrive(time.Now(), len(c.UserData()))) > 0
	})
	host := func(ip string) *vnet.Net {
		n, err := vnet.NewNet(&vnet.NetConfig{StaticIPs: []string{ip}})
		require.NoError(t, err)
		require.NoError(t, router.AddNet(n))
		return n
	}
	client, server := host(ours), host(theirs)
	require.NoError(t, router.Start())
	t.Cleanup(func() { require.NoError(t, router.Stop()) })

	l := newLiteServer(t, func(se *webrtc.SettingEngine) { se.SetNet(server) })
	s := newServer(t)
	s.handle = l.handle
	video := &clip{kind: proto.SourceVideo, codec: "VP8"}
	call, err := s.dial(t).Join(limit(t), proto.CallEntered{Call: proto.CallView{CallID: "c1", You: "p1"}}, MediaOptions{Net: client, Sources: []Source{video}})
	require.NoError(t, err)
	t.Cleanup(call.Close)
	require.NoError(t, call.Connected(limit(t)))
	var got []uint16
	ctx := limit(t)
	next := func() {
		select {
		case n := <-l.got:
			got = append(got, n)
		case <-ctx.Done():
			t.Fatalf("of %d packets some are missing", len(got))
		}
	}
	// From the first on, so many numbers without a hole.
	const n = 300
	whole := func() bool {
		seen := slices.Clone(got)
		for i := range seen {
			seen[i] -= got[0]
		}
		slices.Sort(seen)
		seen = slices.Compact(seen)
		return len(seen) >= n && seen[n-1] == n-1
	}
	for next(); len(got) < n || !whole(); {
		next()
	}
	mu.Lock()
	defer mu.Unlock()
	require.Greater(t, model.Up.Counts().Lost, uint64(10))
	require.Zero(t, model.Down.Counts().Lost)
}

func TestNetHasNoDirectTCP(t *testing.T) {
	for o, fine := range map[*MediaOptions]bool{
		{Protocol: "tcp", Net: &vnet.Net{}}:                  false,
		{Protocol: "tcp", Net: &vnet.Net{}, RelayOnly: true}: true,
		{Protocol: "udp", Net: &vnet.Net{}}:                  true,
	} {
		_, err := o.withDefaults()
		var bad *BadOptionError
		require.Equal(t, fine, err == nil, "%v", err)
		require.Equal(t, !fine, errors.As(err, &bad))
	}
}
