package signaling_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/descope/virtualwebauthn"
	"github.com/stretchr/testify/require"

	"kinwire/signaling/passkey/keytest"
	"kinwire/signaling/proto"
)

// TestEveryPage lives a life on which each page of the table is used for what
// it is for, on the real parts; each request and each answer is held to the
// OpenAPI document on the way. A page that nobody came by fails it.
func TestEveryPage(t *testing.T) {
	f := newFamilyHouse(t)
	for _, chapter := range []struct {
		name string
		live func(f *familyHouse)
	}{
		{"a family", aFamily}, {"a child's account", aChildsAccount}, {"other ways to consent", otherConsents},
		{"logins", logins}, {"passkeys", passkeys},
		{"friends", becomingFriends}, {"a third friend", aThirdFriend}, {"a call", aCallAndItsEnd}, {"messages", writing},
		{"reports", reporting}, {"suspension", suspending}, {"the network", lookingAfterTheNetwork},
	} {
		if !t.Run(chapter.name, func(t *testing.T) {
			f.t = t
			chapter.live(f)
		}) {
			return
		}
	}
	f.t = t
	for _, e := range proto.Endpoints() {
		require.True(t, f.api.done[e.ID], "nobody came by %s (%s)", e.ID, e.Key())
	}
}

// aForm is the beginning of a PDF, in base64.
const aForm = "JVBERi0xLjQKJeLjz9MK"

// aFamily: Olga signs up, consents by a signed form, and makes Ben.
func aFamily(f *familyHouse) {
	olga := f.signUp("olga@example.org", "Olga")
	require.Equal(f.t, proto.RoleParent, olga.Me.Role)
	f.token["olga"], f.token["olga-id"] = olga.Token, olga.Me.ID
	for _, m := range good[proto.Mails](f, "GET", "/v1/ops/mail", operatorToken, nil).Mails {
		require.NotContains(f.t, m.Text, "nine lives")
	}
	require.NotEmpty(f.t, good[proto.ConsentAges](f, "GET", "/v1/consent-ages", "", nil).Countries)
	told := good[proto.Notice](f, "GET", "/v1/notice", "", nil)
	c := good[proto.Consent](f, "POST", "/v1/consents", olga.Token, proto.ConsentNew{
		Method: proto.MethodSignedForm, NoticeVersion: told.Version, Scopes: []proto.Scope{proto.ScopeCalls},
	})
	ben := proto.ChildNew{ConsentID: c.ID, Nickname: "Ben", BirthDate: bornYearsAgo(9), Country: "PL", Avatar: "🐢", User: "ben-o", Password: "🐢🚀🍓🎈"}
	text, err := proto.Encode(ben)
	require.NoError(f.t, err)
	f.do("POST", "/v1/children", olga.Token, string(text)).refusedWith(f.t, 403, proto.CodeNeedsConsent)
	require.Empty(f.t, good[proto.Children](f, "GET", "/v1/children", olga.Token, nil).Children)

	c = good[proto.Consent](f, "PUT", "/v1/consents/"+c.ID+"/form", olga.Token, proto.SignedForm{MediaType: "application/pdf", Body: aForm})
	require.Equal(f.t, proto.ConsentReview, c.State)
	queue := good[proto.Reviews](f, "GET", "/v1/ops/reviews", staffToken, nil).Reviews
	require.Len(f.t, queue, 1)
	require.Equal(f.t, "Olga", queue[0].Guardian.Person.Name, "the operator sees whose it is")
	require.Empty(f.t, queue[0].Body)
	require.Equal(f.t, aForm, good[proto.Review](f, "GET", "/v1/ops/reviews/"+c.ID, staffToken, nil).Body)
	f.do("POST", "/v1/ops/reviews/"+c.ID+"/call", staffToken, "").refusedWith(f.t, 409, proto.CodeWrongState)
	c = good[proto.Consent](f, "POST", "/v1/ops/reviews/"+c.ID, staffToken, proto.ReviewIn{Approve: true, Note: "the form is signed"})
	require.Equal(f.t, proto.ConsentGranted, c.State)
	made := good[proto.Child](f, "POST", "/v1/children", olga.Token, ben)
	require.Equal(f.t, "Ben", made.Person.Name)
	f.token["ben-id"] = made.Person.ID
	newest := good[proto.AuditLog](f, "GET", "/v1/ops/audit", staffToken, nil).Entries
	require.Contains(f.t, []string{newest[0].Actor, newest[1].Actor, newest[2].Actor}, "operator:rosa")
	require.Len(f.t, good[proto.Consents](f, "GET", "/v1/consents", olga.Token, nil).Consents, 1)
}

