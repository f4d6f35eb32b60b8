package export

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Record is what is handed on of one call.
type Record struct {
	CallID             string
	StartedAt, EndedAt time.Time
	Reason             string
	Participants       int
	Video              bool
	DurationMS, TalkMS int64
	Codecs, Paths      []string
	Score              float64 // mean opinion score, 1 to 5; 0: nothing was measured
	Verdict            string
	Document           json.RawMessage
}

// Error is an attempt that failed.
type Error struct {
	Final bool          // another attempt is of no use
	After time.Duration // how long the far end asks to be left alone; 0: it does not say
	err   error
}

func (e *Error) Error() string { return e.err.Error() }

// Unwrap gives the cause, if there is one besides a status.
func (e *Error) Unwrap() error { return e.err }

// DefaultTimeout is that of one attempt.
const DefaultTimeout = 10 * time.Second

// maxPause bounds what a far end may ask for.
const maxPause = time.Hour

// newClient makes a client that follows no redirects.
func newClient(timeout time.Duration, round func(http.RoundTripper) http.RoundTripper) (*http.Client, *http.Transport) {
	t := &http.Transport{
		Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: 4, IdleConnTimeout: 30 * time.Second,
		TLSHandshakeTimeout: timeout, ForceAttemptHTTP2: true,
	}
	return &http.Client{
		Transport: round(t), Timeout: timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, t
}

// parse takes an address to send to. The error does not show it: it may hold a
// password.
func parse(what, address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, fmt.Errorf("export: the address of the %s must be http://… or https://… with a host", what)
	}
	return u, nil
}

// answered turns a status into an error; passing are refusals that may not be
// the last word.
func answered(what string, status int, h http.Header, passing map[int]bool) error {
	if status >= 200 && status < 300 {
		return nil
	}
	return &Error{Final: !passing[status], After: retryAfter(h), err: fmt.Errorf("the %s answered with status %d", what, status)}
}

// unanswered is an attempt to which there was no answer.
func unanswered(what string, err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err // without the address
	}
	return &Error{err: fmt.Errorf("asking the %s: %w", what, err)}
}

// retryAfter reads Retry-After in seconds (RFC 9110, section 10.2.3).
func retryAfter(h http.Header) time.Duration {
	seconds, err := strconv.Atoi(h.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0
	}
	return time.Duration(min(seconds, int(maxPause/time.Second))) * time.Second
}
