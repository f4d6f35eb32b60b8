package policy

import (
	"context"
	"fmt"

	"kinwire/signaling/proto"
)

// matter is what people want to do together: the words for it, and what has to
// hold besides.
type matter struct {
	scope   proto.Scope // that a parent of each child has to have given
	do      string      // you may …
	place   string      // in one …
	alone   string      // to whoever wants it with nobody else
	oneself string      // to whoever names somebody twice
	staff   bool        // the staff may, with a parent who waits for a review
	more    []check
}

var (
	calls = &matter{
		scope: proto.ScopeCalls, do: "call", place: "call", staff: true, more: inCalls,
		alone:   "a call is between you and somebody else: you cannot call yourself",
		oneself: "nobody can call themselves",
	}
	writing = &matter{
		scope: proto.ScopeMessages, do: "write to", place: "conversation",
		alone:   "a conversation is between you and somebody else: you cannot write to yourself",
		oneself: "nobody can write to themselves",
	}
)

func (a *matter) checks() []check { return append(always[:len(always):len(always)], a.more...) }

// over is the same facts, asked about something else or about some of the
// people.
func (m *meeting) over(about *matter, asker string, ids []string) *meeting {
	other := *m
	other.about, other.asker, other.ids = about, asker, ids
	return &other
}

// Correspond returns nil if all of ids may be in one conversation now. asker is
// one of them, who starts it, widens it or writes in it; or empty where it is
// asked on nobody's behalf, and nobody is told about anybody. Refusals:
// not_found (somebody whom asker does not know), not_approved and needs_consent
// (with what is missing), suspended, not_allowed.
func (s *Service) Correspond(ctx context.Context, asker string, ids []string) error {
	refusals, err := s.CorrespondEach(ctx, asker, [][]string{ids})
	if err != nil {
		return err
	}
	return refusals[0]
}

// CorrespondEach is Correspond for several conversations, with their people read
// at once. It returns as many refusals, nil for those that may be.
func (s *Service) CorrespondEach(ctx context.Context, asker string, conversations [][]string) (refusals []error, err error) {
	var all []string
	seen := map[string]bool{}
	for _, ids := range conversations {
		for _, id := range ids {
			if !seen[id] {
				seen[id] = true
				all = append(all, id)
			}
		}
	}
	m, err := s.meeting(ctx, asker, all)
	if err != nil {
		return nil, err
	}
	refusals = make([]error, len(conversations))
	for i, ids := range conversations {
		if refused := m.over(writing, asker, ids).refusal(); refused != nil {
			refusals[i] = refused
		}
	}
	return refusals, nil
}

// Attach returns nil if a parent of each child among ids allows photos, videos
// and other files, and needs_consent otherwise.
func (s *Service) Attach(ctx context.Context, ids []string) error {
	people, err := s.people(ctx, s.now(), ids...)
	if err != nil {
		return err
	}
	for _, id := range ids {
		p := people[id]
		if p == nil {
			return writing.errUnknown()
		}
		if !p.consented(s.cfg.NoticeVersion, proto.ScopePhotos) {
			return refuse(proto.CodeNeedsConsent, fmt.Sprintf("photos and files need a parent’s yes for %s first", p.Person.Name))
		}
	}
	return nil
}
