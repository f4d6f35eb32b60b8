package policy

import (
	"context"
	"fmt"
	"sync"
	"time"

	"kinwire/signaling/proto"
)

// Service decides. Its methods may be called from any goroutine. A refusal is
// a *proto.Error fit to be shown to whoever asked; another error means that it
// could not be found out, which is never a yes.
type Service struct {
	store Store
	now   func() time.Time
	cfg   Config
	zones sync.Map // *time.Location by name; only names of real zones get in
}

// New makes the service.
func New(store Store, now func() time.Time, cfg Config) *Service {
	return &Service{store: store, now: now, cfg: cfg}
}

// Meet says whether all of ids may be in one call now, and on which terms.
// asker is one of them, who starts or widens the call; or empty for a call
// that goes on, where nobody is told about anybody. Refusals: not_found
// (somebody whom asker does not know), not_approved and needs_consent (with
// what is missing), quiet_hours, allowance_used, suspended, not_allowed.
func (s *Service) Meet(ctx context.Context, asker string, ids []string) (proto.CallTerms, error) {
	m, err := s.meeting(ctx, asker, ids)
	if err != nil {
		return proto.CallTerms{}, err
	}
	if refused := m.refusal(); refused != nil {
		return proto.CallTerms{}, refused
	}
	return m.terms(), nil
}

// Pairs returns those pairs of ids who may not be in a call with each other
// any more: no friends, a block, a suspension, or a child without a parent's
// consent, who is in a pair with each of the others. Quiet hours and
// allowances end a call for all and are Meet's.
func (s *Service) Pairs(ctx context.Context, ids []string) (broken [][2]string, err error) {
	m, err := s.meeting(ctx, "", ids)
	if err != nil {
		return nil, err
	}
	without := map[string]bool{}
	for _, child := range m.children() {
		without[child.id()] = !child.consented(m.notice, proto.ScopeCalls)
	}
	for _, pair := range m.pairs() {
		if !m.together(pair[0], pair[1]) || without[pair[0]] || without[pair[1]] {
			broken = append(broken, pair)
		}
	}
	return broken, nil
}

// Guards returns nil if parentID is a parent of childID, and not_found
// otherwise.
func (s *Service) Guards(ctx context.Context, parentID, childID string) error {
	guards, err := s.store.Guards(ctx, parentID, childID)
	if err != nil {
		return fmt.Errorf("ask who looks after whom: %w", err)
	}
	if !guards {
		return errNotYours()
	}
	return nil
}

// MayAsk returns nil if a person may send and accept friend requests now.
func (s *Service) MayAsk(ctx context.Context, userID string) error {
	people, err := s.people(ctx, s.now(), userID)
	if err != nil {
		return err
	}
	if refused := mayBefriend(people[userID], s.cfg.NoticeVersion); refused != nil {
		return refused
	}
	return nil
}

// mayBefriend: a child needs a parent's consent to calls or to messages.
func mayBefriend(p *person, notice string) *proto.Error {
	if refused := mayAct(p); refused != nil {
		return refused
	}
	if p.isStaff() {
		return refuse(proto.CodeNotAllowed, "the staff has no friends here")
	}
	if !p.consented(notice, proto.ScopeCalls, proto.ScopeMessages) {
		return refuse(proto.CodeNeedsConsent, "your parent has to allow calls or messages first")
	}
	return nil
}

func (s *Service) meeting(ctx context.Context, asker string, ids []string) (*meeting, error) {
	m := &meeting{about: calls, asker: asker, ids: ids, now: s.now(), notice: s.cfg.NoticeVersion, ties: map[[2]string]proto.FriendRow{}}
	var err error
	if m.people, err = s.people(ctx, m.now, ids...); err != nil {
		return nil, err
	}
	rows, err := s.store.FriendRows(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("ask who is friends with whom: %w", err)
	}
	for _, row := range rows {
		m.ties[row.IDs] = row
	}
	return m, nil
}

// people returns those of ids who exist, by id.
func (s *Service) people(ctx context.Context, now time.Time, ids ...string) (map[string]*person, error) {
	// Somewhere on Earth it is the day before or the day after.
	from, to := now.UTC().AddDate(0, 0, -1).Format(dayFormat), now.UTC().AddDate(0, 0, 1).Format(dayFormat)
	facts, err := s.store.PeopleFacts(ctx, ids, from, to)
	if err != nil {
		return nil, fmt.Errorf("ask about people: %w", err)
	}
	people := make(map[string]*person, len(facts))
	for _, f := range facts {
		people[f.Person.ID] = &person{PersonFacts: f, hours: hours{
			zone: s.zone(f.Rules.TimeZone), quiet: f.Rules.QuietHours,
			daily: time.Duration(f.Rules.DailyMinutes) * time.Minute, used: f.Used,
		}}
	}
	return people, nil
}

// zone is a time zone by its name, UTC where there is none of that name.
// "Local" would be that of the machine, which is nobody's.
func (s *Service) zone(name string) *time.Location {
	if name == "" || name == "Local" {
		return time.UTC
	}
	if known, ok := s.zones.Load(name); ok {
		if zone, ok := known.(*time.Location); ok {
			return zone
		}
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC
	}
	s.zones.Store(name, zone)
	return zone
}
