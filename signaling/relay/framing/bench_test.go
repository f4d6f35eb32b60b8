package framing_test

import (
	"testing"

	"kinwire/signaling/relay/framing"
)

func BenchmarkParse(b *testing.B) {
	all := samples(b)
	for _, name := range []string{"classic/application", "classic/commit-public", "hybrid/external-commit", "hybrid/group-info-of-three"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := framing.Parse(all[name]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
