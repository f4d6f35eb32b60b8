package consent

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

func encoded(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

var picture = encoded("\x89PNG\r\n\x1a\n and a signature")

func TestSignedForm(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	c := h.start(t, "u_ana", proto.MethodSignedForm, "")
	in := proto.SignedForm{MediaType: "image/png", Body: picture}
	_, err := h.DecideReview(ctx, "olga", c.ID, proto.ReviewIn{Approve: true, Note: "no form yet"})
	requireCode(t, proto.CodeWrongState, err)
	_, err = h.Form(ctx, "u_eve", c.ID, in)
	requireCode(t, proto.CodeNotFound, err)
	_, err = h.Form(ctx, "u_ana", "", in)
	requireCode(t, proto.CodeNotFound, err)

	h.now = h.now.Add(time.Hour)
	c, err = h.Form(ctx, "u_ana", c.ID, in)
	require.NoError(t, err)
	require.Equal(t, proto.ConsentReview, c.State)
	require.Equal(t, h.now.Add(48*time.Hour).UnixMilli(), c.ExpiresAt)
	_, err = h.Form(ctx, "u_ana", c.ID, in)
	requireCode(t, proto.CodeWrongState, err)

	h.now = h.now.Add(time.Minute)
	call := h.start(t, "u_bob", proto.MethodVideoCall, "")
	list, err := h.Reviews(ctx)
	require.NoError(t, err)
	require.Len(t, list.Reviews, 2)
	require.Equal(t, []string{c.ID, call.ID}, []string{list.Reviews[0].Consent.ID, list.Reviews[1].Consent.ID}, "the oldest first")
	require.Equal(t, "u_ana", list.Reviews[0].Guardian.Person.ID)
	require.Empty(t, list.Reviews[0].Body)
	review, err := h.Review(ctx, c.ID)
	require.NoError(t, err)
	require.Equal(t, []string{picture, "image/png"}, []string{review.Body, review.MediaType})
	_, err = h.Review(ctx, "cs_nobody")
	requireCode(t, proto.CodeNotFound, err)
	_, err = h.Review(ctx, "")
	requireCode(t, proto.CodeNotFound, err)

	_, err = h.DecideReview(ctx, "olga", c.ID, proto.ReviewIn{Approve: false, Note: "  "})
	requireCode(t, proto.CodeBadMessage, err)
	h.changes.take()
	c, err = h.DecideReview(ctx, "olga", c.ID, proto.ReviewIn{Approve: false, Note: "not signed"})
	require.NoError(t, err)
	require.Equal(t, proto.ConsentRefused, c.State)
	require.Equal(t, []string{"family[u_ana]"}, h.changes.take())
	_, found, err := h.store.ConsentEvidence(ctx, c.ID)
	require.NoError(t, err)
	require.False(t, found)
	_, err = h.DecideReview(ctx, "olga", c.ID, proto.ReviewIn{Approve: true, Note: "after all"})
	requireCode(t, proto.CodeWrongState, err)
	rows, err := h.store.Consents(ctx, proto.ConsentFind{ID: c.ID})
	require.NoError(t, err)
	require.Equal(t, []string{"operator:olga", "not signed"}, []string{rows[0].DecidedBy, rows[0].Note})
	log := strings.Join(h.logged(t), "\n")
	require.Contains(t, log, "u_ana consent.submitted "+c.ID)
	require.Contains(t, log, "operator:olga consent.refused "+c.ID)
	entries, err := h.store.AuditAfter(ctx, 0, 100)
	require.NoError(t, err)
	for _, e := range entries {
		require.NotContains(t, e.Detail, "not signed", "nothing that anybody wrote")
	}
}

func TestFormsRefused(t *testing.T) {
	h := newHouse(t)
	c := h.start(t, "u_ana", proto.MethodSignedForm, "")
	png := func(size int) string {
		return base64.StdEncoding.EncodeToString(append([]byte("\x89PNG\r\n\x1a\n"), bytes.Repeat([]byte{7}, size-8)...))
	}
	cases := map[string]struct {
		mediaType, body string
		code            proto.Code
	}{
		"no base64":         {"image/png", "~~~~", proto.CodeBadMessage},
		"stray bits":        {"image/png", strings.TrimRight(encoded("\x89PNG\r\n\x1a\n12"), "=")[:13] + "/==", proto.CodeBadMessage},
		"url base64":        {"image/jpeg", base64.URLEncoding.EncodeToString([]byte("\xff\xd8\xff\xfb\xff\xfe")), proto.CodeBadMessage},
		"empty":             {"image/png", "", proto.CodeBadMessage},
		"another type":      {"image/jpeg", picture, proto.CodeBadMessage},
		"a page":            {"image/png", encoded("<html>"), proto.CodeBadMessage},
		"not allowed":       {"text/html", encoded("<html>"), proto.CodeBadMessage},
		"a byte too large":  {"image/png", png(maxForm + 1), proto.CodeTooLarge},
		"far too large":     {"image/png", png(2 * maxForm), proto.CodeTooLarge},
		"magic not at once": {"application/pdf", encoded(" %PDF-1.7"), proto.CodeBadMessage},
	}
	for name, k := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := h.Form(t.Context(), "u_ana", c.ID, proto.SignedForm{MediaType: k.mediaType, Body: k.body})
			requireCode(t, k.code, err)
		})
	}
	for mediaType, body := range map[string]string{
		"image/jpeg": encoded("\xff\xd8\xff\xe0"), "application/pdf": encoded("%PDF-1.7"), "image/png": png(maxForm),
	} {
		id := h.start(t, "u_ana", proto.MethodSignedForm, "").ID
		got, err := h.Form(t.Context(), "u_ana", id, proto.SignedForm{MediaType: mediaType, Body: body})
		require.NoError(t, err, mediaType)
		require.Equal(t, proto.ConsentReview, got.State)
	}
}

func FuzzForm(f *testing.F) {
	f.Add("image/png", picture)
	f.Add("application/pdf", encoded("%PDF-1.7"))
	f.Add("image/jpeg", "/9j/\r\n4A==")
	f.Add("", "=")
	f.Fuzz(func(t *testing.T, mediaType, body string) {
		canonical, err := readForm(proto.SignedForm{MediaType: mediaType, Body: body})
		if err != nil {
			var refused *proto.Error
			require.ErrorAs(t, err, &refused)
			return
		}
		raw, err := base64.StdEncoding.Strict().DecodeString(canonical)
		require.NoError(t, err)
		require.LessOrEqual(t, len(raw), maxForm)
		require.NotContains(t, canonical, "\n")
		again, err := readForm(proto.SignedForm{MediaType: mediaType, Body: canonical})
		require.NoError(t, err)
		require.Equal(t, canonical, again)
	})
}
