package accounts_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/accounts"
	"kinwire/signaling/proto"
)

var nina = proto.SignUpParent{Email: " Nina@Home.example ", Password: "a good password", Name: " Nina  Rao ", Avatar: "🌻", Language: "pl-PL"}

func TestParentSignsUp(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	require.NoError(t, h.SignUpParent(ctx, nina))
	m := h.post.last(t)
	require.Equal(t, "nina@home.example", m.To)
	require.Contains(t, m.Subject, "Witamy", "in the language asked for")
	require.NotContains(t, m.Text, "Nina", "nothing that was entered goes to an address that nobody has confirmed")

	_, found, err := h.store.AccountByLogin(ctx, "nina@home.example")
	require.NoError(t, err)
	require.False(t, found, "no account before the address is confirmed")
	_, err = h.Login(ctx, nina.Email, nina.Password, device)
	requireCode(t, proto.CodeUnauthenticated, err)

	in, err := h.Confirm(ctx, proto.SignUpConfirm{Password: nina.Password, Token: h.post.token(t, "confirm"), Device: &device})
	require.NoError(t, err)
	require.Equal(t, proto.Person{ID: in.Me.ID, Name: "Nina Rao", Avatar: "🌻", Role: proto.RoleParent, Family: "Nina Rao"}, in.Me)
	require.True(t, strings.HasPrefix(in.Me.ID, "u_"))
	require.False(t, in.AddKey)
	p, err := h.Authenticate(ctx, in.Token)
	require.NoError(t, err)
	require.Equal(t, in.Me, p)
	_, err = h.Login(ctx, "NINA@home.example", nina.Password, device)
	require.NoError(t, err)
	row, _, err := h.store.Account(ctx, in.Me.ID)
	require.NoError(t, err)
	require.Equal(t, "pl-PL", row.Language)
	require.Equal(t, h.now, row.CreatedAt)
	require.NotContains(t, row.Password, nina.Password)
}

func TestConfirmWorksOnceAndForADay(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	require.NoError(t, h.SignUpParent(ctx, nina))
	token := h.post.token(t, "confirm")
	require.Equal(t, 1, race(t, proto.CodeUnauthenticated, func() error {
		_, err := h.Confirm(ctx, proto.SignUpConfirm{Password: nina.Password, Token: token})
		var e *proto.Error
		if errors.As(err, &e) && e.Code == proto.CodeTaken {
			t.Errorf("the loser reached the account: %v", err)
		}
		return err
	}))

	other := nina
	other.Email = "other@home.example"
	require.NoError(t, h.SignUpParent(ctx, other))
	token = h.post.token(t, "confirm")
	h.now = h.now.Add(24 * time.Hour)
	for _, late := range []string{token, "", "x", strings.Repeat("A", 256)} {
		_, err := h.Confirm(ctx, proto.SignUpConfirm{Password: nina.Password, Token: late})
		requireCode(t, proto.CodeUnauthenticated, err, "link")
	}
	require.NoError(t, h.Sweep(ctx))
	_, _, found, err := h.store.SeeTicket(ctx, proto.TicketSignUp, token, time.UnixMilli(0))
	require.NoError(t, err)
	require.False(t, found, "what ran out is gone")
}

// TestSignUpTellsNobodyWhoIsThere: three addresses, one answer; the difference
// is in the e-mail, which only the owner reads.
func TestSignUpTellsNobodyWhoIsThere(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	there := h.parent(t, "There")
	shut := h.parent(t, "Shut")
	h.suspend(t, shut.Me.ID)
	for email, says := range map[string]string{
		"new@home.example": "confirm", "there@home.example": "already", "shut@home.example": "suspended",
	} {
		in := nina
		in.Email, in.Language = email, ""
		require.NoError(t, h.SignUpParent(ctx, in))
		m := h.post.last(t)
		require.Equal(t, email, m.To)
		require.Contains(t, m.Subject+m.Text, says, email)
		require.Equal(t, says == "confirm", strings.Contains(m.Text, "#confirm="), email)
	}
	row, _, err := h.store.Account(ctx, there.Me.ID)
	require.NoError(t, err)
	require.Equal(t, "There", row.Person.Name, "an account that is there stays as it is")
}

// TestSuspendedBetweenMailAndConfirm: the account of the same address was made
// and shut before the link was opened.
func TestSuspendedBetweenMailAndConfirm(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	require.NoError(t, h.SignUpParent(ctx, nina))
	token := h.post.token(t, "confirm")
	id, err := h.ParentByEmail(ctx, nina.Email, "Nina")
	require.NoError(t, err)
	_, err = h.Confirm(ctx, proto.SignUpConfirm{Password: nina.Password, Token: token})
	requireCode(t, proto.CodeTaken, err)
	h.suspend(t, id)
	_, err = h.Confirm(ctx, proto.SignUpConfirm{Password: nina.Password, Token: token})
	requireCode(t, proto.CodeSuspended, err)
}

