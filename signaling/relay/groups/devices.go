package groups

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"kinwire/signaling/proto"
)

// Info is what a device has to know before it takes part.
func (s *Service) Info(ctx context.Context, userID string) (proto.ChatInfo, error) {
	photos := true
	if err := s.d.Policy.Attach(ctx, []string{userID}); err != nil {
		if _, refused := errors.AsType[*proto.Error](err); !refused {
			return proto.ChatInfo{}, err
		}
		photos = false
	}
	c := s.cfg()
	return proto.ChatInfo{
		Suites: slices.Clone(c.Suites), KeyPackages: c.KeyPackages, MaxBody: c.MaxBody, MaxAttachment: c.MaxAttachment,
		ChunkBytes: c.ChunkBytes, MaxPeople: c.MaxPeople, Retention: int64(c.Retention.Seconds()),
		AttachmentTypes: append([]string{}, c.AttachmentTypes...), Photos: photos,
	}, nil
}

// Devices lists a person's own devices.
func (s *Service) Devices(ctx context.Context, userID string) (proto.ChatDevices, error) {
	rows, err := s.store.ChatDevices(ctx, userID)
	if err != nil {
		return proto.ChatDevices{}, err
	}
	list := proto.ChatDevices{Devices: []proto.ChatDevice{}}
	for _, d := range rows {
		list.Devices = append(list.Devices, shown(d, true))
	}
	return list, nil
}

// shown is a device as its own person sees it, or others do.
func shown(d proto.ChatDeviceRow, own bool) proto.ChatDevice {
	out := proto.ChatDevice{ID: d.ID, SignatureKey: d.SignatureKey, CreatedAt: d.CreatedAt}
	if own {
		out.Name, out.SeenAt = d.Name, d.SeenAt
	}
	return out
}

// Sizes of what a device gives about itself.
const (
	maxDeviceName   = 64 // characters
	maxSignatureKey = 4096
)

// NewDevice makes a device of a person's. loginHash is the hex SHA-256 of the
// login that it comes with.
func (s *Service) NewDevice(ctx context.Context, userID, loginHash string, in proto.ChatDeviceNew) (proto.ChatDeviceMade, error) {
	if n := utf8.RuneCountInString(in.Name); n < 1 || n > maxDeviceName {
		return proto.ChatDeviceMade{}, refuse(proto.CodeBadMessage, "name: given %d characters; allowed are 1 to %d", n, maxDeviceName)
	}
	if n := len(in.SignatureKey); n < 1 || n > maxSignatureKey {
		return proto.ChatDeviceMade{}, refuse(proto.CodeBadMessage, "signature_key: given %d bytes; allowed are 1 to %d", n, maxSignatureKey)
	}
	if wait, ok := s.newDevices.Take(userID, s.now()); !ok {
		return proto.ChatDeviceMade{}, tooFast("new devices", wait)
	}
	made := proto.ChatDeviceMade{ID: "md_" + strings.ToLower(rand.Text()), Secret: rand.Text() + rand.Text()}
	now := s.now().UnixMilli()
	had, added, err := s.store.AddChatDevice(ctx, proto.ChatDeviceRow{
		ID: made.ID, PersonID: userID, Name: in.Name, SecretHash: proto.DeviceSecretHash(made.Secret), LoginHash: loginHash,
		SignatureKey: in.SignatureKey, CreatedAt: now, SeenAt: now,
	}, s.cfg().MaxDevices)
	if err != nil {
		return proto.ChatDeviceMade{}, err
	}
	if !added {
		return proto.ChatDeviceMade{}, refuse(proto.CodeWrongState, "given %d devices already; allowed are %d: remove one first", had, s.cfg().MaxDevices)
	}
	// Others learn of it, so that they know with whom they write, and one of
	// them may add it.
	if err := s.tellAround(ctx, userID); err != nil {
		return proto.ChatDeviceMade{}, err
	}
	return made, nil
}

// tellAround tells all who are in a conversation with a person of it.
func (s *Service) tellAround(ctx context.Context, userID string) error {
	rows, err := s.store.ConversationsOf(ctx, userID)
	if err != nil {
		return err
	}
	for _, c := range rows {
		s.changed(c.ID, members(c)...)
	}
	return nil
}

// members is the ids of the people who are in a conversation.
func members(c proto.ConversationRow) []string {
	ids := []string{}
	for _, m := range c.Members {
		if m.In {
			ids = append(ids, m.Person.ID)
		}
	}
	return ids
}

// own returns one of a person's own devices.
func (s *Service) own(ctx context.Context, userID, deviceID string) (proto.ChatDeviceRow, error) {
	rows, err := s.store.ChatDevicesByID(ctx, []string{deviceID})
	if err != nil {
		return proto.ChatDeviceRow{}, err
	}
	if len(rows) == 0 || rows[0].PersonID != userID {
		return proto.ChatDeviceRow{}, errNoDevice(deviceID)
	}
	return rows[0], nil
}

func errNoDevice(id string) *proto.Error {
	return refuse(proto.CodeNotFound, "device %.64q is none of one’s own", id)
}

// DeleteDevice takes one of a person's own devices out of everything, at once.
func (s *Service) DeleteDevice(ctx context.Context, userID, id string) error {
	d, err := s.own(ctx, userID, id)
	if err != nil {
		return err
	}
	return s.remove(ctx, []proto.ChatDeviceRow{d})
}

// LoginsEnded takes out those devices of a person's that came with these logins:
// hex SHA-256 of their tokens.
func (s *Service) LoginsEnded(ctx context.Context, userID string, tokenHashes []string) error {
	known := slices.DeleteFunc(slices.Clone(tokenHashes), func(hash string) bool { return hash == "" })
	rows, err := s.store.ChatDevicesOfLogins(ctx, userID, known)
	if err != nil {
		return err
	}
	return s.remove(ctx, rows)
}

// remove takes devices out of everything. First no conversation delivers to them
// any more, then they are gone with what waits for them: whoever is interrupted
// in between can begin again.
func (s *Service) remove(ctx context.Context, devices []proto.ChatDeviceRow) error {
	for _, d := range devices {
		ids, err := s.store.ChatLeafOf(ctx, d.ID)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if err := s.apply(ctx, id, func(c proto.ConversationRow, _ map[string]proto.ChatDeviceRow) (proto.ConversationChange, error) {
				return s.deviceGone(c, d.ID), nil
			}); err != nil {
				return fmt.Errorf("take a device out of a conversation: %w", err)
			}
		}
		if err := s.store.RemoveChatDevices(ctx, []string{d.ID}); err != nil {
			return err
		}
		s.d.Hints.Detach(d.ID)
		if err := s.tellAround(ctx, d.PersonID); err != nil {
			return err
		}
	}
	return nil
}
