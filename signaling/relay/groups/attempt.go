package groups

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"kinwire/signaling/proto"
)

// attempt is a commit that wants to end an epoch. What it does is decided by
// [attempt.decide] over the conversation as it stands, without any I/O.
type attempt struct {
	in     proto.Commit
	userID string
	frames frames
	// With whom policy has agreed, and of which state of the conversation that
	// was. start makes the conversation: then there is no state before.
	agreed    map[string]bool
	drops     int64
	start     bool
	maxPeople int64

	at, expiresAt int64
	seal          func(aad, body []byte) ([]byte, error)
}

// errStale: what policy was asked about is not what is there now. Ask again.
var errStale = errors.New("the conversation has changed")

// point is where an MLS group stands.
type point struct{ generation, epoch int64 }

// after is where a commit leads to.
func after(in proto.Commit, starts bool) point {
	if len(in.Commit) == 0 && !starts {
		return point{in.Generation + 1, 1}
	}
	return point{in.Generation, in.Epoch + 1}
}

// anew says whether the commit begins a new MLS group: the first, or another
// generation.
func (a *attempt) anew() bool { return a.start || len(a.in.Commit) == 0 }

// plan is what an attempt would make of the roster.
type plan struct {
	a       *attempt
	c       proto.ConversationRow
	devices map[string]proto.ChatDeviceRow
	before  map[string]proto.LeafRow
	leaves  []proto.LeafRow // after it
	newcome []string        // people who come in
	out     []string        // people who are taken out
	drop    []string        // devices
}

// rules is what has to hold, in this order: the first that does not gives the
// refusal. Each may add to the plan what those after it look at.
var rules = []struct {
	says  string
	check func(*plan) error
}{
	{"the committer's device is the caller's", (*plan).committer},
	{"it is made for the present epoch", (*plan).present},
	{"the committer's device may do this kind of commit", (*plan).kind},
	{"what it removes may be removed", (*plan).removes},
	{"what it adds may be added", (*plan).adds},
	{"nobody stays who was to be removed", (*plan).settled},
	{"the tree has exactly the devices of the roster", (*plan).tree},
	{"there are not too many people, and policy was asked about all", (*plan).people},
}

// decide returns what becomes of the conversation. A refusal is a *proto.Error;
// errStale means that policy has to be asked again first.
func (a *attempt) decide(c proto.ConversationRow, devices map[string]proto.ChatDeviceRow) (proto.ConversationChange, error) {
	p := &plan{a: a, c: c, devices: devices, before: map[string]proto.LeafRow{}}
	for _, l := range c.Leaves {
		p.before[l.DeviceID] = l
	}
	for _, r := range rules {
		if err := r.check(p); err != nil {
			return proto.ConversationChange{}, err
		}
	}
	return p.change()
}

func (p *plan) isMember(userID string) bool {
	return slices.ContainsFunc(p.c.Members, func(m proto.MemberRow) bool { return m.In && m.Person.ID == userID })
}

func (p *plan) committer() error {
	if !p.a.start && !p.isMember(p.a.userID) {
		return errNoConversation(p.c.ID)
	}
	if d, ok := p.devices[p.a.in.DeviceID]; !ok || d.PersonID != p.a.userID {
		return errNoDevice(p.a.in.DeviceID)
	}
	return nil
}

func (p *plan) present() error {
	if in := p.a.in; in.Generation != p.c.Generation || in.Epoch != p.c.Epoch {
		return refuse(proto.CodeEpochTaken, "given generation %d, epoch %d; the conversation is in generation %d, epoch %d", in.Generation, in.Epoch, p.c.Generation, p.c.Epoch)
	}
	return nil
}

