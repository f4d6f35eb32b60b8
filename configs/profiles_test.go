package configs_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/configs"
)

// profiles are the files that come with Kinwire, with what each is for.
var profiles = map[string]func(t *testing.T, c *configs.Config){
	"school-low-bandwidth.yaml": func(t *testing.T, c *configs.Config) {
		require.Equal(t, 300, c.SFU.MaxVideoKbps)
		require.Equal(t, 24, c.SFU.MaxAudioKbps)
		require.Less(t, c.Calls.LostTimeout, c.Signaling.ResumeWindow)
	},
	"large-lan.yaml": func(t *testing.T, c *configs.Config) {
		require.False(t, c.TURN.Enabled)
		require.Equal(t, time.Millisecond, c.SFU.FrameHold)
	},
	"relay-only.yaml": func(t *testing.T, c *configs.Config) {
		require.False(t, c.SFU.Direct)
		require.True(t, c.TURN.Enabled)
	},
	"audio-only.yaml": func(t *testing.T, c *configs.Config) {
		require.False(t, c.Calls.Video)
	},
}

func TestProfiles(t *testing.T) {
	files, err := filepath.Glob("profiles/*.yaml")
	require.NoError(t, err)
	require.Len(t, files, len(profiles), "a profile without a line in this test, or the other way round")
	defaults, err := configs.Load(configs.Options{})
	require.NoError(t, err)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			cfg, err := configs.Load(configs.Options{File: file})
			require.NoError(t, err)
			profiles[filepath.Base(file)](t, cfg)
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			for _, part := range []string{"# When to use it:", "# What it does:", "# What it costs:"} {
				require.Contains(t, string(text), part)
			}
			// A key that says the default is noise, but where the profile rests on it.
			changed := map[string]bool{"turn.enabled": true}
			for _, c := range configs.Diff(defaults, cfg) {
				changed[c.Key] = true
			}
			for _, k := range configs.Keys() {
				if strings.HasPrefix(cfg.Origin(k.Name), file) {
					require.True(t, changed[k.Name], "%s is the default", k.Name)
				}
			}
		})
	}
}
