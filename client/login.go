package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"kinwire/signaling/proto"
)

// maxHTTPBody bounds what is read of a reply of the HTTP API.
const maxHTTPBody = 16 << 20

// LoginResult is what a successful login gives.
type LoginResult struct {
	Token     string
	ExpiresAt time.Time
	Me        proto.Person
}

// HTTP speaks the plain HTTP part of the API. BaseURL is the server's address
// such as "http://localhost:8080"; Client may be nil, which means a client of
// its own without kept-alive connections.
type HTTP struct {
	BaseURL string
	Client  *http.Client
}

// Login signs in with a name and a password. A refusal by the server is a
// [*proto.Error].
func Login(ctx context.Context, baseURL, user, password string) (LoginResult, error) {
	return HTTP{BaseURL: baseURL}.Login(ctx, user, password, proto.Device{})
}

// Login signs in from the device d. A refusal is a [*proto.Error].
func (h HTTP) Login(ctx context.Context, user, password string, d proto.Device) (LoginResult, error) {
	in := struct {
		User     string        `json:"user"`
		Password string        `json:"password"`
		Device   *proto.Device `json:"device,omitempty"`
	}{User: user, Password: password}
	if d != (proto.Device{}) {
		in.Device = &d
	}
	// expires_at is milliseconds since the epoch, as everywhere in the protocol.
	var out struct {
		Token     string       `json:"token"`
		ExpiresAt int64        `json:"expires_at"`
		Me        proto.Person `json:"me"`
	}
	if err := h.do(ctx, http.MethodPost, "/v1/login", "", in, &out); err != nil {
		return LoginResult{}, fmt.Errorf("log in as %q: %w", user, err)
	}
	return LoginResult{Token: out.Token, ExpiresAt: time.UnixMilli(out.ExpiresAt).UTC(), Me: out.Me}, nil
}

// Logout ends the login that token stands for, on every socket.
func (h HTTP) Logout(ctx context.Context, token string) error {
	if err := h.do(ctx, http.MethodPost, "/v1/logout", token, nil, nil); err != nil {
		return fmt.Errorf("log out: %w", err)
	}
	return nil
}

// Record fetches the record of an ended call as the JSON document that the
// server keeps. token is the operator's token.
func (h HTTP) Record(ctx context.Context, token, callID string) (json.RawMessage, error) {
	var out json.RawMessage
	if err := h.do(ctx, http.MethodGet, "/v1/calls/"+url.PathEscape(callID)+"/record", token, nil, &out); err != nil {
		return nil, fmt.Errorf("read the record of call %s: %w", callID, err)
	}
	return out, nil
}

// do sends one request with a JSON body. in and out may be nil.
func (h HTTP) do(ctx context.Context, method, path, token string, in, out any) error {
	var body []byte
	typ := ""
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("encode the request: %w", err)
		}
		body, typ = b, "application/json"
	}
	raw, err := h.exchange(ctx, method, path, token, typ, body)
	if err != nil || out == nil {
		return err
	}
	if err := json.Unmarshal(raw, out); err != nil {
		return fmt.Errorf("decode the reply: %w", err)
	}
	return nil
}

// exchange sends one request and gives the body of the answer. typ is the
// Content-Type of body; empty: there is none.
func (h HTTP) exchange(ctx context.Context, method, path, token, typ string, body []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimRight(h.BaseURL, "/")+path, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("make the request: %w", err)
	}
	if typ != "" {
		req.Header.Set("Content-Type", typ)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	c := h.Client
	if c == nil {
		c = &http.Client{Transport: &http.Transport{DisableKeepAlives: true, Proxy: http.ProxyFromEnvironment}}
	}
	res, err := c.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxHTTPBody))
	if err != nil {
		return nil, fmt.Errorf("read the reply: %w", err)
	}
	if res.StatusCode >= 300 {
		return nil, refusal(res.StatusCode, raw)
	}
	return raw, nil
}

// refusal makes an error of a reply that says no.
func refusal(status int, raw []byte) error {
	pe := &proto.Error{}
	if err := json.Unmarshal(raw, pe); err != nil || pe.Code == "" {
		return fmt.Errorf("the server answered with status %d %s", status, http.StatusText(status))
	}
	return fmt.Errorf("status %d: %w", status, pe)
}
