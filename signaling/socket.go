package signaling

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"kinwire/signaling/proto"
)

const (
	// looseQueue is how many messages without seq (pongs, refusals that belong
	// to no request) may wait for the writer. More are dropped: they are of no
	// use to a client that does not read.
	looseQueue = 32
	// closeGrace is how long a socket that is to close may take for what it
	// still has to write, before it is cut.
	closeGrace = 3 * time.Second
	// wrongHellos is how many failed hellos a socket may have.
	wrongHellos = 5
)

// socket is one WebSocket. Its reader runs on the goroutine of the HTTP
// handler; a writer and a pinger run beside it.
type socket struct {
	hub    *Hub
	ws     *websocket.Conn
	log    *slog.Logger
	loose  chan []byte
	wake   chan struct{}
	ctx    context.Context // ends with the socket
	cancel context.CancelFunc
	cursor uint64 // the last seq handed to the writer; guarded by the session's lock

	limits  *limits // until there is a session with its own
	session atomic.Pointer[session]
	wrong   int // failed hellos; reader only

	mu     sync.Mutex
	bye    *farewell // set when the socket is to close
	cutter *time.Timer
}

// farewell says how to close.
type farewell struct {
	code   proto.CloseCode
	reason string
	flush  bool // write what waits first
}

func newSocket(h *Hub, ws *websocket.Conn) *socket {
	cfg := h.live.Load()
	ws.SetReadLimit(cfg.hardLimit())
	k := &socket{
		hub: h, ws: ws, log: h.log,
		loose: make(chan []byte, looseQueue), wake: make(chan struct{}, 1), limits: newLimits(*cfg),
	}
	k.ctx, k.cancel = context.WithCancel(context.Background())
	return k
}

// cut closes the connection at once. The WebSocket's own CloseNow would wait
// for a closing handshake that is under way; the end of the context that the
// reader reads under does not.
func (k *socket) cut() { k.cancel() }

// run serves the socket until it closes.
func (k *socket) run() {
	var wg sync.WaitGroup
	wg.Go(func() { k.write(k.ctx) })
	wg.Go(func() { k.watch(k.ctx) })
	deadline := time.AfterFunc(k.hub.cfg.HelloTimeout, func() {
		if k.session.Load() == nil {
			k.shut(proto.CloseHelloTimeout, "no hello in time", true)
		}
	})
	err := k.read(k.ctx)
	deadline.Stop()
	if s := k.session.Load(); s != nil {
		s.detach(k, websocket.CloseStatus(err) == websocket.StatusNormalClosure)
	}
	k.cut()
	_ = k.ws.CloseNow()
	wg.Wait()
	k.mu.Lock()
	if k.cutter != nil {
		k.cutter.Stop()
	}
	k.mu.Unlock()
}

// read takes one frame after the other until the socket fails.
func (k *socket) read(ctx context.Context) error {
	for {
		typ, r, err := k.ws.Reader(ctx)
		if err != nil {
			return fmt.Errorf("reading a message: %w", err)
		}
		most := k.hub.live.Load().MaxMessageBytes
		text, whole, err := readFrame(r, most)
		if err != nil {
			return fmt.Errorf("reading a message: %w", err)
		}
		switch {
		case k.closing() != nil: // too late: a client repeats what it gets no reply to
		case typ != websocket.MessageText:
			k.take(proto.Request{}, refuse(proto.CodeBadMessage, "message: given a binary frame; allowed are text frames"))
		case !whole:
			k.take(proto.Request{ID: idOf(text)}, refuse(proto.CodeTooLarge, "message: given more than %d bytes; allowed are at most %[1]d", most))
		default:
			k.take(proto.ParseRequest(text))
		}
	}
}

// readFrame reads a message of at most limit bytes; of a longer one it gives
// the beginning and skips the rest.
func readFrame(r io.Reader, limit int) (text []byte, whole bool, err error) {
	text, err = io.ReadAll(io.LimitReader(r, int64(limit)+1))
	if err != nil || len(text) <= limit {
		return text, true, err
	}
	_, err = io.Copy(io.Discard, r)
	return text, false, err
}

