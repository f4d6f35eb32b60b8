package export

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// EventType is the type of a webhook's message.
const EventType = "call.ended"

// minSecret is the least that a key may have, in bytes, as Standard Webhooks asks.
const minSecret = 24

// WebhookConfig says where records go and how they are signed.
type WebhookConfig struct {
	URL     string
	Secret  string        // whsec_ and base64, or any text; 24 bytes at least
	Timeout time.Duration // of one attempt; 0: DefaultTimeout
}

// Webhook posts records. Its methods may be called by several goroutines at
// once.
type Webhook struct {
	url    string
	signer *webhooks.Webhook
	client *http.Client
	idle   *http.Transport
	now    func() time.Time
}

// NewWebhook makes a Webhook; now gives the time of an attempt.
func NewWebhook(cfg WebhookConfig, now func() time.Time) (*Webhook, error) {
	u, err := parse("webhook", cfg.URL)
	if err != nil {
		return nil, err
	}
	signer, err := newSigner(cfg.Secret)
	if err != nil {
		return nil, err
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = DefaultTimeout
	}
	w := &Webhook{url: u.String(), signer: signer, now: now}
	w.client, w.idle = newClient(cfg.Timeout, func(t http.RoundTripper) http.RoundTripper { return t })
	return w, nil
}

// newSigner takes a secret as the scheme writes it, or any other text as it is.
func newSigner(secret string) (*webhooks.Webhook, error) {
	key := []byte(secret)
	if coded, ok := strings.CutPrefix(secret, "whsec_"); ok {
		var err error
		if key, err = base64.StdEncoding.DecodeString(coded); err != nil {
			return nil, errors.New("export: the webhook's secret begins with whsec_, and what follows is not base64")
		}
	}
	if len(key) < minSecret {
		return nil, fmt.Errorf("export: given a webhook's secret of %d bytes; needed are at least %d", len(key), minSecret)
	}
	s, err := webhooks.NewWebhookRaw(key)
	if err != nil {
		return nil, fmt.Errorf("export: the webhook's secret: %w", err)
	}
	return s, nil
}

// message is the body, as Standard Webhooks recommends it.
type message struct {
	Type      string          `json:"type"`
	Timestamp time.Time       `json:"timestamp"` // when it happened
	Data      json.RawMessage `json:"data"`
}

// passingHTTP are refusals after which another attempt makes sense; so are all
// from 500 on.
var passingHTTP = map[int]bool{http.StatusRequestTimeout: true, http.StatusTooEarly: true, http.StatusTooManyRequests: true}

// Export makes one attempt. An error is an *Error.
func (w *Webhook) Export(ctx context.Context, r Record) error {
	body, err := json.Marshal(message{Type: EventType, Timestamp: r.EndedAt.UTC(), Data: r.Document})
	if err != nil {
		return &Error{Final: true, err: fmt.Errorf("encoding the record: %w", err)}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url, bytes.NewReader(body))
	if err != nil {
		return unanswered("webhook", err)
	}
	id, at := "call_"+r.CallID, w.now()
	signature, err := w.signer.Sign(id, at, body)
	if err != nil {
		return &Error{Final: true, err: fmt.Errorf("signing the record: %w", err)}
	}
	for name, value := range map[string]string{
		"Content-Type": "application/json", "User-Agent": "kinwire", webhooks.HeaderWebhookID: id,
		webhooks.HeaderWebhookTimestamp: strconv.FormatInt(at.Unix(), 10), webhooks.HeaderWebhookSignature: signature,
	} {
		req.Header.Set(name, value)
	}
	res, err := w.client.Do(req)
	if err != nil {
		return unanswered("webhook", err)
	}
	defer res.Body.Close()
	_, _ = io.CopyN(io.Discard, res.Body, 4096) // so that the connection can be used again
	err = answered("webhook", res.StatusCode, res.Header, passingHTTP)
	var e *Error
	if errors.As(err, &e) && res.StatusCode >= http.StatusInternalServerError {
		e.Final = false
	}
	return err
}

// Close lets go of what is open. Export is not called any more.
func (w *Webhook) Close() error {
	w.idle.CloseIdleConnections()
	return nil
}
