package whip

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

// person is a seat with media that notes what it is asked.
type person struct {
	stub
	during func() // runs inside Join
	inside int    // restarts under way
	most   int
	left   int
	end    chan struct{} // restarts wait for it
}

func (p *person) Join(_ context.Context, sdp string, _ []proto.Source) (Media, proto.CallJoined, error) {
	if p.during != nil {
		p.during()
	}
	return p, proto.CallJoined{SDP: sdp}, nil
}

func (p *person) Restart(ctx context.Context, _ string) (string, error) {
	p.inside++
	p.most = max(p.most, p.inside)
	defer func() { p.inside-- }()
	select {
	case <-p.end:
		return "a=ice-lite\r\n", nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

func (p *person) Leave(context.Context) error { p.left++; return nil }

// page is a service by itself.
type page struct {
	*Service
	router chi.Router
}

func newPage() *page {
	s := New(Config{}, Deps{
		Credentials: func(_ http.ResponseWriter, r *http.Request) (string, func(), bool) {
			return r.Header.Get("Token"), func() {}, true
		},
		FromHere: func(*http.Request) bool { return true },
		Refuse: func(w http.ResponseWriter, status int, _ string, err error) {
			if errors.Is(err, context.DeadlineExceeded) {
				status = http.StatusServiceUnavailable
			}
			http.Error(w, err.Error(), status)
		},
		Now: time.Now,
	})
	p := &page{s, chi.NewRouter()}
	s.Mount(p.router)
	return p
}

func (p *page) ask(method, path, token, contentType, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Token", token)
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("If-Match", "*")
	w := httptest.NewRecorder()
	p.router.ServeHTTP(w, r)
	return w
}

const (
	oneWay = "v=0\r\nm=audio 9 x 0\r\na=mid:0\r\na=sendonly\r\n"
	fresh  = "a=ice-ufrag:efgh\r\na=ice-pwd:bbbbbbbbbbbbbbbbbbbbbb\r\n"
)

// TestForgottenDuringTheJoin: media whose token is gone by the time it is
// there is ended again.
func TestForgottenDuringTheJoin(t *testing.T) {
	p, ann := newPage(), &person{stub: stub{live: true}}
	ann.during = func() { p.Forget("ann") }
	w := p.ask(http.MethodPost, "/v1/whip", p.Token("ann", ann).Token, typeSDP, oneWay)
	require.Equal(t, http.StatusUnauthorized, w.Code)
	require.Equal(t, 1, ann.left)
}

// TestRestartsTakeTurns: one restart waits for the other, and no longer than
// its request may take.
func TestRestartsTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, ann := newPage(), &person{stub: stub{live: true}, end: make(chan struct{})}
		token := p.Token("ann", ann).Token
		at := p.ask(http.MethodPost, "/v1/whip", token, typeSDP, oneWay).Header().Get("Location")
		codes := make(chan int, 3)
		for range 3 {
			go func() { codes <- p.ask(http.MethodPatch, at, token, typeFragment, fresh).Code }()
		}
		synctest.Wait()
		require.Equal(t, 1, ann.inside)
		ann.end <- struct{}{}
		require.Equal(t, http.StatusOK, <-codes)
		// The others bring what is there already.
		require.Equal(t, http.StatusNoContent, <-codes)
		require.Equal(t, http.StatusNoContent, <-codes)
		require.Equal(t, 1, ann.most)

		for i := range 2 {
			go func() {
				codes <- p.ask(http.MethodPatch, at, token, typeFragment, strings.ReplaceAll(fresh, "efgh", strings.Repeat("x", 4+i))).Code
			}()
		}
		require.Equal(t, http.StatusServiceUnavailable, <-codes)
		require.Equal(t, http.StatusServiceUnavailable, <-codes)
		require.Equal(t, 1, ann.most)
	})
}
