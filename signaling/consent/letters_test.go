package consent

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

func TestEmailPlus(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	c := h.start(t, "u_ana", proto.MethodEmailPlus, "")
	require.Equal(t, proto.ConsentPending, c.State)
	require.Zero(t, c.NextAt)
	require.Equal(t, t0.Add(48*time.Hour).UnixMilli(), c.ExpiresAt)
	require.Len(t, h.post.all(), 1, "the first e-mail goes at once")
	require.Equal(t, "u_ana@example.org", h.post.all()[0].to)
	first := h.post.token(t)

	h.now = h.now.Add(time.Hour)
	c, err := h.Confirm(ctx, first)
	require.NoError(t, err)
	require.Equal(t, proto.ConsentWaiting, c.State)
	require.Equal(t, h.now.Add(24*time.Hour).UnixMilli(), c.NextAt)
	require.Equal(t, h.now.Add(72*time.Hour).UnixMilli(), c.ExpiresAt)
	_, err = h.Confirm(ctx, first)
	requireCode(t, proto.CodeNotFound, err)

	h.now = h.now.Add(24*time.Hour - time.Millisecond)
	require.Equal(t, time.Millisecond, h.sweep(ctx))
	require.Len(t, h.post.all(), 1)
	h.now = h.now.Add(time.Millisecond)
	h.sweep(ctx)
	require.Len(t, h.post.all(), 2)
	second := h.post.token(t)
	require.NotEqual(t, first, second)
	require.Zero(t, h.listed(t, "u_ana", c.ID).NextAt)
	h.now = h.now.Add(mailAgain * time.Millisecond)
	require.Equal(t, lookAgain, h.sweep(ctx))
	require.Len(t, h.post.all(), 2, "once")

	h.changes.take()
	c, err = h.Confirm(ctx, second)
	require.NoError(t, err)
	require.Equal(t, proto.ConsentGranted, c.State)
	require.Equal(t, h.now.UnixMilli(), c.DecidedAt)
	require.Zero(t, c.ExpiresAt)
	require.Equal(t, []string{"family[u_ana]"}, h.changes.take())
	require.Equal(t, []string{"u_ana consent.requested " + c.ID, "u_ana consent.confirmed " + c.ID, "u_ana consent.granted " + c.ID}, h.logged(t))
	for _, m := range h.post.all() {
		require.NotContains(t, m.text, "u_ana", "no more about anybody than the link")
	}
}

// TestLinksAreWorthNothing: a token that belongs to another kind of ticket,
// to a consent that is over, or to nobody.
func TestLinksAreWorthNothing(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	require.NoError(t, h.store.AddTicket(ctx, "login", "other", "u_ana", "", t0.Add(time.Hour)))
	for _, token := range []string{"", "nonsense", "other"} {
		_, err := h.Confirm(ctx, token)
		requireCode(t, proto.CodeNotFound, err)
	}
	c := h.start(t, "u_ana", proto.MethodEmailPlus, "")
	first := h.post.token(t)
	require.NoError(t, h.Withdraw(ctx, "u_ana", c.ID))
	_, err := h.Confirm(ctx, first)
	requireCode(t, proto.CodeWrongState, err)
	require.Equal(t, proto.ConsentWithdrawn, h.listed(t, "u_ana", c.ID).State)

	h.start(t, "u_ana", proto.MethodEmailPlus, "")
	h.now = h.now.Add(48 * time.Hour)
	_, err = h.Confirm(ctx, h.post.token(t))
	requireCode(t, proto.CodeNotFound, err)
}

func TestSecondLinkAfterTheNoticeChanged(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	c := h.start(t, "u_ana", proto.MethodEmailPlus, "")
	_, err := h.Confirm(ctx, h.post.token(t))
	require.NoError(t, err)
	h.now = h.now.Add(24 * time.Hour)
	h.sweep(ctx)
	cfg := config()
	cfg.NoticeVersion = "2"
	h.Service = h.with(cfg)
	_, err = h.Confirm(ctx, h.post.token(t))
	requireCode(t, proto.CodeNeedsConsent, err)
	require.NotEqual(t, proto.ConsentGranted, h.listed(t, "u_ana", c.ID).State)
}

func TestMailThatFails(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	var log strings.Builder
	h.log = slog.New(slog.NewTextHandler(&log, nil))
	h.post.fail(true)
	c := h.start(t, "u_ana", proto.MethodEmailPlus, "")
	require.Equal(t, proto.ConsentPending, c.State, "the parent is not told off for the mail server's fault")
	require.Contains(t, log.String(), "could not be sent")
	require.NotContains(t, log.String(), "u_ana@", "no address in the log, even if the mail server repeats it")
	require.NotContains(t, log.String(), "kwc_")
	var tickets int
	require.NoError(t, h.db.QueryRow(`SELECT count(*) FROM tickets`).Scan(&tickets))
	require.Zero(t, tickets)

	h.post.fail(false)
	h.now = h.now.Add(mailAgain*time.Millisecond - 1)
	h.sweep(ctx)
	require.Empty(t, h.post.all())
	h.now = h.now.Add(1)
	h.sweep(ctx)
	require.Len(t, h.post.all(), 1)
	_, err := h.Confirm(ctx, h.post.token(t))
	require.NoError(t, err)
}

