package relay

import (
	"sync"

	"kinwire/signaling/proto"
)

// maxRosters is how many are kept: of the conversations in which somebody writes
// right now.
const maxRosters = 4096

// rosters keeps what was read of conversations, so that it is not read for each
// message. It may be out of date. That is no harm: generation, epoch and drops
// tell whether it is, and a message is taken only while they are what they were,
// which is looked at when it is taken; policy is asked anew for each message.
type rosters struct {
	mu   sync.Mutex
	byID map[string]proto.ChatRoster
}

func newRosters() *rosters { return &rosters{byID: map[string]proto.ChatRoster{}} }

func (k *rosters) get(id string) (r proto.ChatRoster, ok bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	r, ok = k.byID[id]
	return r, ok
}

func (k *rosters) put(id string, r proto.ChatRoster) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if _, known := k.byID[id]; !known && len(k.byID) >= maxRosters {
		for any := range k.byID { // whichever comes first
			delete(k.byID, any)
			break
		}
	}
	k.byID[id] = r
}

func (k *rosters) drop(id string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.byID, id)
}
