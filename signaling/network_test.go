package signaling_test

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/signaling"
	"kinwire/signaling/proto"
)

var callsBegan = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// someCalls is one that goes on, and four that have ended.
func (f *familyHouse) someCalls() {
	f.live.calls = []proto.CallSummary{{ID: "live", Live: true, StartedAt: callsBegan.UnixMilli(), Codecs: []string{"opus"}, Paths: []string{"host/udp"}, Score: 4.5}}
	for i, reason := range []string{"hangup", "missed", "hangup", "lost"} {
		f.keep(fmt.Sprint("past-", i), callsBegan.Add(time.Duration(i)*time.Minute), reason)
	}
}

func TestTheListOfCalls(t *testing.T) {
	f := newFamilyHouse(t)
	require.JSONEq(t, `{"calls":[]}`, f.do("GET", "/v1/calls", f.tokenOf(callsOnly), "").body)
	f.someCalls()
	minute := func(n int) string {
		return fmt.Sprint(callsBegan.Add(time.Duration(n) * time.Minute).UnixMilli())
	}
	for query, want := range map[string]string{
		"":                                       "live past-3 past-2 past-1 past-0",
		"live=true":                              "live",
		"live=false":                             "past-3 past-2 past-1 past-0",
		"reason=hangup":                          "past-2 past-0",
		"codec=vp8":                              "past-3 past-2 past-1 past-0",
		"codec=h264":                             "",
		"path=relay":                             "past-3 past-2 past-1 past-0",
		"path=host%2Fudp":                        "live",
		"score_min=4":                            "live",
		"score_below=4.5":                        "past-3 past-2 past-1 past-0",
		"limit=2":                                "live past-3",
		"from=" + minute(1) + "&to=" + minute(3): "past-2 past-1",
		"from=" + minute(0) + "&reason=hangup&codec=opus&path=relay%2Ftls&score_below=3&score_min=2&live=false&limit=1": "past-2",
	} {
		list := good[proto.CallList](f, "GET", "/v1/calls?"+query, f.tokenOf(callsOnly), nil)
		var ids []string
		for _, c := range list.Calls {
			ids = append(ids, c.ID)
		}
		require.Equal(t, want, strings.Join(ids, " "), query)
		require.Equal(t, strings.Contains(query, "limit"), list.Next != "", query)
	}
	var ids []string
	next := ""
	for {
		list := good[proto.CallList](f, "GET", "/v1/calls?limit=2"+next, f.tokenOf(callsOnly), nil)
		for _, c := range list.Calls {
			ids = append(ids, c.ID)
		}
		if list.Next == "" {
			break
		}
		next = "&cursor=" + list.Next
	}
	require.Equal(t, []string{"live", "past-3", "past-2", "past-1", "past-0"}, ids)
	for _, query := range []string{
		"from=-1", "from=x", "to=9007199254740993", "reason=elsewhere", "reason=", "codec=", "codec=a%20b", "codec=%25", "codec=" + strings.Repeat("x", 33),
		"path=a%27b", "score_min=5.1", "score_min=NaN", "score_below=-1", "score_below=Inf", "score_below=x", "live=maybe", "cursor=x", "limit=0", "limit=501", "limit=1.5", "format=csv",
	} {
		f.do("GET", "/v1/calls?"+query, f.tokenOf(callsOnly), "").refusedWith(t, 400, proto.CodeBadMessage)
	}
}

func TestTheExportOfCalls(t *testing.T) {
	f := newFamilyHouse(t)
	f.someCalls()
	a := f.do("GET", "/v1/calls/export", f.tokenOf(callsOnly), "")
	require.Equal(t, http.StatusOK, a.StatusCode)
	require.Equal(t, []string{"application/x-ndjson", `attachment; filename="calls.ndjson"`, "no-store"}, []string{a.Header.Get("Content-Type"), a.Header.Get("Content-Disposition"), a.Header.Get("Cache-Control")})
	require.Equal(t, 5, strings.Count(a.body, "\n"))
	require.True(t, strings.HasPrefix(a.body, `{"id":"live",`), a.body)
	a = f.do("GET", "/v1/calls/export?format=csv&reason=hangup&live=false", f.tokenOf(callsOnly), "")
	require.Equal(t, "text/csv; charset=utf-8", a.Header.Get("Content-Type"))
	rows, err := csv.NewReader(strings.NewReader(a.body)).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 3)
	require.Contains(t, rows[1], "'=1+1")
	a = f.do("GET", "/v1/calls/export?reason=shutdown", f.tokenOf(callsOnly), "")
	require.Equal(t, http.StatusOK, a.StatusCode)
	require.Empty(t, a.body)
	for _, query := range []string{"format=xlsx", "format=", "limit=3", "cursor=x", "reason=x", "surprise=1", "format=csv&format=csv"} {
		f.do("GET", "/v1/calls/export?"+query, f.tokenOf(callsOnly), "").refusedWith(t, 400, proto.CodeBadMessage)
	}
}

