package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/coder/websocket"

	"kinwire/signaling/proto"
)

const (
	dialTimeout  = 10 * time.Second
	writeTimeout = 10 * time.Second
	// maxMessage bounds one message of the server; commits of large
	// conversations are the longest.
	maxMessage = 4 << 20
	// maxGap is how many messages may arrive beyond a missing one before the
	// socket is given up and the session resumed.
	maxGap = 1024
)

// socket is one WebSocket of a session, after its welcome.
type socket struct {
	s     *Session
	n     uint64 // which one of the session
	conn  *websocket.Conn
	early []proto.Message // arrived before the welcome
}

// connect dials and says hello. On success the socket is the session's.
func (s *Session) connect(ctx context.Context) (*socket, error) {
	conn, res, err := websocket.Dial(ctx, s.url, &websocket.DialOptions{HTTPClient: s.http})
	if res != nil && res.Body != nil {
		defer res.Body.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", s.url, err)
	}
	conn.SetReadLimit(maxMessage)
	sock := &socket{s: s, conn: conn}
	if err := sock.hello(ctx); err != nil {
		_ = conn.CloseNow()
		return nil, err
	}
	return sock, nil
}

// hello opens or resumes the session on this socket. When the session to
// resume has ended, it says hello afresh on the same socket.
func (k *socket) hello(ctx context.Context) error {
	w, seq, err := k.greet(ctx)
	var pe *proto.Error
	if errors.As(err, &pe) && pe.Code == proto.CodeResumeGone {
		k.s.forgetResume()
		w, seq, err = k.greet(ctx)
	}
	if err != nil {
		return fmt.Errorf("hello: %w", err)
	}
	k.s.welcomed(k, w, seq)
	return nil
}

// greet sends one hello and waits for its reply.
func (k *socket) greet(ctx context.Context) (proto.Welcome, uint64, error) {
	var w proto.Welcome
	s := k.s
	s.mu.Lock()
	h := proto.Hello{Version: proto.Version, Token: s.opt.Token, Device: s.opt.Device, Resume: s.resume}
	if h.Resume != "" {
		h.LastSeq = s.seqs.last
	}
	s.mu.Unlock()
	raw, err := json.Marshal(h)
	if err != nil {
		return w, 0, fmt.Errorf("encode: %w", err)
	}
	id := s.out.newID()
	if err := k.write(ctx, proto.Request{ID: id, Type: proto.TypeHello, Data: raw}); err != nil {
		return w, 0, err
	}
	for {
		m, err := k.read(ctx)
		if err != nil {
			return w, 0, err
		}
		if m.Re != id {
			if m.Error != nil && m.Re == 0 {
				return w, 0, m.Error // a refusal that names no request, such as too_large
			}
			k.early = append(k.early, m)
			continue
		}
		if m.Error != nil {
			return w, 0, m.Error
		}
		if err := json.Unmarshal(m.Data, &w); err != nil {
			return w, 0, fmt.Errorf("decode the welcome: %w", err)
		}
		return w, m.Seq, nil
	}
}

// forgetResume drops what belongs to a session that the server has ended.
func (s *Session) forgetResume() {
	s.mu.Lock()
	s.resume, s.seqs = "", seqs{}
	s.mu.Unlock()
	s.out.setAcked(0)
}

// welcomed makes k the session's socket.
func (s *Session) welcomed(k *socket, w proto.Welcome, seq uint64) {
	s.mu.Lock()
	again := s.sockets > 0
	s.sockets++
	k.n = s.sockets
	if !w.Resumed {
		s.seqs = seqs{}
	}
	acked := s.seqs.last // as hello said
	if seq > 0 {
		s.seqs.see(seq)
	}
	s.resume, s.welcome, s.socket = w.Resume, w, k.conn
	s.mu.Unlock()
	s.out.setAcked(acked)
	if !w.Resumed {
		s.out.fail(ErrSessionLost, false)
		s.rings(w.Calls...)
	}
	switch {
	case again && w.Resumed:
		s.publish(Event{Type: EventResumed, Data: w})
	case again:
		s.publish(Event{Type: EventReset, Data: w})
	}
}

func (s *Session) lastSeq() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seqs.last
}

