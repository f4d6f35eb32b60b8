package sfu

// maxName is the longest name of a peer in bytes: its length is one byte of a
// data message, and one that is a character by itself in UTF-8.
const maxName = 127

// nameable says whether a peer's name can stand before its messages.
func nameable(name string) bool {
	for i := range len(name) {
		if name[i] >= 0x80 {
			return false
		}
	}
	return len(name) > 0 && len(name) <= maxName
}

// appendFrame appends a data message as it goes to the others: the length of
// the sender's name in one byte, the name, and what was sent. The server puts
// the name there, so that nobody can speak as somebody else. In front of a text
// it is a text.
func appendFrame(b []byte, name string, message []byte) []byte {
	b = append(b, byte(len(name)))
	b = append(b, name...)
	return append(b, message...)
}

// Data is link.Owner's: what a peer says on a data channel, all others of the
// room hear on theirs with the same label.
func (p *Peer) Data(label string, text bool, message []byte) { p.room.say(p, label, text, message) }

// say hands a message to everybody but its sender, one message of the room
// after the other: so all hear all messages in one order, and an answer never
// overtakes what it answers. Nothing in it waits for a receiver. Who has been
// taken out neither says nor hears anything, whatever its link still brings.
func (r *Room) say(from *Peer, label string, text bool, message []byte) {
	r.words.Lock()
	defer r.words.Unlock()
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.peers[from.name] != from {
		return
	}
	r.frame = appendFrame(r.frame[:0], from.name, message)
	for _, other := range r.order {
		if other != from {
			other.link.SendData(label, text, r.frame)
		}
	}
}