// breaking is an export that breaks off after so many bytes.
type breaking struct {
	signaling.CallLists
	after int
}

func (b breaking) Export(_ context.Context, _ string, _ proto.CallFilter, to io.Writer) error {
	if b.after > 0 {
		_, _ = to.Write(make([]byte, b.after))
	}
	return errors.New("the disk at /secret/place is broken")
}

// TestAnExportThatBreaksOffIsNoAnswer: nobody takes a part for the whole.
func TestAnExportThatBreaksOffIsNoAnswer(t *testing.T) {
	for _, after := range []int{0, 10, 1 << 20} {
		h := newHouseWith(t, nil, nil, nil, func(d *signaling.Deps) { d.Network.CallLists = breaking{after: after} })
		req, err := http.NewRequest(http.MethodGet, h.http.URL+"/v1/calls/export", nil)
		require.NoError(t, err)
		req.Header.Set("Authorization", "Bearer "+operatorToken)
		res, err := http.DefaultClient.Do(req)
		if after == 0 {
			require.NoError(t, err)
			body, err := io.ReadAll(res.Body)
			require.NoError(t, err)
			require.NoError(t, res.Body.Close())
			require.Equal(t, http.StatusInternalServerError, res.StatusCode)
			require.NotContains(t, string(body), "secret")
			continue
		}
		if err == nil {
			_, err = io.ReadAll(res.Body)
			require.NoError(t, res.Body.Close())
		}
		require.Error(t, err)
	}
}

func TestResolvingAPseudonym(t *testing.T) {
	f := newFamilyHouse(t)
	name, err := f.db.Pseudonym(t.Context(), mia)
	require.NoError(t, err)
	before := f.audited()
	page := "/v1/ops/pseudonyms/" + name + "/resolve"
	got := good[proto.Resolved](f, "POST", page, f.tokenOf(resolveOnly), proto.ResolveIn{Reason: "case 4711"})
	require.Equal(t, name, got.Pseudonym)
	require.Equal(t, mia, got.Person.ID)
	require.Equal(t, before+1, f.audited())
	f.do("POST", "/v1/ops/pseudonyms/pn_"+strings.Repeat("a", 26)+"/resolve", f.tokenOf(resolveOnly), `{"reason":"case 4712"}`).refusedWith(t, 404, proto.CodeNotFound)
	require.Equal(t, before+2, f.audited())
	entry := good[proto.AuditLog](f, "GET", "/v1/ops/audit", operatorToken, nil).Entries[1]
	require.Equal(t, []string{"operator:resolve", "pseudonym.resolved", name, "found=yes reason=case 4711"}, []string{entry.Actor, entry.Action, entry.Subject, entry.Detail})
	for _, body := range []string{`{}`, `{"reason":"  "}`, `{"reason":"   "}`, `{"reason":"a\nb c"}`, `{"reason":"` + strings.Repeat("x", 201) + `"}`} {
		f.do("POST", page, f.tokenOf(resolveOnly), body).refusedWith(t, 400, proto.CodeBadMessage)
	}
	require.Equal(t, before+2, f.audited(), "a refusal is no look")
	require.NotContains(t, f.logs.String(), name)
}

func TestTheStateOfTheServer(t *testing.T) {
	f := newFamilyHouse(t)
	require.Equal(t, "test", good[proto.NodeState](f, "GET", "/v1/ops/node", f.tokenOf(callsOnly), nil).Version)
	for path, want := range map[string]string{"/v1/ops/debug": `{"rooms":[]}`, "/debug/pprof/": "pprof", "/debug/pprof/heap": "pprof", "/metrics": "metrics"} {
		a := f.do("GET", path, f.tokenOf(callsOnly), "")
		require.Equal(t, http.StatusOK, a.StatusCode, path)
		require.Equal(t, want, a.body)
		require.Equal(t, "no-store", a.Header.Get("Cache-Control"), path)
	}
	// A server without these parts says so to those who may, and to nobody else.
	hub := signaling.NewHub(signaling.Config{}, nil, nil)
	h := newHouse(t, nil)
	bare, err := signaling.New(signaling.Config{OperatorToken: operatorToken}, signaling.Deps{
		Hub: hub, Accounts: h.kin, Friends: signaling.Friends{FriendsKnown: h.kin},
		Calls: signaling.Calls{CallRequests: h.desk, CallRings: h.desk, CallState: h.desk},
	})
	require.NoError(t, err)
	defer bare.Close(t.Context())
	for _, path := range []string{"/v1/ops/debug", "/debug/pprof/heap", "/metrics", "/v1/calls/export", "/v1/calls", "/v1/ops/node"} {
		for token, status := range map[string]int{"": 401, operatorToken: 404} {
			rec, req := httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, nil)
			req.Header.Set("Authorization", "Bearer "+token)
			bare.Handler().ServeHTTP(rec, req)
			require.Equal(t, status, rec.Code, path)
		}
	}
}

