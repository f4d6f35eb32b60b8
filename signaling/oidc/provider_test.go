package oidc_test

import (
	"bufio"
	"encoding/json"
	"html"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// missing skips the test loudly, or fails it when KINWIRE_TEST_REQUIRE names
// web.
func missing(t *testing.T, why string) {
	t.Helper()
	if slices.Contains(strings.Split(os.Getenv("KINWIRE_TEST_REQUIRE"), ","), "web") {
		t.Fatalf("NOT TESTED: %s, and KINWIRE_TEST_REQUIRE names web", why)
	}
	t.Skip("NOT TESTED: " + why)
}

// realProvider is what testdata/provider.mjs is told.
type realProvider struct {
	Modules   string                    `json:"modules"`
	Port      int                       `json:"port"`
	Redirects []string                  `json:"redirects"`
	Secret    string                    `json:"secret"`
	Method    string                    `json:"method"`
	InToken   bool                      `json:"inToken"`
	People    map[string]map[string]any `json:"people"`
}

var people = map[string]map[string]any{
	"sub-mum":        {"email": "Mum@example.org", "email_verified": true, "name": "Mum\tMarie " + strings.Repeat("X", 60)},
	"sub-dad":        {"email": "dad@example.org", "email_verified": true},
	"sub-textual":    {"email": "textual@example.org", "email_verified": "true", "name": "T"},
	"sub-unverified": {"email": "dad@example.org", "email_verified": false, "name": "Not Dad"},
	"sub-unsaid":     {"email": "dad@example.org", "name": "Not Dad"},
	"sub-nobody":     {"name": "No Mail"},
	"sub-recycled":   {"email": "mum@example.org", "email_verified": true, "name": "Not Mum"},
}

// start runs oidc-provider until the test ends and returns the issuer.
func (p realProvider) start(t *testing.T) string {
	t.Helper()
	issuer, _ := p.run(t)
	return issuer
}

// run is start for a test that stops it before.
func (p realProvider) run(t *testing.T) (issuer string, stop func()) {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		missing(t, "no node here")
	}
	p.Modules, err = filepath.Abs("../../web")
	require.NoError(t, err)
	if _, err := os.Stat(filepath.Join(p.Modules, "node_modules", "oidc-provider")); err != nil {
		missing(t, "oidc-provider is not installed (npm ci in web)")
	}
	p.People = people
	cfg, err := json.Marshal(p)
	require.NoError(t, err)

	cmd := exec.Command(node, "testdata/provider.mjs")
	cmd.Env = append(os.Environ(), "PROVIDER="+string(cfg))
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	var trouble strings.Builder
	cmd.Stderr = &trouble
	require.NoError(t, cmd.Start())
	stop = sync.OnceFunc(func() {
		_ = stdin.Close() // it ends by itself then
		kill := time.AfterFunc(10*time.Second, func() { _ = cmd.Process.Kill() })
		defer kill.Stop()
		err := cmd.Wait()
		if t.Failed() {
			t.Logf("oidc-provider ended (%v): %s", err, &trouble)
		}
	})
	t.Cleanup(stop)
	line, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(t, err, "oidc-provider did not start: %s", &trouble)
	port, err := strconv.Atoi(strings.TrimSpace(strings.TrimPrefix(line, "port ")))
	require.NoError(t, err, line)
	return "http://127.0.0.1:" + strconv.Itoa(port), stop
}

// closedPort is one on which nobody listens.
func closedPort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// browser keeps cookies and goes where it is sent, one step at a time.
type browser struct {
	t      *testing.T
	client *http.Client
}

func newBrowser(t *testing.T) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	transport := http.DefaultTransport.(*http.Transport).Clone()
	t.Cleanup(transport.CloseIdleConnections)
	return &browser{t: t, client: &http.Client{Jar: jar, Transport: transport, Timeout: 20 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// visit gets an address, or posts form to it, and returns where it leads, or
// else the page.
func (b *browser) visit(address string, form url.Values) (location, page string) {
	b.t.Helper()
	var res *http.Response
	var err error
	if form == nil {
		res, err = b.client.Get(address)
	} else {
		res, err = b.client.PostForm(address, form)
	}
	require.NoError(b.t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	require.NoError(b.t, err)
	if to := res.Header.Get("Location"); to != "" {
		next, err := res.Request.URL.Parse(to)
		require.NoError(b.t, err)
		return next.String(), ""
	}
	require.Equal(b.t, http.StatusOK, res.StatusCode, "%s: %s", address, text)
	return "", string(text)
}

var (
	action = regexp.MustCompile(`<form[^>]* action="([^"]+)"`)
	prompt = regexp.MustCompile(`name="prompt" value="([^"]+)"`)
	abort  = regexp.MustCompile(`href="([^"]+/abort)"`)
)

// answers goes through the provider's pages as somebody, from the address that
// begins the log-in to the one that leads back. Who is nobody cancels.
func (b *browser) answers(address, who string) (back string) {
	b.t.Helper()
	for range 20 {
		if strings.Contains(address, "/v1/login/oidc/") {
			return address
		}
		to, page := b.visit(address, nil)
		if page != "" {
			to = b.fillIn(page, who)
		}
		address = to
	}
	b.t.Fatal("the provider leads nowhere")
	return ""
}

func (b *browser) fillIn(page, who string) (to string) {
	b.t.Helper()
	if who == "" {
		link := abort.FindStringSubmatch(page)
		require.NotNil(b.t, link, page)
		to, _ = b.visit(html.UnescapeString(link[1]), nil)
		return to
	}
	form, kind := action.FindStringSubmatch(page), prompt.FindStringSubmatch(page)
	require.NotNil(b.t, form, page)
	require.NotNil(b.t, kind, page)
	to, _ = b.visit(html.UnescapeString(form[1]), url.Values{"prompt": {kind[1]}, "login": {who}, "password": {"any"}})
	return to
}
