package main

import (
	"context"
	"io"
	"log/slog"
	"sync/atomic"

	"kinwire/configs"
)

// logShape is what of the log can change while the server runs.
type logShape struct {
	level slog.LevelVar
	json  atomic.Bool
}

// set takes over the section log; configs lets only slog's own names through.
func (s *logShape) set(c configs.Log) error {
	s.json.Store(c.Format == "json")
	return s.level.UnmarshalText([]byte(c.Level))
}

// logHandler writes text or JSON, as its shape says at the moment. What is made
// from it (With, WithGroup) follows the same shape.
type logHandler struct {
	shape      *logShape
	text, json slog.Handler
}

func newLogHandler(w io.Writer) *logHandler {
	h := &logHandler{shape: &logShape{}}
	options := &slog.HandlerOptions{Level: &h.shape.level}
	h.text, h.json = slog.NewTextHandler(w, options), slog.NewJSONHandler(w, options)
	return h
}

func (h *logHandler) Enabled(_ context.Context, l slog.Level) bool { return l >= h.shape.level.Level() }

func (h *logHandler) Handle(ctx context.Context, r slog.Record) error {
	if h.shape.json.Load() {
		return h.json.Handle(ctx, r)
	}
	return h.text.Handle(ctx, r)
}

func (h *logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &logHandler{shape: h.shape, text: h.text.WithAttrs(attrs), json: h.json.WithAttrs(attrs)}
}

func (h *logHandler) WithGroup(name string) slog.Handler {
	return &logHandler{shape: h.shape, text: h.text.WithGroup(name), json: h.json.WithGroup(name)}
}
