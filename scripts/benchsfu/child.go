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
	"slices"
	"sync"
	"time"
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

// child is one of our own processes.
type child struct {
	what string
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Reader

	mu sync.Mutex
}

// startChild runs this program again. The child ends when it is told to, when
// its standard input closes because we are gone, or killed with ctx.
func startChild(ctx context.Context, args ...string) (*child, error) {
	return startChildUnder(ctx, nil, args...)
}

// startChildUnder does so behind the words of a wrapper.
func startChildUnder(ctx context.Context, wrapper []string, args ...string) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding our own program: %w", err)
	}
	words := slices.Concat(wrapper, []string{self}, args)
	c := &child{what: args[0], cmd: exec.CommandContext(ctx, words[0], words[1:]...)}
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

func (c *child) pid() int { return c.cmd.Process.Pid }

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

// window tells the child of the time in which packets count.
func (c *child) window(from, to int64) error {
	_, err := c.ask(request{Do: "window", From: from, To: to})
	return err
}

// end closes the child's input, upon which it ends, and waits for it.
func (c *child) end() error {
	_ = c.in.Close()
	late := time.AfterFunc(10*time.Second, func() { _ = c.cmd.Process.Kill() })
	defer late.Stop()
	if err := c.cmd.Wait(); err != nil {
		return fmt.Errorf("ending %s: %w", c.what, err)
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
