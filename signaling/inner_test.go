package signaling

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"kinwire/signaling/calls"
	"kinwire/signaling/proto"
)

// TestDispatchHoldsEveryType: each type of the protocol has one handler.
func TestDispatchHoldsEveryType(t *testing.T) {
	for _, spec := range proto.Requests() {
		_, slow := handlers[spec.Type]
		_, quick := upkeep[spec.Type]
		require.True(t, slow != quick, "%s: in %v handlers, %v upkeep", spec.Type, slow, quick)
	}
	require.Len(t, proto.Requests(), len(handlers)+len(upkeep))
}

// TestOutboxAgainstAPlainList compares the outbox with a list that keeps
// everything.
func TestOutboxAgainstAPlainList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := outbox{maxCount: 20, maxBytes: 200}
		var all []string
		acked := uint64(0)
		t.Repeat(map[string]func(*rapid.T){
			"push": func(t *rapid.T) {
				text := strings.Repeat("x", rapid.IntRange(1, 30).Draw(t, "length"))
				held := all[acked:]
				fits := len(held) < 20 && len(strings.Join(held, ""))+len(text) <= 200
				require.Equal(t, fits, o.push(uint64(len(all)+1000), []byte(text)))
				if fits {
					all = append(all, text)
				}
			},
			"ack": func(t *rapid.T) {
				seq := rapid.Uint64Range(0, uint64(len(all))+2).Draw(t, "seq")
				err := o.ack(seq)
				require.Equal(t, seq > uint64(len(all)), err != nil)
				if err == nil {
					acked = max(acked, seq)
				}
			},
			"": func(t *rapid.T) {
				require.Equal(t, uint64(len(all)), o.last)
				require.Equal(t, acked+1, o.first())
				require.Equal(t, len(strings.Join(all[acked:], "")), o.bytes)
				for seq := uint64(0); seq <= o.last+1; seq++ {
					e, ok := o.after(seq)
					from := max(seq, acked)
					require.Equal(t, from < o.last, ok)
					if ok {
						require.Equal(t, from+1, e.seq)
						require.Equal(t, all[from], string(e.text))
					}
				}
				for i := range all {
					require.Equal(t, uint64(i) >= acked, o.answers(uint64(i)+1000))
				}
			},
		})
	})
}

func TestThrottle(t *testing.T) {
	now := time.Unix(1000, 0)
	th := newThrottle[netip.Prefix](func() time.Time { return now }, guessBurst, guessEvery)
	home, other := netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("2001:db8:1::/48")
	for range guessBurst {
		_, ok := th.take(home)
		require.True(t, ok)
	}
	wait, ok := th.take(home)
	require.False(t, ok)
	require.Equal(t, guessEvery, wait)
	_, ok = th.take(other)
	require.True(t, ok)
	th.giveBack(home)
	_, ok = th.take(home)
	require.True(t, ok)
	now = now.Add(guessEvery)
	_, ok = th.take(home)
	require.True(t, ok)
	_, ok = th.take(home)
	require.False(t, ok)
}

func TestThrottleTableIsBounded(t *testing.T) {
	now := time.Unix(1000, 0)
	th := newThrottle[netip.Prefix](func() time.Time { return now }, guessBurst, guessEvery)
	for i := range throttleKeys + 1000 {
		addr := netip.AddrFrom4([4]byte{byte(i >> 16), byte(i >> 8), byte(i), 0})
		th.take(netip.PrefixFrom(addr, 24))
	}
	require.LessOrEqual(t, len(th.stamps), throttleKeys)
	require.Len(t, th.spent, len(th.stamps))
}

func TestNetworkOf(t *testing.T) {
	for addr, want := range map[string]string{
		"198.51.100.7:1234":          "198.51.100.0/24",
		"[::ffff:198.51.100.7]:1234": "198.51.100.0/24",
		"[2001:db8:1:2:3:4:5:6]:1":   "2001:db8:1::/48",
		"[fe80::1%eth0]:1":           "fe80::/48",
		"@":                          "invalid Prefix",
	} {
		require.Equal(t, want, networkOf(&http.Request{RemoteAddr: addr}).String(), addr)
	}
}

func TestSocketSources(t *testing.T) {
	require.Equal(t, " ws://a.example:8080 wss://a.example:8080", socketSources("a.example:8080"))
	require.Equal(t, " ws://[::1]:1 wss://[::1]:1", socketSources("[::1]:1"))
	for _, host := range []string{"", "a; script-src *", "a b", "a\r\nx"} {
		require.Empty(t, socketSources(host), host)
	}
}

// goodSeats calls every seat good.
type goodSeats struct{ CallSeats }

func (goodSeats) SeatHolds(calls.Seat) bool { return true }

func TestSeatEndsWithItsSession(t *testing.T) {
	h := NewHub(Config{}, nil, nil)
	h.calls.CallSeats = goodSeats{}
	s := newSession(h, proto.Person{}, secret{}, proto.Device{})
	place := seat{s: s}
	require.True(t, place.Live())
	s.end(0, "")
	require.False(t, place.Live())
}

