// Package kinwire starts the real server for tests: it builds cmd/kinwire
// once, runs the binary as a process of its own with ports of its own, reads
// what it says, and stops it as an operator would. With KINWIRE_TEST_RACE set
// the server is built with the race detector.
package kinwire

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Password is that of all demo people.
const Password = "kinwire-demo"

// Server is a running server.
type Server struct {
	URL      string // http://host:port, or https
	Operator string // the operator's token
	HTTP     *http.Client
	Dir      string // its data_dir
	bin      string
	args     []string
	env      []string
	cmd      *exec.Cmd
	exited   chan error

	mu  sync.Mutex
	log strings.Builder
}

// Options of a server.
type Options struct {
	// Host is the address that pages and peers use; 127.0.0.1 when empty.
	Host string
	// Name is the host in the server's URL where that is another than Host:
	// passkeys, for one, want localhost rather than 127.0.0.1.
	Name string
	// TLS serves https, and TURN over TLS, with a certificate that only
	// Server.HTTP trusts.
	TLS bool
	// Set are further configuration keys, such as "calls.lost_timeout": "3s".
	Set map[string]string
	// Secrets are configuration keys that go through the environment.
	Secrets map[string]string
}

var build = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "kinwire-e2e-")
	if err != nil {
		return "", err
	}
	bin := filepath.Join(dir, "kinwire")
	args := []string{"build", "-o", bin}
	if os.Getenv("KINWIRE_TEST_RACE") != "" {
		args = append(args, "-race")
	}
	out, err := exec.Command("go", append(args, "kinwire/cmd/kinwire")...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("building the server: %w\n%s", err, out)
	}
	return bin, nil
})

// Start runs a server until the test ends.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	bin, err := build()
	require.NoError(t, err)
	if o.Host == "" {
		o.Host = "127.0.0.1"
	}
	s := &Server{exited: make(chan error, 1), HTTP: http.DefaultClient}
	ports := freePorts(t, o.Host, 4)
	keys := map[string]string{
		"http.listen": net.JoinHostPort(o.Host, ports[0]), "data_dir": t.TempDir(),
		"sfu.udp_port": "0", "sfu.tcp_port": ports[1], "sfu.bind_addresses": o.Host, "sfu.include_loopback": "true",
		"turn.udp_listen": net.JoinHostPort(o.Host, ports[2]), "turn.tcp_listen": net.JoinHostPort(o.Host, ports[2]), "turn.tls_listen": "",
		"log.level": "info", "demo.enabled": "true", "metrics.sample_interval": "500ms",
	}
	scheme := "http"
	if o.TLS {
		scheme = "https"
		cert, key, trusting := certify(t, o.Host)
		s.HTTP = trusting
		keys["http.tls.cert_file"], keys["http.tls.key_file"] = cert, key
		keys["turn.cert_file"], keys["turn.key_file"] = cert, key
		keys["turn.tls_listen"] = net.JoinHostPort(o.Host, ports[3])
	}
	s.URL = scheme + "://" + net.JoinHostPort(cmp.Or(o.Name, o.Host), ports[0])
	if o.Name != "" {
		keys["http.public_url"] = s.URL
	}
	for k, v := range o.Set {
		keys[k] = v
	}
	args := []string{"serve"}
	for k, v := range keys {
		args = append(args, "--"+k+"="+v)
	}
	s.env = os.Environ()
	for k, v := range o.Secrets {
		s.env = append(s.env, "KINWIRE_"+strings.ToUpper(strings.ReplaceAll(k, ".", "_"))+"="+v)
	}
	s.bin, s.args, s.Dir = bin, args, keys["data_dir"]
	t.Cleanup(func() { s.stop(t) })
	s.launch(t)
	token, err := os.ReadFile(filepath.Join(s.Dir, "operator-token"))
	require.NoError(t, err)
	s.Operator = strings.TrimSpace(string(token))
	return s
}

// launch starts the process and waits until it answers.
func (s *Server) launch(t testing.TB) {
	s.cmd = exec.Command(s.bin, s.args...)
	s.cmd.Env = s.env
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := s.cmd.StderrPipe()
	require.NoError(t, err)
	started := make(chan error)
	go s.run(out, started)
	require.NoError(t, <-started)
	s.ready(t)
}

// Kill ends the process by SIGKILL, with no word to anybody, and starts it
// again on the same ports and the same data.
func (s *Server) Kill(t testing.TB) {
	t.Helper()
	require.NoError(t, s.cmd.Process.Kill())
	<-s.exited
	s.launch(t)
}

// Program is the path of the server's program, for its other commands.
func (s *Server) Program() string { return s.bin }

// Command is another command of the server's program.
func (s *Server) Command(args ...string) *exec.Cmd { return exec.Command(s.bin, args...) }

// PID is the process's.
func (s *Server) PID() int { return s.cmd.Process.Pid }

