package policy

import (
	"fmt"
	"time"

	"kinwire/signaling/proto"
)

// meeting is the question whether these people may be in one call or in one
// conversation, with the facts to answer it.
type meeting struct {
	about  *matter
	asker  string // id; empty where it goes on already
	ids    []string
	now    time.Time
	notice string
	people map[string]*person
	ties   map[[2]string]proto.FriendRow // by the ids in order
}

// check is one thing that has to hold. What it says is for whoever reads this
// and for nobody else.
type check struct {
	says  string
	check func(*meeting) *proto.Error
}

// always is what has to hold whatever people want of each other, in this
// order: the first that does not gives the refusal.
var always = []check{
	{"whoever asks has an account that is not suspended", (*meeting).askerIsActive},
	{"it is about two different people at least", (*meeting).notAlone},
	{"whoever asks knows all the others", (*meeting).allKnown},
	{"every pair is friends or family, and no block is between them", (*meeting).everyPair},
	{"a parent of each child has consented to it, under today's notice", (*meeting).consents},
}

// inCalls is what has to hold of calls besides.
var inCalls = []check{
	{"it is no child's quiet hours, or all are family", (*meeting).notQuiet},
	{"each child has minutes left today, or all are family", (*meeting).minutesLeft},
}

func (m *meeting) refusal() *proto.Error {
	for _, c := range m.about.checks() {
		if refused := c.check(m); refused != nil {
			return refused
		}
	}
	return nil
}

// terms is under what conditions those who may meet do.
func (m *meeting) terms() proto.CallTerms {
	var terms proto.CallTerms
	family := m.onlyFamily()
	for _, p := range m.children() {
		terms.NoVideo = terms.NoVideo || !p.Rules.Video
		if family {
			continue
		}
		terms = earlier(terms, p.hours.nextQuiet(m.now), proto.ReasonQuietHours)
		terms = earlier(terms, p.hours.usedUp(m.now), proto.ReasonAllowance)
	}
	return terms
}

func earlier(terms proto.CallTerms, at time.Time, why proto.Reason) proto.CallTerms {
	if !at.IsZero() && (terms.EndsAt.IsZero() || at.Before(terms.EndsAt)) {
		terms.EndsAt, terms.Reason = at.UTC(), why
	}
	return terms
}

func pairOf(a, b string) [2]string { return [2]string{min(a, b), max(a, b)} }

// pairs is every pair of the people, in the order in which they were named.
func (m *meeting) pairs() [][2]string {
	var pairs [][2]string
	for i, a := range m.ids {
		for _, b := range m.ids[i+1:] {
			pairs = append(pairs, [2]string{a, b})
		}
	}
	return pairs
}

// children is the children among the people.
func (m *meeting) children() []*person {
	var children []*person
	for _, id := range m.ids {
		if p := m.people[id]; p != nil && p.isChild() {
			children = append(children, p)
		}
	}
	return children
}

// together is the heart of it: whether two people may talk to each other at
// all.
func (m *meeting) together(a, b string) bool {
	one, two := m.people[a], m.people[b]
	if one == nil || two == nil || !one.Active || !two.Active {
		return false
	}
	if one.isStaff() || two.isStaff() {
		return m.about.staff && m.review(one, two)
	}
	tie := m.ties[pairOf(a, b)]
	return tie.State == proto.FriendApproved && !tie.Blocked()
}

// review: the staff's person and a parent whose consent waits for a video
// call, the two of them alone.
func (m *meeting) review(one, two *person) bool {
	if two.isStaff() {
		one, two = two, one
	}
	mayAsk := m.asker == "" || m.asker == one.id()
	return mayAsk && len(m.ids) == 2 && !two.isStaff() && two.Person.Role == proto.RoleParent && two.InReview
}

// onlyFamily says whether all of them are one family.
func (m *meeting) onlyFamily() bool {
	for _, pair := range m.pairs() {
		if !m.ties[pairOf(pair[0], pair[1])].Family {
			return false
		}
	}
	return true
}

