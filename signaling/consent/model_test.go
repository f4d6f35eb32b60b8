package consent

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"kinwire/signaling/proto"
)

// world is what two parents, an operator, a check elsewhere and the clock do
// to the service on a real store, and what the test expects of it, written
// without the tables of the package.
type world struct {
	*house
	t       *rapid.T
	ann, bo string // parents; kid is a child of both
	kid     string
	known   map[string]*expected // by consent id
	ids     []string             // in the order in which they began
	steps   int
}

// expected is what the model knows of a consent.
type expected struct {
	by, notice, child string
	method            proto.ConsentMethod
	state             proto.ConsentState
	links             int // how many of the two links have come back
	tokens            []sentToken
	decidable         bool // an operator has seen proof
}

// sentToken is that of a link; nth is of which e-mail, 0 once it is used up.
type sentToken struct {
	token string
	nth   int
}

func (w *world) draw(names []string) string { return rapid.SampledFrom(names).Draw(w.t, "of") }

// one draws a consent; "" while there is none.
func (w *world) one() (string, *expected) {
	if len(w.known) == 0 {
		w.t.Skip("no consent yet")
	}
	// By number, since ids are drawn anew when a failure is repeated.
	id := w.ids[rapid.IntRange(0, len(w.ids)-1).Draw(w.t, "of")]
	return id, w.known[id]
}

func (w *world) begin(t *rapid.T) {
	w.t = t
	x := &expected{
		by: w.draw([]string{w.ann, w.bo}), child: w.draw([]string{"", w.kid}), notice: w.cfg.NoticeVersion,
		method: proto.ConsentMethod(w.draw([]string{"email_plus", "signed_form", "video_call", "external", "demo"})),
		state:  proto.ConsentPending,
	}
	mails := len(w.post.all())
	scopes := rapid.SliceOfNDistinct(rapid.SampledFrom(allScopes), 1, 5, rapid.ID).Draw(t, "scopes")
	c, err := w.Start(context.Background(), x.by, proto.ConsentNew{Method: x.method, NoticeVersion: x.notice, Scopes: scopes, ChildID: x.child})
	holds := x.child != "" && w.holding() != ""
	if x.method == proto.MethodDemo || holds || w.openOf(x.by) >= maxOpen {
		require.Error(t, err)
		return
	}
	require.NoError(t, err)
	if x.method == proto.MethodVideoCall {
		x.state, x.decidable = proto.ConsentReview, true
	}
	w.known[c.ID], w.ids = x, append(w.ids, c.ID)
	w.readMail(mails, 1)
}

func (w *world) openOf(parent string) int {
	n := 0
	for _, x := range w.known {
		if x.by == parent && slices.Contains([]proto.ConsentState{"pending", "waiting", "review"}, x.state) {
			n++
		}
	}
	return n
}

// holding is the consent that counts for the child now, "" if none does.
func (w *world) holding() string {
	for id, x := range w.known {
		if x.child == w.kid && x.state == proto.ConsentGranted && x.notice == w.cfg.NoticeVersion {
			return id
		}
	}
	return ""
}

// readMail takes the tokens out of e-mails that have come since; nth is which
// of the two e-mails they are.
func (w *world) readMail(since, nth int) {
	for _, m := range w.post.all()[since:] {
		token := link.FindStringSubmatch(m.text)[1]
		sum := sha256.Sum256([]byte(ticketKind + ":" + token))
		var data string
		require.NoError(w.t, w.db.QueryRow(`SELECT data FROM tickets WHERE hash = ?`, hex.EncodeToString(sum[:])).Scan(&data))
		if x, known := w.known[readTicket(data).consent]; known { // else of an earlier world
			x.tokens = append(x.tokens, sentToken{token, nth})
		}
	}
}

// click brings back any link that was ever sent, used or not.
func (w *world) click(t *rapid.T) {
	w.t = t
	id, x := w.one()
	if len(x.tokens) == 0 {
		t.Skip("no e-mail yet")
	}
	token := &x.tokens[rapid.IntRange(0, len(x.tokens)-1).Draw(t, "link")]
	nth := token.nth
	token.nth = 0 // used up, whatever comes of it
	_, err := w.Confirm(context.Background(), token.token)
	switch {
	case nth == 1 && x.state == proto.ConsentPending:
		x.state, x.links = proto.ConsentWaiting, 1
	case nth == 2 && x.state == proto.ConsentWaiting && x.notice == w.cfg.NoticeVersion:
		require.Equal(t, 1, x.links)
		w.grant(id)
	default:
		require.Error(t, err)
		return
	}
	require.NoError(t, err)
}

// grant is what granting must do to the model.
func (w *world) grant(id string) {
	w.known[id].state = proto.ConsentGranted
	for other, x := range w.known {
		if other != id && x.child == w.kid && w.known[id].child == w.kid && x.state == proto.ConsentGranted {
			x.state = proto.ConsentExpired
		}
	}
}

func (w *world) handIn(t *rapid.T) {
	w.t = t
	id, x := w.one()
	who := w.draw([]string{w.ann, w.bo})
	_, err := w.Form(context.Background(), who, id, proto.SignedForm{MediaType: "image/png", Body: picture})
	if x.method == proto.MethodSignedForm && x.state == proto.ConsentPending && who == x.by {
		require.NoError(t, err)
		x.state, x.decidable = proto.ConsentReview, true
		return
	}
	require.Error(t, err)
}

func (w *world) decide(t *rapid.T) {
	w.t = t
	id, x := w.one()
	approve := rapid.Bool().Draw(t, "approve")
	_, err := w.DecideReview(context.Background(), "olga", id, proto.ReviewIn{Approve: approve, Note: "n"})
	switch {
	case x.state != proto.ConsentReview || !x.decidable || (approve && x.notice != w.cfg.NoticeVersion):
		require.Error(t, err)
		return
	case approve:
		w.grant(id)
	default:
		x.state = proto.ConsentRefused
	}
	require.NoError(t, err)
}

