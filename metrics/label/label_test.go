package label

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestPick(t *testing.T) {
	for in, want := range map[string]string{
		"vp8": "vp8", "VP8": "vp8", "Opus": "opus", "": Other, "VP8 ": Other, "other": Other, "Priya": Other,
	} {
		require.Equal(t, want, Codecs.Pick(in), "%q", in)
	}
}

func TestOfKeepsOneOther(t *testing.T) {
	l := Of("a", Other, "a")
	require.Equal(t, 2, l.Len())
	require.Equal(t, []string{"a", Other}, []string{l.At(0), l.At(1)})
}

func TestPickNeverLeavesTheList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		if v := rapid.String().Draw(t, "value"); !Reasons.Has(Reasons.Pick(v)) {
			t.Fatalf("%q gave a value outside the list", v)
		}
	})
}
