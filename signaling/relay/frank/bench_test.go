package frank_test

import "testing"

// BenchmarkTag is what franking adds to each message that is sent.
func BenchmarkTag(b *testing.B) {
	k := newKeys(b, aKey("k1", 1))
	commitment := make([]byte, 32)
	for b.Loop() {
		k.Tag(commitment, "u_abcdefghijklmnopqrstuvwxyz", "g_abcdefghijklmnopqrstuvwxyz", 7, 1_772_366_400_000)
	}
}
