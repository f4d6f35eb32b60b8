package accounts_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

func TestNewChild(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	nora := h.parent(t, "Nora").Me
	h.told.take()
	c, err := h.NewChild(ctx, nora.ID, ana(h.consent(t, "cs_1", nora.ID, nil)))
	require.NoError(t, err)
	require.Equal(t, proto.Child{
		Person: proto.Person{ID: c.Person.ID, Name: "Ana", Avatar: "🐱", Role: proto.RoleChild, Family: "Nora"},
		User:   "ana.k", BirthDate: "2016-05-20", Country: "PL", Gender: proto.GenderGirl, Guardians: []proto.Person{nora},
	}, c)
	require.Equal(t, sorted(c.Person.ID, nora.ID), h.told.take())
	require.Equal(t, []string{nora.ID + "*"}, h.friends(t, c.Person.ID))
	require.Equal(t, []string{c.Person.ID + "*"}, h.friends(t, nora.ID))

	s, err := h.Login(ctx, "ANA.k", "🦊🚀🐱🌻", device)
	require.NoError(t, err)
	require.Equal(t, c.Person, s.Person)

	rules, found, err := h.store.ChildRules(ctx, c.Person.ID)
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, proto.Rules{ApproveFriends: true, Video: true, TimeZone: "UTC", QuietHours: []proto.QuietHours{}}, rules)

	used, err := h.store.Consents(ctx, proto.ConsentFind{ID: "cs_1"})
	require.NoError(t, err)
	require.Equal(t, c.Person.ID, used[0].ChildID)
	last := h.audit(t)[len(h.audit(t))-1]
	require.Equal(t, []string{nora.ID, "child.made", c.Person.ID, "consent=cs_1"}, []string{last.Actor, last.Action, last.Subject, last.Detail})

	list, err := h.Children(ctx, nora.ID)
	require.NoError(t, err)
	require.Equal(t, []proto.Child{c}, list.Children)
	none, err := h.Children(ctx, c.Person.ID)
	require.NoError(t, err)
	require.Equal(t, []proto.Child{}, none.Children)
}

func sorted(ids ...string) []string {
	var c changes
	c.Relations(ids...)
	return c.take()
}

// TestApproveFromThirteen: a parent approves new friends of a child under 13
// unless they say otherwise.
func TestApproveFromThirteen(t *testing.T) {
	for born, approve := range map[string]bool{"2013-03-02": true, "2013-03-01": false, "2008-03-02": false} {
		h := newHouse(t) // it is 2026-03-01, 12:00 UTC
		in := ana(h.consent(t, "cs_1", "demo-priya", nil))
		in.BirthDate = born
		c, err := h.NewChild(t.Context(), "demo-priya", in)
		require.NoError(t, err, born)
		rules, _, err := h.store.ChildRules(t.Context(), c.Person.ID)
		require.NoError(t, err)
		require.Equal(t, approve, rules.ApproveFriends, born)
	}
}

// TestSiblingsAreFamily: a second child is family with the first, and with
// nobody else's.
func TestSiblingsAreFamily(t *testing.T) {
	h := newHouse(t)
	nora := h.parent(t, "Nora").Me
	one, two := h.child(t, nora.ID, "one"), h.child(t, nora.ID, "two")
	require.Equal(t, sorted(nora.ID+"*", two.Person.ID+"*"), h.friends(t, one.Person.ID))
	require.Equal(t, sorted(nora.ID+"*", one.Person.ID+"*"), h.friends(t, two.Person.ID))
	require.Equal(t, sorted(two.Person.ID+"*", one.Person.ID+"*"), h.friends(t, nora.ID))
}

// TestNoChildWithoutConsent: nothing about the child is stored then.
func TestNoChildWithoutConsent(t *testing.T) {
	h := newHouse(t)
	nora := h.parent(t, "Nora").Me
	before := h.rows(t, "people")
	state := func(s proto.ConsentState) func(*proto.ConsentRow) {
		return func(r *proto.ConsentRow) { r.State = s }
	}
	for id, change := range map[string]func(*proto.ConsentRow){
		"cs_pending": state(proto.ConsentPending), "cs_waiting": state(proto.ConsentWaiting), "cs_review": state(proto.ConsentReview),
		"cs_refused": state(proto.ConsentRefused), "cs_withdrawn": state(proto.ConsentWithdrawn), "cs_expired": state(proto.ConsentExpired),
		"cs_outdated": func(r *proto.ConsentRow) { r.NoticeVersion = "2025-1" },
		"cs_others":   func(r *proto.ConsentRow) { r.GuardianID = "demo-tomek" },
		"cs_used":     func(r *proto.ConsentRow) { r.ChildID = "demo-mia" },
	} {
		h.consent(t, id, nora.ID, change)
		_, err := h.NewChild(t.Context(), nora.ID, ana(id))
		requireCode(t, proto.CodeNeedsConsent, err, "consent")
	}
	_, err := h.NewChild(t.Context(), nora.ID, ana("cs_none"))
	requireCode(t, proto.CodeNeedsConsent, err)
	in := ana("cs_none")
	in.User = "mia"
	_, err = h.NewChild(t.Context(), nora.ID, in)
	requireCode(t, proto.CodeNeedsConsent, err) // who has no consent does not learn which names are taken
	require.Equal(t, before, h.rows(t, "people"))
	require.Equal(t, 2, h.rows(t, "rules"), "the demo's")
	for _, e := range h.audit(t) {
		require.NotEqual(t, "child.made", e.Action)
	}
}

