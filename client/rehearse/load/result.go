package load

import "time"

// result sums up.
func (l *load) result(r *Result) {
	now := time.Now()
	var loss, media []float64
	for _, c := range l.calls {
		ups := map[string]time.Time{}
		for _, m := range c.members {
			ups[m.you] = m.up
		}
		for _, m := range c.members {
			for _, s := range m.ears {
				t := s.ear.Total(now)
				if all := t.Received + t.Lost; all > 0 {
					loss = append(loss, float64(t.Lost)/float64(all))
				}
				since := m.up
				if other := ups[s.from]; other.After(since) {
					since = other
				}
				if !m.up.IsZero() && !since.IsZero() {
					media = append(media, ms(max(0, s.first.Sub(since))))
				}
			}
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	r.Connected, r.Failed, r.Why = int(l.up.Load()), int(l.failed.Load()), l.why
	r.SetupMS, r.FirstMediaMS, r.LossRatio = spread(l.setup), spread(media), spread(loss)
	r.RTTMS, r.JitterMS = spread(l.rtt), spread(l.jitter)
}
