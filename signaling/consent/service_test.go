package consent

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

func TestNotice(t *testing.T) {
	h := newHouse(t)
	n := h.Notice()
	require.Equal(t, "1", n.Version)
	require.Equal(t, []proto.ConsentMethod{proto.MethodEmailPlus, proto.MethodSignedForm, proto.MethodVideoCall, proto.MethodExternal}, n.Methods,
		"neither the demo nor what does not exist")
	require.Equal(t, allScopes, n.Scopes)
	require.NotEmpty(t, n.Sections)
	for _, s := range n.Sections {
		require.NotEmpty(t, s.Title)
		require.NotEmpty(t, s.Text)
	}
	own := []proto.NoticeSection{{Title: "Ours", Text: "…"}}
	cfg := config()
	cfg.Sections = own
	require.Equal(t, own, h.with(cfg).Notice().Sections)
}

func TestMethodsThatCannotWork(t *testing.T) {
	h := newHouse(t)
	for name, change := range map[string]func(*Config){
		"no address of the app": func(c *Config) { c.PublicURL = "" },
		"no check elsewhere":    func(c *Config) { c.ExternalURL = "" },
		"a strange address":     func(c *Config) { c.ExternalURL = "javascript:alert(1)" },
		"no secret":             func(c *Config) { c.ExternalSecret = "" },
	} {
		t.Run(name, func(t *testing.T) {
			cfg := config()
			change(&cfg)
			var log strings.Builder
			s := New(h.store, func() time.Time { return h.now }, cfg, Deps{Mail: h.post, Changes: h.changes, People: h.post,
				Log: slog.New(slog.NewTextHandler(&log, nil))})
			require.Len(t, s.Notice().Methods, 3)
			require.Contains(t, log.String(), "a method is not offered")
		})
	}
}

func TestStartRefuses(t *testing.T) {
	h := newHouse(t)
	h.child(t, "u_kid", h.granted(t, "u_ana", "").ID, "u_ana")
	good := proto.ConsentNew{Method: proto.MethodVideoCall, NoticeVersion: "1", Scopes: []proto.Scope{proto.ScopeCalls}}
	cases := map[string]struct {
		change func(*proto.ConsentNew)
		code   proto.Code
		says   string
	}{
		"demo":              {func(in *proto.ConsentNew) { in.Method = proto.MethodDemo }, proto.CodeBadMessage, `given "demo"; this server offers email_plus`},
		"unknown method":    {func(in *proto.ConsentNew) { in.Method = "wish" }, proto.CodeBadMessage, "method"},
		"another notice":    {func(in *proto.ConsentNew) { in.NoticeVersion = "0" }, proto.CodeBadMessage, `given "0"; the notice is now "1"`},
		"no scopes":         {func(in *proto.ConsentNew) { in.Scopes = nil }, proto.CodeBadMessage, "given none"},
		"unknown scope":     {func(in *proto.ConsentNew) { in.Scopes = []proto.Scope{"calls", "dna"} }, proto.CodeBadMessage, `scopes[1]: given "dna"`},
		"a scope twice":     {func(in *proto.ConsentNew) { in.Scopes = []proto.Scope{"calls", "calls"} }, proto.CodeBadMessage, "twice"},
		"no such child":     {func(in *proto.ConsentNew) { in.ChildID = "u_nobody" }, proto.CodeNotFound, "no such child"},
		"consent holds yet": {func(in *proto.ConsentNew) { in.ChildID = "u_kid" }, proto.CodeWrongState, "holds"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			in := good
			c.change(&in)
			_, err := h.Start(t.Context(), "u_ana", in)
			requireCode(t, c.code, err)
			require.ErrorContains(t, err, c.says)
		})
	}
	in := good
	in.ChildID = "u_kid"
	_, err := h.Start(t.Context(), "u_eve", in)
	requireCode(t, proto.CodeNotFound, err)
	list, err := h.List(t.Context(), "u_eve")
	require.NoError(t, err)
	require.Empty(t, list.Consents)
	require.Empty(t, h.post.all())
}

func TestFiveUnderWay(t *testing.T) {
	h := newHouse(t)
	var ids []string
	for range maxOpen {
		ids = append(ids, h.start(t, "u_ana", proto.MethodVideoCall, "").ID)
	}
	in := proto.ConsentNew{Method: proto.MethodVideoCall, NoticeVersion: "1", Scopes: []proto.Scope{proto.ScopeCalls}}
	_, err := h.Start(t.Context(), "u_ana", in)
	requireCode(t, proto.CodeWrongState, err)
	h.start(t, "u_bob", proto.MethodVideoCall, "") // another parent's do not count
	require.NoError(t, h.Withdraw(t.Context(), "u_ana", ids[0]))
	h.start(t, "u_ana", proto.MethodVideoCall, "")
}

