package turn

import (
	"encoding/binary"
	"maps"
	"net/netip"
)

// channelTable is the set of an allocation's channels, both ways. It is never
// changed, only replaced, so that packets are looked up without a lock.
type channelTable struct {
	peers   map[uint16]netip.AddrPort
	numbers map[netip.AddrPort]uint16
}

// bindChannel and unbindChannel follow what pion has bound.
func (r *relay) bindChannel(number uint16, peer netip.AddrPort) {
	r.changeChannels(func(t *channelTable) { t.peers[number], t.numbers[peer] = peer, number })
}

func (r *relay) unbindChannel(number uint16, peer netip.AddrPort) {
	r.changeChannels(func(t *channelTable) { delete(t.peers, number); delete(t.numbers, peer) })
}

func (r *relay) changeChannels(change func(*channelTable)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := &channelTable{peers: map[uint16]netip.AddrPort{}, numbers: map[netip.AddrPort]uint16{}}
	if old := r.channels.Load(); old != nil {
		t.peers, t.numbers = maps.Clone(old.peers), maps.Clone(old.numbers)
	}
	change(t)
	r.channels.Store(t)
}

// isChannelData tells ChannelData from STUN by the first two bits (RFC 8656
// section 12).
func isChannelData(msg []byte) bool { return len(msg) > 0 && msg[0]>>6 == 1 }

// splitChannelData takes a ChannelData message apart. The message may be longer
// than its length field says, by padding; data shares its memory.
func splitChannelData(msg []byte) (number uint16, data []byte, ok bool) {
	if len(msg) < channelHeader || !isChannelData(msg) {
		return 0, nil, false
	}
	number = binary.BigEndian.Uint16(msg)
	n := int(binary.BigEndian.Uint16(msg[2:]))
	if n > len(msg)-channelHeader {
		return 0, nil, false
	}
	return number, msg[channelHeader : channelHeader+n], true
}

// fromChannel passes on what the client sent on one of its channels.
func (r *relay) fromChannel(msg []byte) {
	number, data, ok := splitChannelData(msg)
	if !ok {
		r.srv.count.drop(dropBadMessage)
		return
	}
	table := r.channels.Load()
	if table == nil {
		r.srv.count.drop(dropNoPath)
		return
	}
	peer, ok := table.peers[number]
	if !ok {
		r.srv.count.drop(dropNoPath)
		return
	}
	r.toPeer(data, peer)
}

// sendOnChannel sends pkt to the client if its sender is bound to a channel, and
// reports whether it was. The header goes in front of the payload where it lies.
func (r *relay) sendOnChannel(pkt *packet) bool {
	table := r.channels.Load()
	if table == nil {
		return false
	}
	number, ok := table.numbers[pkt.from]
	if !ok {
		return false
	}
	binary.BigEndian.PutUint16(pkt.buf[:], number)
	binary.BigEndian.PutUint16(pkt.buf[2:], uint16(pkt.n))
	end := channelHeader + pkt.n
	if r.sock.carrier.padded() { // RFC 8656 section 12.5: over streams only
		for ; end%4 != 0; end++ {
			pkt.buf[end] = 0
		}
	}
	if err := r.sock.carrier.write(pkt.buf[:end], r.client); err != nil {
		r.srv.count.drop(dropClientWrite)
		return true
	}
	r.arrived(pkt.from, pkt.n)
	return true
}
