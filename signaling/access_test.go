package signaling_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

// beside are the routes that are no row of proto.Endpoints, and who may open
// them. A route that is in neither fails the test.
var beside = map[string]proto.Access{
	"POST /v1/login":                         proto.AccessAnyone,
	"POST /v1/logout":                        proto.AccessPerson,
	"GET /v1/me":                             proto.AccessPerson,
	"GET /v1/calls/{id}/record":              proto.AccessCalls,
	"GET /v1/calls/export":                   proto.AccessCalls,
	"GET /v1/ops/debug":                      proto.AccessCalls,
	"GET /metrics":                           proto.AccessCalls,
	"GET /debug/pprof/*":                     proto.AccessCalls,
	"GET /v1/demo":                           proto.AccessAnyone,
	"GET /healthz":                           proto.AccessAnyone,
	"GET /readyz":                            proto.AccessAnyone,
	"GET /v1/openapi.json":                   proto.AccessAnyone,
	"GET /v1/openapi.yaml":                   proto.AccessAnyone,
	"GET /v1/openapi-3.0.json":               proto.AccessAnyone,
	"GET /v1/openapi-3.0.yaml":               proto.AccessAnyone,
	"GET /v1/ws":                             accessSocket,       // asks for a login in hello
	"GET /v1/login/oidc/{provider}":          proto.AccessAnyone, // redirects, of package oidc
	"GET /v1/login/oidc/{provider}/callback": proto.AccessAnyone,
}

// mediaPages answer every method themselves. whip_test.go tries who may do
// what with media.
var mediaPages = map[string][]string{
	"/v1/whip": {http.MethodPost}, "/v1/whip/{id}": {http.MethodPatch, http.MethodDelete},
	"/v1/whep": {http.MethodPost}, "/v1/whep/{id}": {http.MethodPatch, http.MethodDelete},
}

// Accesses that no row has.
const (
	accessSocket proto.Access = "socket"
	accessMedia  proto.Access = "media"
)

// route is a page as the router knows it.
type route struct {
	method, pattern string
	access          proto.Access
	row             *proto.Endpoint // nil beside the table
}

// routesOf walks the router itself.
func routesOf(t *testing.T, f *familyHouse) []route {
	rows := map[string]*proto.Endpoint{}
	for _, e := range proto.Endpoints() {
		rows[e.Key()] = &e
	}
	var list []route
	require.NoError(t, chi.Walk(f.srv.Routes(), func(method, pattern string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		r := route{method: method, pattern: pattern, row: rows[method+" "+pattern]}
		var known bool
		if methods, media := mediaPages[pattern]; media {
			if !slices.Contains(methods, method) {
				return nil // 405, or what a browser asks first
			}
			r.access, known = accessMedia, true
		} else if r.row != nil {
			r.access, known = r.row.Access, true
		} else {
			r.access, known = beside[method+" "+pattern]
		}
		if !known {
			return fmt.Errorf("the router has %s %s, which is neither in proto.Endpoints nor in the list of this test", method, pattern)
		}
		delete(rows, method+" "+pattern)
		list = append(list, r)
		return nil
	}))
	require.Empty(t, rows, "rows without a route")
	return list
}

// caller is who asks, by name.
type caller string

const (
	nobody   caller = "nobody"
	garbage  caller = "somebody with a made-up token"
	child    caller = "the child"
	parent   caller = "the child's parent"
	stranger caller = "another parent"
	teen     caller = "a teen"
	operator caller = "an operator"

	// Operators of one role each, and of none.
	callsOnly   caller = "an operator in the role calls"
	safetyOnly  caller = "an operator in the role safety"
	resolveOnly caller = "an operator in the role resolve"
	noRole      caller = "an operator without a role"
)

func (f *familyHouse) tokenOf(c caller) string {
	return map[caller]string{
		garbage: "kw_made-up", child: f.token[mia], parent: f.token[priya], stranger: f.token[tomek], teen: f.token["teen"], operator: staffToken,
		callsOnly: tokenOfRole(proto.OperatorCalls), safetyOnly: tokenOfRole(proto.OperatorSafety), resolveOnly: tokenOfRole(proto.OperatorResolve), noRole: tokenOfRole("none"),
	}[c]
}

// toldOff is what a caller gets who has no business on a page.
type toldOff = struct {
	status int
	code   proto.Code
}

// noOperators are told that these pages need an operator's token, whoever else
// they are; others, operators who lack the role, that it is not for them.
func noOperators(others ...caller) map[caller]toldOff {
	list := map[caller]toldOff{}
	for _, c := range []caller{nobody, garbage, child, teen, parent, stranger} {
		list[c] = toldOff{401, proto.CodeUnauthenticated}
	}
	for _, c := range others {
		list[c] = toldOff{403, proto.CodeNotAllowed}
	}
	return list
}