func (p *plan) kind() error {
	in := p.a.in
	l, there := p.before[in.DeviceID]
	if p.a.anew() {
		if len(in.Removes) > 0 {
			return refuse(proto.CodeBadMessage, "removes: given %d in a new MLS group; allowed are none, whoever is not added is not in it", len(in.Removes))
		}
		return nil
	}
	if in.External {
		if len(in.Adds) > 0 {
			return refuse(proto.CodeBadMessage, "adds: given %d in an external commit; allowed are none", len(in.Adds))
		}
		if own := in.Removes; len(own) > 1 || len(own) == 1 && own[0] != in.DeviceID || there != (len(own) == 1) {
			return refuse(proto.CodeBadMessage, "removes: given %.200q; an external commit removes the old leaf of its own device if there is one (%v here), and no other", own, there)
		}
		return isLeafOf("commit", p.a.frames.leaf, p.devices[in.DeviceID])
	}
	if !there || !l.In {
		return refuse(proto.CodeWrongState, "device %s is not in the MLS group: it has to come in first, by an external commit or by being added", in.DeviceID)
	}
	return nil
}

// removes: leaves that are flagged, one's own other devices, and, in a group,
// people whom its maker takes out.
func (p *plan) removes() error {
	in := p.a.in
	removed := map[string]bool{}
	for _, id := range in.Removes {
		l, there := p.before[id]
		if !there || removed[id] {
			return refuse(proto.CodeBadMessage, "removes: given %.64q; allowed are devices that are in the MLS group, each once", id)
		}
		removed[id] = true
		if id == in.DeviceID && !in.External {
			return refuse(proto.CodeBadMessage, "removes: given the committer’s own device; allowed are others")
		}
		if !l.In || l.PersonID == p.a.userID {
			continue
		}
		if p.c.Kind != proto.ConversationGroup || p.c.CreatedBy != p.a.userID {
			return refuse(proto.CodeNotAllowed, "removes: given %.64q of somebody else’s; allowed are those that are to be removed, one’s own, and in a group all devices of a person whom its maker takes out", id)
		}
		if !slices.Contains(p.out, l.PersonID) {
			p.out = append(p.out, l.PersonID)
		}
	}
	for _, l := range p.c.Leaves {
		if l.In && slices.Contains(p.out, l.PersonID) && !removed[l.DeviceID] {
			return refuse(proto.CodeBadMessage, "removes: given some devices of a person without %s; who takes somebody out takes out all of their devices", l.DeviceID)
		}
	}
	for _, l := range p.c.Leaves {
		if !p.a.anew() && !removed[l.DeviceID] {
			p.leaves = append(p.leaves, l)
		} else if l.In && l.DeviceID != in.DeviceID && !p.a.anew() {
			p.drop = append(p.drop, l.DeviceID)
		}
	}
	return nil
}

func (p *plan) adds() error {
	in := p.a.in
	added := map[string]bool{}
	for _, id := range in.Adds {
		d, ok := p.devices[id]
		if ok && slices.Contains(p.out, d.PersonID) {
			return refuse(proto.CodeBadMessage, "adds: given %.64q of a person whom the same commit takes out", id)
		}
		if !ok || !p.a.agreed[d.PersonID] {
			return refuse(proto.CodeNotFound, "adds: device %.64q is not there: devices of people who may be in the conversation can be added", id)
		}
		if added[id] || id == in.DeviceID || slices.ContainsFunc(p.leaves, func(l proto.LeafRow) bool { return l.DeviceID == id }) {
			return refuse(proto.CodeBadMessage, "adds: given %.64q; allowed are devices that are not in the MLS group, each once", id)
		}
		added[id] = true
		if !p.isMember(d.PersonID) && !slices.Contains(p.newcome, d.PersonID) && !p.a.start {
			if p.c.Kind == proto.ConversationDirect || p.a.anew() {
				return refuse(proto.CodeNotAllowed, "adds: given %.64q of somebody who is not in the conversation; people come into a group, by an ordinary commit", id)
			}
			p.newcome = append(p.newcome, d.PersonID)
		}
		p.leaves = append(p.leaves, proto.LeafRow{DeviceID: id, PersonID: d.PersonID, In: true})
	}
	if p.a.anew() || in.External {
		p.leaves = append(p.leaves, proto.LeafRow{DeviceID: in.DeviceID, PersonID: p.a.userID, In: true})
	}
	return nil
}

