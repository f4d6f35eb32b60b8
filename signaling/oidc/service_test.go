package oidc_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/stretchr/testify/require"

	"kinwire/signaling/oidc"
	"kinwire/signaling/proto"
)

func TestSignIn(t *testing.T) {
	for name, p := range map[string]realProvider{
		"claims at userinfo, secret in a header":  confidential,
		"claims in the token, secret in the body": {Secret: "a secret & more", Method: "client_secret_post", InToken: true},
		"a public client":                         {Method: "none"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := withProvider(t, p)
			me := h.requireSession(t, "mum@example.org", h.signIn(newBrowser(t), "one", "sub-mum"))
			require.Equal(t, "Mum Marie "+strings.Repeat("X", 30), me.Name, "one line of 40 characters")
			require.Equal(t, proto.RoleParent, me.Role)
			h.requireSession(t, "textual@example.org", h.signIn(newBrowser(t), "one", "sub-textual"))
			require.Empty(t, h.logged())
		})
	}
}

// TestWhoseAccount: the subject decides once it is known, the e-mail address
// the first time.
func TestWhoseAccount(t *testing.T) {
	h := withProvider(t, confidential)
	dad, err := h.accounts.ParentByEmail(t.Context(), "dad@example.org", "Dad")
	require.NoError(t, err)

	require.Equal(t, dad, h.requireSession(t, "dad@example.org", h.signIn(newBrowser(t), "one", "sub-dad")).ID)
	require.Equal(t, 1, h.asked)
	require.Equal(t, dad, h.requireSession(t, "dad@example.org", h.signIn(newBrowser(t), "one", "sub-dad")).ID)
	require.Equal(t, 1, h.asked, "nobody asks for the address a second time")
	require.Equal(t, dad, h.requireSession(t, "dad@example.org", h.signIn(newBrowser(t), "two", "sub-dad")).ID)

	h.requireSession(t, "mum@example.org", h.signIn(newBrowser(t), "one", "sub-mum"))
	require.Equal(t, "error=taken", h.signIn(newBrowser(t), "one", "sub-recycled"), "an address that was given to somebody else")

	for _, who := range []string{"sub-unverified", "sub-unsaid", "sub-nobody"} {
		require.Equal(t, "error=email_unverified", h.signIn(newBrowser(t), "one", who), who)
	}

	h.refuse = &proto.Error{Code: proto.CodeNotAllowed, Message: "no"}
	require.Equal(t, "error=not_allowed", h.signIn(newBrowser(t), "two", "sub-mum"))
	h.refuse = errors.New("disk full")
	require.Equal(t, "error=internal", h.signIn(newBrowser(t), "two", "sub-mum"))
	h.requireSession(t, "mum@example.org", h.signIn(newBrowser(t), "one", "sub-mum"))
	for _, secret := range []string{"example.org", "sub-", "Marie", "Dad"} {
		require.NotContains(t, h.logged(), secret)
	}
}

func TestCancelled(t *testing.T) {
	h := withProvider(t, confidential)
	b := newBrowser(t)
	require.Equal(t, "error=cancelled", h.signIn(b, "one", ""))
	h.requireSession(t, "mum@example.org", h.signIn(b, "one", "sub-mum"))
}

func edit(t *testing.T, address string, change func(q url.Values)) string {
	t.Helper()
	u, err := url.Parse(address)
	require.NoError(t, err)
	q := u.Query()
	change(q)
	u.RawQuery = q.Encode()
	return u.String()
}

