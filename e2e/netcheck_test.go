package e2e

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/client/impair"
	"kinwire/client/impair/lab"
	"kinwire/client/netcheck"
	"kinwire/e2e/kinwire"
)

// TestTheCommandChecksTheNetwork runs `kinwire netcheck` as a support person
// would have it run: on this machine, where everything is open, and against a
// server that is not there.
func TestTheCommandChecksTheNetwork(t *testing.T) {
	s := kinwire.Start(t, kinwire.Options{})
	out, err := s.Command("netcheck", s.URL, "--loopback").Output()
	require.NoError(t, err, "%s", out)
	table := string(out)
	t.Log(table)
	for _, way := range []string{"media: direct, UDP", "media: direct, TCP", "media: TURN, UDP", "media: TURN, TCP"} {
		require.Regexp(t, way+` +ok +[0-9.]+ ms`, table)
	}
	require.Regexp(t, `media: TURN, TLS +- `, table, "this server has none")
	require.Contains(t, table, "This network lets calls through, on the best way.")
	body, _, _ := strings.Cut(table[strings.Index(table, "\n"):], "\n\n\n") // the first line names the server as it was given
	require.NotContains(t, body, "127.0.0.1", "no full address")
	require.Contains(t, body, "127.0.0.0/24")

	nobody := strings.Replace(s.URL, "127.0.0.1", "127.0.0.9", 1)
	cmd := s.Command("netcheck", nobody, "--timeout", "2s")
	out, err = cmd.Output()
	require.Error(t, err)
	require.Equal(t, 1, cmd.ProcessState.ExitCode())
	require.Contains(t, string(out), "The server cannot be reached at all.")
}

// TestTheCommandSeesABadNetwork runs it behind a satellite: the round trip is
// seen on every way, and so is the MTU.
func TestTheCommandSeesABadNetwork(t *testing.T) {
	l := openLab(t, lab.Options{Seed: 1})
	satellite, ok := impair.Named("satellite")
	require.True(t, ok)
	s := startIn(t, l, nil)
	h := attach(t, l, "far", "satellite")
	cmd := h.Command(s.Program(), "netcheck", s.URL, "--json", "--timeout", "20s")
	out, err := cmd.Output()
	require.NoError(t, err, "%s", out)
	var res netcheck.Result
	require.NoError(t, json.Unmarshal(out, &res))
	require.Equal(t, 1500, res.MTU)
	require.Equal(t, "none", res.NAT.Kind)
	least := satellite.Up.Delay + satellite.Down.Delay
	for _, row := range res.Rows {
		if row.State != netcheck.OK || row.RTT == 0 {
			continue
		}
		require.Greater(t, row.RTT, least-10*time.Millisecond, "%+v", row)
	}
	require.Contains(t, strings.Join(res.Advice, " "), "talk over each other")
}
