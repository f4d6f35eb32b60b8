package groups_test

import (
	"fmt"
	"slices"
	"strings"

	"kinwire/signaling/proto"
	"kinwire/signaling/relay/framing/frametest"
)

// Requests as a well-behaved device makes them.

func (w *square) leaf(deviceID string) frametest.Leaf {
	w.mu.Lock()
	defer w.mu.Unlock()
	return frametest.Leaf{Identity: w.owner[deviceID] + "/" + deviceID, SignatureKey: w.keys[deviceID].SignatureKey}
}

func (w *square) leaves(deviceIDs []string) (all []frametest.Leaf) {
	for _, id := range deviceIDs {
		all = append(all, w.leaf(id))
	}
	return all
}

// draw is a new id of a conversation.
func (w *square) draw() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.drawn++
	const letters = "abcdefghijklmnopqrstuvwxyz"
	return "g_" + strings.Repeat("a", 24) + string(letters[w.drawn/26%26]) + string(letters[w.drawn%26])
}

func gid(id string, generation int64) string { return fmt.Sprintf("%s:%d", id, generation) }

// starting is a well-formed request for a new conversation of these devices,
// the first of which makes it, and all people given, with devices or not.
func (w *square) starting(kind proto.ConversationKind, people []string, devices ...string) proto.ConversationNew {
	id := w.draw()
	in := proto.ConversationNew{ID: id, Kind: kind, People: people, Suite: suite, First: proto.Commit{
		ID: "first of " + devices[0], DeviceID: devices[0], Generation: 1, Adds: devices[1:],
		Commit: frametest.Commit(gid(id, 1), 0, nil), GroupInfo: frametest.GroupInfo(suite, gid(id, 1), 1, w.leaves(devices)...),
	}}
	if len(devices) > 1 {
		in.First.Welcome = frametest.Welcome(suite, len(devices)-1, []byte("welcome"))
	}
	return in
}

// change is a well-formed commit by a device that is in, over the conversation
// as it is.
func (w *square) change(c proto.Conversation, by string, adds, removes []string) proto.Commit {
	w.mu.Lock()
	w.drawn++
	name := fmt.Sprint("commit ", w.drawn)
	w.mu.Unlock()
	in := proto.Commit{
		ID: name, DeviceID: by, Generation: c.Generation, Epoch: c.Epoch, Adds: adds, Removes: removes,
		Commit: frametest.Commit(gid(c.ID, c.Generation), c.Epoch, []byte(name)),
	}
	after := slices.DeleteFunc(slices.Concat(c.Leaves, c.Remove), func(id string) bool { return slices.Contains(removes, id) })
	in.GroupInfo = frametest.GroupInfo(suite, gid(c.ID, c.Generation), c.Epoch+1, w.leaves(append(after, adds...))...)
	if len(adds) > 0 {
		in.Welcome = frametest.Welcome(suite, len(adds), []byte(name))
	}
	return in
}

// external is a well-formed external commit.
func (w *square) external(c proto.Conversation, by string) proto.Commit {
	in := w.change(c, by, nil, nil)
	in.External = true
	in.Commit = frametest.External(gid(c.ID, c.Generation), c.Epoch, w.leaf(by))
	all := slices.Concat(c.Leaves, c.Remove)
	if slices.Contains(all, by) {
		in.Removes = []string{by}
	} else {
		all = append(all, by)
	}
	in.GroupInfo = frametest.GroupInfo(suite, gid(c.ID, c.Generation), c.Epoch+1, w.leaves(all)...)
	return in
}

// renewal is a well-formed new generation.
func (w *square) renewal(c proto.Conversation, by string, adds ...string) proto.Commit {
	in := w.change(c, by, adds, nil)
	in.Commit = nil
	in.GroupInfo = frametest.GroupInfo(suite, gid(c.ID, c.Generation+1), 1, w.leaves(append([]string{by}, adds...))...)
	return in
}