// TestMarksOutliveTheAccount: what is left of a suspended account that was
// deleted keeps its address out, for as long as the record is kept.
func TestMarksOutliveTheAccount(t *testing.T) {
	elsewhere := emptyHouse(t) // with the same key: marks are the same
	ctx := t.Context()
	id, err := elsewhere.ParentByEmail(ctx, "gone@home.example", "Gone")
	require.NoError(t, err)
	marks, err := elsewhere.Marks(ctx, id)
	require.NoError(t, err)
	require.Len(t, marks, 1)
	require.NotContains(t, marks[0], "gone")

	h := newHouse(t)
	_, done, err := h.store.SuspendPerson(ctx, proto.Suspension{
		PersonID: "demo-leo", Marks: marks, Since: h.now, Until: h.now.AddDate(1, 0, 0)})
	require.NoError(t, err)
	require.True(t, done)
	in := nina
	in.Email, in.Language = "Gone@home.example", "en"
	require.NoError(t, h.SignUpParent(ctx, in))
	require.Contains(t, h.post.last(t).Text, "suspended")
	in2 := teen
	in2.Email = in.Email
	require.NoError(t, h.SignUpSelf(ctx, in2))
	require.Contains(t, h.post.last(t).Text, "suspended")
	_, err = h.ParentByEmail(ctx, in.Email, "Gone")
	requireCode(t, proto.CodeSuspended, err)

	h.now = h.now.AddDate(1, 0, 0)
	require.NoError(t, h.SignUpParent(ctx, in))
	_, err = h.Confirm(ctx, proto.SignUpConfirm{Password: nina.Password, Token: h.post.token(t, "confirm")})
	require.NoError(t, err, "the record has gone")

	// Without a key there are no marks.
	plain := accounts.New(h.store, func() time.Time { return h.now }, accounts.Config{SessionLifetime: time.Hour}, accounts.Deps{})
	marks, err = plain.Marks(ctx, "demo-priya")
	require.NoError(t, err)
	require.Empty(t, marks)
}

// TestNobodyConfirmsWhatSomebodyElseBegan: a stranger signs up with Nina's
// address and a password of their own; Nina opens the link.
func TestNobodyConfirmsWhatSomebodyElseBegan(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	in := nina
	in.Password = "the stranger's own"
	require.NoError(t, h.SignUpParent(ctx, in))
	token := h.post.token(t, "confirm")
	for _, password := range []string{"", nina.Password} {
		_, err := h.Confirm(ctx, proto.SignUpConfirm{Token: token, Password: password})
		requireCode(t, proto.CodeNotAllowed, err, "leave it at that")
	}
	_, found, err := h.store.AccountByLogin(ctx, nina.Email)
	require.NoError(t, err)
	require.False(t, found)
	for range 6 { // and guessing is slowed
		_, _ = h.Confirm(ctx, proto.SignUpConfirm{Token: token, Password: "guess"})
	}
	_, err = h.Confirm(ctx, proto.SignUpConfirm{Token: token, Password: in.Password})
	requireCode(t, proto.CodeRateLimited, err)
	h.now = h.now.Add(time.Minute)
	_, err = h.Confirm(ctx, proto.SignUpConfirm{Token: token, Password: in.Password})
	require.NoError(t, err, "the link is still good")
}

func TestSignUpWithoutPassword(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	in := nina
	in.Password = ""
	require.NoError(t, h.SignUpParent(ctx, in))
	login, err := h.Confirm(ctx, proto.SignUpConfirm{Password: nina.Password, Token: h.post.token(t, "confirm")})
	require.NoError(t, err)
	require.True(t, login.AddKey)
	a, err := h.Account(ctx, login.Me.ID)
	require.NoError(t, err)
	require.False(t, a.Password)
}

