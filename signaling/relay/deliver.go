package relay

import (
	"context"
	"encoding/json"
	"fmt"

	"kinwire/signaling/proto"
)

// commitmentSize is that of the commitment, which stands in front of the tag.
const commitmentSize = 32

// work serves lanes, one at a time, until all is over.
func (s *Service) work(ctx context.Context) {
	for {
		one, turn, ok := s.lanes.next()
		if !ok {
			return
		}
		if err := s.serve(ctx, one, turn); err != nil {
			if ctx.Err() == nil {
				s.d.Log.Error("queue not delivered", "device", one.device, "err", err)
			}
			s.lanes.fail(one)
			continue
		}
		s.lanes.served(one)
	}
}

// serve hands a lane what is ready for it, or one batch of its queue.
func (s *Service) serve(ctx context.Context, one *lane, t turn) error {
	if len(t.ready) > 0 {
		s.hand(one, t.ready)
		return nil
	}
	rows, err := s.store.ChatQueue(ctx, one.device, t.after, t.count, t.bytes)
	if err != nil {
		return err
	}
	list := make([]proto.ChatDelivery, 0, len(rows))
	var failed error
	var bytes int64
	for _, row := range rows {
		d, err := s.open(row)
		if err != nil {
			// To pass over it would be to lose it, so it stops the lane. It is
			// tried again: what is missing may be a key.
			s.counts.unopened.Add(1)
			failed = fmt.Errorf("open %s of conversation %s, seq %d: %w", row.Kind, row.ConversationID, row.Seq, err)
			break
		}
		bytes += row.Size
		list = append(list, d)
	}
	full := len(rows) >= t.count || bytes > t.bytes
	s.hand(one, s.lanes.hand(one, list, full))
	return failed
}

func (s *Service) hand(one *lane, list []proto.ChatDelivery) {
	for _, d := range list {
		s.d.Notifier.ToSession(one.who.SessionID, proto.TypeChatDelivery, d)
		s.counts.delivered.Add(1)
	}
}

// open makes a delivery of a row.
func (s *Service) open(row proto.ChatQueued) (proto.ChatDelivery, error) {
	d := row.ChatDelivery
	if len(row.Body) > 0 {
		body, err := s.d.Sealer.Open(proto.MessagePlace(d.ConversationID, d.Seq, d.Kind), row.Body)
		if err != nil {
			return d, err
		}
		d.Body = body
	}
	if d.Kind == proto.DeliveryMessage {
		if len(row.Franking) < commitmentSize {
			return d, fmt.Errorf("its franking has %d bytes", len(row.Franking))
		}
		d.Commitment, d.Tag = row.Franking[:commitmentSize], row.Franking[commitmentSize:]
	}
	into, ok := map[proto.DeliveryKind]any{
		proto.DeliveryCommit: &d.Commit, proto.DeliveryWelcome: &d.Commit, proto.DeliveryNotice: &d.Notice,
	}[d.Kind]
	if ok {
		if err := json.Unmarshal([]byte(row.Detail), into); err != nil {
			return d, fmt.Errorf("read its detail: %w", err)
		}
	}
	return d, nil
}

// Look says that there may be something new in the queues of these devices. It
// does not block.
func (s *Service) Look(devices ...proto.ChatReceiver) {
	for _, d := range devices {
		s.lanes.look(d.DeviceID)
		s.tidings.came(d.UserID)
	}
}

// Detach tells devices that they have been removed. It does not block.
func (s *Service) Detach(deviceIDs ...string) {
	s.deleted.Store(true)
	for _, id := range deviceIDs {
		if one := s.lanes.closeDevice(id); one != nil {
			s.d.Notifier.ToSession(one.who.SessionID, proto.TypeChatDetached, proto.Empty{})
		}
	}
}
