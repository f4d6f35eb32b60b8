package e2e

import (
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/client"
	"kinwire/e2e/kinwire"
)

// figure reads one value off /metrics.
func figure(t testing.TB, s *kinwire.Server, name string) int {
	code, body, err := s.Get(t.Context(), "/metrics")
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, code)
	m := regexp.MustCompile(`(?m)^` + name + ` ([0-9.e+]+)$`).FindSubmatch(body)
	require.NotNil(t, m, name)
	v, err := strconv.ParseFloat(string(m[1]), 64)
	require.NoError(t, err)
	return int(v)
}

// TestCallsLeaveNothingBehind makes calls on all ways, ended in order and by
// a crash, and expects the server's goroutines and sockets to be those of
// before.
func TestCallsLeaveNothingBehind(t *testing.T) {
	s := kinwire.Start(t, kinwire.Options{Set: map[string]string{
		"sfu.disconnected_timeout": "1s", "sfu.failed_timeout": "3s", "calls.lost_timeout": "8s", "calls.alone_timeout": "1s",
	}})
	ctx := limit(t)
	mia, leo := dial(t, s, "mia"), dial(t, s, "leo")
	ways := []client.MediaOptions{{Protocol: "udp"}, {Protocol: "tcp"}, {RelayOnly: true, Protocol: "udp"}}
	call := func(o client.MediaOptions, crash bool) {
		ring(t, ctx, mia, leo, client.MediaOptions{}, o)
		mia.hears(t, leo, 5, audioVideo...)
		if crash {
			leo.call.Close() // no word to the server
			select {
			case <-mia.call.Done():
			case <-ctx.Done():
				t.Fatal("the call does not end")
			}
			mia.call.Close()
			return
		}
		hangup(t, ctx, mia, leo)
	}
	call(ways[0], false) // whatever is made once is made now
	settled := func(name string) int { return figure(t, s, name) }
	require.Eventually(t, func() bool { return settled("kinwire_sfu_peers") == 0 }, time.Minute, 50*time.Millisecond)
	goroutines, sockets := 0, 0
	require.Eventually(t, func() bool {
		g, n := settled("go_goroutines"), s.Sockets(t)
		same := g == goroutines && n == sockets
		goroutines, sockets = g, n
		return same
	}, time.Minute, 2*time.Second, "the server comes to rest")
	for i := range 9 {
		// A relay's allocation outlives a crash by up to ten minutes, as TURN
		// has it (RFC 8656 section 3.2): so no crash on that way.
		call(ways[i%3], i >= 6 && i%3 != 2)
	}
	deadline := time.Now().Add(90 * time.Second)
	for {
		g, n := settled("go_goroutines"), s.Sockets(t)
		last := fmt.Sprintf("goroutines %d then, %d now; sockets %d then, %d now", goroutines, g, sockets, n)
		if g <= goroutines+3 && n <= sockets+1 && settled("kinwire_sfu_rooms") == 0 {
			t.Log(last)
			return
		}
		require.True(t, time.Now().Before(deadline), "something is left behind: "+last)
		time.Sleep(200 * time.Millisecond) // a poll: the loop ends on the condition
	}
}
