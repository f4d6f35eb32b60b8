package relay

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"kinwire/signaling/proto"
	"kinwire/signaling/relay/framing"
)

const (
	// maxUnsettled is how many answers are remembered for a device.
	maxUnsettled = 1000
	// staleTries is how often a message is checked anew because its
	// conversation has changed in the meantime.
	staleTries = 4
)

// Send takes a message of the session's device for all other devices of the
// conversation. When it returns without an error the message is in their
// queues, and stays there until each has acknowledged it or its time is over.
func (s *Service) Send(ctx context.Context, who proto.ChatWho, in proto.ChatSend) (proto.ChatSent, error) {
	sent, err := s.send(ctx, who, in)
	if refused, ok := errors.AsType[*proto.Error](err); ok {
		s.counts.refuse(refused.Code)
	}
	return sent, err
}

func (s *Service) send(ctx context.Context, who proto.ChatWho, in proto.ChatSend) (none proto.ChatSent, err error) {
	one, lastN := s.lanes.of(who.SessionID)
	if one == nil {
		return none, errDetached()
	}
	if wait, ok := s.sends.Take(who.UserID, s.now()); !ok {
		return none, refuse(proto.CodeRateLimited, "given more than %v messages a second; try again in %v", s.cfg().SendRate, wait)
	}
	if err := s.fits(in); err != nil {
		return none, err
	}
	if in.N <= lastN {
		sent, found, err := s.store.ChatSentBefore(ctx, one.device, in.N)
		if err != nil {
			return none, fmt.Errorf("look up what was sent: %w", err)
		}
		if found {
			s.counts.again.Add(1)
			return sent, nil
		}
	}
	frame, err := framing.Parse(in.Body)
	if err != nil {
		return none, refuse(proto.CodeBadMessage, "body: %v", err)
	}
	if frame.Wire != framing.PrivateMessage || frame.Content != framing.Application {
		return none, refuse(proto.CodeBadMessage, "body: given a %v with %v; allowed is a %v with %v",
			frame.Wire, frame.Content, framing.PrivateMessage, framing.Application)
	}
	for range staleTries {
		load, cached, err := s.check(ctx, who, one.device, in, frame)
		if err != nil && cached {
			s.rosters.drop(in.ConversationID)
			continue
		}
		if err != nil {
			return none, err
		}
		taken, err := s.store.TakeChat(ctx, load, s.sealing(load, in.Body))
		if err != nil {
			return none, err
		}
		if !taken.Stale {
			s.took(one, load, in, taken)
			return taken.Sent, nil
		}
		s.rosters.drop(in.ConversationID)
	}
	return none, refuse(proto.CodeEpochTaken, "the conversation keeps changing: process what is on its way, then try again")
}

// fits checks what can be checked by itself.
func (s *Service) fits(in proto.ChatSend) error {
	if len(in.Body) > s.cfg().MaxBody {
		return refuse(proto.CodeTooLarge, "body: given %d bytes; allowed are %d", len(in.Body), s.cfg().MaxBody)
	}
	if len(in.Commitment) != commitmentSize {
		return refuse(proto.CodeBadMessage, "commitment: given %d bytes; allowed are %d", len(in.Commitment), commitmentSize)
	}
	if in.Settled >= in.N {
		return refuse(proto.CodeBadMessage, "settled: given %d with n %d; allowed is less than n", in.Settled, in.N)
	}
	if in.N-in.Settled > maxUnsettled {
		return refuse(proto.CodeWrongState, "settled: given %d with n %d; allowed is at least %d, for no more than %d answers are remembered",
			in.Settled, in.N, in.N-maxUnsettled, maxUnsettled)
	}
	return nil
}

// roster reads a conversation. In one that does not exist is nobody.
func (s *Service) roster(ctx context.Context, conversationID string) (proto.ChatRoster, error) {
	r, _, err := s.store.ChatRoster(ctx, conversationID)
	if err != nil {
		return r, fmt.Errorf("read a conversation: %w", err)
	}
	return r, nil
}

// mayWrite asks whether somebody may write in a conversation by a device. For
// who is not in it the conversation does not exist.
func (s *Service) mayWrite(ctx context.Context, who proto.ChatWho, device, conversationID string, r proto.ChatRoster) error {
	if !slices.Contains(r.People, who.UserID) {
		return refuse(proto.CodeNotFound, "conversation %.64q is not there: one that this person is in can be written to", conversationID)
	}
	if !slices.ContainsFunc(r.Leaves, func(l proto.ChatLeaf) bool { return l.In && l.DeviceID == device }) {
		return refuse(proto.CodeNotAllowed, "device %s is not in the MLS group of the conversation: it has to come in first, by an external commit or by being added", device)
	}
	return s.d.Policy.Correspond(ctx, who.UserID, r.People)
}

