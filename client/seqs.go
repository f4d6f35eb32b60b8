package client

// seqs remembers which messages of a session have arrived. The server numbers
// them from 1 without a gap; after a resume some arrive again, and the reply
// to hello may overtake those that are sent again.
type seqs struct {
	last  uint64              // everything up to here has arrived
	ahead map[uint64]struct{} // arrived beyond a gap
}

// see notes that seq arrived and reports whether it is new.
func (q *seqs) see(seq uint64) bool {
	if seq <= q.last {
		return false
	}
	if seq > q.last+1 {
		if _, ok := q.ahead[seq]; ok {
			return false
		}
		if q.ahead == nil {
			q.ahead = map[uint64]struct{}{}
		}
		q.ahead[seq] = struct{}{}
		return true
	}
	q.last = seq
	for {
		if _, ok := q.ahead[q.last+1]; !ok {
			return true
		}
		q.last++
		delete(q.ahead, q.last)
	}
}

// gap is how many messages arrived beyond a gap.
func (q *seqs) gap() int { return len(q.ahead) }
