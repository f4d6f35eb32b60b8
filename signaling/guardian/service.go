package guardian

import (
	"context"
	"fmt"
	"time"

	"kinwire/signaling/proto"
)

// dayFormat is how a local day is written (ISO 8601).
const dayFormat = time.DateOnly

// Service keeps the rules of all children of one installation.
type Service struct {
	store Store
	now   func() time.Time
	d     Deps
}

// New makes the service. It keeps nothing running; see [Service.Run].
func New(store Store, now func() time.Time, d Deps) *Service {
	return &Service{store: store, now: now, d: d}
}

// Rules returns a child's rules and how much of today's allowance is used,
// today being the child's. *proto.Error not_found if there is no such child.
// Who may ask is the caller's business.
func (s *Service) Rules(ctx context.Context, childID string) (proto.ChildRules, error) {
	rules, found, err := s.store.ChildRules(ctx, childID)
	if err != nil {
		return proto.ChildRules{}, fmt.Errorf("read a child's rules: %w", err)
	}
	if !found {
		return proto.ChildRules{}, errNoChild()
	}
	zone, err := time.LoadLocation(rules.TimeZone)
	if err != nil {
		return proto.ChildRules{}, fmt.Errorf("read a child's rules: time zone: %w", err)
	}
	used, err := s.store.TalkSeconds(ctx, childID, s.now().In(zone).Format(dayFormat))
	if err != nil {
		return proto.ChildRules{}, fmt.Errorf("read a child's time in calls: %w", err)
	}
	return proto.ChildRules{Rules: rules, UsedSeconds: used}, nil
}

// SetRules changes a child's rules as parentID decides. They act at once.
// *proto.Error: bad_message for rules that cannot be, not_found if parentID
// does not look after such a child.
func (s *Service) SetRules(ctx context.Context, parentID, childID string, rules proto.Rules) (proto.ChildRules, error) {
	rules, err := checked(rules)
	if err != nil {
		return proto.ChildRules{}, err
	}
	var changed, approving bool
	at := s.now()
	found, err := s.store.ChangeRules(ctx, parentID, childID, at, func(old proto.Rules) (proto.Rules, []proto.AuditEntry) {
		detail := difference(old, rules)
		if changed = detail != ""; !changed {
			return old, nil
		}
		approving = old.ApproveFriends != rules.ApproveFriends
		return rules, []proto.AuditEntry{{At: at.UnixMilli(), Actor: parentID, Action: "rules.changed", Subject: childID, Detail: detail}}
	})
	if err != nil {
		return proto.ChildRules{}, fmt.Errorf("change a child's rules: %w", err)
	}
	if !found {
		return proto.ChildRules{}, errNoChild()
	}
	if approving && s.d.Friends != nil {
		if err := s.d.Friends.RulesChanged(ctx, parentID, childID); err != nil {
			s.d.Log.ErrorContext(ctx, "friend requests not looked at after a change of rules", "err", err)
		}
	}
	if changed {
		s.tell(ctx, childID)
	}
	return s.Rules(ctx, childID)
}

// tell has everybody concerned look again. The rules stand already, so what
// goes wrong here is not the parent's to hear of.
func (s *Service) tell(ctx context.Context, childID string) {
	s.d.Changes.Relations(childID)
	family, err := s.store.ChildGuardians(ctx, childID)
	if err != nil {
		s.d.Log.ErrorContext(ctx, "guardians not told of changed rules", "err", err)
	}
	s.d.Changes.Family(append(family, childID)...)
}

// Run deletes what is older than [Keep], now and every hour, until ctx ends.
func (s *Service) Run(ctx context.Context) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		if err := s.Sweep(ctx); err != nil && ctx.Err() == nil {
			s.d.Log.ErrorContext(ctx, "old time in calls not deleted", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Sweep deletes what is older than [Keep].
func (s *Service) Sweep(ctx context.Context) error {
	then := s.now().Add(-Keep).UTC()
	n, err := s.store.SweepTalk(ctx, then.Format(dayFormat), then)
	if err != nil {
		return fmt.Errorf("delete old time in calls: %w", err)
	}
	if n > 0 {
		s.d.Log.InfoContext(ctx, "old time in calls deleted", "rows", n)
	}
	return nil
}

// errNoChild does not tell a child of others from nobody at all.
func errNoChild() error {
	return &proto.Error{Code: proto.CodeNotFound, Message: "there is no such child among those you look after"}
}