func TestSignUpRefused(t *testing.T) {
	h := newHouse(t)
	for name, c := range map[string]struct {
		change func(*proto.SignUpParent)
		code   proto.Code
		says   string
	}{
		"no address":      {func(in *proto.SignUpParent) { in.Email = "nina" }, proto.CodeBadMessage, "email"},
		"two addresses":   {func(in *proto.SignUpParent) { in.Email = "a@b.org,c@d.org" }, proto.CodeBadMessage, "email"},
		"short password":  {func(in *proto.SignUpParent) { in.Password = "nine sign" }, proto.CodeBadMessage, "9 characters"},
		"the address":     {func(in *proto.SignUpParent) { in.Password = "nina@home.EXAMPLE" }, proto.CodeBadMessage, "same as the login"},
		"no name":         {func(in *proto.SignUpParent) { in.Name = " " }, proto.CodeBadMessage, "name"},
		"phone as a name": {func(in *proto.SignUpParent) { in.Name = "Nina 600700800" }, proto.CodeTextRefused, "phone"},
		"no emoji":        {func(in *proto.SignUpParent) { in.Avatar = "N" }, proto.CodeBadMessage, "one emoji"},
		"text as avatar":  {func(in *proto.SignUpParent) { in.Avatar = "@nina" }, proto.CodeTextRefused, "avatar"},
	} {
		in := nina
		c.change(&in)
		err := h.SignUpParent(t.Context(), in)
		requireCode(t, c.code, err, c.says)
		require.Empty(t, h.post.mails, name)
	}
}

func TestMailsAreSlowed(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	for _, email := range []string{"new@home.example", "nobody@home.example"} {
		in := nina
		in.Email = email
		require.NoError(t, h.SignUpParent(ctx, in))
		require.NoError(t, h.Forgot(ctx, email))
		require.NoError(t, h.SignUpParent(ctx, in))
		requireCode(t, proto.CodeRateLimited, h.Forgot(ctx, strings.ToUpper(email)), "600 seconds")
	}
	require.Len(t, h.post.mails, 6)
	h.now = h.now.Add(10 * time.Minute)
	require.NoError(t, h.Forgot(ctx, "new@home.example"))
}

func TestWithoutMail(t *testing.T) {
	h := newHouse(t)
	s := accounts.New(h.store, func() time.Time { return h.now }, accounts.Config{SessionLifetime: time.Hour}, accounts.Deps{})
	requireCode(t, proto.CodeUnavailable, s.SignUpParent(t.Context(), nina))
	requireCode(t, proto.CodeUnavailable, s.Forgot(t.Context(), nina.Email))
	h.post.fails = errors.New("no route to the post office")
	err := h.SignUpParent(t.Context(), nina)
	require.ErrorIs(t, err, h.post.fails)
	var e *proto.Error
	require.NotErrorAs(t, err, &e)
}

var teen = proto.SignUpSelf{
	Email: "teo@home.example", Password: "a good password", Name: "Teo", Avatar: "🎸", Country: "pl", BirthDate: "2010-03-01", Language: "en",
}

// TestSignUpSelfAtTheBirthday: a day before, on the day, in countries with
// another age, before and after a law changed, and for a leap day's child.
func TestSignUpSelfAtTheBirthday(t *testing.T) {
	for name, c := range map[string]struct {
		country, born, now string
		role               proto.Role // empty: too young
	}{
		"PL, the day before":               {"PL", "2010-03-02", "2026-03-01T23:59:59Z", ""},
		"PL, not yet everywhere":           {"PL", "2010-03-02", "2026-03-02T11:59:59Z", ""},
		"PL, 16 today":                     {"PL", "2010-03-02", "2026-03-02T12:00:00Z", proto.RoleTeen},
		"no rule, 12":                      {"IN", "2013-03-03", "2026-03-02T12:00:00Z", ""},
		"no rule, 13 today":                {"IN", "2013-03-02", "2026-03-02T12:00:00Z", proto.RoleTeen},
		"DK, 14, before the change":        {"DK", "2009-06-01", "2023-12-31T23:59:59Z", proto.RoleTeen},
		"DK, 14, after the change":         {"DK", "2009-06-01", "2024-01-01T00:00:00Z", ""},
		"DK, 15, after the change":         {"DK", "2009-01-01", "2024-01-01T12:00:00Z", proto.RoleTeen},
		"29 February, on 28 February":      {"IN", "2012-02-29", "2025-02-28T23:59:59Z", ""},
		"29 February, on 1 March":          {"IN", "2012-02-29", "2025-03-01T12:00:00Z", proto.RoleTeen},
		"29 February, in a leap year":      {"PL", "2012-02-29", "2028-02-29T12:00:00Z", proto.RoleTeen},
		"17, and grown up only tomorrow":   {"PL", "2008-03-03", "2026-03-02T12:00:00Z", proto.RoleTeen},
		"18 today":                         {"PL", "2008-03-02", "2026-03-02T12:00:00Z", proto.RoleAdult},
		"90":                               {"PL", "1936-03-02", "2026-03-02T12:00:00Z", proto.RoleAdult},
		"born today":                       {"IN", "2026-03-02", "2026-03-02T12:00:00Z", ""},
		"DK, 13, before there was any law": {"DK", "2005-01-01", "2018-05-24T12:00:00Z", proto.RoleTeen},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			var err error
			h.now, err = time.Parse(time.RFC3339, c.now)
			require.NoError(t, err)
			in := teen
			in.Country, in.BirthDate = c.country, c.born
			err = h.SignUpSelf(t.Context(), in)
			if c.role == "" {
				requireCode(t, proto.CodeTooYoung, err, "parent")
				require.Empty(t, h.post.mails)
				return
			}
			require.NoError(t, err)
			login, err := h.Confirm(t.Context(), proto.SignUpConfirm{Password: nina.Password, Token: h.post.token(t, "confirm")})
			require.NoError(t, err)
			require.Equal(t, c.role, login.Me.Role)
			require.Empty(t, login.Me.Family)
			a, err := h.Account(t.Context(), login.Me.ID)
			require.NoError(t, err)
			require.Equal(t, c.country, a.Country)
		})
	}
}

