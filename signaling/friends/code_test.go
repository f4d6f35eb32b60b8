package friends

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
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

// TestLimiter: in no time does anybody get more tries than the bucket holds
// and what has refilled in between.
func TestLimiter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := newLimiter()
		start := time.Date(2026, 3, 4, 11, 0, 0, 0, time.UTC)
		now, taken := start, 0
		for range rapid.IntRange(1, 60).Draw(t, "tries") {
			now = now.Add(time.Duration(rapid.IntRange(0, 40).Draw(t, "seconds")) * time.Second)
			wait, ok := l.take("ana", now)
			if ok {
				taken++
				continue
			}
			if _, early := l.take("ana", now.Add(wait-time.Millisecond)); early {
				t.Fatal("told to wait longer than need be")
			}
			if _, ok := l.take("ben", now); !ok && taken == 0 {
				t.Fatal("somebody else is held up")
			}
		}
		if most := codesAtOnce + int(now.Sub(start)/codeEvery); taken > most {
			t.Fatalf("%d tries in %s; %d are allowed", taken, now.Sub(start), most)
		}
	})
}

func TestLimiterForgets(t *testing.T) {
	l := newLimiter()
	now := time.Date(2026, 3, 4, 11, 0, 0, 0, time.UTC)
	for i := range maxTracked + 1 {
		_, ok := l.take(strings.Repeat("x", i%7)+time.Duration(i).String(), now)
		require.True(t, ok)
	}
	require.LessOrEqual(t, len(l.full), maxTracked)
}