// aChildsAccount: what Olga does about Ben's.
func aChildsAccount(f *familyHouse) {
	page, olga := "/v1/children/"+f.token["ben-id"], f.token["olga"]
	code := good[proto.OneTimeCode](f, "POST", page+"/code", olga, nil)
	require.True(f.t, strings.HasSuffix(code.URL, "#code="+url.QueryEscape(code.Code)) || strings.Contains(code.URL, "#code="), code.URL)
	ben := good[proto.LoggedIn](f, "POST", "/v1/login/code", "", proto.LoginCode{Code: strings.ToLower(code.Code)})
	require.Equal(f.t, proto.RoleChild, ben.Me.Role)
	f.token["ben"] = f.logIn("ben-o", "🐢🚀🍓🎈")
	socket, _ := f.come(ben.Token)
	list := good[proto.LoginSessions](f, "GET", page+"/sessions", olga, nil).Sessions
	require.Len(f.t, list, 2)
	for _, s := range list {
		done(f, "DELETE", page+"/sessions/"+s.ID, olga, nil)
	}
	code2, _ := socket.closed()
	require.Equal(f.t, proto.CloseLoggedOut, code2, "the remote log-out reaches the socket")
	f.do("GET", "/v1/me", f.token["ben"], "").refusedWith(f.t, 401, proto.CodeUnauthenticated)

	done(f, "PUT", page+"/password", olga, proto.ChildPassword{Password: "🐙🦕🌈🍩"})
	f.token["ben"] = f.logIn("ben-o", "🐙🦕🌈🍩")
	edited := good[proto.Child](f, "PUT", page, olga, proto.ChildEdit{Nickname: "Benno", BirthDate: bornYearsAgo(10), Country: "PL", Avatar: "🐸"})
	require.Equal(f.t, edited, good[proto.Child](f, "GET", page, olga, nil))

	r := good[proto.ChildRules](f, "GET", page+"/rules", olga, nil).Rules
	require.True(f.t, r.ApproveFriends, "under 13 a parent approves")
	r.Video, r.TimeZone, r.QuietHours = false, "Europe/Warsaw", nil
	r = good[proto.ChildRules](f, "PUT", page+"/rules", olga, r).Rules
	require.False(f.t, r.Video)
	require.NotNil(f.t, r.QuietHours, "an empty list is []")

	more := good[proto.Consent](f, "PUT", page+"/scopes", olga, proto.ScopesSet{Scopes: []proto.Scope{proto.ScopeCalls, proto.ScopeMessages}})
	require.Equal(f.t, []proto.Scope{proto.ScopeCalls, proto.ScopeMessages}, more.Scopes)
	shown := good[proto.OneTimeCode](f, "POST", page+"/guardians/code", olga, nil)
	nils := f.signUp("nils@example.org", "Nils").Token
	f.do("GET", page, nils, "").refusedWith(f.t, 404, proto.CodeNotFound)
	added := good[proto.Child](f, "POST", "/v1/guardians", nils, proto.CodeIn{Code: shown.Code})
	require.Len(f.t, added.Guardians, 2)
	require.Equal(f.t, "Benno", good[proto.Child](f, "GET", page, nils, nil).Person.Name, "now he may")
}

