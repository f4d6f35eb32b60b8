package spelling

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"", "abc", 3}, {"udp_prot", "udp_port", 1}, {"kitten", "sitting", 3}, {"network", "netwrok", 1}, {"a", strings.Repeat("b", Longest+1), Longest},
	} {
		require.Equal(t, c.want, Distance(c.a, c.b), "%q %q", c.a, c.b)
	}
}

func TestDistanceIsOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringMatching(`[a-c]{0,12}`)
		a, b := name.Draw(t, "a"), name.Draw(t, "b")
		d := Distance(a, b)
		require.Equal(t, d, Distance(b, a), "the same both ways")
		require.Equal(t, a == b, d == 0)
		require.LessOrEqual(t, d, max(len(a), len(b)))
		require.GreaterOrEqual(t, d, max(len(a), len(b))-min(len(a), len(b)))
	})
}
