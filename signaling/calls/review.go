package calls

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"kinwire/signaling/proto"
)

const (
	// policyTimeout is how long one question about a live call may take.
	policyTimeout = 2 * time.Second
	// patience is how long a call may go on while policy cannot say whether it
	// may. After that it ends: what cannot be found out is never a yes.
	patience = 5 * time.Second
	// The pause between two attempts doubles from the first to the longest.
	firstPause, longestPause = 100 * time.Millisecond, time.Second
)

// Recheck says that what these people may do with others has changed: every
// live call of theirs is looked at again. It does not block; what comes while
// a call is being looked at is taken together.
func (s *Service) Recheck(userIDs ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	for a := range s.asked {
		a.stale = a.stale || slices.ContainsFunc(a.ids, func(id string) bool { return slices.Contains(userIDs, id) })
	}
	for _, id := range userIDs {
		for _, c := range s.board.byUser[id] {
			s.review(s.entry(c))
		}
	}
}

// review starts looking at a call, or has it looked at once more. The caller
// holds mu.
func (s *Service) review(e *entry) {
	if s.closed || e.call.phase == proto.PhaseEnded {
		return
	}
	if e.reviewed {
		e.again = true
		return
	}
	e.reviewed = true
	s.lines.Go(func() { s.lookAgain(e) })
}

// lookAgain asks policy about a call until there is nothing more to ask.
func (s *Service) lookAgain(e *entry) {
	var since time.Time // when policy began to fail
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		err := s.look(e)
		if err == nil {
			if s.seen(e) {
				return
			}
			since, pause = time.Time{}, firstPause/2
			continue
		}
		if s.ctx.Err() != nil {
			return
		}
		now := s.d.Now()
		if since.IsZero() {
			since = now
		}
		s.d.Log.Error("calls: ask policy about a live call", "call", e.call.id, "failing_for", now.Sub(since), "error", err)
		if now.Sub(since) >= patience {
			s.takeOut(e, []removal{{reason: proto.ReasonNotAllowed}}, true)
			since = time.Time{}
			continue
		}
		select {
		case <-time.After(pause):
		case <-s.ctx.Done():
			return
		}
	}
}

// seen says whether a call need not be looked at once more.
func (s *Service) seen(e *entry) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	e.reviewed = e.again && e.call.phase != proto.PhaseEnded && !s.closed
	e.again = false
	return !e.reviewed
}

// look asks about everybody in the call, and takes out who may not stay, until
// policy has nothing against those who are left.
func (s *Service) look(e *entry) error {
	for {
		ids := s.subjects(e)
		if len(ids) < 2 {
			return nil // nobody to be kept from anybody
		}
		found, terms, err := s.judge(ids)
		switch {
		case err != nil:
			return err
		case found.all != "":
			s.takeOut(e, []removal{{reason: found.all}}, true)
		case len(found.pairs) > 0:
			s.takeOut(e, s.fewest(e, found), false)
		case s.agreed(e, ids, terms):
			return nil
		}
	}
}

// finding is what policy has against a call.
type finding struct {
	pairs []conflict
	rule  bool         // a parent's rule, rather than what is between two people
	all   proto.Reason // it ends for everybody
}

// conflict are two people who may not be in one call.
type conflict struct {
	a, b   string
	reason proto.Reason
}

// judge asks policy about people who are in a call. It does so at once about
// them all; only where the answer is no, about each pair, to find out whose
// rule it is.
func (s *Service) judge(ids []string) (finding, proto.CallTerms, error) {
	broken, err := s.broken(ids)
	if err != nil || len(broken) > 0 {
		return finding{pairs: broken}, proto.CallTerms{}, err
	}
	against, terms, err := s.verdict(ids)
	if err != nil || against == "" {
		return finding{}, terms, err
	}
	found := finding{rule: true}
	for i, a := range ids {
		for _, b := range ids[i+1:] {
			if len(ids) == 2 {
				break
			}
			reason, _, err := s.verdict([]string{a, b})
			if err != nil {
				return finding{}, terms, err
			}
			if reason != "" {
				found.pairs = append(found.pairs, conflict{a, b, reason})
			}
		}
	}
	if len(found.pairs) == 0 {
		found.all = against
	}
	return found, terms, nil
}