// TestTamperedOnTheWay: somebody changes the address that leads to the
// provider.
func TestTamperedOnTheWay(t *testing.T) {
	h := withProvider(t, confidential)
	for name, c := range map[string]struct {
		change func(q url.Values)
		want   string
	}{
		"nonce":          {func(q url.Values) { q.Set("nonce", "another") }, "error=unauthenticated"},
		"no nonce":       {func(q url.Values) { q.Del("nonce") }, "error=unauthenticated"},
		"PKCE challenge": {func(q url.Values) { q.Set("code_challenge", strings.Repeat("A", 43)) }, "error=wrong_state"},
		"state":          {func(q url.Values) { q.Set("state", "another") }, "error=wrong_state"},
		"scope":          {func(q url.Values) { q.Set("scope", "openid") }, "error=email_unverified"},
		"nothing":        {func(url.Values) {}, "ticket="},
	} {
		b := newBrowser(t)
		to, _ := b.visit(h.startURL("one"), nil)
		require.Equal(t, "S256", query(t, to).Get("code_challenge_method"))
		subject := "sub-mum"
		if name == "nothing" {
			subject = "sub-dad" // who is linked then, and needs no e-mail address any more
		}
		got := h.end(b, b.answers(edit(t, to, c.change), subject))
		require.True(t, strings.HasPrefix(got, c.want), "%s: %s", name, got)
	}
}

func query(t *testing.T, address string) url.Values {
	t.Helper()
	u, err := url.Parse(address)
	require.NoError(t, err)
	return u.Query()
}

// TestTamperedOnTheWayBack: somebody changes the address that leads back, or
// opens it in another browser.
func TestTamperedOnTheWayBack(t *testing.T) {
	h := withProvider(t, confidential)
	const tooLong = 5000
	for name, c := range map[string]struct {
		change func(q url.Values)
		want   string
	}{
		"state":              {func(q url.Values) { q.Set("state", "another") }, "error=wrong_state"},
		"no state":           {func(q url.Values) { q.Del("state") }, "error=wrong_state"},
		"state too long":     {func(q url.Values) { q.Set("state", strings.Repeat("s", tooLong)) }, "error=wrong_state"},
		"code":               {func(q url.Values) { q.Set("code", "another") }, "error=wrong_state"},
		"no code":            {func(q url.Values) { q.Del("code") }, "error=unauthenticated"},
		"code too long":      {func(q url.Values) { q.Set("code", strings.Repeat("c", tooLong)) }, "error=unauthenticated"},
		"another provider":   {func(q url.Values) { q.Set("iss", "https://evil.test") }, "error=unauthenticated"},
		"no provider":        {func(q url.Values) { q.Del("iss") }, "error=unauthenticated"},
		"an error":           {func(q url.Values) { q.Set("error", "server_error") }, "error=unavailable"},
		"an error of theirs": {func(q url.Values) { q.Set("error", "mum@example.org\r\nx") }, "error=cancelled"},
		"an error, no state": {func(q url.Values) { q.Del("state"); q.Set("error", "server_error") }, "error=wrong_state"},
	} {
		b := newBrowser(t)
		back := h.back(b, "one", "sub-mum")
		require.Equal(t, c.want, h.end(b, edit(t, back, c.change)), name)
	}
	require.NotContains(t, h.logged(), "example.org")

	t.Run("the callback of the other provider", func(t *testing.T) {
		b := newBrowser(t)
		back := h.back(b, "one", "sub-mum")
		before := strings.Count(h.logged(), "at=exchange")
		require.Equal(t, "error=wrong_state", h.end(b, strings.Replace(back, "/one/", "/two/", 1)))
		require.Equal(t, before, strings.Count(h.logged(), "at=exchange"), "the code is not even tried")
	})
	t.Run("another browser", func(t *testing.T) {
		b, other := newBrowser(t), newBrowser(t)
		back := h.back(b, "one", "sub-mum")
		require.Equal(t, "error=wrong_state", h.end(other, back), "no cookie")
		h.back(other, "one", "sub-dad")
		require.Equal(t, "error=wrong_state", h.end(other, back), "the cookie of another log-in")
		h.requireSession(t, "mum@example.org", h.end(b, back)) // nobody has used it up
	})
	t.Run("a second time", func(t *testing.T) {
		b := newBrowser(t)
		to, _ := b.visit(h.startURL("one"), nil)
		cookies := h.cookies(b)
		require.Len(t, cookies, 1)
		back := b.answers(to, "sub-mum")
		h.requireSession(t, "mum@example.org", h.end(b, back))
		require.Empty(t, h.cookies(b), "the cookie is gone")
		require.Equal(t, "error=wrong_state", h.end(b, back))
		b.client.Jar.SetCookies(mustParse(t, h.url), cookies)
		require.Equal(t, "error=wrong_state", h.end(b, back), "with the cookie put back")
	})
	t.Run("too late", func(t *testing.T) {
		b := newBrowser(t)
		back := h.back(b, "one", "sub-mum")
		h.later(10*time.Minute + time.Second)
		defer h.later(-10*time.Minute - time.Second)
		require.Equal(t, "error=wrong_state", h.end(b, back))
	})
}

