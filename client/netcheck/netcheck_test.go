package netcheck

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/pion/stun/v3"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"kinwire/signaling/proto"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// stunServer answers binding requests, but for those larger than most bytes of
// IP packet, which a narrow link would have lost. It says shift more than the
// port it saw, as a NAT in between would.
func stunServer(t *testing.T, most int, shift uint16) string {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	require.NoError(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		b := make([]byte, 4096)
		for {
			n, from, err := conn.ReadFromUDP(b)
			if err != nil {
				return
			}
			m := &stun.Message{Raw: append([]byte{}, b[:n]...)}
			if n+28 > most || m.Decode() != nil {
				continue
			}
			res, err := stun.Build(m, stun.BindingSuccess, &stun.XORMappedAddress{IP: from.IP, Port: from.Port + int(shift)})
			if err != nil {
				continue
			}
			_, _ = conn.WriteToUDP(res.Raw, from)
		}
	}()
	t.Cleanup(func() { _ = conn.Close(); <-done })
	return conn.LocalAddr().String()
}

func check(t *testing.T) *checker {
	return &checker{opt: Options{Timeout: 5 * time.Second, Now: time.Now}, res: &Result{}, progress: func(Row) {}}
}

func TestSTUN(t *testing.T) {
	c := check(t)
	row := c.stun(t.Context(), []string{stunServer(t, 1500, 0), "127.0.0.1:nonsense"})
	require.Equal(t, OK, row.State, row.Detail)
	require.Positive(t, row.RTT)
	require.Equal(t, "none", c.res.NAT.Kind, c.res.NAT)
	require.Equal(t, "127.0.0.0/24", c.res.NAT.Mapped)
	require.Equal(t, 1500, c.res.MTU)
}

func TestSTUNBehindNAT(t *testing.T) {
	c := check(t)
	require.Equal(t, OK, c.stun(t.Context(), []string{stunServer(t, 1500, 7), stunServer(t, 1500, 7)}).State)
	require.Equal(t, "same", c.res.NAT.Kind)
	c = check(t)
	require.Equal(t, OK, c.stun(t.Context(), []string{stunServer(t, 1500, 7), stunServer(t, 1500, 9)}).State)
	require.Equal(t, "varies", c.res.NAT.Kind)
}

// TestNarrowLink: what the largest packet is, to within 4 bytes.
func TestNarrowLink(t *testing.T) {
	c := check(t)
	require.Equal(t, OK, c.stun(t.Context(), []string{stunServer(t, 1400, 0)}).State)
	require.InDelta(t, 1400, c.res.MTU, 4)
	require.LessOrEqual(t, c.res.MTU, 1400)
}

func TestSTUNBlocked(t *testing.T) {
	c := check(t)
	row := c.stun(t.Context(), []string{stunServer(t, 0, 0)})
	require.Equal(t, Failed, row.State)
	require.Equal(t, errNoAnswer.Error(), row.Detail)
	require.Equal(t, "unknown", c.res.NAT.Kind)
	require.Zero(t, c.res.MTU)
	require.Equal(t, Absent, check(t).stun(t.Context(), nil).State)
}

func TestOnly(t *testing.T) {
	answer := "v=0\r\na=candidate:1 1 udp 1 192.0.2.1 7 typ host\r\na=candidate:2 1 TCP 1 192.0.2.1 7 typ host tcptype passive\r\na=end-of-candidates\r\n"
	for _, c := range []struct {
		name string
		left string
	}{{"direct_udp", "candidate:1"}, {"direct_tcp", "candidate:2"}, {"relay_tls", "candidate:1"}} {
		for _, w := range ways {
			if w.name != c.name {
				continue
			}
			sdp, n := only(w, answer)
			require.Equal(t, 1, n)
			require.Contains(t, sdp, c.left)
			require.Equal(t, 1, strings.Count(sdp, "a=candidate:"))
			require.Contains(t, sdp, "a=end-of-candidates\r\n")
		}
	}
}

func TestTransportOf(t *testing.T) {
	for address, want := range map[string]string{
		"turn:192.0.2.1:3478": "udp", "turn:192.0.2.1:3478?transport=udp": "udp", "turn:[2001:db8::1]:3478?transport=tcp": "tcp",
		"turns:calls.example:5349?transport=tcp": "tls", "turns:calls.example": "tls", "stun:192.0.2.1": "", "nonsense": "", "turn:x?%": "",
	} {
		require.Equal(t, want, transportOf(address), address)
	}
}

