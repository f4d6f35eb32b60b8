package browser

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// process is a browser's process group.
type process struct {
	cmd     *exec.Cmd
	profile string // temporary directory, with a name that no other process has
	output  console
	exited  chan struct{}
	once    sync.Once
	err     error
}

// newProfile makes a directory for a profile.
func newProfile(who string) (string, error) {
	dir, err := os.MkdirTemp("", "kinwire-"+who+"-")
	if err != nil {
		return "", fmt.Errorf("make a profile: %w", err)
	}
	return dir, nil
}

// launch says how to start a program: the files become its descriptors from 3
// on, and marker is what its standard error must show before it counts as
// started ("": nothing).
type launch struct {
	profile, marker, program string
	args                     []string
	files                    []*os.File
	command                  func(name string, args ...string) *exec.Cmd // nil: exec.Command
}

// startProcess starts a program as the leader of a new process group. It gives
// what followed the marker on its line.
func startProcess(ctx context.Context, l launch) (*process, string, error) {
	profile, marker, program := l.profile, l.marker, l.program
	if l.command == nil {
		l.command = exec.Command
	}
	p := &process{cmd: l.command(program, l.args...), profile: profile, exited: make(chan struct{})}
	p.cmd.ExtraFiles = l.files
	// Whatever the browser keeps beside its profile is to vanish with it.
	p.cmd.Env = append(os.Environ(), "HOME="+profile, "XDG_CACHE_HOME="+profile, "XDG_CONFIG_HOME="+profile, "MOZ_HEADLESS=1")
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, "", fmt.Errorf("make a pipe: %w", err)
	}
	p.cmd.Stderr = w
	started := make(chan error, 1)
	// The kernel sends Pdeathsig when the starting thread ends, so that thread
	// must last as long as the browser.
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		_ = w.Close()
		started <- err
		if err == nil {
			_ = p.cmd.Wait()
		}
		close(p.exited)
	}()
	if err := <-started; err != nil {
		_ = r.Close()
		return nil, "", errors.Join(fmt.Errorf("start %s: %w", program, err), os.RemoveAll(profile))
	}
	found := make(chan string, 1)
	go p.watch(r, marker, found)
	if marker == "" {
		return p, "", nil
	}
	select {
	case addr := <-found:
		return p, addr, nil
	case <-p.exited:
		err = fmt.Errorf("%s ended at once; it wrote: %s", program, p.wrote())
	case <-ctx.Done():
		err = fmt.Errorf("wait for %s to write %q: %w; it wrote: %s", program, marker, ctx.Err(), p.wrote())
	}
	return nil, "", errors.Join(err, p.close())
}

// watch reads standard error to its end.
func (p *process) watch(r io.ReadCloser, marker string, found chan<- string) {
	defer r.Close()
	sc := bufio.NewScanner(r)
	sc.Buffer(nil, 1<<20)
	for sc.Scan() {
		p.output.add("%s", sc.Text())
		if _, addr, ok := strings.Cut(sc.Text(), marker); ok && marker != "" {
			select {
			case found <- strings.TrimSpace(addr):
			default:
			}
		}
	}
	_, _ = io.Copy(io.Discard, r)
}

func (p *process) wrote() string {
	p.output.mu.Lock()
	defer p.output.mu.Unlock()
	return strings.Join(p.output.lines, " | ")
}

// kill sends SIGKILL to the group and to whoever left it, and waits for the
// end of the leader.
func (p *process) kill() error {
	err := syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	if errors.Is(err, syscall.ESRCH) {
		err = nil
	}
	select {
	case <-p.exited:
	case <-time.After(10 * time.Second):
		return fmt.Errorf("process %d does not end after SIGKILL", p.cmd.Process.Pid)
	}
	for range 50 { // a process may fork while its group is killed
		if p.killStrays() == 0 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	return err
}

// killStrays kills processes that mention the profile in their command line or
// their environment, and says how many there were. Only descendants of this
// browser do.
func (p *process) killStrays() int {
	dirs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return 0
	}
	n := 0
	for _, d := range dirs {
		pid, err := strconv.Atoi(filepath.Base(d))
		if err != nil || pid == os.Getpid() {
			continue
		}
		for _, f := range []string{"cmdline", "environ"} {
			b, err := os.ReadFile(filepath.Join(d, f))
			if err == nil && bytes.Contains(b, []byte(p.profile)) {
				_ = syscall.Kill(pid, syscall.SIGKILL)
				n++
				break
			}
		}
	}
	return n
}

// close kills the browser and removes its profile, once.
func (p *process) close() error {
	p.once.Do(func() { p.err = errors.Join(p.kill(), os.RemoveAll(p.profile)) })
	return p.err
}
