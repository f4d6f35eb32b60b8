package groups_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"kinwire/signaling/policy"
	"kinwire/signaling/proto"
	"kinwire/signaling/relay/groups"
)

// witness knows what a group has to be, from what has been done to it, by sets
// and in its own way.
type witness struct {
	in      map[string]bool   // people
	leaf    map[string]string // device id: "in" or "out"
	owner   map[string]string // devices that there are
	apart   map[string]bool   // "a b" both ways
	creator string
	gen     int64
	epoch   int64
	most    int
}

func (m *witness) together(people map[string]bool) bool {
	for a := range people {
		for b := range people {
			if m.apart[a+" "+b] {
				return false
			}
		}
	}
	return true
}

// takes says whether a commit has to be taken, and, if so, does it.
func (m *witness) takes(who string, in proto.Commit) bool {
	d := in.DeviceID
	if !m.in[who] || m.owner[d] != who {
		return false
	}
	people, leaf := maps.Clone(m.in), maps.Clone(m.leaf)
	gen, epoch := m.gen, m.epoch+1
	switch {
	case len(in.Commit) == 0:
		leaf, gen, epoch = map[string]string{}, m.gen+1, 1
		for _, a := range in.Adds {
			if m.owner[a] == "" || !m.in[m.owner[a]] || a == d || leaf[a] != "" {
				return false
			}
			leaf[a] = "in"
		}
		leaf[d] = "in"
	case in.External:
		leaf[d] = "in"
	default:
		if leaf[d] != "in" || !m.ordinary(who, in, people, leaf) {
			return false
		}
	}
	if len(people) > 1 && !m.together(people) || len(people) > m.most && len(people) > len(m.in) {
		return false
	}
	m.in, m.leaf, m.gen, m.epoch = people, leaf, gen, epoch
	return true
}

func (m *witness) ordinary(who string, in proto.Commit, people map[string]bool, leaf map[string]string) bool {
	taken := map[string]bool{}
	for _, r := range in.Removes {
		was := leaf[r]
		if was == "" || r == in.DeviceID {
			return false
		}
		if was == "in" && m.owner[r] != who {
			if m.creator != who {
				return false
			}
			taken[m.owner[r]] = true
		}
		delete(leaf, r)
	}
	for d, is := range leaf {
		if is == "out" || taken[m.owner[d]] {
			return false
		}
	}
	for _, a := range in.Adds {
		p := m.owner[a]
		if p == "" || leaf[a] != "" || taken[p] {
			return false
		}
		leaf[a] = "in"
		people[p] = true
	}
	for p := range taken {
		delete(people, p)
	}
	return true
}

// goes lets people go.
func (m *witness) goes(people ...string) {
	for _, p := range people {
		delete(m.in, p)
		for d := range m.leaf {
			if m.owner[d] == p {
				m.leaf[d] = "out"
			}
		}
		if m.creator == p {
			m.creator = ""
		}
	}
}

// TestMembership does whatever comes to mind to a group, and holds what becomes
// of it against the witness: which commits are taken, who is in, which devices
// are, and which have to be removed.
func TestMembership(t *testing.T) {
	w := newSquareWith(t, groups.Config{
		MaxPeople: 4, MaxDevices: 100, Anew: groups.Rate{Burst: 1000, Every: 1}, NewDevice: groups.Rate{Burst: 1000, Every: 1},
	})
	rapid.Check(t, func(rt *rapid.T) {
		for _, table := range []string{"chat_conversations", "chat_devices", "chat_messages", "friendships", "blocks"} {
			w.do(`DELETE FROM ` + table)
		}
		for i, a := range friends {
			for _, b := range friends[:i] {
				w.befriend(a, b)
			}
		}
		m := &witness{in: map[string]bool{}, leaf: map[string]string{}, owner: map[string]string{}, apart: map[string]bool{}, creator: "ana", gen: 1, epoch: 1, most: 4}
		var devices []string
		for _, p := range friends {
			d := w.device(p, p+" 0")
			m.owner[d] = p
			devices = append(devices, d)
		}
		id := w.start(proto.ConversationGroup, []string{"ben", "cat"}, devices[:3]...)
		for i, p := range friends[:3] {
			m.in[p], m.leaf[devices[i]] = true, "in"
		}
		for range rapid.IntRange(1, 20).Draw(rt, "steps") {
			devices = m.step(t, rt, w, id, devices)
			if len(m.in) == 0 {
				break
			}
			m.agrees(t, w, id)
		}
	})
}

