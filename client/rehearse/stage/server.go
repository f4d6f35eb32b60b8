package stage

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Patience with a server of our own: until it answers, and until it has ended.
const (
	startsWithin = time.Minute
	endsWithin   = 20 * time.Second
)

// maxLog is how many lines of a server's log are kept, the first half and the
// latest.
const maxLog = 4000

// Server is a server that was started for a rehearsal.
type Server struct {
	URL      string      // http://host:port
	Operator string      // its operator's token
	TLS      *tls.Config // trusts the certificate of its TURN over TLS

	dir    string
	cmd    *exec.Cmd
	exited chan struct{}

	mu   sync.Mutex
	log  []string
	left int // lines that were left out after the first half
	end  error
}

// Launch says how to start a server.
type Launch struct {
	Program string            // the kinwire program; see [FindProgram]
	Keys    map[string]string // configuration keys; they go over those that are set here
	Hosts   []netip.Addr      // addresses to serve on; the first is the one in the URL. Empty: 127.0.0.1
}

// StartServer starts a server of its own: on free ports, with a folder of its
// own that goes with it, and with the sample families. It returns when the
// server answers.
func StartServer(ctx context.Context, l Launch) (*Server, error) {
	for try := 1; ; try++ {
		s, err := start(ctx, l)
		if err == nil {
			return s, nil
		}
		// Somebody else may have taken a port between our look and the start.
		if try == 3 || ctx.Err() != nil || !strings.Contains(err.Error(), "address already in use") {
			return nil, err
		}
	}
}

func start(ctx context.Context, l Launch) (_ *Server, err error) {
	if len(l.Hosts) == 0 {
		l.Hosts = []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1})}
	}
	s := &Server{exited: make(chan struct{})}
	if s.dir, err = os.MkdirTemp("", "kincall-server-"); err != nil {
		return nil, fmt.Errorf("make a folder for the server: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	keys, err := s.keys(l)
	if err != nil {
		return nil, err
	}
	maps.Copy(keys, l.Keys)
	args := []string{"serve"}
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		args = append(args, "--"+k+"="+keys[k])
	}
	s.cmd = exec.Command(l.Program, args...)
	s.cmd.SysProcAttr = dieWithParent()
	out, err := s.cmd.StderrPipe()
	if err != nil {
		s.cmd = nil
		return nil, fmt.Errorf("start the server: %w", err)
	}
	started := make(chan error)
	go s.run(out, started)
	if err := <-started; err != nil {
		s.cmd = nil
		return nil, fmt.Errorf("start the server %s: %w", l.Program, err)
	}
	if err := s.ready(ctx); err != nil {
		return nil, err
	}
	token, err := os.ReadFile(filepath.Join(s.dir, "data", "operator-token"))
	if err != nil {
		return nil, fmt.Errorf("read the operator's token of the server: %w", err)
	}
	s.Operator = strings.TrimSpace(string(token))
	return s, nil
}

// keys are the configuration of a server that is in nobody's way.
func (s *Server) keys(l Launch) (map[string]string, error) {
	ports, err := freePorts(l.Hosts, 4)
	if err != nil {
		return nil, err
	}
	cert, key, trust, err := certify(s.dir, l.Hosts)
	if err != nil {
		return nil, err
	}
	s.TLS = trust
	all := func(port string) string {
		var list []string
		for _, h := range l.Hosts {
			list = append(list, net.JoinHostPort(h.String(), port))
		}
		return strings.Join(list, ",")
	}
	var bind, relays []string
	for _, h := range l.Hosts {
		bind = append(bind, h.String())
		relays = append(relays, h.String())
	}
	listen := net.JoinHostPort(l.Hosts[0].String(), ports[0])
	if len(l.Hosts) > 1 {
		listen = ":" + ports[0]
	}
	s.URL = "http://" + net.JoinHostPort(l.Hosts[0].String(), ports[0])
	return map[string]string{
		"http.listen": listen, "data_dir": filepath.Join(s.dir, "data"),
		"sfu.udp_port": "0", "sfu.tcp_port": ports[1], "sfu.bind_addresses": strings.Join(bind, ","), "sfu.include_loopback": "true",
		"turn.udp_listen": all(ports[2]), "turn.tcp_listen": all(ports[2]), "turn.tls_listen": all(ports[3]),
		"turn.public_addresses": strings.Join(relays, ","), "turn.cert_file": cert, "turn.key_file": key,
		"demo.enabled": "true", "log.level": "info", "metrics.sample_interval": "500ms",
	}, nil
}

