package stage

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"sync"

	"kinwire/client/rehearse"
)

// Options say against which server scripts are played.
type Options struct {
	// URL is a server that runs already, such as http://localhost:8080. Empty:
	// each script gets a server of its own.
	URL string
	// Operator is that server's operator's token, for call records. Empty: none,
	// and the record of a call is not to be had.
	Operator string
	// HTTP reaches the server at URL. nil: a client that trusts what the machine
	// trusts.
	HTTP *http.Client

	// Program is the path of kinwire, for servers that are started here. Empty:
	// it is looked for; see [FindProgram].
	Program string
	// Server are further configuration keys of servers that are started here;
	// those of the script go over them.
	Server map[string]string

	// Lab lets participants have networks of their own, for which this process
	// needs root (see package lab). Without it a script with a network is
	// refused.
	Lab bool
	// Log hears what the clients have to say. nil: silence.
	Log *slog.Logger
}

// Player plays scripts, one after the other or several at once.
type Player struct {
	opt Options

	mu      sync.Mutex
	program string
	built   string // folder of a program that was built here
}

var _ rehearse.Player = (*Player)(nil)

// New makes a player.
func New(o Options) *Player {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Player{opt: o, program: o.Program}
}

// Close takes away what the player has built.
func (p *Player) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.built == "" {
		return nil
	}
	dir := p.built
	p.built, p.program = "", ""
	return os.RemoveAll(dir)
}

// server finds the program, builds it at most once.
func (p *Player) find(ctx context.Context) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.program != "" {
		return p.program, nil
	}
	dir, err := os.MkdirTemp("", "kincall-build-")
	if err != nil {
		return "", fmt.Errorf("make a folder to build in: %w", err)
	}
	program, err := FindProgram(ctx, dir)
	if err != nil {
		_ = os.RemoveAll(dir)
		return "", err
	}
	p.program, p.built = program, dir
	return program, nil
}
