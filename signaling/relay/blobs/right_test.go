package blobs_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

// everything tries all that can be done with an attachment by its id, but for
// ending it.
func (h *house) everything(person, id string) map[string]error {
	_, get := h.Get(h.t.Context(), person, id)
	_, chunk := h.Chunk(h.t.Context(), person, id, "0")
	return map[string]error{"get": get, "chunk": chunk, "put": h.PutChunk(h.t.Context(), person, id, "0", make([]byte, 100))}
}

// TestNoRightNoAnswer: to whom an attachment is nothing, it is as if there were
// none, in every state and for everything that can be asked.
func TestNoRightNoAnswer(t *testing.T) {
	h := newHouse(t)
	open, done, sent := h.begin("g_all", 200), h.upload("g_all", 200), h.upload("g_all", 200)
	h.send(sent, "leo-1", "leo-2", "mia-2")
	_, none := h.Get(t.Context(), "mia", anID(7))
	requireCode(t, proto.CodeNotFound, none)
	for _, c := range []struct {
		a     proto.Attachment
		wrong []string
	}{
		{open, []string{"leo", "zoe", "ivo", "nobody", ""}},
		{done, []string{"leo", "zoe", "ivo", "nobody", ""}},
		{sent, []string{"zoe", "ivo", "nobody", ""}},
		{proto.Attachment{ID: anID(7)}, []string{"mia", "leo"}},
		{proto.Attachment{ID: "a_../../../../etc/passwd"}, []string{"mia"}},
		{proto.Attachment{ID: ""}, []string{"mia"}},
	} {
		for _, who := range c.wrong {
			for what, err := range h.everything(who, c.a.ID) {
				require.Equal(t, none, err, "%s by %s", what, who)
			}
			for _, device := range []string{"mia-1", "mia-2", "leo-1", "leo-2", "zoe-1", "ivo-1", ""} {
				require.Equal(t, none, h.Done(t.Context(), who, c.a.ID, device), who)
			}
		}
	}
	// What is another's to end, or another device's.
	require.Equal(t, none, h.Done(t.Context(), "mia", sent.ID, "mia-1"), "a device without a grant")
	require.Equal(t, none, h.Done(t.Context(), "mia", sent.ID, "leo-1"), "another's device")
	require.Equal(t, none, h.Done(t.Context(), "leo", sent.ID, "mia-2"))
	require.Equal(t, 3, h.count(`SELECT count(*) FROM chat_grants`))
	require.Equal(t, 3, h.count(`SELECT count(*) FROM chat_attachments`))
	require.NoError(t, h.fetch("leo", sent.ID))
	require.NoError(t, h.fetch("mia", done.ID))
	requireCode(t, proto.CodeNotFound, h.PutChunk(t.Context(), "leo", sent.ID, "0", make([]byte, 100)), "who may read may not write")
}

// TestTheOwnerAfterwards: once it is sent, only those may read it whom it is
// for.
func TestTheOwnerAfterwards(t *testing.T) {
	h := newHouse(t)
	one, two := h.upload("g_two", 200), h.upload("g_two", 200)
	h.send(one, "leo-1")
	requireCode(t, proto.CodeNotFound, h.fetch("mia", one.ID))
	requireCode(t, proto.CodeNotFound, h.Done(t.Context(), "mia", one.ID, "mia-1"))
	h.send(two, "leo-1", "mia-2")
	require.NoError(t, h.fetch("mia", two.ID), "for the other device")
	require.NoError(t, h.Done(t.Context(), "mia", two.ID, "mia-2"))
	requireCode(t, proto.CodeNotFound, h.fetch("mia", two.ID))
	require.NoError(t, h.fetch("leo", two.ID))
	require.NoError(t, h.Done(t.Context(), "leo", two.ID, "leo-1"))
	require.NoError(t, h.Done(t.Context(), "leo", one.ID, "leo-1"))
	h.requireGone()
}

// TestOutOfTheConversation: a right lasts as long as the membership.
func TestOutOfTheConversation(t *testing.T) {
	for name, out := range map[string]string{
		"the device's leaf": `UPDATE chat_leaves SET state = 'out' WHERE device_id = 'leo-1' AND conversation_id = 'g_all'`,
		"no leaf":           `DELETE FROM chat_leaves WHERE device_id = 'leo-1'`,
		"the person":        `UPDATE chat_members SET state = 'out' WHERE person_id = 'leo' AND conversation_id = 'g_all'`,
		"the device":        `DELETE FROM chat_devices WHERE id = 'leo-1'`,
		"the account":       `DELETE FROM people WHERE id = 'leo'`,
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			a := h.upload("g_all", 200)
			h.send(a, "leo-1", "zoe-1")
			require.NoError(t, h.fetch("leo", a.ID))
			h.sql(out)
			requireCode(t, proto.CodeNotFound, h.fetch("leo", a.ID))
			require.NoError(t, h.fetch("zoe", a.ID), "the others are not concerned")
		})
	}
	t.Run("the owner, uploading", func(t *testing.T) {
		h := newHouse(t)
		a := h.begin("g_all", 200)
		h.sql(`UPDATE chat_members SET state = 'out' WHERE person_id = 'mia' AND conversation_id = 'g_all'`)
		for what, err := range h.everything("mia", a.ID) {
			requireCode(t, proto.CodeNotFound, err, what)
		}
		require.NoError(t, h.Done(t.Context(), "mia", a.ID, "mia-1"), "giving it up is always possible")
		h.requireGone()
	})
}

