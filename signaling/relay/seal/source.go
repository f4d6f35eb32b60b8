package seal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"
)

// Source is where the text of a ring comes from.
type Source interface {
	Read(ctx context.Context) ([]byte, error)
	String() string // for error texts
}

// maxText is more than maxKeys keys need.
const maxText = 256 << 10

// File is a ring in a file, by its path. It must be readable by its owner alone.
type File string

func (f File) String() string { return "the file " + string(f) }

// Read reads the file.
func (f File) Read(context.Context) (text []byte, err error) {
	file, err := os.Open(string(f))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	// Of the open file, so that it is the one that is read.
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a plain file", f)
	}
	if open := info.Mode().Perm() & 0o077; open != 0 {
		return nil, fmt.Errorf("%s has the mode %04o, by which others than its owner can get at the keys: chmod 600 it", f, info.Mode().Perm())
	}
	return readAll(file, f)
}

func readAll(r io.Reader, from fmt.Stringer) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxText+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxText {
		return nil, fmt.Errorf("%s has more than %d bytes", from, maxText)
	}
	return text, nil
}

// Command is a ring that a program prints: the hook for a key management
// service. The program is started directly, by no shell, gets the environment
// of the server, and has to end with success.
type Command struct {
	Argv    []string
	Timeout time.Duration // 0: 10 s
}

const (
	commandTimeout = 10 * time.Second
	commandGrace   = time.Second // for what it leaves behind holding its output
)

func (c Command) String() string {
	if len(c.Argv) == 0 {
		return "a command"
	}
	return "the command " + c.Argv[0] // its arguments may be secrets
}

// Read runs the program. What it says on standard error is left out of errors:
// it might be anything.
func (c Command) Read(ctx context.Context) ([]byte, error) {
	if len(c.Argv) == 0 {
		return nil, errors.New("no command is given")
	}
	timeout := c.Timeout
	if timeout <= 0 {
		timeout = commandTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, c.Argv[0], c.Argv[1:]...)
	cmd.WaitDelay = commandGrace
	out := &limited{left: maxText, over: cancel} // or it would wait for ever to be read
	cmd.Stdout = out
	if err := cmd.Run(); err != nil {
		clear(out.text)
		if out.left < 0 {
			return nil, fmt.Errorf("%s prints more than %d bytes", c, maxText)
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("%s did not end within %v: %w", c, timeout, ctx.Err())
		}
		return nil, fmt.Errorf("%s: %w", c, err)
	}
	return out.text, nil
}

// limited takes so many bytes and no more.
type limited struct {
	text []byte // no Buffer, whose ReadFrom would go past Write
	left int
	over func() // called when it is more
}

func (l *limited) Write(p []byte) (int, error) {
	if l.left -= len(p); l.left < 0 {
		l.over()
		return 0, io.ErrShortWrite
	}
	l.text = append(l.text, p...)
	return len(p), nil
}
