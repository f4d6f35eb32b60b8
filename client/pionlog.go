package client

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/pion/logging"
)

// pionLogs brings what pion says into a log of ours, for it would write to
// standard error by itself. Nothing of it is louder than a debug line but its
// errors: most of its warnings are the everyday life of ICE.
type pionLogs struct{ log *slog.Logger }

// NewLogger is of logging.LoggerFactory.
func (f pionLogs) NewLogger(scope string) logging.LeveledLogger {
	return pionLog{f.log.With("pion", scope)}
}

// pionLog is one part's log.
type pionLog struct{ log *slog.Logger }

func (l pionLog) say(level slog.Level, text string, args []any) {
	ctx := context.Background()
	if !l.log.Enabled(ctx, level) {
		return
	}
	if args != nil {
		text = fmt.Sprintf(text, args...)
	}
	l.log.Log(ctx, level, text)
}

// The methods are of logging.LeveledLogger.

func (l pionLog) Trace(string)                    {}
func (l pionLog) Tracef(string, ...any)           {}
func (l pionLog) Debug(text string)               { l.say(slog.LevelDebug, text, nil) }
func (l pionLog) Debugf(text string, args ...any) { l.say(slog.LevelDebug, text, args) }
func (l pionLog) Info(text string)                { l.say(slog.LevelDebug, text, nil) }
func (l pionLog) Infof(text string, args ...any)  { l.say(slog.LevelDebug, text, args) }
func (l pionLog) Warn(text string)                { l.say(slog.LevelDebug, text, nil) }
func (l pionLog) Warnf(text string, args ...any)  { l.say(slog.LevelDebug, text, args) }
func (l pionLog) Error(text string)               { l.say(slog.LevelWarn, text, nil) }
func (l pionLog) Errorf(text string, args ...any) { l.say(slog.LevelWarn, text, args) }

// PionLogs is a logger factory for pion that writes to log.
func PionLogs(log *slog.Logger) logging.LoggerFactory { return pionLogs{log} }
