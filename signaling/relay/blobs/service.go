package blobs

import (
	"context"
	"crypto/rand"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"kinwire/signaling/proto"
)

// Service is the attachments of one installation.
type Service struct {
	store  Store
	bucket Bucket
	now    func() time.Time
	conf   atomic.Pointer[Config] // of now, see Tune
	d      Deps
}

// New makes the service. It keeps nothing running; see [Service.Run]. It fails
// on settings that cannot be.
func New(store Store, bucket Bucket, now func() time.Time, cfg Config, d Deps) (*Service, error) {
	cfg, err := cfg.checked()
	if err != nil {
		return nil, err
	}
	s := &Service{store: store, bucket: bucket, now: now, d: d}
	s.conf.Store(&cfg)
	return s, nil
}

// cfg is the configuration of now.
func (s *Service) cfg() *Config { return s.conf.Load() }

// Tune takes over another configuration, for uploads that begin from then on.
// SweepEvery stays as it was. It fails, and changes nothing, on settings that
// cannot be.
func (s *Service) Tune(cfg Config) error {
	cfg, err := cfg.checked()
	if err != nil {
		return err
	}
	s.conf.Store(&cfg)
	return nil
}

func newID() string { return "a_" + strings.ToLower(rand.Text()) }

// anID is what the id of an attachment looks like. Nothing else is asked of the
// store or the bucket.
var anID = regexp.MustCompile(`^a_[a-z2-7]{26}$`)

// Begin begins an upload into a conversation that userID is in.
//
// *proto.Error: bad_message for a size below 1; too_large; not_found for a
// conversation that userID is not in; no_device if nobody else is in it;
// rate_limited if too much of userID's waits here already; and what policy
// says.
func (s *Service) Begin(ctx context.Context, userID string, in proto.AttachmentNew) (proto.Attachment, error) {
	if in.Size < 1 {
		return proto.Attachment{}, refuse(proto.CodeBadMessage, "size is %d: an attachment has 1 to %d bytes", in.Size, s.cfg().MaxSize)
	}
	if in.Size > s.cfg().MaxSize {
		return proto.Attachment{}, refuse(proto.CodeTooLarge, "size is %d: an attachment has at most %d bytes", in.Size, s.cfg().MaxSize)
	}
	members, err := s.store.ChatPeople(ctx, in.ConversationID)
	if err != nil {
		return proto.Attachment{}, fmt.Errorf("begin an upload: %w", err)
	}
	if err := s.maySend(ctx, userID, members); err != nil {
		return proto.Attachment{}, err
	}
	now := s.now()
	row := proto.AttachmentRow{
		ID: newID(), OwnerID: userID, ConversationID: in.ConversationID, Size: in.Size, ChunkBytes: s.cfg().ChunkBytes,
		State: proto.AttachmentOpen, CreatedAt: now.UnixMilli(), ExpiresAt: now.Add(s.cfg().Retention).UnixMilli(),
	}
	had, added, err := s.store.AddAttachment(ctx, row, proto.AttachmentQuota{Bytes: s.cfg().PerPerson, Count: s.cfg().PerPersonCount})
	if err != nil {
		return proto.Attachment{}, fmt.Errorf("begin an upload: %w", err)
	}
	if !added {
		return proto.Attachment{}, refuse(proto.CodeRateLimited,
			"%d attachments of yours with %d bytes wait to be fetched, and this one has %d: at most %d with %d bytes may; try again when some were fetched",
			had.Count, had.Bytes, in.Size, s.cfg().PerPersonCount, s.cfg().PerPerson)
	}
	return shown(row), nil
}

// maySend is nil if userID may upload for these people, one of whom they are.
func (s *Service) maySend(ctx context.Context, userID string, members []string) error {
	if !slices.Contains(members, userID) {
		return refuse(proto.CodeNotFound, "there is no such conversation that you are in")
	}
	if len(members) < 2 {
		return refuse(proto.CodeNoDevice, "nobody else is in this conversation")
	}
	return s.allowed(ctx, userID, members)
}

func (s *Service) allowed(ctx context.Context, userID string, people []string) error {
	if err := s.d.Policy.Correspond(ctx, userID, people); err != nil {
		return fmt.Errorf("an attachment: %w", err)
	}
	if err := s.d.Policy.Attach(ctx, people); err != nil {
		return fmt.Errorf("an attachment: %w", err)
	}
	return nil
}

// Get says what is there of an attachment: to its owner until a message names
// it, then to those who may fetch it.
//
// *proto.Error: not_found; and what policy says.
func (s *Service) Get(ctx context.Context, userID, id string) (proto.Attachment, error) {
	row, err := s.readable(ctx, userID, id)
	if err != nil {
		return proto.Attachment{}, err
	}
	return shown(row), nil
}

