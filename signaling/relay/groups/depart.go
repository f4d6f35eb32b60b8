package groups

import (
	"slices"

	"kinwire/signaling/proto"
)

// What becomes of a conversation without a commit: decisions over what it is,
// without any I/O.

// depart lets people go: nothing waits for their devices any more, and their
// leaves have to be removed. unsend: nothing that they have sent is delivered
// any more, either.
func (s *Service) depart(c proto.ConversationRow, leave []string, unsend bool) proto.ConversationChange {
	change := s.blank()
	for _, m := range c.Members {
		if m.In && slices.Contains(leave, m.Person.ID) {
			change.Out = append(change.Out, m.Person.ID)
		}
	}
	for _, l := range c.Leaves {
		if l.In && slices.Contains(leave, l.PersonID) {
			change.Flag = append(change.Flag, l.DeviceID)
		}
	}
	change.DropOf, change.Void = change.Out, len(change.Out) > 0
	if unsend {
		change.Unsend = change.Out
	}
	if slices.Contains(change.Out, c.CreatedBy) {
		change.Creator = new(string)
	}
	return change
}

// deviceGone lets one device go.
func (s *Service) deviceGone(c proto.ConversationRow, deviceID string) proto.ConversationChange {
	change := s.blank()
	for _, l := range c.Leaves {
		if l.In && l.DeviceID == deviceID {
			change.Flag, change.Drop = []string{deviceID}, []string{deviceID}
		}
	}
	return change
}

// shut notes whether people can write in a conversation. While they cannot,
// nothing waits in it for anybody.
func (s *Service) shut(c proto.ConversationRow, why proto.ConversationShut) proto.ConversationChange {
	change := s.blank()
	if c.Shut != why {
		change.Shut = &why
	}
	if why != "" && why != proto.ShutAlone {
		change.DropOf, change.Void = members(c), true
	}
	return change
}

// loose settles what deleted accounts leave behind: leaves of devices that are
// gone, and a maker who is.
func (s *Service) loose(c proto.ConversationRow) proto.ConversationChange {
	change := s.blank()
	for _, l := range c.Leaves {
		if l.PersonID == "" {
			change.Flag = append(change.Flag, l.DeviceID)
		}
	}
	if c.CreatedBy != "" && !slices.ContainsFunc(c.Members, func(m proto.MemberRow) bool { return m.Person.ID == c.CreatedBy }) {
		change.Creator = new(string)
	}
	return change
}

func (s *Service) blank() proto.ConversationChange {
	now := s.now()
	return proto.ConversationChange{At: now.UnixMilli(), ExpiresAt: now.Add(s.cfg().Retention).UnixMilli()}
}
