//go:build linux

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// request is a line to a child, reply the line that it answers with. There is
// one request at a time.
type request struct {
	Do      string       `json:"do"`
	Room    string       `json:"room,omitempty"`
	Peer    string       `json:"peer,omitempty"`
	Offer   string       `json:"offer,omitempty"`
	Sources []sentSource `json:"sources,omitempty"`
	Floor   *floorPlan   `json:"floor,omitempty"`
	File    string       `json:"file,omitempty"`
	From    int64        `json:"from,omitempty"`
	To      int64        `json:"to,omitempty"`
}

type sentSource struct {
	MID   string `json:"mid"`
	Video bool   `json:"video"`
}

type reply struct {
	Error  string      `json:"error,omitempty"`
	Answer string      `json:"answer,omitempty"`
	Usage  *usage      `json:"usage,omitempty"`
	Sent   *floorSent  `json:"sent,omitempty"`
	Totals *sfuCounted `json:"totals,omitempty"`
}

// usage is what a process has used, by its own account.
type usage struct {
	CPU        time.Duration `json:"cpu"` // user and system
	RSS        int64         `json:"rss"` // bytes
	Goroutines int           `json:"goroutines"`
}

func ownUsage() (*usage, error) {
	var r unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &r); err != nil {
		return nil, fmt.Errorf("reading the CPU time: %w", err)
	}
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return nil, fmt.Errorf("reading the memory in use: %w", err)
	}
	f := strings.Fields(string(statm))
	if len(f) < 2 {
		return nil, fmt.Errorf("reading the memory in use: /proc/self/statm says %q", statm)
	}
	pages, err := strconv.ParseInt(f[1], 10, 64)
	if err != nil {
		return nil, fmt.Errorf("reading the memory in use: %w", err)
	}
	return &usage{
		CPU: time.Duration(r.Utime.Nano() + r.Stime.Nano()),
		RSS: pages * int64(os.Getpagesize()), Goroutines: runtime.NumGoroutine(),
	}, nil
}

// child is one of our own processes.
type child struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader

	mu sync.Mutex
}

// startChild runs this program again. The child ends when it is told to, when
// its standard input closes because we are gone, or killed with ctx.
func startChild(ctx context.Context, args ...string) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding our own program: %w", err)
	}
	c := &child{cmd: exec.CommandContext(ctx, self, args...)}
	c.cmd.Stderr = os.Stderr
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", args[0], err)
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("starting %s: %w", args[0], err)
	}
	c.out = bufio.NewReaderSize(out, 64<<10)
	if err := c.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", args[0], err)
	}
	return c, nil
}

// ask sends a request and waits for its reply.
func (c *child) ask(r request) (reply, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var answer reply
	if err := json.NewEncoder(c.in).Encode(r); err != nil {
		return answer, fmt.Errorf("asking the child to %s: %w", r.Do, err)
	}
	line, err := c.out.ReadBytes('\n')
	if err != nil {
		return answer, fmt.Errorf("the child asked to %s is gone: %w", r.Do, err)
	}
	if err := json.Unmarshal(line, &answer); err != nil {
		return answer, fmt.Errorf("the child asked to %s says %q: %w", r.Do, line, err)
	}
	if answer.Error != "" {
		return answer, fmt.Errorf("the child asked to %s says: %s", r.Do, answer.Error)
	}
	return answer, nil
}

func (c *child) usage() (usage, error) {
	r, err := c.ask(request{Do: "usage"})
	if err != nil {
		return usage{}, err
	}
	if r.Usage == nil {
		return usage{}, errors.New("the child tells no usage")
	}
	return *r.Usage, nil
}

// end closes the child's input, upon which it ends, and waits for it.
func (c *child) end() error {
	_ = c.in.Close()
	late := time.AfterFunc(10*time.Second, func() { _ = c.cmd.Process.Kill() })
	defer late.Stop()
	if err := c.cmd.Wait(); err != nil {
		return fmt.Errorf("ending %s: %w", c.cmd.Args[1], err)
	}
	return nil
}

// answers is a child's side: it does what each line asks for, by the table,
// until there are no more.
func answers(in io.Reader, out io.Writer, table map[string]func(request) (reply, error)) error {
	lines := bufio.NewReaderSize(in, 64<<10)
	encoder := json.NewEncoder(out)
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading what is asked: %w", err)
		}
		var r request
		if err := json.Unmarshal(line, &r); err != nil {
			return fmt.Errorf("reading what is asked, %q: %w", line, err)
		}
		var answer reply
		do, ok := table[r.Do]
		if !ok {
			err = fmt.Errorf("asked to %q, which is not in the table", r.Do)
		} else {
			answer, err = do(r)
		}
		if err != nil {
			answer = reply{Error: err.Error()}
		}
		if err := encoder.Encode(answer); err != nil {
			return fmt.Errorf("answering: %w", err)
		}
	}
}

func tellUsage(request) (reply, error) {
	u, err := ownUsage()
	return reply{Usage: u}, err
}
