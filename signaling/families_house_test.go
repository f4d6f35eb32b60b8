package signaling_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/signaling"
	"kinwire/signaling/accounts"
	"kinwire/signaling/audit"
	"kinwire/signaling/calls"
	"kinwire/signaling/consent"
	"kinwire/signaling/friends"
	"kinwire/signaling/guardian"
	"kinwire/signaling/mail"
	"kinwire/signaling/oidc"
	"kinwire/signaling/passkey"
	"kinwire/signaling/policy"
	"kinwire/signaling/proto"
	"kinwire/signaling/reports"
	"kinwire/signaling/store"
	"kinwire/signaling/store/storetest"
)

const (
	notice     = "2026-01"
	staffToken = "token-of-rosa-from-the-staff"
	secretOf   = "secret that both sides share"
	// The demo's families: Priya with Mia, Tomek with Leo.
	mia, leo, priya, tomek = "demo-mia", "demo-leo", "demo-priya", "demo-tomek"
)

// changes joins those who decide to those who have to look again, as the
// server's wiring does.
type changes struct {
	hub   *signaling.Hub
	calls func(userIDs ...string)
	chat  func(userIDs ...string)
}

func (c *changes) Relations(userIDs ...string) {
	c.hub.FriendsChanged(userIDs...)
	c.calls(userIDs...)
	c.chat(userIDs...)
}

func (c *changes) Family(userIDs ...string) { c.hub.FamilyChanged(userIDs...) }

// familyHouse is a server with every real part on SQLite, and the demo's
// families. Only media is a double.
type familyHouse struct {
	*house
	accounts *accounts.Service
	mail     *mail.Outbox
	media    *plane
	calls    *calls.Service
	token    map[string]string // logins, by person
	kim      string            // a teen's id, once there is one
	leos     leosSecrets       // what secrets has made
	db       *store.Store
	live     *liveCalls
	tried    *triedOffers
}

func newFamilyHouse(t *testing.T) *familyHouse {
	logs := &logText{}
	log := slog.New(slog.NewTextHandler(logs, nil))
	cfg := signaling.Config{RatePerSecond: 100000, Burst: 100000, OperatorToken: operatorToken, Staff: staffOfTheTest}
	f := &familyHouse{
		house: &house{t: t, logs: logs, hub: signaling.NewHub(cfg, log, nil)},
		mail:  mail.NewOutbox(time.Now, log), media: &plane{peers: map[string]calls.MediaJoin{}}, token: map[string]string{},
	}
	db, err := storetest.Open(t, filepath.Join(t.TempDir(), "kinwire.db"), log)
	require.NoError(t, err)
	f.db, f.live, f.tried = db, &liveCalls{}, &triedOffers{rooms: map[string]bool{}}
	tell := &changes{hub: f.hub}
	people := accounts.New(db, time.Now, accounts.Config{
		SessionLifetime: time.Hour, Argon2: accounts.Argon2{MemoryKiB: 64, Iterations: 1, Parallelism: 1},
		PublicURL: "https://kin.example", MarkKey: []byte("0123456789abcdef"), NoticeVersion: notice,
	}, accounts.Deps{Mail: f.mail, Changes: tell, Ages: []accounts.AgeRule{{Age: 13}, {Country: "DE", Age: 16}}, Log: log})
	f.accounts = people
	rules := policy.New(db, time.Now, policy.Config{NoticeVersion: notice})
	f.calls = calls.New(calls.Config{RingTimeout: time.Minute, AloneTimeout: time.Minute, LostTimeout: time.Minute, MaxParticipants: 4, Warning: time.Minute, HistoryRetention: time.Hour}, calls.Deps{
		Media: f.media, People: people, Policy: rules, ICE: servers{}, Notify: f.hub, Observer: unseen{}, History: db, Log: log,
	})
	tell.calls = f.calls.Recheck
	letters := newLetters(t, db, rules, f.hub, log)
	tell.chat = letters.groups.Recheck
	permits := consent.New(db, time.Now, consent.Config{
		NoticeVersion: notice, Methods: []proto.ConsentMethod{proto.MethodEmailPlus, proto.MethodSignedForm, proto.MethodVideoCall, proto.MethodExternal},
		PublicURL: "https://kin.example", ExternalURL: "https://check.example/start", ExternalSecret: secretOf,
	}, consent.Deps{Mail: f.mail, Changes: tell, People: people, Log: log})
	circle := friends.New(db, time.Now, friends.Config{
		RequestLifetime: time.Hour, DeclineCooldown: time.Hour, RemindInterval: time.Hour, TalkHalfLife: time.Hour, PublicURL: "https://kin.example",
	}, friends.Deps{Policy: rules, Changes: tell, Log: log})
	cases, err := reports.New(reports.Stores{Reports: db, Evidence: db, Suspensions: db, People: db}, time.Now, reports.Config{Record: time.Hour},
		reports.Deps{Policy: rules, Blocker: circle, Logins: f.hub, Marks: people, Changes: tell, Mail: f.mail, Franking: letters.keys, Sealer: letters.seals, Log: log})
	require.NoError(t, err)
	keys, err := passkey.New(db, time.Now, passkey.Config{RPID: "localhost", Origins: []string{"http://localhost"}})
	require.NoError(t, err)
	elsewhere, err := oidc.New(t.Context(), db, time.Now, oidc.Config{PublicURL: "https://kin.example"}, oidc.Deps{Accounts: people})
	require.NoError(t, err)
	_, err = people.SeedDemo(t.Context())
	require.NoError(t, err)
	f.srv, err = signaling.New(cfg, signaling.Deps{
		Hub: f.hub, Accounts: people, Log: log, Web: webFiles, Records: records{},
		Calls:    signaling.Calls{CallRequests: f.calls, CallRings: f.calls, CallState: f.calls, CallSeats: f.calls, CallHistory: f.calls},
		Friends:  signaling.Friends{FriendsKnown: circle, FriendLists: circle, FriendRules: circle},
		Family:   signaling.Family{SignUps: people, LogIns: people, Profiles: people, Children: people},
		Passkeys: keys, OIDC: elsewhere, Consent: signaling.Consent{Consents: permits, Reviews: permits}, Guards: rules,
		Rules:   guardian.New(db, time.Now, guardian.Deps{Changes: tell, Friends: circle, Log: log}),
		Reports: signaling.Reports{ReportPages: cases, Cases: cases}, Audit: audit.New(db), Outbox: f.mail,
		Chat:    signaling.Chat{Relay: letters.relay, Devices: letters.groups, Groups: letters.groups, Blobs: letters.blobs},
		Network: f.network(), Metrics: says("metrics"), Debug: says(`{"rooms":[]}`), Pprof: says("pprof"),
	})
	require.NoError(t, err)
	f.api = newDescribed(t, f.srv)
	f.http = httptest.NewServer(f.srv.Handler())
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(f.logs.faults())
		}
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		require.NoError(t, f.srv.Close(ctx))
		f.http.Close()
		require.NoError(t, f.calls.Close(ctx))
		letters.stop()
		require.NoError(t, db.Close())
		http.DefaultClient.CloseIdleConnections()
	})
	for _, who := range []string{"priya", "mia", "tomek", "leo"} {
		f.token["demo-"+who] = f.logIn(who, "kinwire-demo")
	}
	return f
}

