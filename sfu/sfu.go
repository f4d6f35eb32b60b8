// Package sfu is the selective forwarding unit: rooms of peers who send and
// receive media.
//
// A Server has a Transport (sockets, package link) and rooms. A Room has
// peers. A Peer has a Link, an Uplink for each source that it sends (package
// forward), and slots: virtual streams on which it receives. Which source
// stands in which slot is decided in slots.go; the peer is told by the
// Observer and needs no new negotiation when people come and go.
//
// # Locks
//
// Server.mu guards the table of rooms, Room.mu the peers and slots of one
// room; they are taken in this order, never while packets are forwarded, and
// never held while the Observer is called. Below them are the short locks of
// package forward. Room.words, before Room.mu, is held while one data message
// goes to all, which waits for nobody.
//
// # Goroutines
//
// The Server owns one goroutine, which sends what is due by time in all rooms
// (receiver and sender reports, transport feedback, NACKs). All else runs on
// the caller's goroutine or on those of package link: a data message is handed
// on by the goroutine of the channel on which it came.
package sfu

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"kinwire/sfu/codec"
	"kinwire/sfu/link"
	"kinwire/sfu/sdp"
)

// Config of a Server. Durations must be positive.
type Config struct {
	Link           link.Config
	MaxPeers       int           // in a room
	HistoryPackets int           // kept for each video source, a power of two
	NACKInterval   time.Duration // how often losses are looked at
	PLIMinInterval time.Duration // shortest time between two key frame requests to a source
	TWCCInterval   time.Duration // how often transport-wide feedback goes out
	ReportInterval time.Duration // how often sender and receiver reports go out
}

// Kind says what a source shows or plays.
type Kind string

// The kinds.
const (
	Audio  Kind = "audio"
	Video  Kind = "video"
	Screen Kind = "screen"
)

// Source is one thing that a peer sends.
type Source struct {
	Kind  Kind
	MID   string // the m-section of the peer's offer
	Muted bool
}

// SlotMap says which source stands in which of a peer's receive slots. A map
// with a higher Rev replaces one with a lower.
type SlotMap struct {
	Rev          uint64
	Slots        []SlotEntry
	MissingAudio int // how many more slots the peer would need
	MissingVideo int
}

// SlotEntry is one occupied slot.
type SlotEntry struct {
	MID  string // the m-section of the receiving peer
	Peer string // whose source
	Kind Kind
}

// Answer is the reply to an offer.
type Answer struct {
	SDP   string
	Slots SlotMap
}

// Observer is told what the SFU notices. It may call back, but for one thing:
// LinkChanged must not take the same peer out before it returns, since Leave
// waits until nothing more is being told of the peer.
type Observer interface {
	SlotsChanged(room, peer string, m SlotMap)
	LinkChanged(room, peer string, s link.State)
}

// The ways in which a request fails by the client's fault.
var (
	ErrOffer       = sdp.ErrOffer
	ErrCodec       = errors.New("sfu: no usable codec")
	ErrFull        = errors.New("sfu: the room is full")
	ErrUnknownPeer = errors.New("sfu: no such peer")
	ErrClosed      = errors.New("sfu: closed")
)

// Server is the SFU.
type Server struct {
	cfg       atomic.Pointer[Config] // of now, see Tune
	transport *link.Transport
	observer  Observer
	log       *slog.Logger
	now       func() time.Time

	mu     sync.Mutex
	rooms  map[string]*Room
	closed bool

	stop    context.CancelFunc // of the ticker
	stopped chan struct{}
	awake   chan struct{} // a token when there is a first room

	retiredMu sync.Mutex
	retired   Totals // of peers who have left
}

// New opens the sockets.
func New(cfg Config, o Observer, log *slog.Logger, now func() time.Time) (*Server, error) {
	t, err := link.Open(cfg.Link, log, now)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	s := &Server{
		transport: t, observer: o, log: log, now: now, rooms: map[string]*Room{}, retired: newTotals(),
		stop: stop, stopped: make(chan struct{}), awake: make(chan struct{}, 1),
	}
	s.cfg.Store(&cfg)
	go s.run(ctx)
	return s, nil
}

// Transport is where media comes in; the built-in TURN server needs it.
func (s *Server) Transport() *link.Transport { return s.transport }

