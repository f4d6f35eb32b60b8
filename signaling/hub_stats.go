package signaling

// HubStats is a look at who is there.
type HubStats struct {
	Sessions int // open, with a socket or waiting to be resumed
	Detached int // of these, without a socket now
	Sockets  int // WebSockets, those that have not said hello included
	Messages int // that clients have not acknowledged, of all sessions
	Bytes    int // of these
}

// SessionState is one session, without a word about whose it is.
type SessionState struct {
	ID       string
	Attached bool // has a socket
	Messages int  // not acknowledged
	Bytes    int  // of these
	Requests int  // accepted and not answered
}

// Stats counts sessions and what waits for them.
func (h *Hub) Stats() HubStats {
	var st HubStats
	for _, s := range h.Sessions() {
		st.Sessions++
		st.Messages += s.Messages
		st.Bytes += s.Bytes
		if !s.Attached {
			st.Detached++
		}
	}
	h.mu.RLock()
	defer h.mu.RUnlock()
	st.Sockets = len(h.sockets)
	return st
}

// Sessions looks at every session, in no order.
func (h *Hub) Sessions() []SessionState {
	h.mu.RLock()
	list := make([]*session, 0, len(h.byID))
	for _, s := range h.byID {
		list = append(list, s)
	}
	h.mu.RUnlock()
	out := make([]SessionState, 0, len(list))
	for _, s := range list {
		out = append(out, s.state())
	}
	return out
}

func (s *session) state() SessionState {
	s.mu.Lock()
	defer s.mu.Unlock()
	return SessionState{ID: s.who.SessionID, Attached: s.sock != nil, Messages: len(s.out.list), Bytes: s.out.bytes, Requests: len(s.waiting)}
}