func (m *meeting) askerIsActive() *proto.Error {
	if m.asker == "" {
		return nil
	}
	return mayAct(m.people[m.asker])
}

func (m *meeting) notAlone() *proto.Error {
	seen := map[string]bool{}
	for _, id := range m.ids {
		if seen[id] {
			return refuse(proto.CodeNotAllowed, "somebody is named twice, and "+m.about.oneself)
		}
		seen[id] = true
	}
	if m.asker != "" && (!seen[m.asker] || len(seen) < 2) {
		return refuse(proto.CodeNotAllowed, m.about.alone)
	}
	return nil
}

// allKnown: one knows one's friends, and those with whom a request waits.
func (m *meeting) allKnown() *proto.Error {
	for _, id := range m.ids {
		p := m.people[id]
		if p == nil || !p.Active {
			return m.about.errUnknown()
		}
		if m.asker == "" || id == m.asker || m.together(m.asker, id) {
			continue
		}
		tie := m.ties[pairOf(m.asker, id)]
		if m.people[m.asker].isStaff() || p.isStaff() || tie.Blocked() || !m.waits(tie) {
			return m.about.errUnknown()
		}
	}
	return nil
}

// waits says whether a request is open.
func (m *meeting) waits(tie proto.FriendRow) bool {
	return tie.State == proto.FriendPending && m.now.UnixMilli() < tie.ExpiresAt
}

func (m *meeting) everyPair() *proto.Error {
	var missing []proto.Missing
	for _, pair := range m.pairs() {
		if !m.together(pair[0], pair[1]) {
			missing = append(missing, m.lacks(pair[0], pair[1])...)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	e := refuse(proto.CodeNotApproved, missing[0].Text)
	if m.asker != "" {
		e.Missing = missing
	}
	return e
}

func (m *meeting) consents() *proto.Error {
	var missing []proto.Missing
	for _, child := range m.children() {
		if child.consented(m.notice, m.about.scope) {
			continue
		}
		if child.id() == m.asker {
			return refuse(proto.CodeNeedsConsent, fmt.Sprintf("your parent has to allow %s first", m.about.scope))
		}
		missing = append(missing, m.missing(child.id(), m.otherThan(child.id()), proto.NeedConsentA))
	}
	if len(missing) == 0 {
		return nil
	}
	e := refuse(proto.CodeNeedsConsent, missing[0].Text)
	if m.asker != "" {
		e.Missing = missing
	}
	return e
}

// otherThan is with whom a child is missing something: whoever asks, or the
// first of the others.
func (m *meeting) otherThan(id string) string {
	if m.asker != "" && m.asker != id {
		return m.asker
	}
	for _, other := range m.ids {
		if other != id {
			return other
		}
	}
	return ""
}

func (m *meeting) notQuiet() *proto.Error {
	if m.onlyFamily() {
		return nil
	}
	for _, child := range m.children() {
		until, quiet := child.hours.quietUntil(m.now)
		if quiet && child.id() == m.asker {
			return refuse(proto.CodeQuietHours, fmt.Sprintf("it is quiet time for you until %s; your family you can call", until.In(child.hours.zone).Format("15:04")))
		}
		if quiet {
			return refuse(proto.CodeQuietHours, fmt.Sprintf("it is quiet time for %s now", child.Person.Name))
		}
	}
	return nil
}

func (m *meeting) minutesLeft() *proto.Error {
	if m.onlyFamily() {
		return nil
	}
	for _, child := range m.children() {
		left, limited := child.hours.left(m.now)
		if !limited || left > 0 {
			continue
		}
		if child.id() == m.asker {
			return refuse(proto.CodeAllowanceUsed, "your minutes for today are used up; your family you can call")
		}
		return refuse(proto.CodeAllowanceUsed, fmt.Sprintf("the minutes of %s for today are used up", child.Person.Name))
	}
	return nil
}
