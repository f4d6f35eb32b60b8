package blobs_test

import (
	"fmt"
	"testing"
)

// BenchmarkChunk is one chunk of 1 MiB through the service and a directory, up
// and down, with all that is asked on the way.
func BenchmarkChunk(b *testing.B) {
	h := newHouse(b)
	h.cfg.MaxSize, h.cfg.ChunkBytes, h.cfg.PerPerson = 50<<20, 1<<20, 100<<20
	h.Service = h.again()
	a := h.begin("g_two", 50<<20)
	chunk := make([]byte, 1<<20)
	b.Run("put", func(b *testing.B) {
		b.SetBytes(1 << 20)
		for i := range b.N {
			if i%50 == 0 {
				b.StopTimer()
				_ = h.Done(b.Context(), "mia", a.ID, "")
				a = h.begin("g_two", 50<<20)
				b.StartTimer()
			}
			if err := h.PutChunk(b.Context(), "mia", a.ID, fmt.Sprint(i%50), chunk); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("get", func(b *testing.B) {
		b.SetBytes(1 << 20)
		for range b.N {
			if _, err := h.Chunk(b.Context(), "mia", a.ID, "0"); err != nil {
				b.Fatal(err)
			}
		}
	})
}
