// Package pionlog brings what pion says into a log of ours: by itself it would
// write to standard error.
package pionlog

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/pion/logging"
)

// factory makes loggers for pion's parts.
type factory struct {
	log    *slog.Logger
	errors slog.Level
}

// New makes a logger factory for pion. Its errors come at the given level and
// all else at debug, for most of its warnings are the everyday life of ICE. What
// pion itself calls debug and trace is left out.
func New(log *slog.Logger, errors slog.Level) logging.LoggerFactory { return factory{log, errors} }

// NewLogger is of logging.LoggerFactory.
func (f factory) NewLogger(scope string) logging.LeveledLogger {
	return part{f.log.With("pion", scope), f.errors}
}

// part is one part's log.
type part struct {
	log    *slog.Logger
	errors slog.Level
}

func (p part) write(level slog.Level, format string, args ...any) {
	if p.log.Enabled(context.Background(), level) {
		p.log.Log(context.Background(), level, fmt.Sprintf(format, args...))
	}
}

// The methods are of logging.LeveledLogger.

func (p part) Trace(string)                 {}
func (p part) Tracef(string, ...any)        {}
func (p part) Debug(string)                 {}
func (p part) Debugf(string, ...any)        {}
func (p part) Info(text string)             { p.write(slog.LevelDebug, "%s", text) }
func (p part) Infof(text string, a ...any)  { p.write(slog.LevelDebug, text, a...) }
func (p part) Warn(text string)             { p.write(slog.LevelDebug, "%s", text) }
func (p part) Warnf(text string, a ...any)  { p.write(slog.LevelDebug, text, a...) }
func (p part) Error(text string)            { p.write(p.errors, "%s", text) }
func (p part) Errorf(text string, a ...any) { p.write(p.errors, text, a...) }
