package main

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/client/netcheck"
	"kinwire/configs"
	"kinwire/signaling"
	"kinwire/signaling/proto"
)

const (
	allRoles  = "token-of-the-operator"
	callsRole = "token-of-who-keeps-calls-good"
)

// serving is the whole server on this machine, in this process.
func serving(t *testing.T, keys map[string]string) (*planes, *httptest.Server) {
	t.Helper()
	all := map[string]string{
		"data_dir": t.TempDir(), "sfu.udp_port": "0", "sfu.tcp_port": "0", "sfu.bind_addresses": "127.0.0.1", "sfu.include_loopback": "true",
		"turn.udp_listen": "127.0.0.1:0", "turn.tcp_listen": "127.0.0.1:0", "turn.tls_listen": "", "demo.enabled": "true",
	}
	for k, v := range keys {
		all[k] = v
	}
	cfg, err := configs.Load(configs.Options{Flags: all, Env: []string{"KINWIRE_OPERATOR_TOKEN=" + allRoles, "KINWIRE_OPERATOR_STAFF=nora(calls):" + callsRole}})
	require.NoError(t, err)
	p, err := build(t.Context(), cfg, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	s := httptest.NewServer(p.server.Handler())
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		require.NoError(t, p.close(ctx))
		s.Close()
	})
	return p, s
}

func ask(t *testing.T, url, token string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, string(text)
}

// TestACheckOfTheNetworkConnects: on the real planes, over every way that is
// there; when it is over nothing of it is left.
func TestACheckOfTheNetworkConnects(t *testing.T) {
	p, s := serving(t, nil)
	res, err := netcheck.Run(t.Context(), netcheck.Options{BaseURL: s.URL, Loopback: true, Timeout: 20 * time.Second}, nil)
	require.NoError(t, err)
	states := map[string]netcheck.State{}
	for _, row := range res.Rows {
		states[row.Name] = row.State
		t.Log(row.Name, row.State, row.Detail)
	}
	for _, name := range []string{"stun", "direct_udp", "relay_udp", "relay_tcp"} {
		require.Equal(t, netcheck.OK, states[name], name)
	}
	require.Equal(t, "127.0.0.0/24", res.Seen)
	require.Eventually(t, func() bool { return p.sfu.Totals().Rooms == 0 }, 10*time.Second, 10*time.Millisecond)
	status, text := ask(t, s.URL+"/v1/calls", callsRole)
	require.Equal(t, 200, status)
	require.JSONEq(t, `{"calls":[]}`, text, "a check is no call")
}

// TestRolesOfTheConfiguration: what stands in operator.staff is what opens.
func TestRolesOfTheConfiguration(t *testing.T) {
	_, s := serving(t, map[string]string{"netcheck.enabled": "false", "turn.enabled": "false"})
	for path, want := range map[string][2]int{
		"/v1/calls": {200, 200}, "/v1/calls/export?format=csv": {200, 200}, "/v1/ops/node": {200, 200}, "/v1/ops/debug": {200, 200}, "/metrics": {200, 200},
		"/debug/pprof/goroutine?debug=1": {200, 200}, "/v1/ops/audit": {200, 403}, "/v1/ops/reports": {200, 403}, "/v1/calls/none/record": {404, 404},
	} {
		for i, token := range []string{allRoles, callsRole} {
			status, text := ask(t, s.URL+path, token)
			require.Equal(t, want[i], status, "%s: %.200s", path, text)
		}
	}
	_, text := ask(t, s.URL+"/v1/ops/node", callsRole)
	var node proto.NodeState
	require.NoError(t, json.Unmarshal([]byte(text), &node))
	require.NotEmpty(t, node.Sockets)
	res, err := http.Post(s.URL+"/v1/netcheck", "", nil)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusNotFound, res.StatusCode, "it is switched off")
}

func TestStaff(t *testing.T) {
	cfg := &configs.Config{}
	for _, line := range []string{"ann:0123456789abcdef", "ben(resolve):with:a:colon:in:it", "cleo(calls,safety):0123456789abcdeg"} {
		cfg.Operator.Staff = append(cfg.Operator.Staff, configs.Secret(line))
	}
	require.Equal(t, map[string]signaling.Staff{
		"ann":  {Token: "0123456789abcdef", Roles: []string{"calls", "safety"}},
		"ben":  {Token: "with:a:colon:in:it", Roles: []string{"resolve"}},
		"cleo": {Token: "0123456789abcdeg", Roles: []string{"calls", "safety"}},
	}, staff(cfg))
}

func TestSTUNAddresses(t *testing.T) {
	require.Equal(t, []string{"192.0.2.1:3478", "[2001:db8::1]:3478"}, stunAddresses([]string{
		"turn:192.0.2.1:3478?transport=udp", "turn:192.0.2.1:3478?transport=tcp", "turn:[2001:db8::1]:3478?transport=udp", "turns:192.0.2.1:5349?transport=tcp",
	}))
	require.Empty(t, strings.Join(stunAddresses(nil), ""))
}
