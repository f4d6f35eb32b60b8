package policy

import (
	"fmt"

	"kinwire/signaling/proto"
)

// lacks says what is missing between two people who may not talk to each
// other. a and b are known to whoever asks.
func (m *meeting) lacks(a, b string) []proto.Missing {
	tie, ok := m.ties[pairOf(a, b)]
	never := tie.Blocked() || m.now.UnixMilli() < tie.QuietUntil ||
		m.people[a].isStaff() || m.people[b].isStaff()
	if never {
		return []proto.Missing{m.missing(a, b, proto.NeedNever)}
	}
	if !ok || !m.waits(tie) {
		return []proto.Missing{m.missing(a, b, proto.NeedFriends)}
	}
	all := []proto.Missing{}
	for i, id := range [2]string{a, b} {
		side := tie.Side(id)
		if !tie.Yes[side] {
			all = append(all, m.missing(a, b, [2]proto.Need{proto.NeedA, proto.NeedB}[i]))
		}
		if p := m.people[id]; p.isChild() && p.Rules.ApproveFriends && tie.ParentYes[side] == "" {
			all = append(all, m.missing(a, b, [2]proto.Need{proto.NeedParentA, proto.NeedParentB}[i]))
		}
	}
	if len(all) == 0 { // every yes is there, and nobody has drawn the conclusion yet
		all = append(all, m.missing(a, b, proto.NeedFriends))
	}
	return all
}

// missing puts it in words, of which the apps have their own in every
// language. Ids are given of those whom the asker knows: of a request that
// still waits, only the name.
func (m *meeting) missing(a, b string, need proto.Need) proto.Missing {
	nameA, nameB := m.nameOf(a), m.nameOf(b)
	words := map[proto.Need]string{
		proto.NeedFriends:  fmt.Sprintf("%s and %s are not friends yet", nameA.Name, nameB.Name),
		proto.NeedA:        fmt.Sprintf("%s has not said yes to %s yet", nameA.Name, nameB.Name),
		proto.NeedB:        fmt.Sprintf("%s has not said yes to %s yet", nameB.Name, nameA.Name),
		proto.NeedParentA:  fmt.Sprintf("%s’s parent has not approved %s yet", nameA.Name, nameB.Name),
		proto.NeedParentB:  fmt.Sprintf("%s’s parent has not approved %s yet", nameB.Name, nameA.Name),
		proto.NeedConsentA: fmt.Sprintf("%s’s parent has not allowed %s", nameA.Name, m.about.scope),
		proto.NeedConsentB: fmt.Sprintf("%s’s parent has not allowed %s", nameB.Name, m.about.scope),
		proto.NeedNever:    fmt.Sprintf("%s and %s cannot be in one %s", nameA.Name, nameB.Name, m.about.place),
	}
	return proto.Missing{A: nameA, B: nameB, Need: need, Text: words[need]}
}

func (m *meeting) nameOf(id string) proto.NameOf {
	p := m.people[id]
	if p == nil {
		return proto.NameOf{}
	}
	name := proto.NameOf{Name: p.Person.Name, Avatar: p.Person.Avatar}
	if id == m.asker || m.together(m.asker, id) {
		name.ID = id
	}
	return name
}

func refuse(code proto.Code, message string) *proto.Error {
	return &proto.Error{Code: code, Message: message}
}

// errUnknown is said of everybody whom the asker does not know: who exists is
// no business of somebody who may not reach them.
func errUnknown() *proto.Error { return calls.errUnknown() }

func (a *matter) errUnknown() *proto.Error {
	return refuse(proto.CodeNotFound, "there is no such person among those you may "+a.do)
}

func errNotYours() *proto.Error {
	return refuse(proto.CodeNotFound, "there is no such child among yours")
}

// mayAct refuses to those who may do nothing at all.
func mayAct(p *person) *proto.Error {
	if p == nil {
		return refuse(proto.CodeNotAllowed, "there is no such account")
	}
	if !p.Active {
		return refuse(proto.CodeSuspended, "this account is suspended")
	}
	return nil
}
