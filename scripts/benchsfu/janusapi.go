//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
	"time"
)

// janusAPI speaks with Janus over its Unix socket: a JSON message each way is
// one packet. What is asked carries a transaction, which the reply repeats. A
// message to a plugin may first be acknowledged ("ack") and answered later
// ("event"), under the same transaction.
type janusAPI struct {
	conn net.Conn

	mu      sync.Mutex
	count   int
	waiting map[string]chan janusReply
	failed  error // why nothing more will come
	done    chan struct{}
}

// janusRequest is what is asked. Without session and handle it goes to the
// core, with both to a plugin's handle.
type janusRequest struct {
	Janus       string     `json:"janus"`
	Transaction string     `json:"transaction"`
	Session     uint64     `json:"session_id,omitempty"`
	Handle      uint64     `json:"handle_id,omitempty"`
	Plugin      string     `json:"plugin,omitempty"`
	Body        *roomAsked `json:"body,omitempty"`
	JSEP        *jsep      `json:"jsep,omitempty"`
}

// roomAsked is the part of a message that the videoroom plugin reads.
type roomAsked struct {
	Request    string     `json:"request"`
	Room       int        `json:"room"`
	PType      string     `json:"ptype,omitempty"`
	ID         int        `json:"id,omitempty"`
	Publishers int        `json:"publishers,omitempty"`
	Streams    []roomFeed `json:"streams,omitempty"`
}

type roomFeed struct {
	Feed int `json:"feed"`
}

type jsep struct {
	Type string `json:"type"` // "offer" or "answer"
	SDP  string `json:"sdp"`
}

// janusReply is what Janus says.
type janusReply struct {
	Janus       string `json:"janus"`
	Transaction string `json:"transaction"`
	Version     string `json:"version_string"` // in "server_info"
	Data        struct {
		ID uint64 `json:"id"`
	} `json:"data"`
	Error *struct {
		Code   int    `json:"code"`
		Reason string `json:"reason"`
	} `json:"error"`
	Plugin struct {
		Data struct {
			Room  string `json:"videoroom"` // what has happened
			Code  int    `json:"error_code"`
			Error string `json:"error"`
		} `json:"data"`
	} `json:"plugindata"`
	JSEP *jsep `json:"jsep"`
}

// parseJanus reads a message, and says whether it is the last under its
// transaction. What Janus refuses is an error.
func parseJanus(b []byte) (r janusReply, last bool, err error) {
	if err := json.Unmarshal(b, &r); err != nil {
		return r, false, fmt.Errorf("reading what Janus says, %q: %w", b, err)
	}
	return r, r.Transaction != "" && r.Janus != "ack", nil
}

// refused is the error that a reply tells, if it does.
func (r *janusReply) refused() error {
	switch {
	case r.Error != nil:
		return fmt.Errorf("refused by Janus: %s (code %d)", r.Error.Reason, r.Error.Code)
	case r.Plugin.Data.Code != 0:
		return fmt.Errorf("the videoroom plugin refuses: %s (code %d)", r.Plugin.Data.Error, r.Plugin.Data.Code)
	}
	return nil
}

var errDeaf = errors.New("no connection to Janus")

// dialJanus waits until Janus takes connections.
func dialJanus(ctx context.Context, j *janusProcess, limit time.Duration) (*janusAPI, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		conn, err := net.Dial("unixpacket", j.socket())
		if err == nil {
			a := &janusAPI{conn: conn, waiting: map[string]chan janusReply{}, done: make(chan struct{})}
			go a.read()
			if _, err = a.ask(ctx, janusRequest{Janus: "ping"}); err == nil {
				return a, nil
			}
			a.close()
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-j.gone:
			return nil, fmt.Errorf("%w: %w", errDeaf, j.died())
		case <-ctx.Done():
			return nil, fmt.Errorf("%w: %w; it says: %s", errDeaf, err, j.log)
		}
	}
}

func (a *janusAPI) read() {
	defer close(a.done)
	buf := make([]byte, 1<<18)
	for {
		n, err := a.conn.Read(buf)
		if err == nil && n == 0 {
			err = errors.New("the connection was closed by Janus")
		}
		var r janusReply
		var last bool
		if err == nil {
			r, last, err = parseJanus(buf[:n])
		}
		a.mu.Lock()
		if err != nil {
			a.failed = err
			a.mu.Unlock()
			return
		}
		if ch := a.waiting[r.Transaction]; last && ch != nil {
			ch <- r
			delete(a.waiting, r.Transaction)
		}
		a.mu.Unlock()
	}
}

// ask sends a request and waits for its last reply.
func (a *janusAPI) ask(ctx context.Context, r janusRequest) (janusReply, error) {
	what := r.Janus
	if r.Body != nil {
		what = r.Body.Request
	}
	a.mu.Lock()
	a.count++
	r.Transaction = strconv.Itoa(a.count)
	ch := make(chan janusReply, 1)
	a.waiting[r.Transaction] = ch
	a.mu.Unlock()
	b, err := json.Marshal(r)
	if err != nil {
		return janusReply{}, fmt.Errorf("asking Janus to %s: %w", what, err)
	}
	if len(b) > janusLimit {
		return janusReply{}, fmt.Errorf("asking Janus to %s: %d bytes, it takes %d at most", what, len(b), janusLimit)
	}
	if _, err := a.conn.Write(b); err != nil {
		return janusReply{}, fmt.Errorf("asking Janus to %s: %w", what, err)
	}
	select {
	case reply := <-ch:
		if err := reply.refused(); err != nil {
			return reply, fmt.Errorf("asking Janus to %s: %w", what, err)
		}
		return reply, nil
	case <-a.done:
		return janusReply{}, fmt.Errorf("asking Janus to %s: %w", what, a.failed)
	case <-ctx.Done():
		return janusReply{}, fmt.Errorf("asking Janus to %s: %w", what, ctx.Err())
	}
}

// janusLimit is the longest message that Janus reads from a Unix socket.
const janusLimit = 8191

func (a *janusAPI) close() {
	_ = a.conn.Close()
	<-a.done
}