func TestIDOf(t *testing.T) {
	for text, want := range map[string]uint64{
		`{"id":7,"type":"call.join","data":{"sdp":"xxx`: 7,
		`{"type":"x","id":8,`:                           8,
		`{"data":{"id":9},"id":10`:                      10,
		`{"data":{"id":9`:                               0,
		`{"id":"7","x`:                                  0,
		`{"id":-7,`:                                     0,
		`{"id":99999999999999999,`:                      0,
		`[{"id":7`:                                      0,
		``:                                              0,
	} {
		require.Equal(t, want, idOf([]byte(text)), text)
	}
}

func FuzzIDOf(f *testing.F) {
	for _, s := range []string{`{"id":7,"data":{"sdp":"x`, `{"type":"x","id":8`, `[[[[`, `{"id":{}`, ``, "{\xff"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if id := idOf(text); id > proto.MaxInteger {
			t.Fatalf("given %q: %d", text, id)
		}
		if r, err := proto.ParseRequest(text); err == nil && idOf(text) != r.ID {
			t.Fatalf("given %q: idOf says %d, the parser %d", text, idOf(text), r.ID)
		}
	})
}

func TestBehindProxies(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for name, c := range map[string]struct {
		from      string
		forwarded []string
		want      string
	}{
		"not a proxy":                {"198.51.100.7:5", []string{"203.0.113.9"}, "198.51.100.0/24"},
		"a proxy that says nothing":  {"10.1.2.3:5", nil, "10.1.2.0/24"},
		"one proxy":                  {"10.1.2.3:5", []string{"203.0.113.9"}, "203.0.113.0/24"},
		"two proxies":                {"10.1.2.3:5", []string{"203.0.113.9, 10.9.9.9"}, "203.0.113.0/24"},
		"two lines":                  {"10.1.2.3:5", []string{"203.0.113.9", "10.9.9.9"}, "203.0.113.0/24"},
		"a client that makes one up": {"10.1.2.3:5", []string{"192.0.2.1, 203.0.113.9"}, "203.0.113.0/24"},
		"rubbish at the end":         {"10.1.2.3:5", []string{"203.0.113.9, x"}, "10.1.2.0/24"},
		"proxies alone":              {"10.1.2.3:5", []string{"10.4.4.4"}, "10.1.2.0/24"},
		"IPv6":                       {"[fd00::1]:5", []string{"2001:db8:1:2::3"}, "2001:db8:1::/48"},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.RemoteAddr = c.from
			for _, f := range c.forwarded {
				r.Header.Add("X-Forwarded-For", f)
			}
			var got string
			behindProxies(trusted, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = networkOf(r).String() })).ServeHTTP(httptest.NewRecorder(), r)
			require.Equal(t, c.want, got)
		})
	}
}

func FuzzForwardedFor(f *testing.F) {
	f.Add("203.0.113.9, 10.9.9.9")
	f.Add(",,::1%eth0, ::ffff:1.2.3.4")
	f.Fuzz(func(t *testing.T, line string) {
		a, ok := forwardedFor([]string{line}, netip.Addr.IsLoopback)
		require.Equal(t, ok, a.IsValid())
		require.False(t, ok && a.IsLoopback())
	})
}

// TestEverythingThatAStrangerSendsCosts: a page that takes something from
// anyone is a guess or a start, and the table names nothing else.
func TestEverythingThatAStrangerSendsCosts(t *testing.T) {
	rows := map[string]bool{}
	for _, e := range proto.Endpoints() {
		rows[e.ID] = true
		if e.Access == proto.AccessAnyone && e.Method != http.MethodGet {
			require.NotEqual(t, free, costs[e.ID], e.ID)
		}
	}
	for id := range costs {
		require.True(t, rows[id], id)
	}
}

// TestAPageThatPanics costs one answer, which says nothing of why.
func TestAPageThatPanics(t *testing.T) {
	var logs strings.Builder
	s := &Server{cfg: Config{}.withDefaults(), d: Deps{Log: slog.New(slog.NewTextHandler(&logs, nil))}}
	e := endpoint{Endpoint: proto.Endpoint{ID: "x", Access: proto.AccessAnyone}, maxBody: maxBody, page: does(func(context.Context, *asked) error { panic("the disk is full") })}
	rec := httptest.NewRecorder()
	s.serve(e)(rec, httptest.NewRequest(http.MethodPost, "/x", nil))
	require.Equal(t, http.StatusInternalServerError, rec.Code)
	require.Contains(t, rec.Body.String(), `"internal"`)
	require.NotContains(t, rec.Body.String(), "disk")
	require.Contains(t, logs.String(), "the disk is full")
}

// TestLettersStarveNobody: whoever sends as many messages as they may still has
// all of the ordinary allowance for the call beside it, and the other way round.
func TestLettersStarveNobody(t *testing.T) {
	now := time.Unix(1000, 0)
	l := newLimits(Config{RatePerSecond: 2, Burst: 3})
	count := func(typ string) (passed int) {
		for l.check(typ, now) == pass {
			passed++
		}
		return passed
	}
	require.Equal(t, 15, count(proto.TypeChatSend))
	require.Zero(t, count(proto.TypeChatAck), "they share it")
	require.Equal(t, 3, count(proto.TypeCallInvite))
	require.Equal(t, 30, count(proto.TypeAck))
	now = now.Add(time.Second)
	require.Equal(t, 10, count(proto.TypeChatSignal))
	require.Equal(t, 2, count(proto.TypeChatAttach), "to attach is ordinary")
	for typ := range classes {
		require.True(t, proto.IsRequest(typ), typ)
	}
}