// PutChunk takes one chunk of one's own upload. n is its number in decimal,
// from 0. A chunk that is there already stays as it is.
//
// *proto.Error: not_found; wrong_state if a message has named the attachment;
// bad_message for a number or a length that the chunk cannot have; and what
// policy says.
func (s *Service) PutChunk(ctx context.Context, userID, id, n string, body []byte) error {
	row, err := s.row(ctx, userID, id)
	if err != nil {
		return err
	}
	if row.OwnerID != userID {
		return errNone()
	}
	if err := s.maySend(ctx, userID, row.Members); err != nil {
		return err
	}
	number, err := chunkNumber(n, row)
	if err != nil {
		return err
	}
	if want := chunkLen(number, row); int64(len(body)) != want {
		return refuse(proto.CodeBadMessage, "chunk %d has %d bytes: of %d bytes in chunks of %d, it has %d", number, len(body), row.Size, row.ChunkBytes, want)
	}
	if slices.Contains(row.Have, number) {
		return nil
	}
	if row.State != proto.AttachmentOpen {
		return refuse(proto.CodeWrongState, "the attachment is in state %s: chunks are taken in state %s", row.State, proto.AttachmentOpen)
	}
	if err := s.bucket.Put(ctx, id, number, body); err != nil {
		return fmt.Errorf("keep a chunk: %w", err)
	}
	there, err := s.store.AddChunk(ctx, id, number, int64(len(body)))
	if err != nil {
		return fmt.Errorf("keep a chunk: %w", err)
	}
	if !there {
		// It was given up in the meantime, and these bytes came too late to be
		// deleted with the others.
		s.deleteBytes(ctx, id)
		return errNone()
	}
	return nil
}

// Chunk returns one chunk, to whom [Service.Get] answers.
//
// *proto.Error: not_found, of a chunk that has not come as well; bad_message
// for a number that it cannot have; and what policy says.
func (s *Service) Chunk(ctx context.Context, userID, id, n string) ([]byte, error) {
	row, err := s.readable(ctx, userID, id)
	if err != nil {
		return nil, err
	}
	number, err := chunkNumber(n, row)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(row.Have, number) {
		return nil, refuse(proto.CodeNotFound, "chunk %d is not there yet", number)
	}
	chunk, err := s.bucket.Get(ctx, id, number)
	if err != nil {
		return nil, fmt.Errorf("fetch a chunk: %w", err)
	}
	if want := chunkLen(number, row); int64(len(chunk)) != want {
		return nil, fmt.Errorf("fetch a chunk: the bucket has %d bytes of %d of chunk %d of %s", len(chunk), want, number, id)
	}
	return chunk, nil
}

// Done says that a device of userID's has an attachment or gives it up; with
// the last device it is deleted, row and bytes. Of one's own upload that no
// message has named, any device ends it.
//
// *proto.Error not_found where there is nothing to give up (any more): a
// second time, too, so that it may be taken for success after a reply was
// lost.
func (s *Service) Done(ctx context.Context, userID, id, deviceID string) error {
	if !anID.MatchString(id) {
		return errNone()
	}
	dropped, gone, err := s.store.DropAttachment(ctx, id, userID, deviceID)
	if err != nil {
		return fmt.Errorf("end an attachment: %w", err)
	}
	if !dropped {
		return errNone()
	}
	if gone {
		s.deleteBytes(ctx, id)
	}
	return nil
}

// deleteBytes deletes bytes whose row is gone. It goes on when who asked for it
// hangs up; what fails is left to the sweep.
func (s *Service) deleteBytes(ctx context.Context, id string) bool {
	if err := s.bucket.Delete(context.WithoutCancel(ctx), id); err != nil {
		s.d.Log.WarnContext(ctx, "bytes of an attachment not deleted, left to the next sweep", "attachment", id, "err", err)
		return false
	}
	return true
}

// row returns an attachment that has not expired.
func (s *Service) row(ctx context.Context, userID, id string) (proto.AttachmentRow, error) {
	if !anID.MatchString(id) {
		return proto.AttachmentRow{}, errNone()
	}
	row, found, err := s.store.Attachment(ctx, id, userID)
	if err != nil {
		return proto.AttachmentRow{}, fmt.Errorf("look an attachment up: %w", err)
	}
	if !found || row.ExpiresAt <= s.now().UnixMilli() {
		return proto.AttachmentRow{}, errNone()
	}
	return row, nil
}

// readable returns an attachment that userID may read.
func (s *Service) readable(ctx context.Context, userID, id string) (proto.AttachmentRow, error) {
	row, err := s.row(ctx, userID, id)
	if err != nil {
		return row, err
	}
	if row.OwnerID == userID && row.State != proto.AttachmentSent {
		return row, s.maySend(ctx, userID, row.Members)
	}
	if !row.Granted {
		return proto.AttachmentRow{}, errNone()
	}
	if row.OwnerID == userID {
		return row, nil // a person's own other device
	}
	return row, s.allowed(ctx, userID, []string{row.OwnerID, userID})
}

// chunkNumber reads the number of a chunk: the digits of one that the
// attachment has, and no other way to write it.
func chunkNumber(given string, row proto.AttachmentRow) (int64, error) {
	last := chunksOf(row.Size, row.ChunkBytes) - 1
	n, err := strconv.ParseInt(given, 10, 64)
	if err != nil || n < 0 || n > last || strconv.FormatInt(n, 10) != given {
		return 0, refuse(proto.CodeBadMessage, "the chunk's number is %.24q: of %d bytes in chunks of %d, it must be 0 to %d", given, row.Size, row.ChunkBytes, last)
	}
	return n, nil
}

// chunkLen is how many bytes a chunk has.
func chunkLen(n int64, row proto.AttachmentRow) int64 {
	return min(row.ChunkBytes, row.Size-n*row.ChunkBytes)
}

func shown(row proto.AttachmentRow) proto.Attachment {
	return proto.Attachment{ID: row.ID, Size: row.Size, ChunkBytes: row.ChunkBytes, Have: append([]int64{}, row.Have...), ExpiresAt: row.ExpiresAt}
}

func errNone() error { return refuse(proto.CodeNotFound, "there is no such attachment for you") }

func refuse(code proto.Code, format string, args ...any) error {
	return &proto.Error{Code: code, Message: fmt.Sprintf(format, args...)}
}
