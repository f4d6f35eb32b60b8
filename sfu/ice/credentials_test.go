package ice_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kinwire/sfu/ice"
)

func TestNewCredentials(t *testing.T) {
	seen := map[string]bool{}
	chars := map[rune]bool{}
	for range 1000 {
		c := ice.NewCredentials()
		require.NoError(t, c.Check())
		require.GreaterOrEqual(t, len(c.Ufrag), 8)
		require.GreaterOrEqual(t, len(c.Pwd), 24)
		require.False(t, seen[c.Ufrag] || seen[c.Pwd], "made twice")
		seen[c.Ufrag], seen[c.Pwd] = true, true
		for _, r := range c.Ufrag + c.Pwd {
			chars[r] = true
		}
	}
	require.Len(t, chars, 64, "every character that is allowed is used")
}

func TestCredentialsCheck(t *testing.T) {
	pwd := strings.Repeat("p", 22)
	for name, c := range map[string]struct {
		given ice.Credentials
		says  string // "" if it is allowed
	}{
		"shortest":           {ice.Credentials{Ufrag: "a/+9", Pwd: pwd}, ""},
		"longest":            {ice.Credentials{Ufrag: strings.Repeat("u", 256), Pwd: strings.Repeat("p", 256)}, ""},
		"nothing":            {ice.Credentials{}, "ufrag of 0 characters, allowed are 4 to 256"},
		"ufrag too short":    {ice.Credentials{Ufrag: "abc", Pwd: pwd}, "ufrag of 3 characters, allowed are 4 to 256"},
		"ufrag too long":     {ice.Credentials{Ufrag: strings.Repeat("u", 257), Pwd: pwd}, "ufrag of 257 characters"},
		"password too short": {ice.Credentials{Ufrag: "abcd", Pwd: pwd[1:]}, "password of 21 characters, allowed are 22 to 256"},
		"password too long":  {ice.Credentials{Ufrag: "abcd", Pwd: strings.Repeat("p", 257)}, "password of 257 characters"},
		"ufrag with a colon": {ice.Credentials{Ufrag: "ab:cd", Pwd: pwd}, "ufrag with ':' at position 2, allowed are letters, digits, + and /"},
		"password with a #":  {ice.Credentials{Ufrag: "abcd", Pwd: "secret#" + pwd}, "at position 6"},
	} {
		t.Run(name, func(t *testing.T) {
			err := c.given.Check()
			if c.says == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, ice.ErrCredentials)
			require.ErrorContains(t, err, c.says)
			require.NotContains(t, err.Error(), "secret", "no password in an error")
			require.NotContains(t, err.Error(), "#")
		})
	}
}