// broken are the pairs among people that may not meet any more.
func (s *Service) broken(ids []string) ([]conflict, error) {
	ctx, cancel := context.WithTimeout(s.ctx, policyTimeout)
	defer cancel()
	if err := s.countUp(ctx, ids); err != nil {
		return nil, err
	}
	pairs, err := s.d.Policy.Pairs(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("ask for broken pairs: %w", err)
	}
	out := make([]conflict, 0, len(pairs))
	for _, pair := range pairs {
		if pair[0] == pair[1] || !covers(ids, pair[:]) {
			return nil, fmt.Errorf("ask for broken pairs: the answer names somebody who was not asked about")
		}
		out = append(out, conflict{pair[0], pair[1], proto.ReasonNotAllowed})
	}
	return out, nil
}

// verdict is what policy has against people in one call from now on: "" if
// nothing, and then the terms.
func (s *Service) verdict(ids []string) (proto.Reason, proto.CallTerms, error) {
	ctx, cancel := context.WithTimeout(s.ctx, policyTimeout)
	defer cancel()
	terms, err := s.d.Policy.Meet(ctx, "", ids)
	var refused *proto.Error
	switch {
	case errors.As(err, &refused) && refused.Code != proto.CodeInternal && refused.Code != proto.CodeUnavailable:
		if reason, ok := ruleReasons[refused.Code]; ok {
			return reason, terms, nil
		}
		return proto.ReasonNotAllowed, terms, nil
	case err != nil:
		return "", terms, fmt.Errorf("ask whether people may stay in a call: %w", err)
	case due(terms.EndsAt, s.d.Now().Add(sameEnd)):
		return terms.Reason, terms, nil
	}
	return "", terms, nil
}

// ruleReasons says why a call ends that policy refuses by a parent's rule;
// any other refusal is not_allowed.
var ruleReasons = map[proto.Code]proto.Reason{
	proto.CodeQuietHours:    proto.ReasonQuietHours,
	proto.CodeAllowanceUsed: proto.ReasonAllowance,
}

// doubts are the refusals that make a call worth looking at.
var doubts = map[proto.Code]bool{
	proto.CodeQuietHours: true, proto.CodeAllowanceUsed: true, proto.CodeNotApproved: true,
	proto.CodeNeedsConsent: true, proto.CodeSuspended: true, proto.CodeNotAllowed: true,
}

func (s *Service) subjects(e *entry) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || e.call.phase == proto.PhaseEnded {
		return nil
	}
	return e.call.present()
}

// takeOut takes people out of a call, or, with all, ends it for everybody.
func (s *Service) takeOut(e *entry, out []removal, all bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	if all {
		reason := out[0].reason
		out = nil
		for _, id := range e.call.present() {
			out = append(out, removal{id, reason})
		}
	}
	now := s.d.Now()
	s.board.expel(e.call, out, now)
	s.carryOut(now)
}

// agreed puts a call under the terms that policy gave for ids. It does not if
// somebody has come who was not asked about.
func (s *Service) agreed(e *entry, ids []string, terms proto.CallTerms) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return true
	}
	if !covers(ids, e.call.present()) {
		return false
	}
	now := s.d.Now()
	s.board.agree(e.call, terms, now)
	s.carryOut(now)
	return true
}

// fewest says who has to leave so that no conflict remains.
func (s *Service) fewest(e *entry, found finding) []removal {
	s.mu.Lock()
	order := e.call.leavingOrder(found)
	s.mu.Unlock()
	var out []removal
	for _, id := range cover(order, found.pairs) {
		i := slices.IndexFunc(found.pairs, func(c conflict) bool { return c.a == id || c.b == id })
		out = append(out, removal{id, found.pairs[i].reason})
	}
	return out
}