func (p *plan) settled() error {
	if p.a.in.External {
		return nil // cannot remove anybody else (RFC 9420, section 12.2)
	}
	for _, l := range p.leaves {
		if !l.In {
			return refuse(proto.CodeCommitNeeded, "removes: given without device %s, which is to be removed: see `remove` of the conversation", l.DeviceID)
		}
	}
	return nil
}

func (p *plan) tree() error { return sameTree(p.a.frames.info.Leaves, p.leaves, p.devices) }

func (p *plan) people() error {
	if p.a.start {
		for id := range p.a.agreed {
			p.newcome = append(p.newcome, id)
		}
		slices.Sort(p.newcome)
	}
	var all []string
	for _, id := range append(members(p.c), p.newcome...) {
		if !slices.Contains(p.out, id) {
			all = append(all, id)
		}
	}
	if n := int64(len(all)); n > p.a.maxPeople && len(p.newcome) > 0 {
		return refuse(proto.CodeNotAllowed, "given %d people; allowed are %d in one conversation", n, p.a.maxPeople)
	}
	for _, id := range all {
		if !p.a.agreed[id] {
			return errStale
		}
	}
	if p.c.Drops != p.a.drops {
		return errStale
	}
	return nil
}

// change puts the plan into effect.
func (p *plan) change() (proto.ConversationChange, error) {
	a, in := p.a, p.a.in
	to := after(in, a.start)
	detail, err := json.Marshal(proto.ChatChange{ID: in.ID, Adds: in.Adds, Removes: in.Removes, External: in.External})
	if err != nil {
		return proto.ConversationChange{}, fmt.Errorf("write down a commit: %w", err)
	}
	made := point{in.Generation, in.Epoch}
	if to.generation != in.Generation {
		made = point{to.generation, 0}
	}
	var old []string // who was in and stays, and the committer
	for _, l := range p.leaves {
		if l.In && !slices.Contains(in.Adds, l.DeviceID) {
			old = append(old, l.DeviceID)
		}
	}
	change := proto.ConversationChange{
		Out: p.out, Drop: p.drop, DropOf: p.out, Void: len(p.out) > 0, At: a.at, ExpiresAt: a.expiresAt,
		Epoch: &proto.EpochChange{
			Generation: to.generation, Epoch: to.epoch, ID: in.ID, DeviceID: in.DeviceID, UserID: a.userID, Leaves: p.leaves,
			SealInfo: func() ([]byte, error) {
				return a.seal(proto.GroupInfoPlace(p.c.ID, to.generation, to.epoch), in.GroupInfo)
			},
			Send: []proto.ConversationSend{p.send(proto.DeliveryCommit, made, in.Commit, string(detail), old)},
		},
	}
	if len(in.Adds) > 0 {
		change.Epoch.Send = append(change.Epoch.Send, p.send(proto.DeliveryWelcome, to, in.Welcome, string(detail), in.Adds))
	}
	for _, id := range p.newcome {
		change.In = append(change.In, proto.MemberRow{Person: proto.Person{ID: id}, In: true, Since: a.at})
	}
	return change, nil
}

func (p *plan) send(kind proto.DeliveryKind, made point, body []byte, detail string, to []string) proto.ConversationSend {
	return proto.ConversationSend{
		Kind: kind, Generation: made.generation, Epoch: made.epoch, Size: int64(len(body)), Detail: detail, To: to,
		Seal: func(seq int64) ([]byte, error) {
			if len(body) == 0 {
				return nil, nil // the committer of a new generation knows what it did
			}
			return p.a.seal(proto.MessagePlace(p.c.ID, seq, kind), body)
		},
	}
}

func errNoConversation(id string) *proto.Error {
	return refuse(proto.CodeNotFound, "conversation %.64q is not there: one that this person is in can be asked about", id)
}
