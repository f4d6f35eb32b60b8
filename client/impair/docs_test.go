package impair

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestDocs holds the table of profiles in docs/rehearse.md against the profiles.
func TestDocs(t *testing.T) {
	page, err := os.ReadFile("../../docs/rehearse.md")
	require.NoError(t, err)
	for _, p := range Profiles() {
		require.Contains(t, string(page), row(p)+"\n", "docs/rehearse.md is stale")
	}
}

const none = "–"

func row(p Profile) string {
	d := p.Down
	rates, loss := none, none
	if d.RateBPS > 0 {
		rates = bps(d.RateBPS) + ", " + bps(p.Up.RateBPS)
	}
	if r := d.LossRatio(); r > 0 {
		loss = fmt.Sprintf("%.2g %%", 100*r)
	}
	if d.Burst != nil {
		loss += fmt.Sprintf(" in runs of %.0f", 1/d.Burst.ToGood)
	}
	return fmt.Sprintf("| `%s` | %s | %s | %s | %s | %s |", p.Name, rates, span(d.Delay), span(d.Jitter), loss, p.Says)
}

func bps(n int64) string {
	if n >= 1_000_000 {
		return fmt.Sprintf("%g M", float64(n)/1e6)
	}
	return fmt.Sprintf("%d k", n/1000)
}

func span(d time.Duration) string {
	if d == 0 {
		return none
	}
	return fmt.Sprintf("%g ms", d.Seconds()*1000)
}