// freePorts finds ports that are free for both UDP and TCP on all hosts.
func freePorts(hosts []netip.Addr, n int) ([]string, error) {
	var out []string
	var held []io.Closer
	defer func() {
		for _, c := range held {
			_ = c.Close()
		}
	}()
	for tries := 0; len(out) < n; tries++ {
		if tries == 100 {
			return nil, fmt.Errorf("find %d free ports: gave up after %d tries", n, tries)
		}
		first, err := net.Listen("tcp", net.JoinHostPort(hosts[0].String(), "0"))
		if err != nil {
			return nil, fmt.Errorf("find a free port: %w", err)
		}
		held = append(held, first)
		_, port, err := net.SplitHostPort(first.Addr().String())
		if err != nil {
			return nil, fmt.Errorf("find a free port: %w", err)
		}
		free := true
		for i, h := range hosts {
			at := net.JoinHostPort(h.String(), port)
			if u, err := net.ListenPacket("udp", at); err != nil {
				free = false
			} else {
				held = append(held, u)
			}
			if i == 0 {
				continue
			}
			if t, err := net.Listen("tcp", at); err != nil {
				free = false
			} else {
				held = append(held, t)
			}
		}
		if free {
			out = append(out, port)
		}
	}
	return out, nil
}

// run starts the process and stays until it ends: the kernel ends a process
// with its parent's thread, so this thread stays.
func (s *Server) run(out io.Reader, started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := s.cmd.Start()
	if err != nil {
		close(s.exited)
		started <- err
		return
	}
	started <- nil
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		s.keep(lines.Text())
	}
	_, _ = io.Copy(io.Discard, out) // after a line that is too long
	err = s.cmd.Wait()
	s.mu.Lock()
	s.end = err
	s.mu.Unlock()
	close(s.exited)
}

func (s *Server) keep(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.log) == maxLog {
		s.log = slices.Delete(s.log, maxLog/2, maxLog/2+1)
		s.left++
	}
	s.log = append(s.log, line)
}

// Log is what the server has logged. Of a very long log, lines in the middle
// are left out, and a line says how many.
func (s *Server) Log() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := slices.Clone(s.log)
	if s.left > 0 {
		out = slices.Insert(out, maxLog/2, fmt.Sprintf("… %d lines are left out …", s.left))
	}
	return out
}

// Dir is the folder of the server's data.
func (s *Server) Dir() string { return filepath.Join(s.dir, "data") }

// ready waits until the server answers.
func (s *Server) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startsWithin)
	defer cancel()
	transport := &http.Transport{DisableKeepAlives: true}
	look := &http.Client{Transport: transport, Timeout: 2 * time.Second}
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		if r, err := look.Get(s.URL + "/readyz"); err == nil {
			_ = r.Body.Close()
			if r.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-again.C:
		case <-s.exited:
			return fmt.Errorf("the server ended at its start: %s", s.lastWords())
		case <-ctx.Done():
			return fmt.Errorf("the server did not answer at %s: %w; it said: %s", s.URL, ctx.Err(), s.lastWords())
		}
	}
}

func (s *Server) lastWords() string {
	log := s.Log()
	s.mu.Lock()
	defer s.mu.Unlock()
	text := strings.Join(log[max(0, len(log)-5):], " | ")
	if s.end != nil {
		text = s.end.Error() + ": " + text
	}
	return text
}

// Close ends the server as an operator would, waits until it has ended and
// takes its folder away. Its log stays. An end that was not orderly is an
// error.
func (s *Server) Close() error {
	var err error
	if s.cmd != nil {
		_ = s.cmd.Process.Signal(syscall.SIGTERM)
		late := time.NewTimer(endsWithin)
		defer late.Stop()
		select {
		case <-s.exited:
			s.mu.Lock()
			if s.end != nil {
				err = fmt.Errorf("the server ended with %w", s.end)
			}
			s.mu.Unlock()
		case <-late.C:
			_ = s.cmd.Process.Kill()
			<-s.exited
			err = fmt.Errorf("the server did not end within %s of SIGTERM", endsWithin)
		}
	}
	return errors.Join(err, os.RemoveAll(s.dir))
}
