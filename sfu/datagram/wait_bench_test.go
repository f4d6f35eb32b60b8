package datagram_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/sfu/datagram"
)

// BenchmarkWait is how long a Read of 300 µs takes when nothing comes.
func BenchmarkWait(b *testing.B) {
	r := listen(b, datagram.Config{}).NewReader(32)
	b.ReportAllocs()
	for b.Loop() {
		_, err := r.Read(300 * time.Microsecond)
		require.NoError(b, err)
	}
}
