package signaling_test

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"kinwire/signaling"
	"kinwire/signaling/proto"
)

// tuned is the configuration of newHouse with changes.
func tuned(set func(*signaling.Config)) signaling.Config {
	cfg := signaling.Config{RatePerSecond: 100000, Burst: 100000, OperatorToken: operatorToken}
	set(&cfg)
	return cfg
}

func TestTuneWhoMayOpenOperatorsPages(t *testing.T) {
	h := newHouse(t, func(c *signaling.Config) {
		c.Staff = map[string]signaling.Staff{"ann": {Token: "the-token-of-ann-x", Roles: []string{proto.OperatorCalls}}}
	})
	status := func(token string) int { return h.do("GET", "/v1/ops/me", token, "").StatusCode }
	require.Equal(t, http.StatusOK, status("the-token-of-ann-x"))
	h.srv.Tune(tuned(func(c *signaling.Config) {
		c.OperatorToken = "a-fresh-operator-token"
		c.Staff = map[string]signaling.Staff{"raj": {Token: "the-token-of-raj-x"}}
	}))
	for token, want := range map[string]int{
		operatorToken: http.StatusUnauthorized, "the-token-of-ann-x": http.StatusUnauthorized,
		"a-fresh-operator-token": http.StatusOK, "the-token-of-raj-x": http.StatusOK,
	} {
		require.Equal(t, want, status(token), token)
	}
}

func TestTuneOriginsAndProxies(t *testing.T) {
	h := newHouse(t, nil)
	from := func(origin string) error {
		ws, _, err := h.dial(&websocket.DialOptions{HTTPHeader: http.Header{"Origin": {origin}}})
		if err == nil {
			_ = ws.CloseNow()
		}
		return err
	}
	asked := func() bool {
		h.fetch("GET", "/v1/me", "", map[string]string{"X-Forwarded-For": "203.0.113.9"})
		return strings.Contains(h.logs.String(), "network=203.0.113.0/24")
	}
	require.Error(t, from("https://family.example"))
	require.False(t, asked())
	h.srv.Tune(tuned(func(c *signaling.Config) {
		c.AllowedOrigins = []string{"https://family.example"}
		c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	}))
	require.NoError(t, from("https://family.example"))
	require.True(t, asked())
	h.srv.Tune(tuned(func(*signaling.Config) {}))
	require.Error(t, from("https://family.example"))
}

// TestTuneLimitsOfSessionsThatAreThere: rates, sizes and the number of sessions
// hold for people who are connected already.
func TestTuneLimitsOfSessionsThatAreThere(t *testing.T) {
	h := newHouse(t, nil)
	p, _ := h.enter("ann")
	h.srv.Tune(tuned(func(c *signaling.Config) {
		c.RatePerSecond, c.Burst, c.MaxMessageBytes, c.MaxSessionsPerUser = 0.001, 10, 16384, 1
	}))
	for id := uint64(2); id <= 15; id++ {
		p.ask(id, proto.TypeCallAccept, proto.CallRef{CallID: "c"})
	}
	for range 14 {
		m := p.until(func(m proto.Message) bool { return m.Re != 0 })
		require.Equal(t, m.Re > 11, m.Error != nil, "request %d: %v", m.Re, m.Error)
	}
	_, err := h.again("ann")
	require.NotNil(t, err)
	require.Equal(t, proto.CodeRateLimited, err.Code)

	h.srv.Tune(tuned(func(c *signaling.Config) { c.MaxMessageBytes = 1 << 20 }))
	p.send(message("20", "people.list", `{"x":"`+strings.Repeat("x", 500_000)+`"}`))
	require.NotEqual(t, proto.CodeTooLarge, codeOf(p.reply(20)))
	p.send(message("21", "people.list", `{"x":"`+strings.Repeat("x", 2<<20)+`"}`))
	require.Equal(t, proto.CodeTooLarge, codeOf(p.reply(21)), "above the hard limit of before, which would have closed the socket")
	_, err = h.again("ann")
	require.Nil(t, err)
}

func codeOf(m proto.Message) proto.Code {
	if m.Error == nil {
		return ""
	}
	return m.Error.Code
}

// again opens one more session of a person.
func (h *house) again(user string) (*peer, *proto.Error) {
	p := h.connect()
	p.hello(1, proto.Hello{Version: proto.Version, Token: "token-" + user})
	m := p.reply(1)
	return p, m.Error
}

// TestTuneResumeWindow: the next drop of a socket goes by the new window.
func TestTuneResumeWindow(t *testing.T) {
	h := newHouse(t, nil)
	p, _ := h.enter("ann")
	h.srv.Tune(tuned(func(c *signaling.Config) { c.ResumeWindow = 1 }))
	p.cut()
	h.eventually("the session is over at once, not in 30 s", func() bool { return strings.Contains(h.logs.String(), "session ended") })
}
