package datagram_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"kinwire/sfu/datagram"
)

func TestNothingIsAllocated(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates")
	}
	from, to := listen(t, datagram.Config{}), listen(t, datagram.Config{GRO: true})
	dest, other := from.To(to.Addr()), from.To(to.Addr())
	r, b := to.NewReader(32), datagram.NewBatch(64)
	one := make([]byte, 100)
	round := func() {
		for range 20 {
			b.Buffer()
			b.Add(dest, 100)
			b.Buffer()
			b.Add(other, 100)
		}
		b.Flush()
		dest.Send(one)
		for n := 0; n < 41; {
			ds, err := r.Read(patience)
			if err != nil || len(ds) == 0 {
				panic(fmt.Sprint("no packets came: ", err))
			}
			n += len(ds)
		}
		if _, err := r.Read(1000); err != nil { // waits, too
			panic(err)
		}
	}
	round()
	require.Zero(t, testing.AllocsPerRun(50, round))
}

// BenchmarkFlush compares one sendto for each packet with a Batch. The
// receivers read nothing: their buffers are small and loopback drops the rest.
func BenchmarkFlush(b *testing.B) {
	for _, load := range []struct{ receivers, packets int }{{50, 1}, {30, 4}, {3, 2}} {
		s := listen(b, datagram.Config{})
		var dests []*datagram.Dest
		for range load.receivers {
			to, err := datagram.Listen(loopback4, datagram.Config{ReadBuffer: 1})
			require.NoError(b, err)
			b.Cleanup(func() { require.NoError(b, to.Close()) })
			dests = append(dests, s.To(to.Addr()))
		}
		perPacket := func(b *testing.B) {
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*load.receivers*load.packets), "ns/packet")
		}
		name := fmt.Sprintf("%dx%d", load.receivers, load.packets)
		p := make([]byte, 1200)
		b.Run(name+"/single", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				for range load.packets {
					for _, d := range dests {
						d.Send(p)
					}
				}
			}
			perPacket(b)
		})
		batch := datagram.NewBatch(512)
		b.Run(name+"/batch", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				for range load.packets {
					for _, d := range dests {
						batch.Add(d, copy(batch.Buffer(), p))
					}
				}
				batch.Flush()
			}
			perPacket(b)
		})
	}
}
