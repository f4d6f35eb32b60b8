package turn

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestCredentials(t *testing.T) {
	at := time.Unix(1_800_000_000, 0)
	c := NewCredentials([]byte("secret"), time.Hour, func() time.Time { return at })
	username, password, expires := c.Issue("mia", "call-1")
	require.Equal(t, at.Add(time.Hour), expires)
	require.True(t, strings.HasPrefix(username, "1800003600:"), username)
	require.NotContains(t, username, "mia")

	mac := hmac.New(sha1.New, []byte("secret")) // as a coturn with static-auth-secret does
	mac.Write([]byte(username))
	require.Equal(t, base64.StdEncoding.EncodeToString(mac.Sum(nil)), password)

	id, err := c.identify(username)
	require.NoError(t, err)
	require.Equal(t, password, id.password)
	require.Equal(t, expires, id.expires)
	require.False(t, c.expired(expires))
	at = at.Add(time.Hour)
	require.True(t, c.expired(expires))
}

// TestPseudonyms: the server can tell that two calls are of one user; what is on
// the wire has no part in common.
func TestPseudonyms(t *testing.T) {
	at := time.Unix(1_800_000_000, 0)
	c := NewCredentials([]byte("secret"), time.Hour, func() time.Time { return at })
	issue := func(user, call string) (string, userTag) {
		name, _, _ := c.Issue(user, call)
		id, err := c.identify(name)
		require.NoError(t, err)
		return name[strings.Index(name, ":")+1:], id.user
	}
	first, mia := issue("mia", "call-1")
	again, _ := issue("mia", "call-1")
	require.Equal(t, first, again)
	other, mia2 := issue("mia", "call-2")
	require.Equal(t, mia, mia2)
	at = at.Add(time.Second)
	later, mia3 := issue("mia", "call-1")
	require.Equal(t, mia, mia3)
	leos, leo := issue("leo", "call-1")
	require.NotEqual(t, mia, leo)
	// The boundary between user and call counts.
	shifted, _ := issue("miac", "all-1")

	seen := map[string]bool{}
	for _, p := range []string{first, other, later, leos, shifted} {
		for _, half := range []string{p[:10], p[12:]} { // 11th and 12th characters hold bits of both
			require.False(t, seen[half], "%s twice", half)
			seen[half] = true
		}
	}

	_, stranger, _ := NewCredentials(nil, 0, nil).Issue("mia", "call-1")
	_, another, _ := NewCredentials(nil, 0, nil).Issue("mia", "call-1")
	require.NotEqual(t, stranger, another, "without a secret each has a random one")
}

func TestParseUsername(t *testing.T) {
	const good = "1800000000:AAAAAAAAAAAAAAAAAAAAAA"
	_, _, err := parseUsername(good)
	require.NoError(t, err)
	for _, s := range []string{
		"", ":", "1800000000", "mia", "1800000000:mia", ":AAAAAAAAAAAAAAAAAAAAAA",
		"-1:AAAAAAAAAAAAAAAAAAAAAA", "0:AAAAAAAAAAAAAAAAAAAAAA", "+1:AAAAAAAAAAAAAAAAAAAAAA",
		"01800000000:AAAAAAAAAAAAAAAAAAAAAA",             // a second spelling
		"1800000000:AAAAAAAAAAAAAAAAAAAAAB",              // bits that mean nothing
		"1800000000:AAAAAAAAAAAAAAAAAAAAA\n",             // base64 skips line ends
		"99999999999999999999999:AAAAAAAAAAAAAAAAAAAAAA", // more than 63 bits
	} {
		_, _, err := parseUsername(s)
		require.ErrorIs(t, err, ErrUsername, "%q", s)
	}
}

func FuzzParseUsername(f *testing.F) {
	name, _, _ := NewCredentials([]byte("secret"), time.Hour, nil).Issue("mia", "call-1")
	for _, s := range []string{name, "", ":", "1:", "1800000000:AAAAAAAAAAAAAAAAAAAAAA", "x:\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		unix, pseudonym, err := parseUsername(s)
		if err != nil {
			require.ErrorIs(t, err, ErrUsername)
			return
		}
		// One credential has one spelling.
		require.Equal(t, s, formatUsername(unix, pseudonym))
	})
}