// TestPolicyIsAskedEachTime: from one chunk to the next.
func TestPolicyIsAskedEachTime(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	sent := h.upload("g_all", 200)
	h.send(sent, "leo-1", "zoe-1", "mia-2")
	open := h.begin("g_all", 200)

	h.apart["mia leo"] = true
	requireCode(t, proto.CodeNotApproved, h.fetch("leo", sent.ID), "blocked")
	require.NoError(t, h.fetch("zoe", sent.ID))
	require.NoError(t, h.fetch("mia", sent.ID), "one's own other device")
	for what, err := range h.everything("mia", open.ID) {
		requireCode(t, proto.CodeNotApproved, err, what)
	}
	_, err := h.Begin(ctx, "mia", proto.AttachmentNew{ConversationID: "g_all", Size: 1})
	requireCode(t, proto.CodeNotApproved, err)
	h.apart = map[string]bool{}

	h.camera["zoe"] = false
	requireCode(t, proto.CodeNeedsConsent, h.fetch("zoe", sent.ID))
	require.NoError(t, h.fetch("leo", sent.ID))
	_, err = h.Begin(ctx, "leo", proto.AttachmentNew{ConversationID: "g_all", Size: 1})
	requireCode(t, proto.CodeNeedsConsent, err, "of every member")
	_, err = h.Begin(ctx, "leo", proto.AttachmentNew{ConversationID: "g_two", Size: 1})
	require.NoError(t, err, "Zoe is not in it")
	requireCode(t, proto.CodeNeedsConsent, h.PutChunk(ctx, "mia", open.ID, "0", make([]byte, 100)))
	h.camera["zoe"] = true
	require.NoError(t, h.PutChunk(ctx, "mia", open.ID, "0", make([]byte, 100)))
	h.camera["mia"] = false
	requireCode(t, proto.CodeNeedsConsent, h.fetch("leo", sent.ID), "of who sent it, too")
	require.NoError(t, h.Done(ctx, "leo", sent.ID, "leo-1"), "giving it up is always possible")
}

// TestTheLastTwoAtOnce: whoever of them is last deletes it.
func TestTheLastTwoAtOnce(t *testing.T) {
	h := newHouse(t)
	for range 5 {
		a := h.upload("g_all", 200)
		h.send(a, "leo-1", "leo-2", "zoe-1", "mia-2")
		var wg sync.WaitGroup
		errs := make(chan error, 4)
		for person, device := range map[string]string{"leo": "leo-1", "zoe": "zoe-1", "mia": "mia-2"} {
			wg.Go(func() { errs <- h.Done(t.Context(), person, a.ID, device) })
		}
		wg.Go(func() { errs <- h.Done(t.Context(), "leo", a.ID, "leo-2") })
		wg.Wait()
		close(errs)
		for err := range errs {
			require.NoError(t, err)
		}
		h.requireGone()
	}
}

// TestTheBucketFails: that is no refusal, and costs nothing that was there.
func TestTheBucketFails(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	a := h.begin("g_two", 200)
	require.NoError(t, h.PutChunk(ctx, "mia", a.ID, "0", bytesOf(a, 0)))
	h.bucket.err = errors.New("the disk is full")
	requireFault(t, h.PutChunk(ctx, "mia", a.ID, "1", bytesOf(a, 1)))
	_, err := h.Chunk(ctx, "mia", a.ID, "0")
	requireFault(t, err)
	got, err := h.Get(ctx, "mia", a.ID)
	require.NoError(t, err)
	require.Equal(t, []int64{0}, got.Have)
	h.bucket.err = nil
	require.NoError(t, h.PutChunk(ctx, "mia", a.ID, "1", bytesOf(a, 1)))
	require.NoError(t, h.fetch("mia", a.ID))

	// What was lost or cut short is not handed out.
	require.NoError(t, os.WriteFile(filepath.Join(h.path, a.ID, "0"), []byte("half"), 0o600))
	require.NoError(t, os.Remove(filepath.Join(h.path, a.ID, "1")))
	for n := range 2 {
		_, err := h.Chunk(ctx, "mia", a.ID, fmt.Sprint(n))
		requireFault(t, err)
	}

	// Bytes that cannot be deleted now go with the next sweep.
	h.bucket.err = errors.New("the disk is away")
	require.NoError(t, h.Done(ctx, "mia", a.ID, ""))
	require.NotEmpty(t, h.files())
	h.bucket.err = nil
	swept, err := h.Sweep(ctx, true)
	require.NoError(t, err)
	require.Equal(t, 1, swept.Orphans)
	h.requireGone()
}