// otherConsents: by e-mail, by a check elsewhere, by a video call; and how one
// is taken back.
func otherConsents(f *familyHouse) {
	olga := f.token["olga"]
	start := func(m proto.ConsentMethod) proto.Consent {
		return good[proto.Consent](f, "POST", "/v1/consents", olga, proto.ConsentNew{Method: m, NoticeVersion: notice, Scopes: []proto.Scope{proto.ScopeCalls}})
	}
	start(proto.MethodEmailPlus)
	c := good[proto.Consent](f, "POST", "/v1/consents/confirm", "", proto.TokenIn{Token: f.letter("olga@example.org", "consent")})
	require.Equal(f.t, proto.ConsentWaiting, c.State)
	done(f, "DELETE", "/v1/consents/"+c.ID, olga, nil)

	at, err := url.Parse(start(proto.MethodExternal).RedirectURL)
	require.NoError(f.t, err)
	result, err := json.Marshal(proto.ExternalResult{Reference: at.Query().Get("reference"), Passed: true})
	require.NoError(f.t, err)
	mac := hmac.New(sha256.New, []byte(secretOf))
	mac.Write(result)
	post := func(signature string) answer {
		return f.fetch("POST", "/v1/consents/external", string(result), map[string]string{"Content-Type": "application/json", "Kinwire-Signature": signature})
	}
	post("").refusedWith(f.t, 401, proto.CodeUnauthenticated)
	post(strings.Repeat("0", 64)).refusedWith(f.t, 401, proto.CodeUnauthenticated)
	require.Equal(f.t, http.StatusNoContent, post(hex.EncodeToString(mac.Sum(nil))).StatusCode)

	c = start(proto.MethodVideoCall)
	socket, _ := f.come(olga)
	staff := good[proto.LoggedIn](f, "POST", "/v1/ops/reviews/"+c.ID+"/call", staffToken, nil)
	require.Equal(f.t, proto.RoleStaff, staff.Me.Role)
	desk, _ := f.come(staff.Token)
	desk.ask(2, proto.TypeCallInvite, proto.CallInvite{To: []string{mia}})
	require.NotNil(f.t, desk.reply(2).Error, "the staff calls parents whose consent waits, and nobody else")
	desk.ask(3, proto.TypeCallInvite, proto.CallInvite{To: []string{f.token["olga-id"]}, Video: true})
	require.Nil(f.t, desk.reply(3).Error)
	rings := as[proto.CallIncoming](f.t, socket.event(proto.TypeCallIncoming))
	require.Equal(f.t, staff.Me.ID, rings.Call.Caller)
	f.do("POST", "/v1/passkeys/begin", staff.Token, "").refusedWith(f.t, 403, proto.CodeNotAllowed)
	good[proto.Consent](f, "POST", "/v1/ops/reviews/"+c.ID, staffToken, proto.ReviewIn{Approve: false, Note: "somebody else"})
}