// freePorts finds ports that are free for both UDP and TCP.
func freePorts(t testing.TB, host string, n int) []string {
	var out []string
	for len(out) < n {
		l, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
		require.NoError(t, err)
		defer func() { _ = l.Close() }()
		_, port, err := net.SplitHostPort(l.Addr().String())
		require.NoError(t, err)
		u, err := net.ListenPacket("udp", net.JoinHostPort(host, port))
		if err != nil {
			continue
		}
		defer func() { _ = u.Close() }()
		out = append(out, port)
	}
	return out
}

// run starts the process and stays until it ends. The kernel ends a process
// with Pdeathsig when the thread that started it ends, so this thread stays.
func (s *Server) run(out io.Reader, started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := s.cmd.Start()
	started <- err
	if err == nil {
		s.read(out)
	}
}

func (s *Server) read(out io.Reader) {
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		s.mu.Lock()
		s.log.WriteString(lines.Text() + "\n")
		s.mu.Unlock()
	}
	s.exited <- s.cmd.Wait()
}

// Log is what the server has logged so far.
func (s *Server) Log() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.String()
}

func (s *Server) ready(t testing.TB) {
	deadline := time.Now().Add(time.Minute)
	for time.Now().Before(deadline) {
		select {
		case err := <-s.exited:
			s.exited <- err
			t.Fatalf("the server ended: %v\n%s", err, s.Log())
		default:
		}
		if r, err := s.HTTP.Get(s.URL + "/readyz"); err == nil {
			_ = r.Body.Close()
			if r.StatusCode == http.StatusOK {
				return
			}
		}
		time.Sleep(20 * time.Millisecond) // a poll: the loop ends on the condition
	}
	t.Fatalf("the server was not ready within a minute\n%s", s.Log())
}

// stop ends the server by SIGTERM and holds it to an orderly end.
func (s *Server) stop(t testing.TB) {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case err := <-s.exited:
		if err != nil {
			t.Errorf("the server ended with %v", err)
		}
	case <-time.After(time.Minute):
		_ = s.cmd.Process.Kill()
		t.Error("the server did not end within a minute of SIGTERM")
	}
	if strings.Contains(s.Log(), "DATA RACE") {
		t.Error("the race detector spoke up in the server")
	}
	if t.Failed() {
		t.Logf("the server's log:\n%s", s.Log())
	}
}

// Sockets is how many sockets the server's process has open, by /proc. The
// database's pool opens files as it likes; sockets belong to calls and people.
func (s *Server) Sockets(t testing.TB) int {
	t.Helper()
	dir := fmt.Sprintf("/proc/%d/fd", s.cmd.Process.Pid)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	n := 0
	for _, e := range entries {
		// One that has been closed since is no socket any more.
		if to, err := os.Readlink(filepath.Join(dir, e.Name())); err == nil && strings.HasPrefix(to, "socket:") {
			n++
		}
	}
	return n
}

// Get asks an operator's page.
func (s *Server) Get(ctx context.Context, path string) (int, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+path, nil)
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Authorization", "Bearer "+s.Operator)
	res, err := s.HTTP.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	return res.StatusCode, body, err
}

// Record waits for the record of a call that has ended. It is kept where
// KINWIRE_TEST_SCREENSHOTS names a folder.
func (s *Server) Record(t testing.TB, callID string, into any) {
	t.Helper()
	require.Eventually(t, func() bool {
		code, body, err := s.Get(t.Context(), "/v1/calls/"+callID+"/record")
		if err != nil || code != http.StatusOK {
			return false
		}
		var head struct {
			Live bool `json:"live"`
		}
		require.NoError(t, json.Unmarshal(body, &head))
		if head.Live {
			return false
		}
		require.NoError(t, json.Unmarshal(body, into))
		if dir := os.Getenv("KINWIRE_TEST_SCREENSHOTS"); dir != "" {
			_ = os.WriteFile(filepath.Join(dir, strings.ReplaceAll(t.Name(), "/", "-")+"-record.json"), body, 0o600)
		}
		return true
	}, time.Minute, 50*time.Millisecond, "the record of call %s", callID)
}

// Person is whose pseudonym it is that stands in a record.
func (s *Server) Person(t testing.TB, pseudonym string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/v1/ops/pseudonyms/"+pseudonym+"/resolve", strings.NewReader(`{"reason":"a test"}`))
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer "+s.Operator)
	req.Header.Set("Content-Type", "application/json")
	res, err := s.HTTP.Do(req)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	require.Equal(t, http.StatusOK, res.StatusCode, "resolving %q", pseudonym)
	var out struct {
		Person struct {
			ID string `json:"id"`
		} `json:"person"`
	}
	require.NoError(t, json.NewDecoder(res.Body).Decode(&out))
	return out.Person.ID
}