// outsiders is the table of who may not: for each access, what each caller is
// told who has no business there.
var outsiders = map[proto.Access]map[caller]toldOff{
	proto.AccessAnyone: {},
	proto.AccessPerson: {
		nobody: {401, proto.CodeUnauthenticated}, garbage: {401, proto.CodeUnauthenticated}, operator: {401, proto.CodeUnauthenticated},
	},
	proto.AccessOwn: {
		nobody: {401, proto.CodeUnauthenticated}, garbage: {401, proto.CodeUnauthenticated}, operator: {401, proto.CodeUnauthenticated},
		child: {403, proto.CodeNotAllowed},
	},
	proto.AccessParent: {
		nobody: {401, proto.CodeUnauthenticated}, garbage: {401, proto.CodeUnauthenticated}, operator: {401, proto.CodeUnauthenticated},
		child: {403, proto.CodeNotAllowed}, teen: {403, proto.CodeNotAllowed},
	},
	proto.AccessGuardian: {
		nobody: {401, proto.CodeUnauthenticated}, garbage: {401, proto.CodeUnauthenticated}, operator: {401, proto.CodeUnauthenticated},
		child: {403, proto.CodeNotAllowed}, teen: {403, proto.CodeNotAllowed}, stranger: {404, proto.CodeNotFound},
	},
	proto.AccessOperator: noOperators(),
	proto.AccessCalls:    noOperators(safetyOnly, resolveOnly, noRole),
	proto.AccessSafety:   noOperators(callsOnly, resolveOnly, noRole),
	proto.AccessResolve:  noOperators(callsOnly, safetyOnly, noRole),
	accessMedia:          {nobody: {401, proto.CodeUnauthenticated}, parent: {401, proto.CodeUnauthenticated}, operator: {401, proto.CodeUnauthenticated}},
}

// insider is somebody who may.
var insider = map[proto.Access]caller{
	proto.AccessAnyone: nobody, proto.AccessPerson: parent, proto.AccessOwn: parent, proto.AccessParent: parent,
	proto.AccessGuardian: parent, proto.AccessOperator: noRole,
	proto.AccessCalls: callsOnly, proto.AccessSafety: safetyOnly, proto.AccessResolve: resolveOnly,
}

// path fills in the ids: of Priya's child where it is about a child.
func (r route) path(id string) string {
	if r.access == proto.AccessGuardian && id == "" {
		id = mia
	}
	if id == "" {
		id = "x"
	}
	return strings.NewReplacer("{id}", id, "{other}", "x", "{provider}", "x").Replace(r.pattern)
}

// TestNobodyOpensWhatIsNotForThem tries every caller on every route that the
// router has, with nothing in the body, with nonsense and with too much: who
// may not is told so before anything else is looked at.
func TestNobodyOpensWhatIsNotForThem(t *testing.T) {
	f := newFamilyHouse(t)
	f.token["teen"] = f.signUpTeen()
	before := f.audited()
	for _, r := range routesOf(t, f) {
		who, known := outsiders[r.access]
		require.True(t, known || r.access == accessSocket, "no row for the access %s", r.access)
		for c, want := range who {
			for _, body := range []string{"", `{"`, `{"x":"` + strings.Repeat("x", 20<<10) + `"}`} {
				if body != "" && r.row == nil {
					continue // the older pages read first and check then
				}
				a := f.do(r.method, r.path(""), f.tokenOf(c), body)
				require.Equal(t, want.status, a.StatusCode, "%s on %s %s: %s", c, r.method, r.pattern, a.body)
				a.refusedWith(t, want.status, want.code)
			}
		}
	}
	require.Equal(t, before, f.audited(), "somebody decided something")
	// Who may is let in: the very same callers elsewhere.
	for _, r := range routesOf(t, f) {
		if r.access == proto.AccessAnyone && r.method == http.MethodGet {
			require.Less(t, f.do(r.method, r.path(""), "", "").StatusCode, 500, r.pattern)
		}
	}
	for c, path := range map[caller]string{child: "/v1/account", teen: "/v1/passkeys", parent: "/v1/children/" + mia, operator: "/v1/ops/me"} {
		require.Equal(t, http.StatusOK, f.do("GET", path, f.tokenOf(c), "").StatusCode, path)
	}
	for token, want := range map[string]proto.OperatorIs{
		staffToken:             {Name: "rosa", Roles: []string{"calls", "safety", "resolve"}},
		operatorToken:          {Name: "operator", Roles: []string{"calls", "safety", "resolve"}},
		f.tokenOf(callsOnly):   {Name: "calls", Roles: []string{"calls"}},
		f.tokenOf(safetyOnly):  {Name: "safety", Roles: []string{"safety"}},
		f.tokenOf(resolveOnly): {Name: "resolve", Roles: []string{"resolve"}},
		f.tokenOf(noRole):      {Name: "none", Roles: []string{}},
	} {
		require.Equal(t, want, good[proto.OperatorIs](f, "GET", "/v1/ops/me", token, nil))
	}
}