func TestList(t *testing.T) {
	h := newHouse(t)
	first := h.granted(t, "u_ana", "")
	h.child(t, "u_kid", first.ID, "u_ana", "u_bob")
	h.now = h.now.Add(time.Minute)
	second := h.start(t, "u_ana", proto.MethodExternal, "")
	require.Equal(t, "https://check.example/start?app=kin&reference="+h.reference(t, second.ID), second.RedirectURL)

	list, err := h.List(t.Context(), "u_ana")
	require.NoError(t, err)
	require.Len(t, list.Consents, 2)
	require.Equal(t, second, list.Consents[0], "the newest first")
	require.Equal(t, proto.Consent{ID: first.ID, ChildID: "u_kid", Method: proto.MethodVideoCall, State: proto.ConsentGranted, NoticeVersion: "1",
		Scopes: []proto.Scope{proto.ScopeCalls}, RequestedAt: t0.UnixMilli(), DecidedAt: t0.UnixMilli()}, list.Consents[1])

	list, err = h.List(t.Context(), "u_bob")
	require.NoError(t, err)
	require.Len(t, list.Consents, 1, "what the other parent gave for the child of both")
	require.Equal(t, first.ID, list.Consents[0].ID)

	h.Service = h.with(func() Config { c := config(); c.NoticeVersion = "2"; return c }())
	require.True(t, h.listed(t, "u_ana", first.ID).Outdated)
	require.True(t, h.listed(t, "u_ana", second.ID).Outdated)
	require.NoError(t, h.Withdraw(t.Context(), "u_ana", second.ID))
	require.False(t, h.listed(t, "u_ana", second.ID).Outdated, "nothing has to be given again")
}

// reference is by which a check elsewhere knows a consent.
func (h *house) reference(t require.TestingT, id string) string {
	var reference string
	require.NoError(t, h.db.QueryRow(`SELECT reference FROM consents WHERE id = ?`, id).Scan(&reference))
	return reference
}

func TestScopes(t *testing.T) {
	h := newHouse(t)
	c := h.granted(t, "u_ana", "", proto.ScopePhotos, proto.ScopeCalls)
	require.Empty(t, h.given(t, ""), "a consent for no child yet is for no child")
	h.child(t, "u_kid", c.ID, "u_ana", "u_bob")
	require.Equal(t, []proto.Scope{proto.ScopeCalls, proto.ScopePhotos}, h.given(t, "u_kid"))
	h.changes.take()

	h.now = h.now.Add(time.Hour)
	got, err := h.SetScopes(t.Context(), "u_bob", "u_kid", []proto.Scope{proto.ScopeMessages, proto.ScopeCalls})
	require.NoError(t, err)
	want := []proto.Scope{proto.ScopeCalls, proto.ScopeMessages}
	require.Equal(t, want, got.Scopes)
	require.Equal(t, want, h.given(t, "u_kid"))
	require.Equal(t, want, h.listed(t, "u_ana", c.ID).Scopes)
	require.Equal(t, []string{"relations[u_kid]", "family[u_ana u_bob]"}, h.changes.take(), "at once, and for both parents")
	require.Equal(t, []string{"calls 1 u_ana", "messages 1 u_bob", "photos 0 u_bob"}, h.scopeRows(t, c.ID), "who did which")
	require.Contains(t, h.logged(t), "u_bob consent.scopes "+c.ID)

	entries := len(h.logged(t))
	_, err = h.SetScopes(t.Context(), "u_ana", "u_kid", want)
	require.NoError(t, err)
	require.Len(t, h.logged(t), entries, "nothing changed")
	require.Empty(t, h.changes.take())

	got, err = h.SetScopes(t.Context(), "u_ana", "u_kid", nil)
	require.NoError(t, err)
	require.Empty(t, got.Scopes)
	require.Empty(t, h.given(t, "u_kid"))
	require.Equal(t, proto.ConsentGranted, got.State)

	_, err = h.SetScopes(t.Context(), "u_eve", "u_kid", want)
	requireCode(t, proto.CodeNotFound, err)
	_, err = h.SetScopes(t.Context(), "u_ana", "", want)
	requireCode(t, proto.CodeNotFound, err)
	_, err = h.SetScopes(t.Context(), "u_ana", "u_kid", []proto.Scope{"dna"})
	requireCode(t, proto.CodeBadMessage, err)
}

func (h *house) scopeRows(t require.TestingT, id string) []string {
	rows, err := h.db.Query(`SELECT scope || ' ' || given || ' ' || changed_by FROM consent_scopes WHERE consent_id = ? ORDER BY scope`, id)
	require.NoError(t, err)
	defer rows.Close()
	var lines []string
	for rows.Next() {
		var line string
		require.NoError(t, rows.Scan(&line))
		lines = append(lines, line)
	}
	require.NoError(t, rows.Err())
	return lines
}