// Join makes a peer in a room, and the room if it is the first. A peer of the
// same name that is there already is replaced: it is the same person, who
// came back before we noticed that the first link was gone.
func (s *Server) Join(_ context.Context, room, peer, offer string, sources []Source) (Answer, error) {
	o, err := sdp.ParseOffer(offer)
	if err != nil {
		return Answer{}, err
	}
	s.Leave(room, peer)
	r, err := s.room(room)
	if err != nil {
		return Answer{}, err
	}
	defer s.drop(r)
	return r.join(peer, o, sources)
}

// Offer answers a further offer of a peer: more slots, or an ICE restart.
func (s *Server) Offer(_ context.Context, room, peer, offer string, sources []Source) (Answer, error) {
	o, err := sdp.ParseOffer(offer)
	if err != nil {
		return Answer{}, err
	}
	r, p := s.find(room, peer)
	if p == nil {
		return Answer{}, ErrUnknownPeer
	}
	defer s.drop(r)
	return r.negotiate(p, o, sources, false)
}

// Restart restarts ICE by an SDP fragment alone (RFC 8840), and gives the
// server's: for WHIP and WHEP, whose clients do not offer again.
func (s *Server) Restart(_ context.Context, room, peer, fragment string) (string, error) {
	r, p := s.find(room, peer)
	if p == nil {
		return "", ErrUnknownPeer
	}
	defer s.drop(r)
	return p.link.Restart(fragment)
}

// Mute stops a source, or lets it go on.
func (s *Server) Mute(room, peer string, k Kind, muted bool) error {
	r, p := s.find(room, peer)
	if p == nil {
		return ErrUnknownPeer
	}
	defer s.drop(r)
	return r.mute(p, k, muted)
}

// Leave takes a peer out of a room.
func (s *Server) Leave(room, peer string) {
	r, p := s.find(room, peer)
	if p == nil {
		return
	}
	defer s.drop(r)
	r.leave(p)
}

// EndRoom takes everybody out.
func (s *Server) EndRoom(room string) {
	if r := s.hold(room); r != nil {
		defer s.drop(r)
		r.end()
	}
}

// Close ends all rooms and closes the sockets.
func (s *Server) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	for _, r := range s.liveRooms() {
		s.EndRoom(r.name)
	}
	s.stop()
	<-s.stopped
	return s.transport.Close()
}

// liveRooms lists the rooms of this moment.
func (s *Server) liveRooms() []*Room {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Values(s.rooms))
}

// room finds or makes a room and holds it until drop.
func (s *Server) room(name string) (*Room, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, ErrClosed
	}
	r, ok := s.rooms[name]
	if !ok {
		r = newRoom(s, name)
		s.rooms[name] = r
		select {
		case s.awake <- struct{}{}:
		default:
		}
	}
	r.held++
	return r, nil
}

// hold keeps a room from ending until drop; nil when there is none.
func (s *Server) hold(name string) *Room {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.rooms[name]
	if r != nil {
		r.held++
	}
	return r
}

// find holds the room that the peer is in, until drop; nil, and nothing held,
// when the peer is not there.
func (s *Server) find(room, peer string) (*Room, *Peer) {
	r := s.hold(room)
	if r == nil {
		return nil, nil
	}
	if p := r.peer(peer); p != nil {
		return r, p
	}
	s.drop(r)
	return nil, nil
}

// drop, once for each hold, lets go of a room and forgets it when nobody is in
// it or about to be.
func (s *Server) drop(r *Room) {
	s.mu.Lock()
	r.held--
	if r.held == 0 && r.empty() && s.rooms[r.name] == r {
		delete(s.rooms, r.name)
	}
	s.mu.Unlock()
}

// chooseCodec finds the codec that a source sends: the first of the server's
// preference that the peer offers and everybody else in the room can decode.
func chooseCodec(sec *sdp.Section, prefer []codec.Kind, decodable func(codec.Kind) bool) (codec.Kind, error) {
	var common []codec.Kind
	for _, k := range prefer {
		if !sec.Has(k) {
			continue
		}
		common = append(common, k)
		if decodable(k) {
			return k, nil
		}
	}
	if len(common) == 0 {
		return codec.Unknown, fmt.Errorf("%w: the m-section %q offers %v, this server takes %v", ErrCodec, sec.MID, sec.Kinds(), prefer)
	}
	return codec.Unknown, fmt.Errorf("%w: of what the m-section %q offers, %v, there is none that everybody in the call can decode", ErrCodec, sec.MID, common)
}
