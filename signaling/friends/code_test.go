package friends

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCodesAreReadAsTheyAreShown(t *testing.T) {
	seen := map[rune]int{}
	for range 300 {
		code := newCode()
		for _, r := range code {
			seen[r]++
		}
		for _, typed := range []string{code, showCode(code), strings.ToLower(showCode(code)), " " + strings.Join(strings.Split(code, ""), " – ")} {
			got, ok := parseCode(typed)
			require.True(t, ok, typed)
			require.Equal(t, code, got)
		}
	}
	require.Len(t, seen, len(Alphabet), "every character comes up")
	for _, r := range "01ILOU" {
		require.NotContains(t, Alphabet, string(r))
	}
}

func TestCodesThatAreNone(t *testing.T) {
	for _, typed := range []string{"", "-", "234-5678-9A", "234-5678-9ABC", "234-5678-9AO", "234_5678_9AB", "２345678ABC", strings.Repeat("2", 1<<16)} {
		_, ok := parseCode(typed)
		require.False(t, ok, typed)
	}
}

func FuzzParseCode(f *testing.F) {
	for _, seed := range []string{"", "234-5678-9AB", " 2 3 4 5 6 7 8 9 a b", "ſ345678ABC", "\xff", "234–5678–9ab"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		code, ok := parseCode(typed)
		if !ok {
			return
		}
		if len(code) != codeLength || strings.Trim(code, Alphabet) != "" {
			t.Fatalf("%q is read as %q", typed, code)
		}
		if again, ok := parseCode(showCode(code)); !ok || again != code {
			t.Fatalf("%q is shown as %q and read as %q", code, showCode(code), again)
		}
	})
}
