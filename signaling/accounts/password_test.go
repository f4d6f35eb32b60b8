package accounts

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var cheap = Argon2{MemoryKiB: 64, Iterations: 1, Parallelism: 1}

func TestHashAndVerify(t *testing.T) {
	h := newHasher(cheap)
	for _, password := range []string{"kinwire-demo", "", "ключ 🔑", strings.Repeat("x", 256)} {
		encoded, err := h.hash(t.Context(), password)
		require.NoError(t, err)
		require.True(t, strings.HasPrefix(encoded, "$argon2id$v=19$m=64,t=1,p=1$"), encoded)

		again, err := h.hash(t.Context(), password)
		require.NoError(t, err)
		require.NotEqual(t, encoded, again, "a fresh salt each time")

		// A hasher with another cost reads the cost from the string.
		other := newHasher(Argon2{MemoryKiB: 128, Iterations: 2, Parallelism: 2})
		right, err := other.verify(t.Context(), encoded, password)
		require.NoError(t, err)
		require.True(t, right)
		right, err = h.verify(t.Context(), encoded, password+"x")
		require.NoError(t, err)
		require.False(t, right)
	}
}

// TestKnownAnswer holds against what the reference implementation's program
// prints for this password, salt and cost.
func TestKnownAnswer(t *testing.T) {
	const encoded = "$argon2id$v=19$m=64,t=2,p=1$c29tZXNhbHQ$Bo1ismRVk2qm6+YAYLCmWHDb+j3fjUH3"
	right, err := newHasher(cheap).verify(t.Context(), encoded, "password")
	require.NoError(t, err)
	require.True(t, right)
	right, err = newHasher(cheap).verify(t.Context(), encoded, "Password")
	require.NoError(t, err)
	require.False(t, right)
}

func TestDefaultIsOWASP(t *testing.T) {
	require.Equal(t, Argon2{MemoryKiB: 19456, Iterations: 2, Parallelism: 1}, DefaultArgon2())
	require.Equal(t, DefaultArgon2(), New(nil, nil, Config{}, Deps{}).hash.cost)
}

const goodPHC = "$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$" + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

func TestParsePHCRefuses(t *testing.T) {
	_, err := parsePHC(goodPHC)
	require.NoError(t, err)
	for name, s := range map[string]string{
		"empty":            "",
		"another scheme":   strings.Replace(goodPHC, "argon2id", "argon2i", 1),
		"another version":  strings.Replace(goodPHC, "v=19", "v=16", 1),
		"too much memory":  strings.Replace(goodPHC, "m=64", "m=4294967295", 1),
		"too little":       strings.Replace(goodPHC, "m=64", "m=7", 1),
		"no passes":        strings.Replace(goodPHC, "t=1", "t=0", 1),
		"no lanes":         strings.Replace(goodPHC, "p=1", "p=0", 1),
		"too many lanes":   strings.Replace(goodPHC, "p=1", "p=257", 1),
		"negative":         strings.Replace(goodPHC, "t=1", "t=-1", 1),
		"out of range":     strings.Replace(goodPHC, "m=64", "m=99999999999", 1),
		"text after":       strings.Replace(goodPHC, "p=1", "p=1x", 1),
		"leading zero":     strings.Replace(goodPHC, "p=1", "p=01", 1),
		"salt not base64":  strings.Replace(goodPHC, "c29t", "!!!!", 1),
		"salt too short":   strings.Replace(goodPHC, "c29tZXNhbHRzb21lc2FsdA", "c29t", 1),
		"no key":           strings.TrimRight(goodPHC, "A"),
		"one part more":    goodPHC + "$",
		"parameters moved": strings.Replace(goodPHC, "m=64,t=1", "t=1,m=64", 1),
	} {
		_, err := parsePHC(s)
		require.Error(t, err, name)
	}
}

func TestHashingWaitsForItsTurn(t *testing.T) {
	h := newHasher(cheap)
	for range cap(h.slots) {
		h.slots <- struct{}{}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := h.hash(ctx, "x")
	require.ErrorIs(t, err, context.Canceled)
}

func FuzzParsePHC(f *testing.F) {
	f.Add(goodPHC)
	f.Add("$argon2id$v=19$m=19456,t=2,p=1$$")
	f.Add("$$$$$")
	f.Fuzz(func(t *testing.T, s string) {
		p, err := parsePHC(s)
		if err != nil {
			return
		}
		require.Equal(t, s, p.String())
		require.LessOrEqual(t, p.cost.MemoryKiB, uint32(maxMemoryKiB))
	})
}