// run reads and writes until the socket drops or the session ends, and says
// why.
func (k *socket) run() error {
	ctx, cancel := context.WithCancel(k.s.ctx)
	defer cancel()
	wrote := make(chan error, 1)
	go func() {
		err := k.writeLoop(ctx)
		if k.s.ctx.Err() != nil {
			_ = k.conn.Close(websocket.StatusNormalClosure, "bye")
		} else {
			_ = k.conn.CloseNow()
		}
		wrote <- err
	}()
	err := k.readLoop(ctx)
	cancel()
	if werr := <-wrote; werr != nil && !errors.Is(werr, context.Canceled) {
		err = werr
	}
	_ = k.conn.CloseNow()
	return err
}

// readLoop reads under a context of its own: one that ends with the session
// would cut the connection before the closing handshake.
func (k *socket) readLoop(ctx context.Context) error {
	for _, m := range k.early {
		if err := k.s.take(m); err != nil {
			return err
		}
	}
	k.early = nil
	for {
		rctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), k.s.opt.PingEvery*5/2)
		m, err := k.read(rctx)
		cancel()
		if err != nil {
			return err
		}
		if err := k.s.take(m); err != nil {
			return err
		}
	}
}

// writeLoop writes what the outbox holds, acknowledgements and pings.
func (k *socket) writeLoop(ctx context.Context) error {
	ack := time.NewTicker(k.s.opt.AckEvery)
	defer ack.Stop()
	ping := time.NewTicker(k.s.opt.PingEvery)
	defer ping.Stop()
	for {
		if err := k.flush(ctx); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-k.s.out.wake:
		case <-ack.C:
			if err := k.writeAck(ctx, 1); err != nil {
				return err
			}
		case <-ping.C:
			if err := k.write(ctx, proto.Request{Type: proto.TypePing}); err != nil {
				return err
			}
		}
	}
}

// flush writes everything that waits.
func (k *socket) flush(ctx context.Context) error {
	if err := k.writeAck(ctx, ackEvery); err != nil {
		return err
	}
	for {
		r, ok := k.s.out.next(k.n)
		if !ok {
			return nil
		}
		if err := k.write(ctx, r); err != nil {
			return err
		}
	}
}

func (k *socket) writeAck(ctx context.Context, after uint64) error {
	seq, ok := k.s.out.ackDue(k.s.lastSeq(), after)
	if !ok {
		return nil
	}
	raw, err := json.Marshal(proto.Ack{Seq: seq})
	if err != nil {
		return fmt.Errorf("encode ack: %w", err)
	}
	return k.write(ctx, proto.Request{Type: proto.TypeAck, Data: raw})
}

func (k *socket) write(ctx context.Context, r proto.Request) error {
	b, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("encode %s: %w", r.Type, err)
	}
	// A cancelled context would cut the connection in the middle of a frame.
	wctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
	defer cancel()
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := k.conn.Write(wctx, websocket.MessageText, b); err != nil {
		return fmt.Errorf("write %s: %w", r.Type, err)
	}
	return nil
}

func (k *socket) read(ctx context.Context) (proto.Message, error) {
	var m proto.Message
	typ, b, err := k.conn.Read(ctx)
	if err != nil {
		return m, fmt.Errorf("read: %w", err)
	}
	if typ != websocket.MessageText {
		return m, fmt.Errorf("read: got a binary message of %d bytes, want text", len(b))
	}
	if err := json.Unmarshal(b, &m); err != nil {
		return m, fmt.Errorf("read: decode a message of %d bytes: %w", len(b), err)
	}
	return m, nil
}

// take handles one message of the server. An error gives up the socket.
func (s *Session) take(m proto.Message) error {
	if m.Seq > 0 {
		s.mu.Lock()
		fresh := s.seqs.see(m.Seq)
		if !fresh {
			s.dropped++
		}
		gap := s.seqs.gap()
		s.mu.Unlock()
		if !fresh {
			return nil
		}
		if gap > maxGap {
			return fmt.Errorf("%d messages arrived beyond a missing one", gap)
		}
	}
	switch {
	case m.Re != 0:
		r := outcome{data: m.Data}
		if m.Error != nil {
			r.err = m.Error
		}
		if !s.out.settle(m.Re, r) {
			s.opt.Log.Debug("reply that nobody waits for", "re", m.Re)
		}
	case m.Type == proto.TypePong:
	case m.Type != "":
		ev, err := decodeEvent(m)
		if err != nil {
			s.opt.Log.Warn("event not understood", "type", m.Type, "err", err)
			return nil
		}
		s.publish(ev)
	case m.Error != nil:
		s.opt.Log.Warn("the server refused a message", "err", m.Error)
	}
	s.out.nudgeAck(s.lastSeq())
	return nil
}
