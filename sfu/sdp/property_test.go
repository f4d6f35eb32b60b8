package sdp_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"kinwire/sfu/sdp"
)

// TestAnswersFitTheirOffers: of recorded offers with attributes lost, repeated
// and moved, whatever can be read can be answered in any way that it allows.
func TestAnswersFitTheirOffers(t *testing.T) {
	texts := recorded(t)
	names := slices.Sorted(maps.Keys(texts))
	read := 0
	rapid.Check(t, func(t *rapid.T) {
		text := mutate(t, texts[rapid.SampledFrom(names).Draw(t, "offer")])
		o, err := sdp.ParseOffer(text)
		if err != nil {
			require.ErrorIs(t, err, sdp.ErrOffer)
			return
		}
		read++
		a := own
		a.Sections = map[string]sdp.Accepted{}
		all := acceptAll(o)
		for mid, c := range all.Sections {
			if s := o.Section(mid); !s.Data {
				c = choose(t, o, mid, c)
			}
			if rapid.Bool().Draw(t, "accept") {
				a.Sections[mid] = c
			}
		}
		answer, err := o.Answer(a)
		require.NoError(t, err)
		checkAnswer(t, text, answer)
	})
	require.NotZero(t, read, "no offer could be read, so no answer was checked")
}

// mutate changes some lines behind the first m-line.
func mutate(t *rapid.T, text string) string {
	lines := strings.Split(strings.TrimSuffix(text, "\r\n"), "\r\n")
	first := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, "m=") })
	for range rapid.IntRange(0, 12).Draw(t, "changes") {
		i := rapid.IntRange(first+1, len(lines)-1).Draw(t, "line")
		if !strings.HasPrefix(lines[i], "a=") {
			continue
		}
		switch rapid.IntRange(0, 2).Draw(t, "change") {
		case 0:
			lines = slices.Delete(lines, i, i+1)
		case 1:
			lines = slices.Insert(lines, i, lines[i])
		case 2:
			if to := i - 1; strings.HasPrefix(lines[to], "a=") {
				lines[i], lines[to] = lines[to], lines[i]
			}
		}
	}
	return strings.Join(lines, "\r\n") + "\r\n"
}

// choose varies what is accepted of one section.
func choose(t *rapid.T, o *sdp.Offer, mid string, c sdp.Accepted) sdp.Accepted {
	s := o.Section(mid)
	formats := rapid.Permutation(s.Codecs).Draw(t, "formats")
	c.Codecs = slices.Clone(formats[:rapid.IntRange(1, len(formats)).Draw(t, "count")])
	if rapid.Bool().Draw(t, "no retransmissions") {
		c.Codecs[0].RTX = 0
	}
	if len(c.RIDs) > 0 {
		c.RIDs = c.RIDs[:rapid.IntRange(0, len(c.RIDs)).Draw(t, "encodings")]
	}
	if rapid.IntRange(0, 5).Draw(t, "inactive") == 0 {
		c.Inactive, c.RIDs = true, nil
	}
	return c
}