// forStaff are the accesses by an operator's token.
var forStaff = map[proto.Access]bool{proto.AccessOperator: true, proto.AccessCalls: true, proto.AccessSafety: true, proto.AccessResolve: true}

func (f *familyHouse) signUpTeen() string {
	f.t.Helper()
	good[proto.Sent](f, "POST", "/v1/signup/self", "", proto.SignUpSelf{
		Email: "kim@example.org", Password: "nine lives and a fish", Name: "Kim", Avatar: "🎧", Country: "DE", BirthDate: bornYearsAgo(17),
	})
	return good[proto.LoggedIn](f, "POST", "/v1/signup/confirm", "", proto.SignUpConfirm{Token: f.letter("kim@example.org", "confirm"), Password: "nine lives and a fish"}).Token
}

// audited counts the entries of the audit log.
func (f *familyHouse) audited() int64 {
	f.t.Helper()
	log := good[proto.AuditLog](f, "GET", "/v1/ops/audit", operatorToken, nil)
	if len(log.Entries) == 0 {
		return 0
	}
	return log.Entries[0].Seq
}

// foreign gives, for each page for persons or parents with an id in its path,
// the id of something real that is somebody else's than Priya's.
var foreign = map[string]func(f *familyHouse) string{
	"passkey-delete":   func(*familyHouse) string { return "AAAA" },
	"session-end":      func(f *familyHouse) string { return f.sessionOf(leo) },
	"consent-form":     func(f *familyHouse) string { return "cs_" + leo },
	"consent-withdraw": func(f *familyHouse) string { return "cs_" + leo },
	"friend-accept":    func(f *familyHouse) string { return f.requestOf(leo) },
	"friend-decline":   func(f *familyHouse) string { return f.requestOf(leo) },
	"friend-remind":    func(f *familyHouse) string { return f.requestOf(leo) },
	"friend-end":       func(f *familyHouse) string { return f.kim },
	"unblock":          func(f *familyHouse) string { return f.kim },
	"approve":          func(f *familyHouse) string { return f.requestOf(leo) },
	"history-delete":   func(f *familyHouse) string { return "call-1" },

	"chat-device-delete":      leosDevice,
	"chat-keys":               leosDevice,
	"chat-keys-add":           leosDevice,
	"chat-keys-take":          func(f *familyHouse) string { return f.kim },
	"conversation":            leosConversation,
	"conversation-leave":      leosConversation,
	"conversation-commit":     leosConversation,
	"conversation-group-info": leosConversation,
	"attachment":              leosAttachment,
	"attachment-chunk":        leosAttachment,
	"attachment-chunk-put":    leosAttachment,
	"attachment-done":         leosAttachment,
}

// Leo writes to Tomek, and has uploaded something.
func leosDevice(f *familyHouse) string       { return f.secrets().device }
func leosConversation(f *familyHouse) string { return f.secrets().conversation }
func leosAttachment(f *familyHouse) string   { return f.secrets().attachment }

type leosSecrets struct{ device, conversation, attachment string }

func (f *familyHouse) secrets() leosSecrets {
	f.t.Helper()
	if f.leos.device == "" {
		l := f.newPen(leo, f.token[leo])
		c := l.starts(proto.ConversationDirect, f.newPen(tomek, f.token[tomek]))
		a := good[proto.Attachment](f, "POST", "/v1/chat/attachments", f.token[leo], proto.AttachmentNew{ConversationID: c.ID, Size: 3})
		require.Equal(f.t, http.StatusNoContent, f.octets("PUT", "/v1/chat/attachments/"+a.ID+"/chunks/0", f.token[leo], []byte("abc")).StatusCode)
		f.leos = leosSecrets{l.id, c.ID, a.ID}
	}
	return f.leos
}