// cookies are those of the server; those of the provider, on another port of
// the same host, lie in the same jar.
func (h *house) cookies(b *browser) (own []*http.Cookie) {
	for _, c := range b.client.Jar.Cookies(mustParse(b.t, h.url)) {
		if c.Name == "kinwire-oidc" {
			own = append(own, c)
		}
	}
	return own
}

func mustParse(t *testing.T, address string) *url.URL {
	t.Helper()
	u, err := url.Parse(address)
	require.NoError(t, err)
	return u
}

func TestSuspended(t *testing.T) {
	h := withProvider(t, confidential)
	me := h.requireSession(t, "mum@example.org", h.signIn(newBrowser(t), "one", "sub-mum"))
	_, done, err := h.store.SuspendPerson(t.Context(), proto.Suspension{PersonID: me.ID})
	require.NoError(t, err)
	require.True(t, done)
	require.Equal(t, "error=suspended", h.signIn(newBrowser(t), "one", "sub-mum"))
	require.Equal(t, 1, h.asked, "no new account for the address")
	require.Equal(t, "error=suspended", h.signIn(newBrowser(t), "two", "sub-mum"), "by the address neither")
}

// TestProviderComesUpLate: the server starts without it, says so, and notices
// when it is there.
func TestProviderComesUpLate(t *testing.T) {
	port := closedPort(t)
	p := confidential
	p.Port = port
	h := newHouse(t, func(public string) []oidc.ProviderConfig {
		p.Redirects = callbacks(public, "one")
		return []oidc.ProviderConfig{{ID: "one", Name: "One", Issuer: fmt.Sprintf("http://127.0.0.1:%d", port), ClientID: "kinwire", ClientSecret: p.Secret}}
	})
	require.Equal(t, []proto.Provider{{ID: "one", Name: "One", URL: "/v1/login/oidc/one"}}, h.Providers().Providers)
	b := newBrowser(t)
	require.Equal(t, "error=unavailable", h.end(b, h.startURL("one")))
	require.Contains(t, h.logged(), "connection refused")
	require.Empty(t, h.cookies(b))

	p.start(t)
	require.Equal(t, "error=unavailable", h.end(b, h.startURL("one")), "it is not asked at every click")
	h.later(3 * time.Second)
	h.requireSession(t, "mum@example.org", h.signIn(b, "one", "sub-mum"))
}

// TestProviderGoes: it was there, and is not when the browser comes back.
func TestProviderGoes(t *testing.T) {
	var issuer string
	var stop func()
	h := newHouse(t, func(public string) []oidc.ProviderConfig {
		p := confidential
		p.Redirects = callbacks(public, "one")
		issuer, stop = p.run(t)
		return []oidc.ProviderConfig{{ID: "one", Name: "One", Issuer: issuer, ClientID: "kinwire", ClientSecret: p.Secret}}
	})
	b := newBrowser(t)
	back := h.back(b, "one", "sub-mum")
	stop()
	require.Equal(t, "error=unavailable", h.end(b, back))
	h.later(25 * time.Hour)
	for range 2 {
		to, _ := b.visit(h.startURL("one"), nil)
		require.True(t, strings.HasPrefix(to, issuer), "what is known of it stays good: %s", to)
	}
	require.Equal(t, 1, strings.Count(h.logged(), "provider is not there"), "it is not asked at every click")
}

func TestUnknownProvider(t *testing.T) {
	h := newHouse(t, func(string) []oidc.ProviderConfig { return nil })
	require.Equal(t, proto.Providers{Providers: []proto.Provider{}}, h.Providers())
	b := newBrowser(t)
	require.Equal(t, "error=not_found", h.end(b, h.startURL("other")))
	require.Equal(t, "error=not_found", h.end(b, h.startURL("other")+"/callback?state=a&code=b"))
}

