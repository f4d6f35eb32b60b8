package link

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/pion/logging"
)

// pionLog passes pion's messages on at debug level: what matters of them the
// link reports itself, and they hold full addresses, which belong in no
// ordinary log.
type pionLog struct{ log *slog.Logger }

func (p pionLog) NewLogger(scope string) logging.LeveledLogger {
	return pionLog{p.log.With("pion", scope)}
}

func (p pionLog) write(format string, args ...any) {
	if p.log.Enabled(context.Background(), slog.LevelDebug) {
		p.log.Debug(fmt.Sprintf(format, args...))
	}
}

func (p pionLog) Trace(string)                 {}
func (p pionLog) Tracef(string, ...any)        {}
func (p pionLog) Debug(string)                 {}
func (p pionLog) Debugf(string, ...any)        {}
func (p pionLog) Info(m string)                { p.write("%s", m) }
func (p pionLog) Infof(f string, args ...any)  { p.write(f, args...) }
func (p pionLog) Warn(m string)                { p.write("%s", m) }
func (p pionLog) Warnf(f string, args ...any)  { p.write(f, args...) }
func (p pionLog) Error(m string)               { p.write("%s", m) }
func (p pionLog) Errorf(f string, args ...any) { p.write(f, args...) }
