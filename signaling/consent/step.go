package consent

import (
	"context"
	"fmt"

	"kinwire/signaling/proto"
)

// step is one event that is to happen to one consent.
type step struct {
	find     proto.ConsentFind // names one consent
	event    event
	by       string // the audit log's actor; "" is the consent's guardian
	note     string
	evidence *proto.ConsentEvidence
	// may refuses for reasons of its own; nil does not.
	may func(ctx context.Context, c proto.ConsentRow) error
}

// triesToMove bounds how often somebody else may be faster. What moves a
// consent are a parent's clicks and one sender of e-mail, so one repetition is
// rare already.
const triesToMove = 4

// do looks the consent up, has the event happen to it in one transaction with
// the audit log, and tells whom it concerns. Of two events at once, the second
// meets what the first has left.
func (s *Service) do(ctx context.Context, st step) (proto.ConsentRow, error) {
	if st.find.ID == "" && st.find.Reference == "" {
		return proto.ConsentRow{}, errNoConsent()
	}
	for range triesToMove {
		rows, err := s.store.Consents(ctx, st.find)
		if err != nil {
			return proto.ConsentRow{}, err
		}
		if len(rows) != 1 {
			return proto.ConsentRow{}, errNoConsent()
		}
		if st.may != nil {
			if err := st.may(ctx, rows[0]); err != nil {
				return proto.ConsentRow{}, err
			}
		}
		is, moved, err := s.move(ctx, rows[0], st)
		if err != nil || moved {
			return is, err
		}
	}
	return proto.ConsentRow{}, errLostRace()
}

// move has the event happen to c as it was read; false if c has changed since.
func (s *Service) move(ctx context.Context, c proto.ConsentRow, st step) (proto.ConsentRow, bool, error) {
	now := s.now().UnixMilli()
	by := st.by
	if by == "" {
		by = c.GuardianID
	}
	is, can := s.rules.advance(c, st.event, by, now)
	if !can {
		return c, false, refusal(c)
	}
	if st.event != ranOut && overdue(c, now) {
		return c, false, errOverdue()
	}
	if is.State == proto.ConsentGranted {
		if err := s.mayGrant(ctx, c); err != nil {
			return c, false, err
		}
	}
	if st.note != "" {
		is.Note = st.note
	}
	m := proto.ConsentMove{Was: c, Is: is, By: by, At: now, Store: st.evidence, Replaced: entry(c, actions[replaced], by, now)}
	m.Replaced.Detail = "by=" + c.ID + " child=" + c.ChildID
	var log []proto.AuditEntry
	if action, decides := actions[st.event]; decides {
		log = append(log, entry(is, action, by, now))
	}
	moved, err := s.store.MoveConsent(ctx, m, log...)
	if err != nil || !moved {
		return c, false, err
	}
	if is.State == proto.ConsentWithdrawn {
		is.Scopes = nil
	}
	if len(log) > 0 {
		s.tell(ctx, is, c.State == proto.ConsentGranted || is.State == proto.ConsentGranted)
	}
	return is, true, nil
}

// mayGrant holds c to what every granted consent must be: for the notice that
// holds, and by somebody who still looks after the child, if there is one.
func (s *Service) mayGrant(ctx context.Context, c proto.ConsentRow) error {
	if c.NoticeVersion != s.cfg.NoticeVersion {
		return errOutdated()
	}
	if c.ChildID == "" {
		return nil
	}
	is, err := s.guards(ctx, c.GuardianID, c.ChildID)
	if err != nil {
		return err
	}
	if !is {
		return &proto.Error{Code: proto.CodeNotAllowed, Message: "whoever started this consent does not look after the child any more"}
	}
	return nil
}

// Withdraw takes a consent back, with all its scopes, at once; or ends one
// that is under way. The parent who gave it may, and every other parent of the
// child. It is for good.
func (s *Service) Withdraw(ctx context.Context, parentID, id string) error {
	_, err := s.do(ctx, step{
		find: proto.ConsentFind{ID: id, Family: parentID}, event: withdrawn, by: parentID,
	})
	if err != nil {
		return fmt.Errorf("withdraw a consent: %w", err)
	}
	return nil
}
