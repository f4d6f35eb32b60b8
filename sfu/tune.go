package sfu

import "time"

// Tune takes over what of cfg can change while calls go on. At once: MaxPeers
// (who is in stays in), the intervals, and Link.FrameHold. For rooms that are
// made from then on: HistoryPackets, codecs, SRTP profiles, timeouts,
// RelayOnly and the limits of rates. Ports and addresses stay. On an error
// (an SRTP profile that does not exist) nothing changes.
func (s *Server) Tune(cfg Config) error {
	if err := s.transport.Tune(cfg.Link); err != nil {
		return err
	}
	s.cfg.Store(&cfg)
	for _, r := range s.liveRooms() {
		r.pace(cfg.PLIMinInterval)
	}
	return nil
}

// pace says how often key frames may be asked for. An uplink that is made
// meanwhile asks the server, under the same lock.
func (r *Room) pace(every time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, p := range r.peers {
		for _, u := range p.uplinks {
			u.SetKeyFrame(every)
		}
	}
}

// tick is how often the ticker wakes.
func (c *Config) tick() time.Duration { return min(c.NACKInterval, transportTick) }