// TestServerThatIsNone: every kind of wrong server is a result, not an error.
func TestServerThatIsNone(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Error(w, "<html>please log in to the hotel's network</html>", http.StatusForbidden)
	}))
	defer elsewhere.Close()
	var heard []Row
	res, err := Run(t.Context(), Options{BaseURL: elsewhere.URL}, func(r Row) { heard = append(heard, r) })
	require.NoError(t, err)
	require.False(t, res.Works())
	require.Equal(t, "The server cannot be reached at all.", res.Verdict)
	require.Contains(t, res.row("https").Detail, "not Kinwire's")
	require.Equal(t, res.Rows, heard)
	require.Len(t, res.Rows, 3+len(ways))

	elsewhere.Close()
	res, err = Run(t.Context(), Options{BaseURL: elsewhere.URL}, nil)
	require.NoError(t, err)
	require.Equal(t, Failed, res.row("https").State)
	var b strings.Builder
	require.NoError(t, res.WriteTable(&b))
	require.Contains(t, b.String(), "FAILED")
}

// TestPagesWithoutSocket: a proxy that passes pages on and no WebSocket; and a
// server that refuses the check.
func TestPagesWithoutSocket(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/healthz", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("/v1/netcheck", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusTooManyRequests)
		_, _ = w.Write([]byte(`{"code":"rate_limited","message":"try again in 9 s"}`))
	})
	s := httptest.NewServer(mux)
	defer s.Close()
	res, err := Run(t.Context(), Options{BaseURL: s.URL}, nil)
	require.NoError(t, err)
	require.Equal(t, OK, res.row("https").State)
	require.Contains(t, res.row("websocket").Detail, "404")
	require.Contains(t, res.row("stun").Detail, "try again in 9 s")
	require.Contains(t, res.Verdict, "WebSockets do not come through")
}

func TestBadURL(t *testing.T) {
	for _, given := range []string{"", "calls.example", "ftp://calls.example", "http://", "::"} {
		_, err := Run(t.Context(), Options{BaseURL: given}, nil)
		var bad *BadURLError
		require.ErrorAs(t, err, &bad, given)
		require.Equal(t, given, bad.Given)
	}
}

func TestCancelled(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	defer s.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Run(ctx, Options{BaseURL: s.URL}, nil)
	require.ErrorIs(t, err, context.Canceled)
}

// TestVerdicts: each mixture of what works has its own words.
func TestVerdicts(t *testing.T) {
	for want, working := range map[string][]string{
		"The server cannot be reached at all.":                {},
		"WebSockets do not come through":                      {"https"},
		"Calls would ring and stay dark and silent":           {"https", "websocket", "stun"},
		"on the best way":                                     {"https", "websocket", "direct_udp", "relay_tcp"},
		"by the relay: the media port over UDP is blocked":    {"https", "websocket", "relay_udp", "direct_tcp"},
		"over TCP only: expect pauses where packets are lost": {"https", "websocket", "relay_tls"},
	} {
		r := &Result{}
		for _, name := range []string{"https", "websocket", "stun"} {
			r.Rows = append(r.Rows, Row{Name: name, State: Failed})
		}
		for _, w := range ways {
			r.Rows = append(r.Rows, Row{Name: w.name, State: Failed})
		}
		for _, name := range working {
			for i := range r.Rows {
				if r.Rows[i].Name == name {
					r.Rows[i].State = OK
				}
			}
		}
		r.judge()
		require.Contains(t, r.Verdict, want)
		require.Equal(t, strings.Contains(want, "best way") || strings.Contains(want, "relay:") || strings.Contains(want, "TCP only"), r.Works())
	}
}

// TestNATNamesNetworksAlone: no whole address, not that of a 6to4 one either.
func TestNATNamesNetworksAlone(t *testing.T) {
	for a, want := range map[string]string{
		"192.0.2.77": "192.0.2.0/24", "::ffff:192.0.2.77": "192.0.2.0/24", "2001:db8:1:2::3": "2001:db8:1::/48", "2002:c000:24d::1": "2002:c000:200::/40",
	} {
		at := netip.AddrPortFrom(netip.MustParseAddr(a), 9)
		require.Equal(t, want, nat(at, []netip.AddrPort{at}).Mapped)
		require.Equal(t, want, nat(at, []netip.AddrPort{at}).Local)
	}
	require.Empty(t, nat(netip.AddrPort{}, []netip.AddrPort{{}}).Local)
}

func FuzzOnly(f *testing.F) {
	f.Add("v=0\r\na=candidate:1 1 udp 1 192.0.2.1 7 typ host\r\n")
	f.Add("a=candidate:")
	f.Fuzz(func(t *testing.T, sdp string) {
		for _, w := range ways {
			out, n := only(w, sdp)
			if n < 0 || len(out) > len(sdp) {
				t.Fatal(out, n)
			}
		}
	})
}

func TestTurnFor(t *testing.T) {
	list := []proto.ICEServer{{URLs: []string{"stun:192.0.2.1", "turn:192.0.2.1", "turn:192.0.2.1?transport=tcp", "turns:192.0.2.1"}, Username: "u", Credential: "c"}}
	for _, w := range ways {
		got := turnFor(w, list)
		if !w.relay {
			require.Empty(t, got)
			continue
		}
		require.Len(t, got, 1)
		require.Len(t, got[0].URLs, 1)
		require.Equal(t, "u", got[0].Username)
	}
}
