//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"
)

// janusProcess is Debian's Janus, alone, with the videoroom plugin and the
// transport over a Unix socket.
type janusProcess struct {
	cmd    *exec.Cmd
	folder string
	log    *tail
	gone   chan struct{} // closed when it has ended
	ended  error         // then valid
}

// Janus leaves loopback addresses out when it gathers candidates, whatever it
// is told. Any other address of this machine is as good: the kernel leads
// packets to itself over the loopback device.
const needsAddress = "needs an IPv4 address besides loopback, since Janus takes no loopback address for a candidate; " +
	"one that leads nowhere will do: ip link add bench type dummy; ip addr add 192.0.2.1/32 dev bench; ip link set bench up"

// hostAddress is an address of this machine that is not loopback.
func hostAddress() (netip.Addr, error) {
	all, err := net.InterfaceAddrs()
	if err != nil {
		return netip.Addr{}, fmt.Errorf("listing this machine's addresses: %w", err)
	}
	for _, a := range all {
		p, err := netip.ParsePrefix(a.String())
		if err == nil && p.Addr().Is4() && !p.Addr().IsLoopback() && !p.Addr().IsLinkLocalUnicast() {
			return p.Addr(), nil
		}
	}
	return netip.Addr{}, errors.New("measuring Janus " + needsAddress)
}

// janusConfig is all that differs from what Janus does by itself: ICE-lite as
// ours is, one address, no IPv6, sessions that need no keepalives, and errors
// alone in the log. Encryption, threads and buffers are left as they are.
const janusConfig = `general: {
	configs_folder = "%[1]s"
	plugins_folder = "%[1]s/plugins"
	transports_folder = "%[1]s/transports"
	events_folder = "%[1]s/none"
	loggers_folder = "%[1]s/none"
	debug_level = 2
	debug_colors = false
	session_timeout = 0
}
nat: {
	nice_debug = false
	full_trickle = false
	ice_lite = true
	ice_enforce_list = "%[2]s"
}
media: {
	ipv6 = false
	%[3]s
}
`

// janusSlow is for slow motion: feedback about publishers' packets as much less
// often (it is every 200 ms by default), and a pause between two frames is no
// reason to tell everybody that media have stopped.
const janusSlow = "twcc_period = %d\n\tno_media_timer = 0"

const janusTransport = `general: {
	enabled = true
	json = "compact"
	path = "%s"
	type = "SOCK_SEQPACKET"
}
admin: { admin_enabled = false }
`

// janusParts are the only ones that Janus is to load.
var janusParts = []string{"plugins/libjanus_videoroom.so", "transports/libjanus_pfunix.so"}

func (j *janusProcess) socket() string { return filepath.Join(j.folder, "api") }

// prepare fills the folder: configuration, and links to the parts to load.
func (j *janusProcess) prepare(at netip.Addr, slow int) error {
	media := ""
	if slow > 0 {
		media = fmt.Sprintf(janusSlow, 200*slow)
	}
	for name, text := range map[string]string{
		"janus.jcfg":                  fmt.Sprintf(janusConfig, j.folder, at, media),
		"janus.transport.pfunix.jcfg": fmt.Sprintf(janusTransport, j.socket()),
	} {
		if err := os.WriteFile(filepath.Join(j.folder, name), []byte(text), 0o600); err != nil {
			return fmt.Errorf("writing the configuration of Janus: %w", err)
		}
	}
	for _, part := range janusParts {
		found, err := filepath.Glob("/usr/lib/*/janus/" + part)
		if err != nil || len(found) == 0 {
			return fmt.Errorf("finding the parts of Janus: there is no /usr/lib/*/janus/%s: is the Debian package janus installed?", part)
		}
		to := filepath.Join(j.folder, part)
		if err := errors.Join(os.MkdirAll(filepath.Dir(to), 0o700), os.Symlink(found[0], to)); err != nil {
			return fmt.Errorf("linking the parts of Janus: %w", err)
		}
	}
	return nil
}

// startJanusProcess runs Janus.
func startJanusProcess(ctx context.Context, at netip.Addr, l launch) (*janusProcess, error) {
	program, err := exec.LookPath("janus")
	if err != nil {
		return nil, fmt.Errorf("finding Janus, of the Debian package janus: %w", err)
	}
	folder, err := os.MkdirTemp("", "bench-janus")
	if err != nil {
		return nil, fmt.Errorf("making a folder for Janus: %w", err)
	}
	j := &janusProcess{folder: folder, log: &tail{}, gone: make(chan struct{})}
	if err := j.prepare(at, l.slow); err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	words := slices.Concat(l.wrapper, []string{program, "--configs-folder", folder, "--config", filepath.Join(folder, "janus.jcfg")})
	j.cmd = exec.CommandContext(ctx, words[0], words[1:]...)
	j.cmd.Dir = folder // should it leave a core dump
	j.cmd.Stdout, j.cmd.Stderr = j.log, j.log
	j.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // it does not notice by itself that we are gone
	if err := j.cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("starting Janus: %w", err), os.RemoveAll(folder))
	}
	go func() {
		j.ended = j.cmd.Wait()
		close(j.gone)
	}()
	return j, nil
}

// pid implements process.
func (j *janusProcess) pid() int { return j.cmd.Process.Pid }

// usage implements process.
func (j *janusProcess) usage() (usage, error) { return usageOf(j.pid()) }

// window implements process: packets' stamps tell.
func (*janusProcess) window(int64, int64) error { return nil }

// end asks Janus to end, and waits for it. How it ends does not matter any
// more, unless it was gone already.
func (j *janusProcess) end() error {
	var err error
	select {
	case <-j.gone:
		err = j.died()
	default:
		_ = j.cmd.Process.Signal(syscall.SIGTERM)
		late := time.AfterFunc(10*time.Second, func() { _ = j.cmd.Process.Kill() })
		<-j.gone
		late.Stop()
	}
	return errors.Join(err, os.RemoveAll(j.folder))
}

func (j *janusProcess) died() error {
	return fmt.Errorf("the Janus process has ended by itself (%v), saying: %s", j.ended, j.log)
}

// tail keeps the end of what is written.
type tail struct {
	mu sync.Mutex
	b  bytes.Buffer
}

const tailSize = 4 << 10

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.b.Write(b) // never fails, see bytes.Buffer
	if n := t.b.Len() - tailSize; n > 0 {
		t.b.Next(n)
	}
	return len(b), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.b.String()
}