func (w *world) result(t *rapid.T) {
	w.t = t
	id, x := w.one()
	pass, forge := rapid.Bool().Draw(t, "passed"), rapid.Bool().Draw(t, "forged")
	body := resultBody(w.reference(t, id), pass)
	signature := signed(body)
	if forge {
		signature = signed(body + " ")
	}
	err := w.External(context.Background(), []byte(body), signature)
	if forge || x.method != proto.MethodExternal || x.state != proto.ConsentPending || (pass && x.notice != w.cfg.NoticeVersion) {
		return // an error, or a repetition: the invariants say that nothing has changed
	}
	require.NoError(t, err)
	if pass {
		w.grant(id)
	} else {
		x.state = proto.ConsentRefused
	}
}

func (w *world) withdraw(t *rapid.T) {
	w.t = t
	id, x := w.one()
	who := w.draw([]string{w.ann, w.bo})
	err := w.Withdraw(context.Background(), who, id)
	over := slices.Contains([]proto.ConsentState{"refused", "withdrawn", "expired"}, x.state)
	if over || (who != x.by && x.child == "") {
		require.Error(t, err)
		return
	}
	require.NoError(t, err)
	x.state = proto.ConsentWithdrawn
}

func (w *world) scopes(t *rapid.T) {
	w.t = t
	scopes := rapid.SliceOfNDistinct(rapid.SampledFrom(allScopes), 0, 5, rapid.ID).Draw(t, "scopes")
	_, err := w.SetScopes(context.Background(), w.draw([]string{w.ann, w.bo}), w.kid, scopes)
	if w.holding() != "" {
		require.NoError(t, err)
		require.Equal(t, inOrder(scopes), w.given(t, w.kid))
	}
}

func (w *world) wait(t *rapid.T) {
	w.t = t
	w.house.now = w.house.now.Add(time.Duration(rapid.IntRange(1, 30).Draw(t, "hours")) * time.Hour)
	mails := len(w.post.all())
	w.sweep(context.Background())
	w.readMail(mails, 2)
	for id, x := range w.known {
		if slices.Contains([]proto.ConsentState{"pending", "waiting", "review"}, x.state) &&
			w.listed(t, x.by, id).State == proto.ConsentExpired {
			x.state = proto.ConsentExpired // that is in time, TestRunsOutInTime says
		}
	}
}

func (w *world) newNotice(t *rapid.T) {
	w.t = t
	cfg := w.cfg
	cfg.NoticeVersion += "'"
	w.house.Service = w.with(cfg)
}

// check holds the service to the model, now and then on the way.
func (w *world) check(t *rapid.T) {
	if w.steps++; w.steps%4 == 0 {
		w.compare(t)
	}
}

func (w *world) compare(t *rapid.T) {
	w.t = t
	seen := map[string]proto.Consent{}
	for _, parent := range []string{w.ann, w.bo} {
		list, err := w.List(context.Background(), parent)
		require.NoError(t, err)
		for _, c := range list.Consents {
			seen[c.ID] = c
		}
	}
	require.Len(t, seen, len(w.known))
	granted := 0
	var underReview []string
	for _, id := range w.ids {
		x := w.known[id]
		require.Equal(t, x.state, seen[id].State, "%s by %s", id, x.method)
		if x.state == proto.ConsentGranted && x.child == w.kid {
			granted++
		}
		if x.state == proto.ConsentWithdrawn {
			require.Empty(t, seen[id].Scopes)
		}
		if x.method == proto.MethodSignedForm && x.state == proto.ConsentReview {
			underReview = append(underReview, id)
		}
	}
	require.LessOrEqual(t, granted, 1, "one consent a child")
	require.ElementsMatch(t, underReview, w.evidence(), "evidence is there while it is looked at, and no longer")
	given := w.given(t, w.kid)
	if id := w.holding(); id == "" {
		require.Empty(t, given)
	} else {
		require.Equal(t, seen[id].Scopes, append([]proto.Scope{}, given...))
	}
}

// evidence lists the consents of this world of which there is some.
func (w *world) evidence() []string {
	rows, err := w.db.Query(`SELECT consent_id FROM consent_evidence JOIN consents ON id = consent_id WHERE guardian_id IN (?, ?)`, w.ann, w.bo)
	require.NoError(w.t, err)
	defer rows.Close()
	var ids []string
	for rows.Next() {
		var id string
		require.NoError(w.t, rows.Scan(&id))
		ids = append(ids, id)
	}
	require.NoError(w.t, rows.Err())
	return ids
}

// TestWorld: no sequence of what people do grants what was not proved, keeps
// evidence, or brings back what was withdrawn.
func TestWorld(t *testing.T) {
	h := newHouse(t)
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		w := &world{house: h, known: map[string]*expected{}}
		w.ann, w.bo, w.kid = fmt.Sprint("u_ann", n), fmt.Sprint("u_bo", n), fmt.Sprint("u_kid", n)
		h.people(t, "parent", w.ann, w.bo)
		h.child(t, w.kid, "", w.ann, w.bo)
		t.Repeat(map[string]func(*rapid.T){
			"begin": w.begin, "click": w.click, "hand in": w.handIn, "decide": w.decide, "result": w.result,
			"withdraw": w.withdraw, "scopes": w.scopes, "wait": w.wait, "new notice": w.newNotice, "": w.check,
		})
		w.compare(t)
	})
	require.NotEmpty(t, h.logged(t))
}
