package relay

import (
	"fmt"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

// BenchmarkRelay is what the relay carries with so many devices attached: pairs
// that write to each other, each message sent, delivered and acknowledged. The
// hub is in the process, so what counts is the relay and its database.
// cpu-µs/op tells more than the clock on a machine that has other work.
//
//	go test -run - -bench Relay ./signaling/relay
func BenchmarkRelay(b *testing.B) {
	for _, n := range []int{1, 100, 5000} {
		b.Run(fmt.Sprint("devices=", n), func(b *testing.B) { benchRelay(b, n) })
	}
}

// benchSenders is how many write at once, where there are so many.
const benchSenders = 64

func benchRelay(b *testing.B, n int) {
	h := newHouse(b, Config{SendBurst: 1 << 40})
	n = max(2, n)
	phones, rooms := make([]*phone, 0, n), make([]*chatRoom, 0, n/2)
	for len(phones) < n {
		two := []*phone{h.person(1)[0], h.person(1)[0]}
		phones = append(phones, two...)
		rooms = append(rooms, h.conversation(two...))
	}
	m := &mailman{at: map[string]*mailbox{}}
	h.stop()
	h.notifier = m
	h.start()
	for _, p := range phones {
		m.add(h, p)
		p.attach()
	}
	var wg sync.WaitGroup
	took := make([][]time.Duration, min(benchSenders, len(rooms)))
	busy := cpu(b)
	b.ResetTimer()
	for i := range took {
		wg.Go(func() {
			for k := i; k < b.N; k += len(took) {
				room := k % len(rooms) / len(took) * len(took) // its own rooms only
				if room += i; room >= len(rooms) {
					room = i
				}
				p, start := phones[2*room], time.Now()
				if _, err := h.Send(b.Context(), p.who(), p.compose(rooms[room], "<a short text, as most are>")); err != nil {
					b.Error(err)
					return
				}
				took[i] = append(took[i], time.Since(start))
				p.settled = p.last
			}
		})
	}
	wg.Wait()
	eventually(b, func() bool { return h.Stats().Acked >= int64(b.N) }, func() string {
		return fmt.Sprintf("%d of %d acknowledged", h.Stats().Acked, b.N)
	})
	b.StopTimer()
	all := slices.Sorted(slices.Values(slices.Concat(took...)))
	b.ReportMetric(float64(all[len(all)/2].Microseconds()), "send-p50-µs")
	b.ReportMetric(float64(all[len(all)*99/100].Microseconds()), "send-p99-µs")
	b.ReportMetric(float64((cpu(b)-busy).Microseconds())/float64(b.N), "cpu-µs/op")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
	m.close()
}

// mailman is a hub whose devices acknowledge what they get, one after the other,
// as sessions do.
type mailman struct {
	at map[string]*mailbox // by session; only read once it is filled
	wg sync.WaitGroup
}

type mailbox struct{ pos chan int64 }

func (m *mailman) add(h *house, p *phone) {
	box := &mailbox{pos: make(chan int64, 1000)}
	m.at[fmt.Sprint(p.id, "/1")] = box
	m.wg.Go(func() {
		for pos := range box.pos {
			for more := true; more; { // all that is there is one acknowledgement
				select {
				case next, open := <-box.pos:
					if more = open; open {
						pos = next
					}
				default:
					more = false
				}
			}
			p.ack(pos)
		}
	})
}

func (m *mailman) close() {
	for _, box := range m.at {
		close(box.pos)
	}
	m.wg.Wait()
}

func (m *mailman) ToSession(id, _ string, data any) {
	if d, ok := data.(proto.ChatDelivery); ok {
		m.at[id].pos <- d.Pos
	}
}

func (m *mailman) Online(string) bool { return true }

func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
