//go:build race

package policy

import "flag"

// Under the race detector a quarter of the random runs: each takes many times
// as long, and what it looks for shows in few.
func init() { _ = flag.Set("rapid.checks", "25") }
