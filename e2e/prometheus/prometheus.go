// Package prometheus runs a real Prometheus server for tests, with a storage and
// a port of its own, and asks it questions.
package prometheus

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Server is a running Prometheus.
type Server struct {
	URL string
}

// Need skips the test where Prometheus is not installed, or fails it where
// KINWIRE_TEST_REQUIRE names prometheus.
func Need(t testing.TB) {
	t.Helper()
	for _, tool := range []string{"prometheus", "promtool"} {
		if _, err := exec.LookPath(tool); err == nil {
			continue
		}
		if slices.Contains(strings.Split(os.Getenv("KINWIRE_TEST_REQUIRE"), ","), "prometheus") {
			t.Fatalf("KINWIRE_TEST_REQUIRE names prometheus, but %s is not installed: apt install prometheus", tool)
		}
		t.Skipf("SKIPPED, alerts and boards are not tried: %s is not installed: apt install prometheus", tool)
	}
}

// Promtool runs promtool in a folder and gives what it prints. The test fails if
// promtool finds anything wrong.
func Promtool(t testing.TB, dir, stdin string, arg ...string) string {
	t.Helper()
	cmd := exec.Command("promtool", arg...)
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "promtool %s: %s", strings.Join(arg, " "), out)
	return string(out)
}

// Start runs a server with a configuration file until the test ends. Exemplars
// are kept.
func Start(t testing.TB, config string) *Server {
	t.Helper()
	Need(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := l.Addr().String()
	require.NoError(t, l.Close())

	out := &bytes.Buffer{}
	cmd := exec.Command("prometheus", "--config.file="+config, "--storage.tsdb.path="+filepath.Join(t.TempDir(), "tsdb"),
		"--web.listen-address="+address, "--enable-feature=exemplar-storage", "--log.level=warn")
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	started, died := make(chan error), make(chan error, 1)
	go func() {
		// The kernel ends a process with Pdeathsig when the thread that started it
		// ends, so this thread stays.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			died <- cmd.Wait()
		}
	}()
	require.NoError(t, <-started)
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		<-died
		if t.Failed() {
			t.Logf("prometheus: %s", out)
		}
	})
	s := &Server{URL: "http://" + address}
	require.Eventually(t, func() bool {
		select {
		case err := <-died:
			died <- err
			t.Errorf("prometheus ended: %v: %s", err, out)
			return true
		default:
		}
		res, err := http.Get(s.URL + "/-/ready")
		if err != nil {
			return false
		}
		defer func() { _ = res.Body.Close() }()
		return res.StatusCode == http.StatusOK
	}, time.Minute, 20*time.Millisecond)
	if t.Failed() {
		t.FailNow()
	}
	return s
}

// Series is one time series of an answer.
type Series struct {
	Metric map[string]string `json:"metric"`
	Value  [2]any            `json:"value"`  // of an instant query
	Values [][2]any          `json:"values"` // of a range query
}

// Numbers are the values that are numbers.
func (s Series) Numbers() (out []float64) {
	for _, v := range append(s.Values, s.Value) {
		text, _ := v[1].(string)
		if f, err := strconv.ParseFloat(text, 64); err == nil && f == f {
			out = append(out, f)
		}
	}
	return out
}

// Query asks for values at this moment.
func (s *Server) Query(t testing.TB, expr string) []Series {
	return s.series(t, "query", url.Values{"query": {expr}})
}

// Range asks for values each second since then, this moment's included.
func (s *Server) Range(t testing.TB, expr string, since time.Time) []Series {
	now := time.Now()
	start := now.Add(-now.Sub(since).Truncate(time.Second))
	return s.series(t, "query_range", url.Values{"query": {expr}, "start": {stamp(start)}, "end": {stamp(now)}, "step": {"1"}})
}

func (s *Server) series(t testing.TB, what string, with url.Values) []Series {
	t.Helper()
	var out struct {
		Result []Series `json:"result"`
	}
	s.get(t, what, with, &out)
	return out.Result
}

// Exemplar is one that Prometheus kept.
type Exemplar struct {
	Labels    map[string]string `json:"labels"`
	Value     string            `json:"value"`
	Timestamp float64           `json:"timestamp"`
}

// Exemplars are those of the series that a query selects, since then.
func (s *Server) Exemplars(t testing.TB, expr string, since time.Time) (out []Exemplar) {
	t.Helper()
	var series []struct {
		Exemplars []Exemplar `json:"exemplars"`
	}
	s.get(t, "query_exemplars", url.Values{"query": {expr}, "start": {stamp(since)}, "end": {stamp(time.Now())}}, &series)
	for _, one := range series {
		out = append(out, one.Exemplars...)
	}
	return out
}

// Rule is the state of an alert.
type Rule struct {
	Name   string `json:"name"`
	State  string `json:"state"`  // inactive, pending, firing
	Health string `json:"health"` // unknown before the first evaluation, ok, err
	Error  string `json:"lastError"`
}

// Rules are all that Prometheus evaluates.
func (s *Server) Rules(t testing.TB) (out []Rule) {
	t.Helper()
	var groups struct {
		Groups []struct {
			Rules []Rule `json:"rules"`
		} `json:"groups"`
	}
	s.get(t, "rules", nil, &groups)
	for _, g := range groups.Groups {
		out = append(out, g.Rules...)
	}
	return out
}

func (s *Server) get(t testing.TB, what string, with url.Values, into any) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/api/v1/"+what+"?"+with.Encode(), nil)
	require.NoError(t, err)
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	var out struct {
		Status, Error string
		Data          json.RawMessage
	}
	require.NoError(t, json.NewDecoder(res.Body).Decode(&out))
	require.Equal(t, "success", out.Status, "%s: %s", with.Get("query"), out.Error)
	require.NoError(t, json.Unmarshal(out.Data, into))
}

func stamp(at time.Time) string { return fmt.Sprintf("%.3f", float64(at.UnixMilli())/1000) }
