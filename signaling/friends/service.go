package friends

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"kinwire/signaling/pace"
	"kinwire/signaling/proto"
)

// defaultIntroductions is Config.MaxIntroductions where that is 0.
const defaultIntroductions = 20

// Service is the friends module. Its methods may be called from any goroutine.
// Errors that are the client's are *proto.Error.
type Service struct {
	ties  Ties
	lists Lists
	codes Codes
	talks Talks
	now   func() time.Time
	d     Deps
	tries *pace.Limiter
	conf  atomic.Pointer[Config] // of now, see Tune
}

// New makes the service.
func New(store Store, now func() time.Time, cfg Config, d Deps) *Service {
	s := &Service{ties: store, lists: store, codes: store, talks: store, now: now, d: d, tries: pace.New(codesAtOnce, codeEvery)}
	s.Tune(cfg)
	return s
}

// Tune takes over another configuration, for what is asked, answered and listed
// from then on.
func (s *Service) Tune(cfg Config) {
	if cfg.MaxIntroductions == 0 {
		cfg.MaxIntroductions = defaultIntroductions
	}
	s.conf.Store(&cfg)
}

// cfg is the configuration of now.
func (s *Service) cfg() *Config { return s.conf.Load() }

func (s *Service) limits() limits {
	c := s.cfg()
	return limits{lifetime: c.RequestLifetime.Milliseconds(), cooldown: c.DeclineCooldown.Milliseconds(), remind: c.RemindInterval.Milliseconds()}
}

// Ask asks the person with this friend code, or, if that person has asked
// userID, says yes. Asking again what waits already changes nothing.
func (s *Service) Ask(ctx context.Context, userID, code string) (proto.FriendRequest, error) {
	if err := s.d.Policy.MayAsk(ctx, userID); err != nil {
		return proto.FriendRequest{}, err
	}
	if wait, ok := s.tries.Take(userID, s.now()); !ok {
		return proto.FriendRequest{}, errTooManyTries(int(wait.Round(time.Second)/time.Second) + 1)
	}
	exact, ok := parseCode(code)
	if !ok {
		return proto.FriendRequest{}, errUnknownCode()
	}
	other, found, err := s.codes.FriendCodeOwner(ctx, exact, userID)
	if err != nil {
		return proto.FriendRequest{}, fmt.Errorf("ask somebody to be friends: %w", err)
	}
	if !found {
		return proto.FriendRequest{}, errUnknownCode()
	}
	if other.ID == userID {
		return proto.FriendRequest{}, errOneself()
	}
	tie, err := s.change(ctx, userID, other.ID, func(proto.FriendTie) (event, *proto.Error) {
		return event{kind: evAsk, actor: userID}, nil
	})
	var refused *proto.Error
	if errors.As(err, &refused) && refused.Code == proto.CodeNotFound {
		return proto.FriendRequest{}, errUnknownCode() // blocked or suspended in this very moment
	}
	if err != nil {
		return proto.FriendRequest{}, err
	}
	return request(tie, userID), nil
}

// Accept says yes to a request.
func (s *Service) Accept(ctx context.Context, userID, reqID string) (proto.FriendRequest, error) {
	if err := s.d.Policy.MayAsk(ctx, userID); err != nil {
		return proto.FriendRequest{}, err
	}
	tie, err := s.onRequest(ctx, userID, reqID, func(proto.FriendTie) event { return event{kind: evAccept, actor: userID} })
	if err != nil {
		return proto.FriendRequest{}, err
	}
	return request(tie, userID), nil
}

// Decline says no to a request, or takes back one's own.
func (s *Service) Decline(ctx context.Context, userID, reqID string) error {
	_, err := s.onRequest(ctx, userID, reqID, func(tie proto.FriendTie) event {
		if tie.Row.AskedBy == userID {
			return event{kind: evCancel, actor: userID}
		}
		return event{kind: evDecline, actor: userID}
	})
	return err
}

// Remind asks one's own parents again to decide about a request.
func (s *Service) Remind(ctx context.Context, userID, reqID string) (proto.Asked, error) {
	_, err := s.onRequest(ctx, userID, reqID, func(proto.FriendTie) event { return event{kind: evRemind, actor: userID} })
	if err != nil {
		return proto.Asked{}, err
	}
	return proto.Asked{Asked: 1}, nil
}

// End ends a friendship. actorID is personID, or a parent of theirs.
func (s *Service) End(ctx context.Context, actorID, personID, otherID string) error {
	_, err := s.change(ctx, personID, otherID, func(proto.FriendTie) (event, *proto.Error) {
		return event{kind: evEnd, actor: actorID}, nil
	})
	return err
}

// Block keeps otherID away from personID, at once. otherID is a user id, or
// the id of a request: who asks is known by nothing else. There has to be or
// have been something between the two. actorID is personID, or a parent of
// theirs.
func (s *Service) Block(ctx context.Context, actorID, personID, otherID string) error {
	return s.block(ctx, evBlock, actorID, personID, otherID)
}

// Unblock takes a block back. It revives nothing.
func (s *Service) Unblock(ctx context.Context, actorID, personID, otherID string) error {
	return s.block(ctx, evUnblock, actorID, personID, otherID)
}

func (s *Service) block(ctx context.Context, k kind, actorID, personID, otherID string) error {
	if strings.HasPrefix(otherID, requestPrefix) {
		tie, found, err := s.ties.FriendTie(ctx, otherID)
		if err != nil {
			return fmt.Errorf("find whom to block: %w", err)
		}
		side := tie.Row.Side(personID)
		if !found || side < 0 {
			return errNobody()
		}
		otherID = tie.Row.IDs[1-side]
	}
	_, err := s.change(ctx, personID, otherID, func(tie proto.FriendTie) (event, *proto.Error) {
		if tie.Row.State == none {
			return event{}, errNobody() // who is a stranger is not even said to exist
		}
		return event{kind: k, actor: actorID}, nil
	})
	return err
}

// RulesChanged is to be called when a parent has switched the approving of
// friends on or off for a child: a request that lacks nothing any more makes
// two people friends.
func (s *Service) RulesChanged(ctx context.Context, actorID, childID string) error {
	waiting, err := s.lists.PendingTies(ctx, childID)
	if err != nil {
		return fmt.Errorf("look through a child's requests: %w", err)
	}
	for _, tie := range waiting {
		other := tie.Row.IDs[1-tie.Row.Side(childID)]
		_, err := s.change(ctx, childID, other, func(proto.FriendTie) (event, *proto.Error) {
			return event{kind: evRules, actor: actorID}, nil
		})
		var refused *proto.Error
		if err != nil && !errors.As(err, &refused) { // refused: it was decided in between
			return err
		}
	}
	return nil
}

const requestPrefix = "f_"

func newID() string { return requestPrefix + strings.ToLower(rand.Text()) }

// onRequest applies an event to the request with this id, by one of its two.
func (s *Service) onRequest(ctx context.Context, userID, reqID string, make func(proto.FriendTie) event) (proto.FriendTie, error) {
	tie, found, err := s.ties.FriendTie(ctx, reqID)
	if err != nil {
		return proto.FriendTie{}, fmt.Errorf("look up a request: %w", err)
	}
	side := tie.Row.Side(userID)
	if !found || side < 0 {
		return proto.FriendTie{}, errNoRequest()
	}
	return s.change(ctx, userID, tie.Row.IDs[1-side], func(tie proto.FriendTie) (event, *proto.Error) {
		if tie.Row.ID != reqID {
			return event{}, errNoRequest() // another one has begun in between
		}
		return make(tie), nil
	})
}