func TestConsentMakesOneChild(t *testing.T) {
	h := newHouse(t)
	nora := h.parent(t, "Nora").Me
	id := h.consent(t, "cs_1", nora.ID, nil)
	names := make(chan string, 2)
	names <- "one"
	names <- "two"
	require.Equal(t, 1, race(t, proto.CodeNeedsConsent, func() error {
		in := ana(id)
		in.User = <-names
		_, err := h.NewChild(context.WithoutCancel(t.Context()), nora.ID, in)
		return err
	}))
	list, err := h.Children(t.Context(), nora.ID)
	require.NoError(t, err)
	require.Len(t, list.Children, 1)
}

func TestTakenUserName(t *testing.T) {
	h := newHouse(t)
	id := h.consent(t, "cs_1", "demo-priya", nil)
	in := ana(id)
	in.User = " LEO"
	_, err := h.NewChild(t.Context(), "demo-priya", in)
	requireCode(t, proto.CodeTaken, err, "user name")
	_, err = h.NewChild(t.Context(), "demo-priya", ana(id))
	require.NoError(t, err, "the consent was not used up")
}

func TestNewChildRefused(t *testing.T) {
	h := newHouse(t)
	id := h.consent(t, "cs_1", "demo-priya", nil)
	for name, c := range map[string]struct {
		change func(*proto.ChildNew)
		code   proto.Code
		says   string
	}{
		"no nickname":      {func(in *proto.ChildNew) { in.Nickname = "" }, proto.CodeBadMessage, "nickname"},
		"phone":            {func(in *proto.ChildNew) { in.Nickname = "Ana 600 700 800" }, proto.CodeTextRefused, "phone number"},
		"address":          {func(in *proto.ChildNew) { in.Nickname = "Ana, ul. Długa 5" }, proto.CodeTextRefused, "street address"},
		"e-mail":           {func(in *proto.ChildNew) { in.Nickname = "ana@home.example" }, proto.CodeTextRefused, "e-mail"},
		"school":           {func(in *proto.ChildNew) { in.Nickname = "Ana SP nr 7" }, proto.CodeTextRefused, "school"},
		"no emoji":         {func(in *proto.ChildNew) { in.Avatar = "ana" }, proto.CodeBadMessage, "avatar"},
		"school as emoji":  {func(in *proto.ChildNew) { in.Avatar = "台北國小" }, proto.CodeTextRefused, "avatar"},
		"country":          {func(in *proto.ChildNew) { in.Country = "Poland" }, proto.CodeBadMessage, "country"},
		"gender":           {func(in *proto.ChildNew) { in.Gender = "x" }, proto.CodeBadMessage, "gender"},
		"no date":          {func(in *proto.ChildNew) { in.BirthDate = "" }, proto.CodeBadMessage, "birth_date"},
		"grown up":         {func(in *proto.ChildNew) { in.BirthDate = "2008-03-01" }, proto.CodeBadMessage, "sign up for themselves"},
		"e-mail as user":   {func(in *proto.ChildNew) { in.User = "ana@home.example" }, proto.CodeBadMessage, "user"},
		"short user":       {func(in *proto.ChildNew) { in.User = "an" }, proto.CodeBadMessage, "user"},
		"three pictures":   {func(in *proto.ChildNew) { in.Password = "🦊🚀🐱" }, proto.CodeBadMessage, "4 or more pictures"},
		"one picture":      {func(in *proto.ChildNew) { in.Password = "🦊🦊🦊🦊" }, proto.CodeBadMessage, "over and over"},
		"seven characters": {func(in *proto.ChildNew) { in.Password = "abcdefg" }, proto.CodeBadMessage, "8 or more characters"},
		"the user name":    {func(in *proto.ChildNew) { in.User, in.Password = "ana-rose", "Ana-Rose" }, proto.CodeBadMessage, "same as the login"},
	} {
		t.Run(name, func(t *testing.T) {
			in := ana(id)
			c.change(&in)
			_, err := h.NewChild(t.Context(), "demo-priya", in)
			requireCode(t, c.code, err, c.says)
		})
	}
	in := ana(id)
	in.Gender = ""
	_, err := h.NewChild(t.Context(), "demo-priya", in)
	require.NoError(t, err, "the gender may be left out")
}