func TestOutdatedCountsForNothing(t *testing.T) {
	h := newHouse(t)
	old := h.granted(t, "u_ana", "", proto.ScopeCalls, proto.ScopePhotos)
	h.child(t, "u_kid", old.ID, "u_ana", "u_bob")
	begun := h.start(t, "u_bob", proto.MethodVideoCall, "")

	cfg := config()
	cfg.NoticeVersion = "2"
	h.Service = h.with(cfg)
	require.Empty(t, h.given(t, "u_kid"))
	_, err := h.SetScopes(t.Context(), "u_ana", "u_kid", []proto.Scope{proto.ScopeCalls, proto.ScopeLocation})
	requireCode(t, proto.CodeNeedsConsent, err)
	_, err = h.SetScopes(t.Context(), "u_ana", "u_kid", []proto.Scope{proto.ScopeCalls})
	require.NoError(t, err, "less may always be given")
	require.Empty(t, h.given(t, "u_kid"))
	_, err = h.DecideReview(t.Context(), "olga", begun.ID, proto.ReviewIn{Approve: true, Note: "fine"})
	requireCode(t, proto.CodeNeedsConsent, err)
	require.Equal(t, proto.ConsentReview, h.listed(t, "u_bob", begun.ID).State)

	// The other parent may consent again.
	h.changes.take()
	renewed := h.granted(t, "u_bob", "u_kid", proto.ScopeMessages)
	require.Equal(t, []proto.Scope{proto.ScopeMessages}, h.given(t, "u_kid"))
	require.Equal(t, proto.ConsentExpired, h.listed(t, "u_ana", old.ID).State)
	require.Equal(t, []string{"family[u_ana u_bob]", "relations[u_kid]", "family[u_ana u_bob]"}, h.changes.take())
	log := h.logged(t)
	require.Equal(t, []string{"operator:olga consent.granted " + renewed.ID, "operator:olga consent.replaced " + old.ID}, log[len(log)-2:])

	h.Service = h.with(config())
	require.Empty(t, h.given(t, "u_kid"), "the old one does not come back with the old notice")
}

func TestWhoIsNoParentAnyMore(t *testing.T) {
	h := newHouse(t)
	h.child(t, "u_kid", "", "u_ana", "u_bob")
	c := h.start(t, "u_bob", proto.MethodVideoCall, "u_kid")
	h.exec(t, `DELETE FROM guardians WHERE guardian_id = 'u_bob'`)
	_, err := h.DecideReview(t.Context(), "olga", c.ID, proto.ReviewIn{Approve: true, Note: "fine"})
	requireCode(t, proto.CodeNotAllowed, err)
	require.Empty(t, h.given(t, "u_kid"))
}

func TestWithdraw(t *testing.T) {
	h := newHouse(t)
	c := h.granted(t, "u_ana", "", proto.ScopeCalls)
	h.child(t, "u_kid", c.ID, "u_ana", "u_bob")
	h.changes.take()

	requireCode(t, proto.CodeNotFound, h.Withdraw(t.Context(), "u_eve", c.ID))
	requireCode(t, proto.CodeNotFound, h.Withdraw(t.Context(), "u_ana", ""))
	h.now = h.now.Add(time.Hour)
	require.NoError(t, h.Withdraw(t.Context(), "u_bob", c.ID), "each of the child's parents may")
	require.Equal(t, []string{"relations[u_kid]", "family[u_ana u_bob]"}, h.changes.take())
	require.Empty(t, h.given(t, "u_kid"))
	got := h.listed(t, "u_ana", c.ID)
	require.Equal(t, proto.ConsentWithdrawn, got.State)
	require.Empty(t, got.Scopes)
	require.Equal(t, t0.UnixMilli(), got.DecidedAt, "when it was granted stays known")
	require.Equal(t, []string{"calls 0 u_bob"}, h.scopeRows(t, c.ID))
	log := h.logged(t)
	require.Equal(t, "u_bob consent.withdrawn "+c.ID, log[len(log)-1])

	requireCode(t, proto.CodeWrongState, h.Withdraw(t.Context(), "u_ana", c.ID))
	_, err := h.SetScopes(t.Context(), "u_ana", "u_kid", []proto.Scope{proto.ScopeCalls})
	requireCode(t, proto.CodeNeedsConsent, err)
	again := h.granted(t, "u_ana", "u_kid", proto.ScopeCalls)
	require.Equal(t, []proto.Scope{proto.ScopeCalls}, h.given(t, "u_kid"))
	require.NotEqual(t, c.ID, again.ID)
}

func TestStoreFailureIsNoRefusal(t *testing.T) {
	h := newHouse(t)
	c := h.start(t, "u_ana", proto.MethodEmailPlus, "")
	token := h.post.token(t)
	broken := &failing{Store: h.store}
	h.Service.store = broken
	broken.failing = true
	ctx := t.Context()
	var refused *proto.Error
	for name, call := range map[string]func() error{
		"list":     func() error { _, err := h.List(ctx, "u_ana"); return err },
		"confirm":  func() error { _, err := h.Confirm(ctx, token); return err },
		"withdraw": func() error { return h.Withdraw(ctx, "u_ana", c.ID) },
		"given":    func() error { _, err := h.Given(ctx, "u_kid"); return err },
		"reviews":  func() error { _, err := h.Reviews(ctx); return err },
	} {
		err := call()
		require.Error(t, err, name)
		require.NotErrorAs(t, err, &refused, name)
	}
	broken.failing = false
	got, err := h.Confirm(ctx, token)
	require.NoError(t, err, "the link was not used up by a failure")
	require.Equal(t, proto.ConsentWaiting, got.State)
}