// TestTooYoungKeepsNothing: nothing is left of it, in the database or in
// memory, not even that this address was tried.
func TestTooYoungKeepsNothing(t *testing.T) {
	h := newHouse(t)
	in := teen
	in.BirthDate = "2016-01-01"
	in.Name = "600 700 800" // the age is looked at first: no word about the rest
	for range 10 {
		requireCode(t, proto.CodeTooYoung, h.SignUpSelf(t.Context(), in), "nothing of what you entered was kept", "16")
	}
	require.Empty(t, h.post.mails)
	require.Zero(t, h.rows(t, "tickets"))
	require.Equal(t, 4, h.rows(t, "people"), "the demo's and nobody else")
	for range 3 {
		require.NoError(t, h.Forgot(t.Context(), in.Email), "the budget of e-mails to this address is untouched")
	}
}

func TestSignUpSelfRefused(t *testing.T) {
	h := newHouse(t)
	for _, c := range []struct {
		change func(*proto.SignUpSelf)
		code   proto.Code
		says   string
	}{
		{func(in *proto.SignUpSelf) { in.BirthDate = "01.03.2010" }, proto.CodeBadMessage, "birth_date"},
		{func(in *proto.SignUpSelf) { in.BirthDate = "2027-01-01" }, proto.CodeBadMessage, "birth_date"},
		{func(in *proto.SignUpSelf) { in.BirthDate = "1890-01-01" }, proto.CodeBadMessage, "birth_date"},
		{func(in *proto.SignUpSelf) { in.Country = "ZZ" }, proto.CodeBadMessage, "country"},
		{func(in *proto.SignUpSelf) { in.Password = "" }, proto.CodeBadMessage, "password"},
		{func(in *proto.SignUpSelf) { in.Name = "Teo @ Lincoln School" }, proto.CodeTextRefused, "school"},
		{func(in *proto.SignUpSelf) { in.Email = "teo" }, proto.CodeBadMessage, "email"},
	} {
		in := teen
		c.change(&in)
		requireCode(t, c.code, h.SignUpSelf(t.Context(), in), c.says)
	}
	require.Empty(t, h.post.mails)
}

func TestConsentAges(t *testing.T) {
	h := newHouse(t)
	require.Equal(t, proto.ConsentAges{Default: 13, Countries: []proto.ConsentAge{{Country: "DK", Age: 15}, {Country: "PL", Age: 16}}}, h.ConsentAges())
	h.now = time.Date(2023, 12, 31, 23, 59, 59, 0, time.UTC)
	require.Equal(t, 13, h.ConsentAges().Countries[0].Age)
}

func TestParentByEmail(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	id, err := h.ParentByEmail(ctx, " Uma@Home.example", "Uma Devi")
	require.NoError(t, err)
	a, err := h.Account(ctx, id)
	require.NoError(t, err)
	require.Equal(t, proto.Person{ID: id, Name: "Uma Devi", Avatar: "🙂", Role: proto.RoleParent, Family: "Uma Devi"}, a.Person)
	require.Equal(t, "uma@home.example", a.Login)
	again, err := h.ParentByEmail(ctx, "uma@home.example", "Another Name")
	require.NoError(t, err)
	require.Equal(t, id, again)

	id, err = h.ParentByEmail(ctx, "x@home.example", "call 600 700 800")
	require.NoError(t, err)
	p, err := h.Person(ctx, id)
	require.NoError(t, err)
	require.Equal(t, "Parent", p.Name, "a name that others should not see is left behind")

	_, err = h.ParentByEmail(ctx, "no address", "X")
	requireCode(t, proto.CodeBadMessage, err)
	there := h.parent(t, "There")
	id, err = h.ParentByEmail(ctx, "there@home.example", "X")
	require.NoError(t, err)
	require.Equal(t, there.Me.ID, id)
	h.suspend(t, id)
	_, err = h.ParentByEmail(ctx, "there@home.example", "X")
	requireCode(t, proto.CodeSuspended, err)
}