// TestOneOfTwoSends: two nodes that saw the same e-mail come due send one.
func TestOneOfTwoSends(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	c := h.start(t, "u_ana", proto.MethodEmailPlus, "")
	_, err := h.Confirm(ctx, h.post.token(t))
	require.NoError(t, err)
	h.now = h.now.Add(24 * time.Hour)
	rows, err := h.store.Consents(ctx, proto.ConsentFind{ID: c.ID})
	require.NoError(t, err)
	require.Len(t, rows, 1)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() { h.sendDue(ctx, rows[0]) })
	}
	wg.Wait()
	require.Len(t, h.post.all(), 2)
}

func TestRunsOutInTime(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	form := h.start(t, "u_ana", proto.MethodSignedForm, "")
	_, err := h.Form(ctx, "u_ana", form.ID, proto.SignedForm{MediaType: "image/png", Body: picture})
	require.NoError(t, err)
	open := []string{form.ID, h.start(t, "u_ana", proto.MethodEmailPlus, "").ID, h.start(t, "u_ana", proto.MethodExternal, "").ID}
	kept := h.granted(t, "u_ana", "")
	h.now = h.now.Add(48 * time.Hour)
	for _, id := range open {
		require.Equal(t, proto.ConsentExpired, h.listed(t, "u_ana", id).State, "even before anybody has written it down")
	}
	_, err = h.DecideReview(ctx, "olga", form.ID, proto.ReviewIn{Approve: true, Note: "late"})
	requireCode(t, proto.CodeWrongState, err)
	reviews, err := h.Reviews(ctx)
	require.NoError(t, err)
	require.Empty(t, reviews.Reviews)
	_, err = h.Review(ctx, form.ID)
	requireCode(t, proto.CodeNotFound, err)

	require.Equal(t, lookAgain, h.sweep(ctx))
	rows, err := h.store.Consents(ctx, proto.ConsentFind{State: proto.ConsentExpired})
	require.NoError(t, err)
	require.Len(t, rows, len(open))
	_, found, err := h.store.ConsentEvidence(ctx, form.ID)
	require.NoError(t, err)
	require.False(t, found, "evidence does not outlive the consent")
	require.Equal(t, proto.ConsentGranted, h.listed(t, "u_ana", kept.ID).State, "what was granted does not run out")
	require.Contains(t, h.logged(t), "system consent.expired "+form.ID)
}

// TestRun has the real loop run for hours, through a restart and with two nodes
// at once.
func TestRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		cfg := config()
		cfg.Delay, cfg.Lifetime = 3*time.Hour, 6*time.Hour
		node := func() *Service {
			return New(h.store, time.Now, cfg, Deps{Mail: h.post, Changes: h.changes, People: h.post, Log: slog.New(slog.DiscardHandler)})
		}
		h.Service = node()
		var wg sync.WaitGroup
		ctx, stop := context.WithCancel(t.Context())
		for _, s := range []*Service{h.Service, node()} {
			wg.Go(func() { s.Run(ctx) })
		}
		c := h.start(t, "u_ana", proto.MethodEmailPlus, "")
		forgotten := h.start(t, "u_bob", proto.MethodEmailPlus, "")
		require.Len(t, h.post.all(), 2)
		_, err := h.Confirm(t.Context(), h.tokenFor(t, "u_ana"))
		require.NoError(t, err)

		time.Sleep(cfg.Delay - time.Minute)
		stop()
		wg.Wait()
		time.Sleep(10 * time.Minute)
		require.Len(t, h.post.all(), 2, "nobody is there to send the next one")

		ctx, stop = context.WithCancel(t.Context())
		for range 2 {
			s := node()
			wg.Go(func() { s.Run(ctx) })
		}
		time.Sleep(2 * lookAgain)
		require.Len(t, h.post.all(), 3, "sent after the restart, by one of the two")
		_, err = h.Confirm(t.Context(), h.tokenFor(t, "u_ana"))
		require.NoError(t, err)
		require.Equal(t, proto.ConsentGranted, h.listed(t, "u_ana", c.ID).State)

		time.Sleep(cfg.Lifetime)
		rows, err := h.store.Consents(t.Context(), proto.ConsentFind{ID: forgotten.ID})
		require.NoError(t, err)
		require.Equal(t, proto.ConsentExpired, rows[0].State)
		stop()
		wg.Wait()
	})
}

// TestRunIsOnTime: a delay that is no whole number of rounds is kept, and a
// confirmation wakes the loop.
func TestRunIsOnTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t)
		cfg := config()
		cfg.Delay = 1500 * time.Millisecond
		h.Service = New(h.store, time.Now, cfg, Deps{Mail: h.post, Changes: h.changes, People: h.post, Log: slog.New(slog.DiscardHandler)})
		ctx, stop := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { h.Run(ctx) })
		time.Sleep(10 * time.Second)
		h.start(t, "u_ana", proto.MethodEmailPlus, "")
		_, err := h.Confirm(ctx, h.post.token(t))
		require.NoError(t, err)
		time.Sleep(cfg.Delay - time.Millisecond)
		require.Len(t, h.post.all(), 1)
		time.Sleep(2 * time.Millisecond)
		require.Eventually(t, func() bool { return len(h.post.all()) == 2 }, time.Second, time.Millisecond)
		stop()
		wg.Wait()
	})
}

// tokenFor is the newest that was sent to somebody.
func (h *house) tokenFor(t require.TestingT, userID string) string {
	token := ""
	for _, m := range h.post.all() {
		if found := link.FindStringSubmatch(m.text); m.to == userID+"@example.org" {
			require.Len(t, found, 2)
			token = found[1]
		}
	}
	require.NotEmpty(t, token)
	return token
}
