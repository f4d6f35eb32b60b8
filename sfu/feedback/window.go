package feedback

// windowPackets is how far behind the newest packet a late one is still taken,
// in packets. RFC 3550 (A.1) has 100 here, as it cannot tell late packets from
// repeated ones; a window of bits can, and packets sent again after a NACK come
// later than that.
const windowPackets = 2048

// window remembers which of the last windowPackets extended sequence numbers
// have come.
type window [windowPackets / 64]uint64

func (w *window) has(ext uint64) bool {
	return w[ext/64%uint64(len(w))]>>(ext%64)&1 != 0
}

func (w *window) set(ext uint64) {
	w[ext/64%uint64(len(w))] |= 1 << (ext % 64)
}

// forget takes out the places of count numbers from ext on, which new packets
// will use.
func (w *window) forget(ext, count uint64) {
	if count >= windowPackets {
		*w = window{}
		return
	}
	for count > 0 {
		bit := ext % 64
		n := min(count, 64-bit)
		w[ext/64%uint64(len(w))] &^= (1<<n - 1) << bit
		ext += n
		count -= n
	}
}