func TestHeaders(t *testing.T) {
	h := withProvider(t, confidential)
	res, err := newBrowser(t).client.Get(h.startURL("one"))
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusSeeOther, res.StatusCode)
	require.Equal(t, "no-store", res.Header.Get("Cache-Control"))
	require.Equal(t, "no-referrer", res.Header.Get("Referrer-Policy"))
	cookie := res.Cookies()[0]
	require.True(t, cookie.HttpOnly)
	require.Equal(t, http.SameSiteLaxMode, cookie.SameSite)
	require.Equal(t, 600, cookie.MaxAge)
	q := query(t, res.Header.Get("Location"))
	require.NotContains(t, res.Header.Get("Location"), cookie.Value, "what the browser keeps does not go to the provider")
	require.Equal(t, "openid email profile", q.Get("scope"))

	// With a public https address the cookie is for that host alone.
	issuer := res.Header.Get("Location")[:strings.Index(res.Header.Get("Location"), "/auth")]
	s, err := oidc.New(t.Context(), h.store, h.now, oidc.Config{PublicURL: "https://kinwire.example/app", Providers: []oidc.ProviderConfig{
		{ID: "one", Name: "One", Issuer: issuer, ClientID: "kinwire"},
	}}, oidc.Deps{Accounts: h})
	require.NoError(t, err)
	r := chi.NewRouter()
	s.Routes(r)
	rec := httptest.NewRecorder()
	r.ServeHTTP(rec, httptest.NewRequest("GET", "/v1/login/oidc/one", nil))
	require.Contains(t, rec.Header().Get("Set-Cookie"), "__Host-kinwire-oidc=")
	require.Contains(t, rec.Header().Get("Set-Cookie"), "; Secure")
	require.Equal(t, "https://kinwire.example/app/v1/login/oidc/one/callback", query(t, rec.Header().Get("Location")).Get("redirect_uri"))
	rec = httptest.NewRecorder()
	r.ServeHTTP(rec, httptest.NewRequest("GET", "/v1/login/oidc/two", nil))
	require.Equal(t, "https://kinwire.example/app/#error=not_found", rec.Header().Get("Location"))
}

func TestConfigRefused(t *testing.T) {
	good := oidc.ProviderConfig{ID: "one", Name: "One", Issuer: "https://id.example", ClientID: "kinwire"}
	with := func(change func(*oidc.ProviderConfig)) oidc.Config {
		p := good
		change(&p)
		return oidc.Config{PublicURL: "https://kinwire.example", Providers: []oidc.ProviderConfig{p}}
	}
	for says, cfg := range map[string]oidc.Config{
		"small letters":           with(func(p *oidc.ProviderConfig) { p.ID = "One/../x" }),
		"needs a name":            with(func(p *oidc.ProviderConfig) { p.Name = "" }),
		"a client id":             with(func(p *oidc.ProviderConfig) { p.ClientID = "" }),
		"issuer of provider one":  with(func(p *oidc.ProviderConfig) { p.Issuer = "id.example" }),
		"must be https, or http":  with(func(p *oidc.ProviderConfig) { p.Issuer = "http://id.example" }),
		"perhaps with a path":     with(func(p *oidc.ProviderConfig) { p.Issuer = "https://a:b@id.example" }),
		`public URL is ""`:        {Providers: []oidc.ProviderConfig{good}},
		"two providers":           {PublicURL: "https://kinwire.example", Providers: []oidc.ProviderConfig{good, good}},
		"it must be https://host": {PublicURL: "https://kinwire.example/#x", Providers: []oidc.ProviderConfig{good}},
	} {
		_, err := oidc.New(t.Context(), nil, time.Now, cfg, oidc.Deps{})
		require.ErrorContains(t, err, says)
	}
	_, err := oidc.New(t.Context(), nil, time.Now, oidc.Config{}, oidc.Deps{})
	require.NoError(t, err, "no providers, no address needed")
}
