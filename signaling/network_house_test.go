package signaling_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/signaling"
	"kinwire/signaling/netcheck"
	"kinwire/signaling/proto"
	callrecords "kinwire/signaling/records"
	"kinwire/signaling/store"
)

func tokenOfRole(role string) string { return "token-of-an-operator-" + role }

// staffOfTheTest are rosa, who may all, one of each role, and some who are
// not to be let in, or not to get what their entry says.
var staffOfTheTest = map[string]signaling.Staff{
	"rosa":    {Token: staffToken, Roles: []string{proto.OperatorResolve, proto.OperatorCalls, proto.OperatorSafety}},
	"calls":   {Token: tokenOfRole("calls"), Roles: []string{proto.OperatorCalls}},
	"safety":  {Token: tokenOfRole("safety"), Roles: []string{proto.OperatorSafety}},
	"resolve": {Token: tokenOfRole("resolve"), Roles: []string{proto.OperatorResolve}},
	"none":    {Token: tokenOfRole("none"), Roles: []string{"", "root"}},
	"":        {Token: "", Roles: []string{proto.OperatorCalls}},
}

// liveCalls stands where the metrics keep the calls that go on.
type liveCalls struct {
	mu    sync.Mutex
	calls []proto.CallSummary
}

func (l *liveCalls) Live() []proto.CallSummary {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.calls
}

func (l *liveCalls) Record(_ context.Context, id string) (json.RawMessage, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.calls {
		if c.ID == id {
			return json.RawMessage(fmt.Sprintf(`{"id":%q,"live":true,"participants":[]}`, id)), nil
		}
	}
	return nil, &proto.Error{Code: proto.CodeNotFound, Message: "no record of a call with this id"}
}

// triedOffers stands where the media plane answers the offers of checks.
type triedOffers struct {
	mu    sync.Mutex
	rooms map[string]bool
}

func (o *triedOffers) Join(_ context.Context, room, _, offer string) (string, error) {
	if offer == "bad" {
		return "", &proto.Error{Code: proto.CodeBadOffer, Message: "the offer is bad"}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.rooms[room] = true
	return "answer to " + offer, nil
}

func (o *triedOffers) EndRoom(room string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.rooms, room)
}

func (o *triedOffers) count() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.rooms)
}

func (o *triedOffers) ICEServers(string) []proto.ICEServer {
	return []proto.ICEServer{{URLs: []string{"turn:192.0.2.1:3478?transport=udp"}, Username: "u", Credential: "c", ExpiresAt: 1}}
}

// network joins the parts about calls and networks, on the house's store.
func (f *familyHouse) network() signaling.Network {
	calls := callrecords.New(callrecords.Deps{Store: f.db, Live: f.live})
	return signaling.Network{
		CallLists: calls, Pseudonyms: calls,
		NetChecks: netcheck.New(netcheck.Config{Enabled: true, AtOnce: 100}, netcheck.Deps{Media: f.tried, ICE: f.tried, STUN: []string{"192.0.2.1:3478"}}),
		Node: func() proto.NodeState {
			return proto.NodeState{
				Version: "test", Sockets: []proto.NodeSocket{{Plane: "sfu", Protocol: "udp", Address: "192.0.2.1:7000"}},
				Counters: []proto.NodeCount{}, Drops: []proto.NodeCount{{Plane: "sfu", Name: "late", Value: 1}}, Config: proto.NodeConfig{Pending: []string{}},
			}
		},
	}
}

// says is a page that says something.
func says(what string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(what))
	})
}

// keep saves the record of a call that has ended.
func (f *familyHouse) keep(id string, at time.Time, reason string) {
	f.t.Helper()
	require.NoError(f.t, f.db.SaveRecord(f.t.Context(), store.Record{
		CallID: id, StartedAt: at, EndedAt: at.Add(time.Minute), Reason: reason, Participants: 2, Codecs: []string{"opus", "VP8"}, Paths: []string{"relay/tls"}, Score: 2.5,
		Document: json.RawMessage(fmt.Sprintf(`{"id":%q,"participants":[{"id":"p","device":{"model":"=1+1"}}]}`, id)),
	}))
}