func TestACheckOfANetwork(t *testing.T) {
	f := newFamilyHouse(t)
	check := good[proto.NetCheck](f, "POST", "/v1/netcheck", "", nil)
	require.Equal(t, "127.0.0.0/24", check.Seen)
	require.Equal(t, []string{"192.0.2.1:3478"}, check.STUN)
	require.NotEmpty(t, check.ICEServers)
	offers := "/v1/netcheck/" + check.ID + "/offers"
	require.Equal(t, "answer to x", good[proto.NetCheckAnswer](f, "POST", offers, "", proto.NetCheckOffer{SDP: "x"}).SDP)
	require.Equal(t, 1, f.tried.count())
	f.do("POST", offers, "", `{"sdp":"bad"}`).refusedWith(t, 422, proto.CodeBadOffer)
	f.do("POST", "/v1/netcheck/made-up/offers", "", `{"sdp":"x"}`).refusedWith(t, 404, proto.CodeNotFound)
	done(f, "DELETE", "/v1/netcheck/"+check.ID, "", nil)
	require.Zero(t, f.tried.count())
	f.do("DELETE", "/v1/netcheck/"+check.ID, "", "").refusedWith(t, 404, proto.CodeNotFound)

	var last answer
	for range 10 {
		if last = f.do("POST", "/v1/netcheck", "", ""); last.StatusCode != http.StatusOK {
			break
		}
	}
	last.refusedWith(t, 429, proto.CodeRateLimited)
	require.NotEmpty(t, last.Header.Get("Retry-After"))
	require.Equal(t, http.StatusUnauthorized, f.do("POST", "/v1/login/code", "", `{"code":"WRONG"}`).StatusCode, "it keeps nobody from logging in")
	require.NotContains(t, f.logs.String(), check.ID)
}

// TestQualityIsToldToTheDevicesInTheCall: over real sockets, and held to the
// schema.
func TestQualityIsToldToTheDevicesInTheCall(t *testing.T) {
	f := newFamilyHouse(t)
	a, _ := f.come(f.token[priya])
	defer a.cut()
	b, _ := f.come(f.token[mia])
	defer b.cut()
	bystander, _ := f.come(f.token[mia]) // another device of hers
	defer bystander.cut()
	a.ask(2, proto.TypeCallInvite, proto.CallInvite{To: []string{mia}})
	m := a.reply(2)
	require.Nil(t, m.Error)
	id := as[proto.CallEntered](t, m).Call.CallID
	b.event(proto.TypeCallIncoming)
	b.ask(2, proto.TypeCallAccept, proto.CallRef{CallID: id})
	require.Nil(t, b.reply(2).Error)
	quality := proto.MediaQuality{CallID: id, People: []proto.ConnectionQuality{
		{ParticipantID: "p", Level: proto.LevelPoor, MOS: 2.5, Where: "uplink", Why: "loss"}, {ParticipantID: "q", Level: proto.LevelGood, MOS: 4.5},
	}}
	f.calls.Tell(id, proto.TypeMediaQuality, quality)
	for _, p := range []*peer{a, b} {
		require.Equal(t, quality, as[proto.MediaQuality](t, p.event(proto.TypeMediaQuality)))
	}
	bystander.ask(3, proto.TypePeople, proto.Empty{})
	bystander.until(func(m proto.Message) bool {
		require.NotEqual(t, proto.TypeMediaQuality, m.Type)
		return m.Re == 3
	})
}

// lookingAfterTheNetwork: somebody's picture is black; they try their network,
// and an operator looks at the call and finds out whose it was.
func lookingAfterTheNetwork(f *familyHouse) {
	check := good[proto.NetCheck](f, "POST", "/v1/netcheck", "", nil)
	good[proto.NetCheckAnswer](f, "POST", "/v1/netcheck/"+check.ID+"/offers", "", proto.NetCheckOffer{SDP: "v=0"})
	done(f, "DELETE", "/v1/netcheck/"+check.ID, "", nil)
	f.someCalls()
	list := good[proto.CallList](f, "GET", "/v1/calls?score_below=3&limit=1", staffToken, nil)
	require.Equal(f.t, "past-3", list.Calls[0].ID)
	require.NotEmpty(f.t, list.Next)
	require.Equal(f.t, http.StatusOK, f.do("GET", "/v1/calls/export?format=csv", staffToken, "").StatusCode)
	require.Equal(f.t, http.StatusOK, f.do("GET", "/v1/ops/debug", staffToken, "").StatusCode)
	require.NotEmpty(f.t, good[proto.NodeState](f, "GET", "/v1/ops/node", staffToken, nil).Sockets)
	name, err := f.db.Pseudonym(f.t.Context(), tomek)
	require.NoError(f.t, err)
	who := good[proto.Resolved](f, "POST", "/v1/ops/pseudonyms/"+name+"/resolve", staffToken, proto.ResolveIn{Reason: "case 17"})
	require.Equal(f.t, tomek, who.Person.ID)
}
