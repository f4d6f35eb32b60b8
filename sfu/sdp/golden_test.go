package sdp_test

import (
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	pion "github.com/pion/sdp/v3"
	"github.com/stretchr/testify/require"

	"kinwire/sfu/sdp"
)

var update = flag.Bool("update", false, "write the golden files of the recorded offers anew")

// TestRecordedOffers reads offers as clients make them, and answers them.
func TestRecordedOffers(t *testing.T) {
	for name, text := range recorded(t) {
		t.Run(name, func(t *testing.T) {
			o := parse(t, text)
			golden(t, name+".summary", describe(o))
			answer, err := o.Answer(acceptAll(o))
			require.NoError(t, err)
			golden(t, name+".answer", strings.ReplaceAll(answer, "\r\n", "\n"))
			checkAnswer(t, text, answer)
			refusal, err := o.Answer(own)
			require.NoError(t, err)
			checkAnswer(t, text, refusal)
			require.NotContains(t, refusal, " 9 ")
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

// checkAnswer holds what is true of every answer: another parser reads it, it
// has the sections of the offer in their order, it names no payload type and
// no header extension that its section does not have in the offer, and the
// bundle has just what is not refused.
func checkAnswer(t require.TestingT, offer, answer string) {
	var o, a pion.SessionDescription
	require.NoError(t, a.UnmarshalString(answer))
	if o.UnmarshalString(offer) != nil {
		return // it is stricter than an answerer has to be
	}
	require.Len(t, a.MediaDescriptions, len(o.MediaDescriptions))
	group, ok := a.Attribute("group")
	require.True(t, ok)
	bundle := map[string]bool{}
	for _, mid := range strings.Fields(group)[1:] {
		bundle[mid] = true
	}
	for i, m := range a.MediaDescriptions {
		offered := o.MediaDescriptions[i]
		require.Equal(t, attr(offered, "mid"), attr(m, "mid"))
		require.Equal(t, offered.MediaName.Media, m.MediaName.Media)
		require.Equal(t, offered.MediaName.Protos, m.MediaName.Protos)
		require.Subset(t, offered.MediaName.Formats, m.MediaName.Formats)
		require.Equal(t, m.MediaName.Port.Value != 0, bundle[attr(m, "mid")])
		for _, x := range m.Attributes {
			first, rest, _ := strings.Cut(x.Value, " ")
			switch x.Key {
			case "rtpmap", "fmtp", "rtcp-fb":
				require.Contains(t, m.MediaName.Formats, first)
			case "extmap":
				require.True(t, offersExtension(&o, offered, first, rest), "extmap %s", x.Value)
			}
		}
	}
}

func attr(m *pion.MediaDescription, key string) string {
	v, _ := m.Attribute(key)
	return v
}

func offersExtension(o *pion.SessionDescription, m *pion.MediaDescription, id, uri string) bool {
	id, _, _ = strings.Cut(id, "/")
	n, err := strconv.Atoi(id)
	if err != nil {
		return false
	}
	for _, attrs := range [][]pion.Attribute{o.Attributes, m.Attributes} {
		for _, a := range attrs {
			f := strings.Fields(a.Value)
			if a.Key != "extmap" || len(f) < 2 || f[1] != uri {
				continue
			}
			number, _, _ := strings.Cut(f[0], "/")
			if got, err := strconv.Atoi(number); err == nil && got == n {
				return true
			}
		}
	}
	return false
}

// FuzzParseOffer: the seeds are long, so -fuzzminimizetime 5x is well spent on
// a long run.
func FuzzParseOffer(f *testing.F) {
	f.Add(sample)
	for _, text := range recorded(f) {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		o, err := sdp.ParseOffer(text)
		if err != nil {
			require.ErrorIs(t, err, sdp.ErrOffer)
			return
		}
		require.NotEmpty(t, o.Fingerprints)
		seen := map[string]bool{}
		for i := range o.Sections {
			s := &o.Sections[i]
			require.NotEmpty(t, s.MID)
			require.False(t, seen[s.MID])
			seen[s.MID] = true
			require.LessOrEqual(t, len(s.SSRCs), 32)
			require.LessOrEqual(t, len(s.Extensions), 64)
		}
		for _, a := range []sdp.Answer{own, acceptAll(o)} {
			answer, err := o.Answer(a)
			require.NoError(t, err)
			checkAnswer(t, text, answer)
			checkOrder(t, o, answer)
		}
	})
}

// checkOrder holds the sections of an answer against those that were read.
func checkOrder(t *testing.T, o *sdp.Offer, answer string) {
	var a pion.SessionDescription
	require.NoError(t, a.UnmarshalString(answer))
	require.Len(t, a.MediaDescriptions, len(o.Sections))
	for i, m := range a.MediaDescriptions {
		require.Equal(t, o.Sections[i].MID, attr(m, "mid"))
		require.Equal(t, o.Sections[i].Media, m.MediaName.Media)
	}
}

// BenchmarkJoin is what a join costs here: its offer read and answered.
func BenchmarkJoin(b *testing.B) {
	for _, name := range []string{"chromium", "firefox"} {
		b.Run(name, func(b *testing.B) {
			text := recorded(b)[name]
			b.ReportAllocs()
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				o, err := sdp.ParseOffer(text)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := o.Answer(acceptAll(o)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
