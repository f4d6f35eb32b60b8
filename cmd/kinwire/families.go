package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"sync"
	"time"

	"kinwire/configs"
	"kinwire/signaling"
	"kinwire/signaling/accounts"
	"kinwire/signaling/consent"
	"kinwire/signaling/friends"
	"kinwire/signaling/guardian"
	"kinwire/signaling/mail"
	"kinwire/signaling/oidc"
	"kinwire/signaling/passkey"
	"kinwire/signaling/policy"
	"kinwire/signaling/push"
	"kinwire/signaling/reports"
	"kinwire/signaling/store"
)

// mailer sends e-mails: by SMTP, or to nobody.
type mailer interface {
	Send(ctx context.Context, to, subject, text string) error
}

// families are the modules about people, joined.
type families struct {
	changes  *changes
	accounts *accounts.Service
	policy   *policy.Service
	consent  *consent.Service
	friends  *friends.Service
	guardian *guardian.Service
	reports  *reports.Service
	passkeys *passkey.Service // nil where the server has no host name
	oidc     *oidc.Service    // nil without providers
	push     *push.Service    // nil without a webhook
	smtp     *mail.SMTP       // nil without a mail server
	outbox   *mail.Outbox     // nil with one

	stop    context.CancelFunc
	running sync.WaitGroup
}

// newFamilies makes the modules; run starts what they do of their own accord.
func newFamilies(ctx context.Context, cfg *configs.Config, st *store.Store, hub *signaling.Hub, keys *messages, log *slog.Logger) (*families, error) {
	f := &families{changes: &changes{hub: hub}, stop: func() {}}
	ages, err := configs.LoadAges(cfg.Accounts.AgesFile)
	if err != nil {
		return nil, err
	}
	notice, err := loadNotice(cfg)
	if err != nil {
		return nil, err
	}
	marks, err := keptKey(cfg, "mark-key")
	if err != nil {
		return nil, err
	}
	send, err := f.mailer(cfg, log)
	if err != nil {
		return nil, err
	}
	public := publicURL(cfg)
	f.accounts = accounts.New(st, time.Now, accounts.Config{
		SessionLifetime: cfg.Signaling.SessionLifetime, PublicURL: public, MarkKey: marks, NoticeVersion: notice.Version,
	}, accounts.Deps{Mail: send, Changes: f.changes, Ages: ageRules(ages), Log: log})
	f.policy = policy.New(st, time.Now, policy.Config{NoticeVersion: notice.Version})
	f.consent = consent.New(st, time.Now, consentConfig(cfg, notice, public), consent.Deps{
		Mail: send, Changes: f.changes, People: f.accounts, Log: log,
	})
	f.friends = friends.New(st, time.Now, friendsConfig(cfg, public), friends.Deps{Policy: f.policy, Changes: f.changes, Log: log})
	f.guardian = guardian.New(st, time.Now, guardian.Deps{Changes: f.changes, Friends: f.friends, Log: log})
	f.reports, err = reports.New(reports.Stores{Reports: st, Suspensions: st, People: st, Evidence: st}, time.Now,
		reportsConfig(cfg), reports.Deps{
			Policy: f.policy, Blocker: f.friends, Logins: hub, Marks: f.accounts,
			Changes: f.changes, Mail: send, Franking: keys.tags, Sealer: keys.ring, Log: log,
		})
	if err != nil {
		return nil, err
	}
	return f, f.signIn(ctx, cfg, st, public, log)
}

// signIn makes the ways to sign in beside passwords, and what wakes devices.
func (f *families) signIn(ctx context.Context, cfg *configs.Config, st *store.Store, public string, log *slog.Logger) error {
	u, err := url.Parse(public)
	if err != nil {
		return fmt.Errorf("http.public_url: %w", err)
	}
	if isName(u.Hostname()) {
		f.passkeys, err = passkey.New(st, time.Now, passkey.Config{RPID: u.Hostname(), RPName: "Kinwire", Origins: []string{public}, Log: log})
		if err != nil {
			return err
		}
	}
	providers, err := configs.LoadProviders(cfg.Accounts.ProvidersFile)
	if err != nil {
		return err
	}
	if len(providers) > 0 {
		f.oidc, err = oidc.New(ctx, st, time.Now, oidc.Config{PublicURL: public, Providers: oidcProviders(providers), Log: log}, oidc.Deps{Accounts: f.accounts})
		if err != nil {
			return err
		}
	}
	if hook := cfg.Push.Webhook; hook.URL != "" {
		f.push, err = push.New(push.Config{URL: hook.URL, Secret: hook.Secret.Reveal(), TTL: cfg.Calls.RingTimeout}, push.Deps{Handles: f.accounts, Gone: f.accounts, Log: log, Now: time.Now})
	}
	return err
}

func (f *families) mailer(cfg *configs.Config, log *slog.Logger) (mailer, error) {
	m := cfg.Mail
	if m.SMTP.Host == "" {
		f.outbox = mail.NewOutbox(time.Now, log)
		return f.outbox, nil
	}
	var err error
	f.smtp, err = mail.New(mail.Config{
		Host: m.SMTP.Host, Port: m.SMTP.Port, User: m.SMTP.User, Password: m.SMTP.Password.Reveal(), From: m.From, TLS: mail.TLS(m.SMTP.TLS),
	}, time.Now, log)
	return f.smtp, err
}

// run starts what the modules, and others beside them, do by the clock, until
// close.
func (f *families) run(others ...func(context.Context)) {
	ctx, stop := context.WithCancel(context.Background())
	f.stop = stop
	for _, run := range append(others, f.accounts.Run, f.consent.Run, f.friends.Run, f.guardian.Run, f.reports.Run) {
		f.running.Go(func() { run(ctx) })
	}
}

// close ends it, and hands over what still has to go out.
func (f *families) close(ctx context.Context) error {
	f.stop()
	f.running.Wait()
	var errs []error
	if f.push != nil {
		errs = append(errs, f.push.Close(ctx))
	}
	if f.smtp != nil {
		errs = append(errs, f.smtp.Close(ctx))
	}
	return errors.Join(errs...)
}