// TestNobodyReachesWhatIsSomebodyElses: the id of a thing is no key to it, and
// whose it is and whether it is there at all look the same.
func TestNobodyReachesWhatIsSomebodyElses(t *testing.T) {
	f := newFamilyHouse(t)
	f.token["teen"] = f.signUpTeen()
	f.kim = good[proto.Person](f, "GET", "/v1/me", f.token["teen"], nil).ID
	f.ask(f.token["teen"], leo)
	before := f.audited()
	for _, r := range routesOf(t, f) {
		if r.row == nil || !strings.Contains(r.pattern, "{id}") || r.access == proto.AccessGuardian || forStaff[r.access] {
			continue
		}
		if r.access == proto.AccessAnyone {
			continue // the id itself is what opens it, and cannot be guessed
		}
		id, known := foreign[r.row.ID]
		require.True(t, known, "%s: no row in the table of what is somebody else's", r.row.ID)
		real, made := id(f), "made-up"
		body := ""
		if r.row.In != nil {
			body = sampleText(t, r.row.In)
		}
		if r.row.ID == "consent-form" {
			body = `{"media_type":"application/pdf","body":"JVBERi0x"}` // looked at first
		}
		a := f.send(r, r.path(real), f.token[priya], body)
		b := f.send(r, r.path(made), f.token[priya], body)
		if r.row.ID == "unblock" {
			require.Less(t, a.StatusCode, 500)
		} else {
			a.refusedWith(t, 404, proto.CodeNotFound)
		}
		require.Equal(t, b.StatusCode, a.StatusCode, r.row.ID)
		require.Equal(t, strings.ReplaceAll(b.body, made, "…"), strings.ReplaceAll(a.body, real, "…"), r.row.ID)
	}
	require.Equal(t, before, f.audited())
	require.Len(t, good[proto.Friends](f, "GET", "/v1/friends", f.token[leo], nil).Requests, 1, "Leo's request is untouched")
	require.Equal(t, []int64{0}, good[proto.Attachment](f, "GET", "/v1/chat/attachments/"+f.leos.attachment, f.token[leo], nil).Have)
	require.Len(t, good[proto.Conversation](f, "GET", "/v1/chat/conversations/"+f.leos.conversation, f.token[leo], nil).Leaves, 2)
}

func (f *familyHouse) sessionOf(userID string) string {
	f.t.Helper()
	return good[proto.LoginSessions](f, "GET", "/v1/sessions", f.token[userID], nil).Sessions[0].ID
}

// ask has somebody ask another to be friends.
func (f *familyHouse) ask(token, otherID string) proto.FriendRequest {
	f.t.Helper()
	code := good[proto.FriendCode](f, "GET", "/v1/friends/code", f.token[otherID], nil)
	return good[proto.FriendRequest](f, "POST", "/v1/friends/requests", token, proto.CodeIn{Code: code.Code})
}

func (f *familyHouse) requestOf(userID string) string {
	f.t.Helper()
	return good[proto.Friends](f, "GET", "/v1/friends", f.token[userID], nil).Requests[0].ID
}

// TestGuessesAndStartsAreSlowed: each page that costs something stops a network
// that tries it over and over, whatever it is told, and no others of the other
// kind. Being right costs nothing.
func TestGuessesAndStartsAreSlowed(t *testing.T) {
	forgot := func(f *familyHouse) answer {
		return f.do("POST", "/v1/password/forgot", "", `{"email":"nobody@example.org"}`)
	}
	code := func(f *familyHouse) answer { return f.do("POST", "/v1/login/code", "", `{"code":"WRONG"}`) }
	for name, c := range map[string]struct{ slowed, not func(f *familyHouse) answer }{"starts": {forgot, code}, "guesses": {code, forgot}} {
		t.Run(name, func(t *testing.T) {
			f := newFamilyHouse(t)
			var last answer
			for range 40 {
				if last = c.slowed(f); last.StatusCode == http.StatusTooManyRequests && last.Header.Get("Retry-After") != "" {
					break
				}
			}
			last.refusedWith(t, 429, proto.CodeRateLimited)
			require.NotEmpty(t, last.Header.Get("Retry-After"))
			require.Empty(t, c.not(f).Header.Get("Retry-After"))
			if name == "starts" {
				a := f.do("GET", "/v1/login/oidc/x", "", "")
				require.Equal(t, "/#error=rate_limited", a.Header.Get("Location"))
				f.do("POST", "/v1/login/passkey/begin", "", "").refusedWith(t, 429, proto.CodeRateLimited)
			} else {
				f.do("POST", "/v1/friends/requests", f.token[mia], `{"code":"ABC-DEFG-HJK"}`).refusedWith(t, 429, proto.CodeRateLimited)
			}
		})
	}
}