func (m *witness) agrees(t *testing.T, w *square, id string) {
	who := slices.Sorted(maps.Keys(m.in))[0]
	c := w.see(who, id)
	var people, in, out []string
	for _, one := range c.Members {
		people = append(people, one.Person.ID)
	}
	for d, is := range m.leaf {
		if is == "in" {
			in = append(in, d)
		} else {
			out = append(out, d)
		}
	}
	require.ElementsMatch(t, slices.Collect(maps.Keys(m.in)), people)
	require.ElementsMatch(t, in, c.Leaves)
	require.ElementsMatch(t, out, c.Remove)
	require.Equal(t, []int64{m.gen, m.epoch}, []int64{c.Generation, c.Epoch})
	require.Equal(t, m.creator, c.CreatedBy)
	w.sound()
}

// step does one thing, in the world and before the witness.
func (m *witness) step(t *testing.T, rt *rapid.T, w *square, id string, devices []string) []string {
	ctx := t.Context()
	who := rapid.SampledFrom(friends).Draw(rt, "who")
	other := rapid.SampledFrom(friends).Draw(rt, "other")
	one := rapid.SampledFrom(devices).Draw(rt, "device")
	switch what := rapid.SampledFrom([]string{"commit", "commit", "commit", "commit", "external", "anew", "leave", "apart", "again", "new device", "device goes"}).Draw(rt, "what"); what {
	case "leave":
		err := w.Leave(ctx, who, id)
		require.Equal(t, m.in[who], err == nil, "%v", err)
		m.goes(who)
	case "apart", "again":
		if who == other {
			return devices
		}
		if what == "apart" {
			w.block(who, other)
		} else {
			w.befriend(who, other)
		}
		m.apart[who+" "+other], m.apart[other+" "+who] = what == "apart", what == "apart"
		w.Recheck(who, other)
		m.parts(t, w, id)
	case "new device":
		d := w.device(who, fmt.Sprint(who, " ", len(devices)))
		m.owner[d] = who
		devices = append(devices, d)
	case "device goes":
		err := w.DeleteDevice(ctx, m.owner[one], one)
		require.Equal(t, m.owner[one] != "", err == nil, "%v", err)
		delete(m.owner, one)
		if m.leaf[one] != "" {
			m.leaf[one] = "out"
		}
	default:
		m.tries(t, rt, w, id, what, who, one, devices)
	}
	return devices
}

// parts: those leave whom policy names, whose own tests say who that is.
func (m *witness) parts(t *testing.T, w *square, id string) {
	row, found, err := w.st.Conversation(t.Context(), id)
	require.NoError(t, err)
	if !found {
		return
	}
	var came []string
	for _, one := range row.Members {
		if one.In && one.Person.ID == m.creator {
			came = append([]string{m.creator}, came...)
		} else if one.In {
			came = append(came, one.Person.ID)
		}
	}
	leave, err := policy.New(w.st, w.clock, policy.Config{NoticeVersion: "2"}).Part(t.Context(), came)
	require.NoError(t, err)
	m.goes(leave...)
	require.True(t, m.together(m.in))
	w.RecheckNow(t.Context())
}

// tries makes a commit that is well formed for the group as it is, and says the
// right or the wrong things.
func (m *witness) tries(t *testing.T, rt *rapid.T, w *square, id, what, who, device string, devices []string) {
	if rapid.IntRange(0, 3).Draw(rt, "own device") > 0 {
		for _, d := range devices { // else hardly any would be one’s own
			if m.owner[d] == who {
				device = d
			}
		}
	}
	c := proto.Conversation{ID: id, Generation: m.gen, Epoch: m.epoch}
	c.Leaves = slices.Sorted(maps.Keys(m.leaf))
	some := func(from []string, name string) (all []string) {
		if len(from) == 0 {
			return nil
		}
		for range rapid.IntRange(0, 2).Draw(rt, name) {
			if d := rapid.SampledFrom(from).Draw(rt, name); !slices.Contains(all, d) {
				all = append(all, d)
			}
		}
		return all
	}
	var in proto.Commit
	switch what {
	case "external":
		in = w.external(c, device)
	case "anew":
		in = w.renewal(c, device, some(devices, "adds")...)
	default:
		removes := some(c.Leaves, "removes")
		for d, is := range m.leaf {
			if is == "out" && !slices.Contains(removes, d) && rapid.IntRange(0, 5).Draw(rt, "tidy") > 0 {
				removes = append(removes, d)
			}
		}
		slices.Sort(removes)
		in = w.change(c, device, some(devices, "adds"), removes)
	}
	out, err := w.Commit(t.Context(), who, id, in)
	taken := m.takes(who, in)
	require.Equal(t, taken, err == nil, "%s by %s of %s: %v", what, device, who, err)
	if taken {
		require.Equal(t, []int64{m.gen, m.epoch}, []int64{out.Generation, out.Epoch})
	} else {
		code(t, err)
	}
	w.RecheckNow(t.Context())
}
