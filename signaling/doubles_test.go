package signaling_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"kinwire/signaling"
	"kinwire/signaling/proto"
)

// family is the accounts that the tests run on: a few people in memory, whose
// tokens are their ids with "token-" before.
type family struct {
	mu     sync.Mutex
	people map[string]proto.Person
	gone   map[string]bool // tokens given up
	seen   []string        // "ann token-ann", or "ann"
	asked  int             // how often a token was authenticated
	revoke int             // after which of these times it is given up

	apart    map[[2]string]bool
	hides    map[string]bool // who shows no presence
	private  map[string]bool // who shows no last seen
	lastSeen map[string]time.Time
}

func newFamily(names ...string) *family {
	f := &family{
		people: map[string]proto.Person{}, gone: map[string]bool{}, apart: map[[2]string]bool{},
		hides: map[string]bool{}, private: map[string]bool{}, lastSeen: map[string]time.Time{},
	}
	for _, n := range names {
		f.people[n] = proto.Person{ID: n, Name: strings.ToUpper(n), Avatar: "🦊", Role: proto.RoleChild, Family: "Test"}
	}
	return f
}

func (f *family) Login(_ context.Context, name, password string, _ proto.Device) (signaling.Login, error) {
	p, ok := f.people[name]
	if !ok || password != "right" {
		return signaling.Login{}, &proto.Error{Code: proto.CodeUnauthenticated, Message: "wrong name or password"}
	}
	return signaling.Login{Token: "token-" + name, ExpiresAt: time.UnixMilli(1234), Person: p}, nil
}

func (f *family) Authenticate(_ context.Context, token string) (proto.Person, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked++
	if f.asked == f.revoke {
		defer func() { f.gone[token] = true }()
	}
	p, ok := f.people[strings.TrimPrefix(token, "token-")]
	if !ok || !strings.HasPrefix(token, "token-") || f.gone[token] {
		return proto.Person{}, &proto.Error{Code: proto.CodeUnauthenticated, Message: "the token is unknown or expired"}
	}
	return p, nil
}

func (f *family) Logout(_ context.Context, token string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.gone[token] = true
	return nil
}

func (f *family) Person(_ context.Context, id string) (proto.Person, error) { return f.people[id], nil }

func (f *family) Seen(_ context.Context, id, token string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen = append(f.seen, strings.TrimSpace(id+" "+token))
	return nil
}

// Known: everybody knows everybody, in the order of their names, but for pairs
// that are apart.
func (f *family) Known(_ context.Context, id string) ([]signaling.Known, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var list []signaling.Known
	for _, other := range slices.Sorted(maps.Keys(f.people)) {
		if other == id || f.apart[[2]string{other, id}] || f.apart[[2]string{id, other}] {
			continue
		}
		list = append(list, signaling.Known{
			Person: f.people[other], ShowPresence: !f.hides[other], ShowLastSeen: !f.private[other], LastSeen: f.lastSeen[other],
		})
	}
	return list, nil
}

func (f *family) set(change func(f *family)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(f)
}

func (f *family) sights() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.seen)
}

// desk stands where package calls stands: it notes what it is told to do.
type desk struct {
	mu       sync.Mutex
	done     []string // "invite a", "dropped", …
	times    map[string]int
	inCall   map[string]bool
	views    map[string][]proto.CallView
	onInvite func(ctx context.Context, who signaling.Who, d proto.CallInvite) (proto.CallEntered, error)
}

func newDesk() *desk {
	return &desk{times: map[string]int{}, inCall: map[string]bool{}, views: map[string][]proto.CallView{}}
}

// someCall is a call that holds to the schema, with nothing of interest.
func someCall(id string) proto.CallView { return proto.CallView{CallID: id, Phase: proto.PhaseRinging} }

func stateOf(id string) proto.CallState { return proto.CallState{Call: someCall(id)} }

func (d *desk) note(who signaling.Who, what string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.done = append(d.done, who.UserID+" "+what)
	d.times[who.UserID+" "+what]++
}

func (d *desk) count(what string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.times[what]
}

func (d *desk) list() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]string(nil), d.done...)
}

func (d *desk) Invite(ctx context.Context, who signaling.Who, data proto.CallInvite) (proto.CallEntered, error) {
	d.note(who, "invite "+data.To[0])
	if d.onInvite != nil {
		return d.onInvite(ctx, who, data)
	}
	return proto.CallEntered{Call: someCall("call-" + data.To[0])}, nil
}

func (d *desk) Add(_ context.Context, who signaling.Who, data proto.CallAdd) (proto.Empty, error) {
	d.note(who, "add "+data.CallID+" "+data.To[0])
	return proto.Empty{}, nil
}

func (d *desk) Ringing(_ context.Context, who signaling.Who, data proto.CallRef) error {
	d.note(who, "ringing "+data.CallID)
	return nil
}

func (d *desk) Accept(_ context.Context, who signaling.Who, data proto.CallRef) (proto.CallEntered, error) {
	d.note(who, "accept "+data.CallID)
	return proto.CallEntered{Call: someCall(data.CallID)}, nil
}

func (d *desk) Decline(_ context.Context, who signaling.Who, data proto.CallRef) (proto.Empty, error) {
	d.note(who, "decline "+data.CallID)
	return proto.Empty{}, &proto.Error{Code: proto.CodeNotFound, Message: "no such call"}
}

func (d *desk) Hangup(_ context.Context, who signaling.Who, data proto.CallRef) (proto.Empty, error) {
	d.note(who, "hangup "+data.CallID)
	return proto.Empty{}, nil
}

func (d *desk) Join(_ context.Context, who signaling.Who, data proto.CallJoin) (proto.CallJoined, error) {
	d.note(who, "join "+data.CallID)
	return proto.CallJoined{Call: someCall(data.CallID), SDP: data.SDP}, nil
}

func (d *desk) Leave(_ context.Context, who signaling.Who, data proto.CallRef) (proto.Empty, error) {
	d.note(who, "leave "+data.CallID)
	return proto.Empty{}, nil
}

func (d *desk) Offer(_ context.Context, who signaling.Who, data proto.MediaOffer) (proto.MediaAnswer, error) {
	d.note(who, "offer "+data.CallID)
	return proto.MediaAnswer{SDP: data.SDP}, nil
}

func (d *desk) Mute(_ context.Context, who signaling.Who, data proto.MediaMute) (proto.Empty, error) {
	d.note(who, "mute "+data.CallID)
	return proto.Empty{}, fmt.Errorf("the disk at /secret/place is full")
}

func (d *desk) Report(_ context.Context, who signaling.Who, data proto.StatsReport) error {
	d.note(who, "report "+data.CallID)
	return nil
}

func (d *desk) Views(userID string) []proto.CallView { return d.views[userID] }

func (d *desk) InCall(userID string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.inCall[userID]
}

func (d *desk) setInCall(userID string, in bool) {
	d.mu.Lock()
	d.inCall[userID] = in
	d.mu.Unlock()
}

func (d *desk) SessionDropped(who signaling.Who) { d.note(who, "dropped") }
func (d *desk) SessionResumed(who signaling.Who) { d.note(who, "resumed") }
func (d *desk) SessionEnded(who signaling.Who)   { d.note(who, "ended") }

// records has one record.
type records struct{}

func (records) Record(_ context.Context, id string) (json.RawMessage, error) {
	if id != "call-1" {
		return nil, &proto.Error{Code: proto.CodeNotFound, Message: "no such record"}
	}
	return json.RawMessage(`{"call_id":"call-1"}`), nil
}