// logins: a teen, passwords, devices, tickets.
func logins(f *familyHouse) {
	young := proto.SignUpSelf{Email: "tim@example.org", Password: "nine lives and a fish", Name: "Tim", Avatar: "🎧", Country: "DE", BirthDate: bornYearsAgo(15)}
	text, err := proto.Encode(young)
	require.NoError(f.t, err)
	f.do("POST", "/v1/signup/self", "", string(text)).refusedWith(f.t, 403, proto.CodeTooYoung)
	f.token["kim"] = f.signUpTeen()
	kim := good[proto.Account](f, "GET", "/v1/account", f.token["kim"], nil)
	require.Equal(f.t, proto.RoleTeen, kim.Person.Role)
	f.kim = kim.Person.ID
	require.Equal(f.t, "Kimmi", good[proto.Account](f, "PUT", "/v1/account", f.token["kim"], proto.AccountEdit{Name: "Kimmi", Avatar: "🎸"}).Person.Name)
	f.do("PUT", "/v1/account", f.token["kim"], `{"name":"call 0171 2345678","avatar":"🎸"}`).refusedWith(f.t, 422, proto.CodeTextRefused)
	require.Empty(f.t, good[proto.Providers](f, "GET", "/v1/login/providers", "", nil).Providers)

	other := f.logIn("kim@example.org", "nine lives and a fish")
	socket, _ := f.come(other)
	done(f, "PUT", "/v1/push", other, proto.PushHandle{Handle: "device-7"})
	done(f, "DELETE", "/v1/push", other, nil)
	done(f, "PUT", "/v1/password", f.token["kim"], proto.PasswordChange{Old: "nine lives and a fish", New: "eight legs and a web"})
	closed, _ := socket.closed()
	require.Equal(f.t, proto.CloseLoggedOut, closed, "other devices are out")
	good[proto.Person](f, "GET", "/v1/me", f.token["kim"], nil)

	good[proto.Sent](f, "POST", "/v1/password/forgot", "", proto.PasswordForgot{Email: "kim@example.org"})
	good[proto.Sent](f, "POST", "/v1/password/forgot", "", proto.PasswordForgot{Email: "nobody@example.org"})
	socket, _ = f.come(f.token["kim"])
	f.token["kim"] = good[proto.LoggedIn](f, "POST", "/v1/password/reset", "", proto.PasswordReset{Token: f.letter("kim@example.org", "reset"), Password: "seven seas and a boat"}).Token
	closed, _ = socket.closed()
	require.Equal(f.t, proto.CloseLoggedOut, closed)

	ticket, err := f.accounts.MakeLoginTicket(f.t.Context(), f.kim)
	require.NoError(f.t, err)
	third := good[proto.LoggedIn](f, "POST", "/v1/login/ticket", "", proto.TokenIn{Token: ticket, Device: &proto.Device{Model: "third"}}).Token
	f.do("POST", "/v1/login/ticket", "", `{"token":"`+ticket+`"}`).refusedWith(f.t, 401, proto.CodeUnauthenticated)
	socket, _ = f.come(third)
	for _, s := range good[proto.LoginSessions](f, "GET", "/v1/sessions", f.token["kim"], nil).Sessions {
		if !s.Current {
			require.Equal(f.t, "third", s.Device.Model)
			done(f, "DELETE", "/v1/sessions/"+s.ID, f.token["kim"], nil)
		}
	}
	closed, _ = socket.closed()
	require.Equal(f.t, proto.CloseLoggedOut, closed)
}

// passkeys: Kim makes one and logs in with it.
func passkeys(f *familyHouse) {
	site := virtualwebauthn.RelyingParty{ID: "localhost", Name: "Kinwire", Origin: "http://localhost"}
	auth := virtualwebauthn.NewAuthenticatorWithOptions(virtualwebauthn.AuthenticatorOptions{UserHandle: []byte(f.kim)})
	key := keytest.New(virtualwebauthn.KeyTypeEC2)
	options := func(c proto.Ceremony) string {
		text, err := json.Marshal(c.Options)
		require.NoError(f.t, err)
		return string(text)
	}
	c := good[proto.Ceremony](f, "POST", "/v1/passkeys/begin", f.token["kim"], nil)
	create, err := virtualwebauthn.ParseAttestationOptions(options(c))
	require.NoError(f.t, err)
	made := good[proto.Passkey](f, "POST", "/v1/passkeys", f.token["kim"], proto.PasskeyNew{
		Ticket: c.Ticket, Name: "My phone", Response: json.RawMessage(virtualwebauthn.CreateAttestationResponse(site, auth, key, *create)),
	})
	c = good[proto.Ceremony](f, "POST", "/v1/login/passkey/begin", "", nil)
	get, err := virtualwebauthn.ParseAssertionOptions(options(c))
	require.NoError(f.t, err)
	in := good[proto.LoggedIn](f, "POST", "/v1/login/passkey", "", proto.PasskeyLogin{
		Ticket: c.Ticket, Response: json.RawMessage(virtualwebauthn.CreateAssertionResponse(site, auth, key, *get)), Device: &proto.Device{OS: "x"},
	})
	require.Equal(f.t, f.kim, in.Me.ID)
	require.Len(f.t, good[proto.Passkeys](f, "GET", "/v1/passkeys", in.Token, nil).Passkeys, 1)
	done(f, "DELETE", "/v1/passkeys/"+made.ID, in.Token, nil)
	require.Empty(f.t, good[proto.Passkeys](f, "GET", "/v1/passkeys", in.Token, nil).Passkeys)
}
