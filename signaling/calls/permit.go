package calls

import (
	"context"
	"slices"
	"time"

	"kinwire/signaling/proto"
)

// maxRounds is how often one request asks policy anew because its answer has
// been overtaken.
const maxRounds = 8

// asking is a question to policy that is under way. What is told to Recheck
// meanwhile makes its answer worthless.
type asking struct {
	ids   []string
	stale bool
}

// question is something that needs policy's yes.
type question struct {
	asker string
	// ids are those who would be in one call. It is asked again once the
	// answer is there, and only when that covers them all it counts.
	ids func() ([]string, *proto.Error)
	// prepare finds out what else has to be known; nil: nothing.
	prepare func(ctx context.Context) *proto.Error
	// do carries it out.
	do func(terms proto.CallTerms, now time.Time) *proto.Error
}

// permitted asks policy and carries out what it allows. ids and do run under
// mu, and between the answer and do nothing has changed that would have
// changed the answer.
func (s *Service) permitted(ctx context.Context, q question) *proto.Error {
	for range maxRounds {
		a, refused := s.ask(q)
		if refused != nil {
			return refused
		}
		terms, refused := s.meet(ctx, q, a)
		s.mu.Lock()
		delete(s.asked, a)
		if refused != nil {
			s.mu.Unlock()
			return refused
		}
		done, refused := s.act(q, a, terms)
		s.mu.Unlock()
		if done || refused != nil {
			return refused
		}
	}
	return &proto.Error{Code: proto.CodeUnavailable, Message: "who may call whom is changing just now; try again"}
}

// ask registers the question.
func (s *Service) ask(q question) (*asking, *proto.Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, errShuttingDown()
	}
	ids, refused := q.ids()
	if refused != nil {
		return nil, refused
	}
	a := &asking{ids: ids}
	s.asked[a] = struct{}{}
	return a, nil
}

func (s *Service) meet(ctx context.Context, q question, a *asking) (proto.CallTerms, *proto.Error) {
	if err := s.countUp(ctx, a.ids); err != nil {
		return proto.CallTerms{}, asProto(ctx, s.d.Log, "count talk", err)
	}
	var terms proto.CallTerms
	if len(a.ids) > 1 { // who is alone, with a busy tone, meets nobody
		var err error
		if terms, err = s.d.Policy.Meet(ctx, q.asker, a.ids); err != nil {
			return proto.CallTerms{}, asProto(ctx, s.d.Log, "ask policy", err)
		}
	}
	if q.prepare != nil {
		return terms, q.prepare(ctx)
	}
	return terms, nil
}

// act carries out what was allowed, if the answer still counts. The caller
// holds mu.
func (s *Service) act(q question, a *asking, terms proto.CallTerms) (done bool, refused *proto.Error) {
	if s.closed {
		return false, errShuttingDown()
	}
	ids, refused := q.ids()
	if refused != nil {
		return false, refused
	}
	if a.stale || !covers(a.ids, ids) {
		return false, nil
	}
	now := s.d.Now()
	refused = q.do(terms, now)
	s.carryOut(now)
	return true, refused
}

// covers says whether an answer about asked is one about ids too: who may be
// together may be so without somebody.
func covers(asked, ids []string) bool {
	return !slices.ContainsFunc(ids, func(id string) bool { return !slices.Contains(asked, id) })
}

// countUp has everything counted that these people have talked until now, in
// whatever call they are.
func (s *Service) countUp(ctx context.Context, userIDs []string) error {
	var books []*line
	s.mu.Lock()
	now := s.d.Now()
	for _, id := range userIDs {
		if c, _ := s.board.active(id); c != nil {
			c.countUp(now)
			s.board.dirty = append(s.board.dirty, c)
			books = append(books, &s.entry(c).books)
		}
	}
	s.carryOut(now)
	s.mu.Unlock()
	for _, l := range books {
		if err := l.wait(ctx); err != nil {
			return err
		}
	}
	return nil
}

// waits finds out who of these people lets a second call wait. Where it is
// not known they are busy, as they would be by default.
func (s *Service) waits(ctx context.Context, userIDs []string) map[string]bool {
	var inCall []string
	s.mu.Lock()
	for _, id := range userIDs {
		if c, _ := s.board.active(id); c != nil {
			inCall = append(inCall, id)
		}
	}
	s.mu.Unlock()
	waits := make(map[string]bool, len(inCall))
	for _, id := range inCall {
		on, err := s.d.Settings.CallWaiting(ctx, id)
		if err != nil && ctx.Err() == nil {
			s.d.Log.ErrorContext(ctx, "calls: ask whether somebody lets calls wait", "error", err)
		}
		waits[id] = on && err == nil
	}
	return waits
}

func (s *Service) lookUp(ctx context.Context, ids []string) ([]proto.Person, *proto.Error) {
	people := make([]proto.Person, 0, len(ids))
	for _, id := range ids {
		p, err := s.d.People.Person(ctx, id)
		if err != nil {
			return nil, asProto(ctx, s.d.Log, "look up a person", err)
		}
		people = append(people, p)
	}
	return people, nil
}