// check decides whether a message may be sent, as of now. Where the roster is one
// that is kept, a refusal may be out of date; that it may be sent is looked at
// once more when it is taken.
func (s *Service) check(ctx context.Context, who proto.ChatWho, device string, in proto.ChatSend, frame framing.Frame) (load proto.ChatLoad, cached bool, err error) {
	r, cached := s.rosters.get(in.ConversationID)
	if !cached {
		if r, err = s.roster(ctx, in.ConversationID); err != nil {
			return load, false, err
		}
	}
	if err := s.mayWrite(ctx, who, device, in.ConversationID, r); err != nil {
		return load, cached, err
	}
	if len(in.Attachments) > 0 {
		if err := s.d.Policy.Attach(ctx, r.People); err != nil {
			return load, cached, err
		}
	}
	if slices.ContainsFunc(r.Leaves, func(l proto.ChatLeaf) bool { return !l.In }) {
		return load, cached, refuse(proto.CodeCommitNeeded, "a device has to be removed from the group first: see `remove` of the conversation")
	}
	group := proto.MLSGroupID(in.ConversationID, r.Generation)
	if frame.GroupID != group || frame.Epoch != r.Epoch {
		return load, cached, refuse(proto.CodeEpochTaken, "body: given epoch %d of MLS group %.80q; allowed is epoch %d of %q", frame.Epoch, frame.GroupID, r.Epoch, group)
	}
	if !slices.ContainsFunc(r.Leaves, func(l proto.ChatLeaf) bool { return l.UserID != who.UserID }) {
		return load, cached, refuse(proto.CodeNoDevice, "nobody else in the conversation has a device in it")
	}
	s.rosters.put(in.ConversationID, r)
	return s.load(who, device, in, r), cached, nil
}

// load is a message that may be sent.
func (s *Service) load(who proto.ChatWho, device string, in proto.ChatSend, r proto.ChatRoster) proto.ChatLoad {
	now := s.now()
	keep := s.cfg().Retention
	if in.ExpireS > 0 {
		keep = min(keep, time.Duration(in.ExpireS)*time.Second)
	}
	load := proto.ChatLoad{
		Send: in, UserID: who.UserID, DeviceID: device,
		Generation: r.Generation, Epoch: r.Epoch, Drops: r.Drops,
		At: now.UnixMilli(), ExpiresAt: now.Add(keep).UnixMilli(), Size: int64(len(in.Body)),
		QueueMessages: s.cfg().QueueMessages, QueueBytes: s.cfg().QueueBytes,
	}
	load.Send.Body = nil
	return load
}

// sealing is called when a message has its place.
func (s *Service) sealing(load proto.ChatLoad, body []byte) func(seq int64) (sealed, tag []byte, err error) {
	return func(seq int64) (sealed, tag []byte, err error) {
		tag = s.d.Franker.Tag(load.Send.Commitment, load.UserID, load.Send.ConversationID, seq, load.At)
		sealed, err = s.d.Sealer.Seal(proto.MessagePlace(load.Send.ConversationID, seq, proto.DeliveryMessage), body)
		return sealed, tag, err
	}
}

// took follows a message that is in the queues. Devices that are here get it
// right away.
func (s *Service) took(one *lane, load proto.ChatLoad, in proto.ChatSend, taken proto.ChatTaken) {
	s.lanes.sent(one, taken.Sent.N)
	if taken.Again {
		s.counts.again.Add(1)
		return
	}
	s.counts.taken.Add(1)
	d := proto.ChatDelivery{
		ConversationID: in.ConversationID, Seq: taken.Sent.Seq, Kind: proto.DeliveryMessage,
		Generation: load.Generation, Epoch: load.Epoch, SenderID: load.UserID, DeviceID: load.DeviceID,
		At: taken.Sent.At, Body: in.Body, Commitment: in.Commitment, Tag: taken.Sent.Tag,
	}
	for _, to := range taken.To {
		d.Pos = to.Pos
		s.lanes.offer(to.DeviceID, d)
		s.tidings.came(to.UserID)
	}
}
