package browser

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/coder/websocket"
)

// maxBiDi bounds one message; screenshots are the longest.
const maxBiDi = 64 << 20

var errBiDiClosed = errors.New("the BiDi connection is closed")

// bidi is a WebDriver BiDi connection: commands {id, method, params}, each
// answered by {type: "success" | "error", id, …}, and events {type: "event",
// method, params}.
type bidi struct {
	conn   *websocket.Conn
	event  func(method string, params json.RawMessage)
	ctx    context.Context
	cancel context.CancelFunc
	done   chan struct{}

	mu   sync.Mutex
	next uint64
	wait map[uint64]chan bidiMessage
}

type bidiMessage struct {
	Type    string          `json:"type"`
	ID      uint64          `json:"id"`
	Result  json.RawMessage `json:"result"`
	Error   string          `json:"error"`
	Message string          `json:"message"`
	Method  string          `json:"method"`
	Params  json.RawMessage `json:"params"`
}

// BiDiError is a command that the browser refused. Code is WebDriver's, such
// as "no such frame".
type BiDiError struct{ Method, Code, Message string }

// Error names the command and the refusal.
func (e *BiDiError) Error() string { return e.Method + ": " + e.Code + ": " + e.Message }

func dialBiDi(ctx context.Context, url string, event func(string, json.RawMessage)) (*bidi, error) {
	conn, res, err := websocket.Dial(ctx, url, nil)
	if res != nil && res.Body != nil {
		defer res.Body.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", url, err)
	}
	conn.SetReadLimit(maxBiDi)
	b := &bidi{conn: conn, event: event, done: make(chan struct{}), wait: map[uint64]chan bidiMessage{}}
	b.ctx, b.cancel = context.WithCancel(context.Background())
	go b.read()
	return b, nil
}

func (b *bidi) read() {
	defer close(b.done)
	for {
		_, raw, err := b.conn.Read(b.ctx)
		if err != nil {
			return
		}
		var m bidiMessage
		if json.Unmarshal(raw, &m) != nil {
			continue
		}
		if m.Type == "event" {
			b.event(m.Method, m.Params)
			continue
		}
		b.mu.Lock()
		ch := b.wait[m.ID]
		delete(b.wait, m.ID)
		b.mu.Unlock()
		if ch != nil {
			ch <- m
		}
	}
}

// command sends one command and decodes its result into into, which may be
// nil.
func (b *bidi) command(ctx context.Context, method string, params, into any) error {
	ch := make(chan bidiMessage, 1)
	b.mu.Lock()
	b.next++
	id := b.next
	b.wait[id] = ch
	b.mu.Unlock()
	defer func() {
		b.mu.Lock()
		delete(b.wait, id)
		b.mu.Unlock()
	}()
	raw, err := json.Marshal(map[string]any{"id": id, "method": method, "params": params})
	if err != nil {
		return fmt.Errorf("%s: encode: %w", method, err)
	}
	// A context that ends during Write would cut the connection.
	if err := b.conn.Write(b.ctx, websocket.MessageText, raw); err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	select {
	case m := <-ch:
		if m.Type != "success" {
			return &BiDiError{Method: method, Code: m.Error, Message: m.Message}
		}
		if into == nil {
			return nil
		}
		if err := json.Unmarshal(m.Result, into); err != nil {
			return fmt.Errorf("%s: decode the result: %w", method, err)
		}
		return nil
	case <-b.done:
		return fmt.Errorf("%s: %w", method, errBiDiClosed)
	case <-ctx.Done():
		return fmt.Errorf("%s: %w", method, ctx.Err())
	}
}

func (b *bidi) close() {
	b.cancel()
	_ = b.conn.CloseNow()
	<-b.done
}