func (f *familyHouse) logIn(user, password string) string {
	f.t.Helper()
	return good[proto.LoggedIn](f, "POST", "/v1/login", "", map[string]any{"user": user, "password": password}).Token
}

// good asks for a page, which has to answer.
func good[Out any](f *familyHouse, method, path, token string, in any) Out {
	f.t.Helper()
	body := ""
	if in != nil {
		text, err := proto.Encode(in)
		require.NoError(f.t, err)
		body = string(text)
	}
	a := f.do(method, path, token, body)
	require.Less(f.t, a.StatusCode, 300, a.body)
	require.Equal(f.t, "no-store", a.Header.Get("Cache-Control"))
	var out Out
	if a.body != "" {
		require.NoError(f.t, json.Unmarshal([]byte(a.body), &out))
	}
	return out
}

// done is good for a page that answers nothing.
func done(f *familyHouse, method, path, token string, in any) {
	f.t.Helper()
	good[struct{}](f, method, path, token, in)
}

// letter finds a token in the newest e-mail to somebody.
func (f *familyHouse) letter(to, kind string) string {
	f.t.Helper()
	for _, m := range f.mail.List().Mails {
		if found := regexp.MustCompile(`#` + kind + `=(\S+)`).FindStringSubmatch(m.Text); m.To == to && found != nil {
			return found[1]
		}
	}
	f.t.Fatalf("no e-mail with %s to this person", kind)
	return ""
}

// signUp makes a parent.
func (f *familyHouse) signUp(email, name string) proto.LoggedIn {
	f.t.Helper()
	good[proto.Sent](f, "POST", "/v1/signup/parent", "", proto.SignUpParent{Email: email, Password: "nine lives and a fish", Name: name, Avatar: "🌷"})
	return good[proto.LoggedIn](f, "POST", "/v1/signup/confirm", "", proto.SignUpConfirm{Token: f.letter(email, "confirm"), Password: "nine lives and a fish"})
}

// come opens a socket for somebody who is logged in.
func (f *familyHouse) come(token string) (*peer, proto.Welcome) {
	f.t.Helper()
	p := f.connect()
	p.hello(1, proto.Hello{Version: proto.Version, Token: token})
	m := p.reply(1)
	require.Nil(f.t, m.Error)
	return p, as[proto.Welcome](f.t, m)
}
