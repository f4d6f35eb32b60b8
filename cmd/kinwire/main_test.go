package main

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kinwire/configs"
)

// kinwire runs a command line and returns exit code, output and errors.
func kinwire(t *testing.T, args ...string) (int, string, string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := execute(t.Context(), args, &stdout, &stderr)
	return code, stdout.String(), stderr.String()
}

func TestExitCodes(t *testing.T) {
	good := filepath.Join(t.TempDir(), "good.yaml")
	require.NoError(t, os.WriteFile(good, []byte("sfu: {udp_port: 7000}\n"), 0o600))
	bad := filepath.Join(t.TempDir(), "bad.yaml")
	require.NoError(t, os.WriteFile(bad, []byte("sfu:\n  udp_port: 70000\nlog: {levl: info}\n"), 0o600))

	for _, c := range []struct {
		args   string
		code   int
		stdout string
		stderr string
	}{
		{"--help", 0, "Exit codes: 0 success", ""},
		{"", 0, "Exit codes: 0 success", ""},
		{"version", 0, "kinwire devel (", ""},
		{"config check " + good, 0, good + ": ok\n", ""},
		{"config print --config " + good, 0, "udp_port: 7000 # " + good + ":1\n", ""},
		{"config print --sfu.udp_port 7001 --demo.enabled --data_dir /d", 0, "data_dir: /d # flag --data_dir\n", ""},
		{"config print --reference", 0, "# UDP port for all media of all calls", ""},
		{"serve --help", 0, "--sfu.udp_port", ""},
		{"config check " + bad, 2, "", "kinwire: " + bad + ":2: sfu.udp_port: given 70000; allowed: a whole number from 0 to 65535\n" +
			bad + ":3: log.levl: no such key; did you mean log.level?\n"},
		{"config print --config " + bad, 2, "", "sfu.udp_port: given 70000"},
		{"serve --sfu.udp_port=-1", 2, "", `kinwire: flag --sfu.udp_port: sfu.udp_port: given "-1"; allowed`},
		{"serve --config " + bad, 2, "", "log.levl: no such key"},
		{"serve now", 2, "", "Try 'kinwire serve --help'."},
		{"serve --turn.secret x", 2, "", "unknown flag: --turn.secret"},
		{"serv", 2, "", `unknown command "serv"`},
		{"config chek", 2, "", "Try 'kinwire config --help'."},
		{"config check", 2, "", "accepts 1 arg(s), received 0"},
		{"health --http.listen 127.0.0.1:0", 1, "", "any free port"},
		{"health --http.listen 127.0.0.1:1", 1, "", "asking http://127.0.0.1:1/readyz"},
	} {
		t.Run(c.args, func(t *testing.T) {
			code, stdout, stderr := kinwire(t, strings.Fields(c.args)...)
			require.Equal(t, c.code, code, stderr)
			require.Contains(t, stdout, c.stdout)
			require.Contains(t, stderr, c.stderr)
			if c.stderr == "" {
				require.Empty(t, stderr)
			}
		})
	}
}

func TestEnvironmentReachesTheConfiguration(t *testing.T) {
	t.Setenv("KINWIRE_SFU_UDP_PORT", "7100")
	_, stdout, _ := kinwire(t, "config", "print")
	require.Contains(t, stdout, "udp_port: 7100 # env KINWIRE_SFU_UDP_PORT\n")
	t.Setenv("KINWIRE_SFU_UPD_PORT", "7100")
	code, _, stderr := kinwire(t, "config", "print")
	require.Equal(t, exitUsage, code)
	require.Contains(t, stderr, "env KINWIRE_SFU_UPD_PORT: no such variable; did you mean KINWIRE_SFU_UDP_PORT?")
}

func TestHealth(t *testing.T) {
	ready := true
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !ready || r.URL.Path != "/readyz" {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	plain := httptest.NewServer(handler)
	defer plain.Close()
	secure := httptest.NewTLSServer(handler)
	defer secure.Close()

	listen := "--http.listen=" + plain.Listener.Addr().String()
	code, stdout, _ := kinwire(t, "health", listen)
	require.Equal(t, exitOK, code)
	require.Equal(t, "ready\n", stdout)

	code, _, stderr := kinwire(t, "health", "--http.listen="+secure.Listener.Addr().String(),
		"--http.tls.cert_file=c", "--http.tls.key_file=k")
	require.Equal(t, exitOK, code, stderr)

	ready = false
	code, _, stderr = kinwire(t, "health", listen)
	require.Equal(t, exitFailure, code)
	require.Contains(t, stderr, "not ready, status 503")
}

func TestReadyURL(t *testing.T) {
	for listen, want := range map[string]string{
		":8080":            "http://localhost:8080/readyz",
		"0.0.0.0:8080":     "http://localhost:8080/readyz",
		"[::]:8080":        "http://localhost:8080/readyz",
		"[2001:db8::1]:80": "http://[2001:db8::1]:80/readyz",
	} {
		got, err := readyURL(configs.HTTP{Listen: listen})
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

func TestLogger(t *testing.T) {
	var out bytes.Buffer
	log := newLogger(configs.Log{Level: "warn", Format: "json"}, &out)
	log.Info("left out")
	log.Warn("written")
	require.Equal(t, 1, strings.Count(out.String(), "\n"))
	require.Contains(t, out.String(), `"msg":"written"`)
	require.False(t, newLogger(configs.Log{Level: "info", Format: "text"}, &out).Enabled(context.Background(), -4))
}