func TestOnlyParentsMakeChildren(t *testing.T) {
	h := newHouse(t)
	id := h.consent(t, "cs_1", "demo-mia", nil)
	_, err := h.NewChild(t.Context(), "demo-mia", ana(id))
	requireCode(t, proto.CodeNotAllowed, err)
	_, err = h.NewChild(t.Context(), "nobody", ana(id))
	requireCode(t, proto.CodeNotFound, err)
	h.suspend(t, "demo-priya")
	_, err = h.NewChild(t.Context(), "demo-priya", ana(id))
	requireCode(t, proto.CodeSuspended, err)
}

func TestSuspendedChildDoesNotComeBack(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	nora := h.parent(t, "Nora").Me
	c := h.child(t, nora.ID, "one")
	marks, err := h.Marks(ctx, c.Person.ID)
	require.NoError(t, err)
	require.Len(t, marks, 1)
	h.suspend(t, c.Person.ID)

	in := ana(h.consent(t, "cs_again", nora.ID, nil))
	in.User, in.Nickname = "again", "Somebody Else"
	_, err = h.NewChild(ctx, nora.ID, in)
	requireCode(t, proto.CodeSuspended, err)
	in.BirthDate = "2016-05-21"
	_, err = h.NewChild(ctx, nora.ID, in)
	require.NoError(t, err, "a sibling can be there")

	list, err := h.Children(ctx, nora.ID)
	require.NoError(t, err)
	require.Len(t, list.Children, 2, "a parent sees a suspended child too")
}

func edit() proto.ChildEdit {
	return proto.ChildEdit{Nickname: "Anka", BirthDate: "2015-05-20", Country: "TW", Avatar: "🐼"}
}

func TestEditChild(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	h.told.take()
	c, err := h.EditChild(ctx, "demo-priya", "demo-mia", edit())
	require.NoError(t, err)
	require.Equal(t, "Anka", c.Person.Name)
	require.Equal(t, "🐼", c.Person.Avatar)
	require.Equal(t, []string{"2015-05-20", "TW", ""}, []string{c.BirthDate, c.Country, string(c.Gender)})
	require.Equal(t, "mia", c.User)
	require.Equal(t, []string{"demo-mia"}, h.told.take())
	again, err := h.Child(ctx, "demo-mia")
	require.NoError(t, err)
	require.Equal(t, c, again)
	last := h.audit(t)[len(h.audit(t))-1]
	require.Equal(t, []string{"demo-priya", "child.edited", "demo-mia", ""}, []string{last.Actor, last.Action, last.Subject, last.Detail}, "no name of anybody")

	for _, who := range [][2]string{{"demo-tomek", "demo-mia"}, {"demo-mia", "demo-mia"}, {"demo-priya", "demo-priya"}, {"demo-priya", "nobody"}} {
		_, err := h.EditChild(ctx, who[0], who[1], edit())
		requireCode(t, proto.CodeNotFound, err)
	}
	for _, bad := range []func(*proto.ChildEdit){
		func(in *proto.ChildEdit) { in.BirthDate = "2000-01-01" },
		func(in *proto.ChildEdit) { in.Country = "X" },
		func(in *proto.ChildEdit) { in.Avatar = "🐼🐼" },
		func(in *proto.ChildEdit) { in.Gender = "none" },
	} {
		in := edit()
		bad(&in)
		_, err := h.EditChild(ctx, "demo-priya", "demo-mia", in)
		requireCode(t, proto.CodeBadMessage, err)
	}
	in := edit()
	in.Nickname = strings.Repeat("5 ", 10)
	_, err = h.EditChild(ctx, "demo-priya", "demo-mia", in)
	requireCode(t, proto.CodeTextRefused, err)

	h.now = h.now.AddDate(20, 0, 0)
	_, err = h.EditChild(ctx, "demo-priya", "demo-mia", edit())
	require.NoError(t, err, "who has grown up since can still be corrected")
	_, err = h.Child(ctx, "demo-priya")
	requireCode(t, proto.CodeNotFound, err)
}

func TestSetChildPassword(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	s, err := h.Login(ctx, "mia", "kinwire-demo", device)
	require.NoError(t, err)
	require.NoError(t, h.SetChildPassword(ctx, "demo-priya", "demo-mia", "❤️🐼🚀🌻"))
	_, err = h.Authenticate(ctx, s.Token)
	require.NoError(t, err, "the child's sessions go on")
	_, err = h.Login(ctx, "mia", "kinwire-demo", device)
	requireCode(t, proto.CodeUnauthenticated, err)
	_, err = h.Login(ctx, "mia", "❤🐼🚀🌻", device)
	require.NoError(t, err)

	requireCode(t, proto.CodeNotFound, h.SetChildPassword(ctx, "demo-tomek", "demo-mia", "❤️🐼🚀🌻"))
	requireCode(t, proto.CodeNotFound, h.SetChildPassword(ctx, "demo-priya", "demo-tomek", "❤️🐼🚀🌻"))
	requireCode(t, proto.CodeBadMessage, h.SetChildPassword(ctx, "demo-priya", "demo-mia", "❤️🐼🚀"))
}
