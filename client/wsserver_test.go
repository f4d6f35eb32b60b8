package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/coder/websocket"

	"kinwire/signaling/proto"
)

// server is the other end for the session's logic: it keeps what the protocol
// says a server keeps, over real sockets, and carries an id out once.
type server struct {
	t *testing.T
	*httptest.Server

	mu      sync.Mutex
	tokens  []grant // resume tokens of the present session that are good
	seq     uint64
	kept    []proto.Message
	replies map[uint64]proto.Message
	order   []uint64 // ids as carried out
	carried map[string]int
	acked   uint64
	conn    *websocket.Conn
	hellos  int
	last    uint64 // largest id carried out

	// before writing or reading message n the socket is cut when cut says so
	cut      func() bool
	handle   func(proto.Request) (any, *proto.Error)
	calls    []proto.CallView // of the welcome
	ringing  []string         // calls that were said to ring
	helloErr atomic.Pointer[proto.Error]
	deaf     atomic.Bool // answers no requests
	fresh    func()      // a new session begins
}

// grant is a resume token, and the seq of the Welcome that brought it. It is
// good until a later Welcome is acknowledged: the later one may have been lost
// with its socket.
type grant struct {
	token string
	seq   uint64
}

func newServer(t *testing.T) *server {
	s := &server{t: t, replies: map[uint64]proto.Message{}, carried: map[string]int{}, cut: func() bool { return false }, fresh: func() {}}
	s.handle = func(r proto.Request) (any, *proto.Error) { return r.Data, nil }
	s.Server = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(s.Close)
	return s
}

func (s *server) serve(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/v1/ws" {
		http.NotFound(w, r)
		return
	}
	c, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	defer c.CloseNow()
	for {
		_, b, err := c.Read(context.Background())
		if err != nil {
			return
		}
		var q proto.Request
		if json.Unmarshal(b, &q) != nil {
			s.t.Errorf("not JSON: %s", b)
			return
		}
		s.mu.Lock()
		ok := s.got(c, q)
		if !ok && s.conn == c {
			s.conn = nil // nothing may overtake what the cut has lost
		}
		s.mu.Unlock()
		if !ok {
			return
		}
	}
}

// got handles one request. False cuts the socket.
func (s *server) got(c *websocket.Conn, q proto.Request) bool {
	switch q.Type {
	case proto.TypeHello:
		return s.hello(c, q)
	case proto.TypeAck:
		var a proto.Ack
		_ = json.Unmarshal(q.Data, &a)
		if s.conn == c { // what an older socket still had to say is about a session that may be gone
			s.acknowledge(a.Seq)
		}
		return true
	case proto.TypePing:
		return s.write(c, proto.Message{Type: proto.TypePong})
	case proto.TypeCallRinging:
		var ref proto.CallRef
		_ = json.Unmarshal(q.Data, &ref)
		s.ringing = append(s.ringing, ref.CallID)
		return true
	}
	if s.deaf.Load() || q.ID == 0 {
		return true
	}
	if s.cut() { // lost before it was carried out
		return false
	}
	m, done := s.replies[q.ID]
	if !done {
		if q.ID <= s.last && s.last != 0 && s.carried[string(q.Data)] > 0 {
			s.t.Errorf("id %d came after %d", q.ID, s.last)
		}
		s.last = max(s.last, q.ID)
		s.order = append(s.order, q.ID)
		s.carried[string(q.Data)]++
		data, perr := s.handle(q)
		m = proto.Message{Re: q.ID, Error: perr}
		if perr == nil {
			m.Data, _ = json.Marshal(data)
		}
		m = s.keep(m)
		s.replies[q.ID] = m
	}
	if s.cut() { // carried out, but the reply is lost
		return false
	}
	return s.write(c, m)
}

func (s *server) keep(m proto.Message) proto.Message {
	s.seq++
	m.Seq = s.seq
	s.kept = append(s.kept, m)
	return m
}

func (s *server) acknowledge(seq uint64) {
	if seq > s.seq {
		s.t.Errorf("ack of %d, only %d sent", seq, s.seq)
	}
	s.acked = max(s.acked, seq)
	for len(s.kept) > 0 && s.kept[0].Seq <= seq {
		s.kept = s.kept[1:]
	}
	for len(s.tokens) > 1 && s.tokens[1].seq <= seq {
		s.tokens = s.tokens[1:]
	}
}

func (s *server) hello(c *websocket.Conn, q proto.Request) bool {
	s.hellos++
	var h proto.Hello
	if err := json.Unmarshal(q.Data, &h); err != nil || h.Version != proto.Version || h.Token != "tok" {
		s.t.Errorf("bad hello %s", q.Data)
	}
	if e := s.helloErr.Load(); e != nil {
		return s.write(c, proto.Message{Re: q.ID, Error: e})
	}
	resumed := slices.ContainsFunc(s.tokens, func(g grant) bool { return g.token == h.Resume })
	if h.Resume != "" && !resumed {
		return s.write(c, proto.Message{Re: q.ID, Error: &proto.Error{Code: proto.CodeResumeGone, Message: "gone"}})
	}
	var again []proto.Message
	if resumed {
		s.acknowledge(h.LastSeq)
		again = append(again, s.kept...)
	} else {
		s.seq, s.kept, s.replies, s.last, s.tokens = 0, nil, map[uint64]proto.Message{}, 0, nil
		s.carried = map[string]int{} // a new session may ask for the same again
		s.fresh()
	}
	token := fmt.Sprintf("resume-%d", s.hellos)
	s.tokens = append(s.tokens, grant{token, s.seq + 1})
	data, _ := json.Marshal(proto.Welcome{Version: 1, Resume: token, Resumed: resumed, Me: proto.Person{ID: "u1"}, Calls: s.calls})
	s.conn = c
	// The welcome is numbered after what is sent again, and overtakes it.
	if !s.write(c, s.keep(proto.Message{Re: q.ID, Data: data})) {
		return false
	}
	for _, m := range again {
		if s.cut() || !s.write(c, m) {
			return false
		}
	}
	return true
}

func (s *server) write(c *websocket.Conn, m proto.Message) bool {
	b, _ := json.Marshal(m)
	return c.Write(context.Background(), websocket.MessageText, b) == nil
}

// event sends an event over whatever socket there is.
func (s *server) rung() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.ringing)
}

func (s *server) event(typ string, data any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b, _ := json.Marshal(data)
	m := s.keep(proto.Message{Type: typ, Data: b})
	if s.conn == nil {
		return
	}
	if s.cut() {
		_ = s.conn.CloseNow()
		return
	}
	s.write(s.conn, m)
}