// take deals with one message; refused says what is wrong with it, if
// anything is.
func (k *socket) take(r proto.Request, refused *proto.Error) {
	s := k.session.Load()
	lim := k.limits
	if s != nil {
		lim = s.limits
	}
	switch lim.check(r.Type, k.hub.now()) {
	case pass:
	case tooMany:
		times := multiples[classes[r.Type]]
		cfg := k.hub.live.Load()
		refused = refuse(proto.CodeRateLimited, "too many messages; allowed are %g a second, %d at once", cfg.RatePerSecond*float64(times), cfg.Burst*times)
	case flood:
		k.shut(proto.CloseFlood, "too many messages", false)
		return
	}
	if refused != nil {
		k.refuse(r.ID, refused)
		return
	}
	if do, ok := upkeep[r.Type]; ok {
		do(k, r)
		return
	}
	_, known := handlers[r.Type]
	switch {
	case !known:
		k.refuse(r.ID, refuse(proto.CodeUnknownType, "type: given %.40q; allowed are the types in docs/protocol.md", r.Type))
	case s == nil:
		k.tell(r.ID, refuse(proto.CodeUnauthenticated, "type: given %q before hello; say hello first", r.Type))
	case r.ID == 0 && wantsID[r.Type]:
		k.tell(0, refuse(proto.CodeBadMessage, "id: given none; %s needs one, for it has a reply", r.Type))
	default:
		s.accept(k, r)
	}
}

// wantsID holds the types of requests that have a reply.
var wantsID = func() map[string]bool {
	m := map[string]bool{}
	for _, q := range proto.Requests() {
		m[q.Type] = q.Reply != nil
	}
	return m
}()

// refuse answers a message that is not carried out: as the reply to its
// request if it names one in a session.
func (k *socket) refuse(id uint64, err *proto.Error) {
	if s := k.session.Load(); s != nil && id != 0 {
		s.reject(k, id, err)
		return
	}
	k.tell(id, err)
}

// tell sends a refusal without seq.
func (k *socket) tell(id uint64, err *proto.Error) { k.sendLoose(proto.Message{Re: id, Error: err}) }

func (k *socket) sendLoose(m proto.Message) {
	text, err := json.Marshal(m)
	if err != nil {
		k.log.Error("message not encoded", "type", m.Type, "err", err)
		return
	}
	select {
	case k.loose <- text:
	default:
	}
}

// ack and ping need no worker.
func (k *socket) ack(r proto.Request) {
	s := k.session.Load()
	if s == nil {
		k.tell(r.ID, refuse(proto.CodeUnauthenticated, "type: given %q before hello; say hello first", r.Type))
		return
	}
	data, err := proto.Decode[proto.Ack](r.Data)
	if err == nil {
		err = s.ack(data.Seq)
	}
	if err != nil {
		k.tell(0, err)
	}
}

func (k *socket) ping(proto.Request) { k.sendLoose(proto.Message{Type: proto.TypePong}) }

// nudge tells the writer that there may be something to write. A nil socket
// is no socket.
func (k *socket) nudge() {
	if k == nil {
		return
	}
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

// shut has the writer close the socket; only the first call counts. It does
// not block.
func (k *socket) shut(code proto.CloseCode, reason string, flush bool) {
	if code == 0 {
		code = proto.CloseCode(websocket.StatusNormalClosure)
	}
	k.mu.Lock()
	if k.bye == nil {
		k.bye = &farewell{code, reason, flush}
		k.cutter = time.AfterFunc(closeGrace, k.cut)
	}
	k.mu.Unlock()
	k.nudge()
}

func (k *socket) closing() *farewell {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.bye
}

// write sends what waits until ctx ends or the socket is to close.
func (k *socket) write(ctx context.Context) {
	for {
		bye := k.closing()
		if bye == nil || bye.flush {
			if err := k.flush(ctx); err != nil {
				k.cut()
				return
			}
		}
		if bye != nil {
			_ = k.ws.Close(websocket.StatusCode(bye.code), bye.reason)
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-k.wake:
		case text := <-k.loose:
			if err := k.writeOne(ctx, text); err != nil {
				k.cut()
				return
			}
		}
	}
}

// flush writes everything that waits now.
func (k *socket) flush(ctx context.Context) error {
	for {
		select {
		case text := <-k.loose:
			if err := k.writeOne(ctx, text); err != nil {
				return err
			}
			continue
		default:
		}
		s := k.session.Load()
		if s == nil {
			return nil
		}
		e, ok := s.next(k)
		if !ok {
			return nil
		}
		if err := k.writeOne(ctx, e.text); err != nil {
			return err
		}
	}
}

func (k *socket) writeOne(ctx context.Context, text []byte) error {
	ctx, cancel := context.WithTimeout(ctx, k.hub.cfg.WriteTimeout)
	defer cancel()
	if err := k.ws.Write(ctx, websocket.MessageText, text); err != nil {
		return fmt.Errorf("writing a message: %w", err)
	}
	return nil
}

// watch pings the peer and cuts the socket when no pong comes: a TCP
// connection to a phone that is out of reach stays open for a long time.
func (k *socket) watch(ctx context.Context) {
	every := k.hub.live.Load().PingInterval
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		ping, cancel := context.WithTimeout(ctx, every)
		err := k.ws.Ping(ping)
		cancel()
		if err != nil {
			k.cut()
			return
		}
	}
}
