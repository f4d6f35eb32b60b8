//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// counter counts the instructions that a process executes in user space, with
// valgrind's callgrind, where the machine has no hardware counters. It makes
// the process tens of times slower, and its threads take turns; so what it is
// to do has to come as much slower.
type counter struct {
	folder string
	dumps  int
}

func newCounter() (*counter, error) {
	for _, program := range []string{"valgrind", "vgdb"} {
		if _, err := exec.LookPath(program); err != nil {
			return nil, fmt.Errorf("finding %s, of the Debian package valgrind: %w", program, err)
		}
	}
	folder, err := os.MkdirTemp("", "bench-callgrind")
	if err != nil {
		return nil, fmt.Errorf("making a folder for callgrind: %w", err)
	}
	return &counter{folder: folder}, nil
}

func (c *counter) close() error { return os.RemoveAll(c.folder) }

// wrapper are the words before a program's name. Counting begins when it is
// asked for: until then the process is only a few times slower. Go is not to
// interrupt goroutines with signals, upon which callgrind gives up.
func (c *counter) wrapper() []string {
	return []string{
		"env", "GODEBUG=asyncpreemptoff=1", "valgrind", "--quiet", "--tool=callgrind", "--instr-atstart=no", "--vgdb-prefix=" + filepath.Join(c.folder, "vgdb"),
		"--callgrind-out-file=" + filepath.Join(c.folder, "out"),
	}
}

// command gives an order to a process's callgrind.
func (c *counter) command(ctx context.Context, pid int, words ...string) error {
	args := append([]string{"--vgdb-prefix=" + filepath.Join(c.folder, "vgdb"), "--pid=" + strconv.Itoa(pid)}, words...)
	said, err := exec.CommandContext(ctx, "vgdb", args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("telling callgrind to %s: %w: %s", strings.Join(words, " "), err, said)
	}
	return nil
}

// take returns the instructions since it was last called.
func (c *counter) take(ctx context.Context, pid int) (uint64, error) {
	if err := c.command(ctx, pid, "dump"); err != nil {
		return 0, err
	}
	c.dumps++
	b, err := os.ReadFile(filepath.Join(c.folder, "out."+strconv.Itoa(c.dumps)))
	if err != nil {
		return 0, fmt.Errorf("reading what callgrind has counted: %w", err)
	}
	return parseDump(b)
}

// parseDump finds the sum in what callgrind has written.
func parseDump(b []byte) (uint64, error) {
	i := bytes.LastIndex(b, []byte("\ntotals: "))
	if i < 0 {
		return 0, errors.New("callgrind has written no totals")
	}
	text, _, _ := strings.Cut(string(b[i+len("\ntotals: "):]), "\n")
	n, err := strconv.ParseUint(strings.TrimSpace(text), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("reading what callgrind has counted: %w", err)
	}
	return n, nil
}

// slowRate is how many packets a second are delivered in slow motion: so many
// that each costs what it costs, and so few that the process, slowed down, is
// not pressed.
const slowRate = 150

// slowed is a shape in slow motion, and how slow.
func (s shape) slowed() (shape, int) {
	slow := int(math.Ceil(s.delivered() / slowRate))
	media := s.Media
	s.Media = nil
	for _, m := range media {
		m.Every *= time.Duration(slow)
		s.Media = append(s.Media, m)
	}
	return s, slow
}

// counted is how many instructions a packet takes.
type counted struct {
	Subject   string  `json:"subject"`
	Shape     string  `json:"shape"`
	PerPacket float64 `json:"instructions_per_packet"`
	Ratio     float64 `json:"ratio_to_sendto"`
	Slow      int     `json:"times_slower"`
	Packets   uint64  `json:"packets"` // delivered while counting
	Media     uint64  `json:"instructions_media"`
	Idle      uint64  `json:"instructions_idle"` // in as long a time, everybody there and nobody sending
	Lost      uint64  `json:"lost"`
	Cores     float64 `json:"cores"` // that the process took, slowed down: near 1 it was pressed
}

// cost fills in the instructions a packet. What the process does by the clock
// alone it does Slow times too often beside a packet: so much of it is left
// out.
func (c *counted) cost() {
	idle := float64(c.Idle)
	c.PerPacket = (float64(c.Media) - idle + idle/float64(max(c.Slow, 1))) / float64(max(c.Packets, 1))
}

// countAll counts the instructions of every subject once.
func (p *plan) countAll(ctx context.Context, out io.Writer) ([]counted, error) {
	var all []counted
	for _, s := range p.shapes {
		subjects := []string{"kinwire", "sendto"}
		if p.vs {
			subjects = []string{"kinwire", "janus", "sendto"}
		}
		from := len(all)
		for _, subject := range subjects {
			if err := say(out, "instructions   %-5s  %-34s", s.Name, descriptions[subject]); err != nil {
				return all, err
			}
			c, err := p.count(ctx, s, subject)
			if err != nil {
				return all, fmt.Errorf("counting the instructions of %s, %s: %w", descriptions[subject], s.Title, err)
			}
			all = append(all, c)
			if err := say(out, "%8.0f a packet, of %d, %d times slower, %.2f cores, %d lost\n", c.PerPacket, c.Packets, c.Slow, c.Cores, c.Lost); err != nil {
				return all, err
			}
		}
		floor := all[len(all)-1].PerPacket
		for i := from; i < len(all) && floor > 0; i++ {
			all[i].Ratio = all[i].PerPacket / floor
		}
	}
	return all, nil
}

// instructionTable tells what was counted.
func instructionTable(out io.Writer, p *plan, all []counted) {
	line := func(format string, args ...any) { _, _ = fmt.Fprintf(out, format+"\n", args...) }
	for _, s := range p.shapes {
		line("\n%s: user-space instructions a packet, and × sendto floor", s.Title)
		for _, c := range all {
			if c.Shape == s.Name {
				line("%-34s %9.0f  %6.2f", descriptions[c.Subject], c.PerPacket, c.Ratio)
			}
		}
	}
}
