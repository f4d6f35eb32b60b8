package pionlog

import (
	"bytes"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLevels(t *testing.T) {
	for _, c := range []struct {
		at     slog.Level
		errors slog.Level
		want   []string
	}{
		{slog.LevelDebug, slog.LevelDebug, []string{"info 1", "100%", "warn 2", "error 3", "pion=ice"}},
		{slog.LevelInfo, slog.LevelDebug, nil},
		{slog.LevelInfo, slog.LevelWarn, []string{"error 3", "level=WARN"}},
	} {
		var b bytes.Buffer
		log := New(slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{Level: c.at})), c.errors).NewLogger("ice")
		log.Tracef("trace %d", 0)
		log.Debugf("debug %d", 0)
		log.Infof("info %d", 1)
		log.Info("100%")
		log.Warnf("warn %d", 2)
		log.Errorf("error %d", 3)
		for _, want := range c.want {
			require.Contains(t, b.String(), want)
		}
		if c.want == nil {
			require.Empty(t, b.String())
		}
		require.NotContains(t, b.String(), "trace")
		require.NotContains(t, b.String(), "debug 0")
	}
}
