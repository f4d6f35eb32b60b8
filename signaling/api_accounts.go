package signaling

import (
	"context"
	"net/http"
	"strings"

	"kinwire/signaling/proto"
)

// accountParts are the pages about one's own account.
func (s *Server) accountParts() []part {
	return []part{
		{s.d.Family.SignUps != nil, s.signUpPages(s.d.Family.SignUps)},
		{s.d.Family.LogIns != nil, s.logInPages(s.d.Family.LogIns)},
		{s.d.Family.Profiles != nil, s.profilePages(s.d.Family.Profiles)},
		{s.d.Passkeys != nil, passkeyPages(s.d.Passkeys)},
		{s.d.Passkeys != nil && s.d.Family.LogIns != nil, s.passkeyLogInPages(s.d.Passkeys, s.d.Family.LogIns)},
		{true, pages{"GET /v1/login/providers": shows(s.providers)}},
	}
}

func (s *Server) signUpPages(a SignUps) pages {
	return pages{
		"POST /v1/signup/parent": answers(func(ctx context.Context, _ *asked, in proto.SignUpParent) (proto.Sent, error) {
			return sent(a.SignUpParent(ctx, in))
		}),
		"POST /v1/signup/self": answers(func(ctx context.Context, _ *asked, in proto.SignUpSelf) (proto.Sent, error) {
			return sent(a.SignUpSelf(ctx, in))
		}),
		"POST /v1/signup/confirm": answers(func(ctx context.Context, _ *asked, in proto.SignUpConfirm) (proto.LoggedIn, error) {
			return a.Confirm(ctx, in)
		}),
		"GET /v1/consent-ages": shows(func(context.Context, *asked) (proto.ConsentAges, error) {
			return a.ConsentAges(), nil
		}),
		"POST /v1/password/forgot": answers(func(ctx context.Context, _ *asked, in proto.PasswordForgot) (proto.Sent, error) {
			return sent(a.Forgot(ctx, in.Email))
		}),
		"POST /v1/password/reset": answers(func(ctx context.Context, _ *asked, in proto.PasswordReset) (proto.LoggedIn, error) {
			login, ended, err := a.Reset(ctx, in)
			if err == nil {
				s.hub.EndLogins(login.Me.ID, ended)
			}
			return login, err
		}),
		"PUT /v1/password": takes(func(ctx context.Context, q *asked, in proto.PasswordChange) error {
			ended, err := a.ChangePassword(ctx, q.person.ID, q.token, in)
			return s.endLogins(q.person.ID, ended, err)
		}),
	}
}

// sent says that an e-mail is on its way.
func sent(err error) (proto.Sent, error) { return proto.Sent{Sent: err == nil}, err }

// endLogins ends the sessions of logins that somebody has just ended.
func (s *Server) endLogins(userID string, ended []string, err error) error {
	if err != nil {
		return err
	}
	s.hub.EndLogins(userID, ended)
	return nil
}

func (s *Server) logInPages(a LogIns) pages {
	return pages{
		"POST /v1/login/code": answers(func(ctx context.Context, _ *asked, in proto.LoginCode) (proto.LoggedIn, error) {
			return a.LoginCode(ctx, in)
		}),
		"POST /v1/login/ticket": answers(func(ctx context.Context, _ *asked, in proto.TokenIn) (proto.LoggedIn, error) {
			return a.LoginTicket(ctx, in)
		}),
	}
}

// loggedIn words a login for the HTTP API.
func loggedIn(l Login, err error) (proto.LoggedIn, error) {
	if err != nil {
		return proto.LoggedIn{}, err
	}
	return proto.LoggedIn{Token: l.Token, ExpiresAt: l.ExpiresAt.UnixMilli(), Me: l.Person}, nil
}

func (s *Server) profilePages(a Profiles) pages {
	return pages{
		"GET /v1/account": shows(func(ctx context.Context, q *asked) (proto.Account, error) {
			return a.Account(ctx, q.person.ID)
		}),
		"PUT /v1/account": answers(func(ctx context.Context, q *asked, in proto.AccountEdit) (proto.Account, error) {
			return a.Edit(ctx, q.person.ID, in)
		}),
		"PUT /v1/settings": answers(func(ctx context.Context, q *asked, in proto.Settings) (proto.Settings, error) {
			set, err := a.SetSettings(ctx, q.person.ID, in)
			if err == nil {
				s.hub.presence.again(q.person.ID)
			}
			return set, err
		}),
		"GET /v1/sessions": shows(func(ctx context.Context, q *asked) (proto.LoginSessions, error) {
			return a.Sessions(ctx, q.person.ID, q.token)
		}),
		"DELETE /v1/sessions/{id}": does(func(ctx context.Context, q *asked) error {
			ended, err := a.EndSession(ctx, q.person.ID, q.id)
			return s.endLogins(q.person.ID, ended, err)
		}),
		"PUT /v1/push": takes(func(ctx context.Context, q *asked, in proto.PushHandle) error {
			return a.SetPush(ctx, q.token, in.Handle)
		}),
		"DELETE /v1/push": does(func(ctx context.Context, q *asked) error {
			return a.SetPush(ctx, q.token, "")
		}),
	}
}

func passkeyPages(k Passkeys) pages {
	return pages{
		"POST /v1/login/passkey/begin": shows(func(ctx context.Context, _ *asked) (proto.Ceremony, error) {
			return k.BeginLogin(ctx)
		}),
		"POST /v1/passkeys/begin": shows(func(ctx context.Context, q *asked) (proto.Ceremony, error) {
			return k.Begin(ctx, q.person)
		}),
		"POST /v1/passkeys": answers(func(ctx context.Context, q *asked, in proto.PasskeyNew) (proto.Passkey, error) {
			return k.Add(ctx, q.person.ID, in)
		}),
		"GET /v1/passkeys": shows(func(ctx context.Context, q *asked) (proto.Passkeys, error) {
			return k.List(ctx, q.person.ID)
		}),
		"DELETE /v1/passkeys/{id}": does(func(ctx context.Context, q *asked) error {
			return k.Delete(ctx, q.person.ID, q.id)
		}),
	}
}

func (s *Server) passkeyLogInPages(k Passkeys, a LogIns) pages {
	return pages{
		"POST /v1/login/passkey": answers(func(ctx context.Context, _ *asked, in proto.PasskeyLogin) (proto.LoggedIn, error) {
			userID, err := k.Login(ctx, in)
			if err != nil {
				return proto.LoggedIn{}, err
			}
			return loggedIn(a.OpenFor(ctx, userID, deviceOf(in.Device)))
		}),
	}
}

func deviceOf(d *proto.Device) proto.Device {
	if d == nil {
		return proto.Device{}
	}
	return *d
}

// providers is an empty list where there are none, so that a login page need
// not know the difference.
func (s *Server) providers(context.Context, *asked) (proto.Providers, error) {
	if s.d.OIDC == nil {
		return proto.Providers{}, nil
	}
	return s.d.OIDC.Providers(), nil
}

// payForProvider lets a network begin only so many log-ins at providers: each
// is kept until it comes back. People's browsers are sent there, so a refusal
// is a redirect into the app, as all of package oidc's are.
func (s *Server) payForProvider(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/callback") {
			if _, _, ok := s.pay(start, networkOf(r), ""); !ok {
				w.Header().Set("Cache-Control", noStore)
				http.Redirect(w, r, "/#error="+string(proto.CodeRateLimited), http.StatusSeeOther)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}
