package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"time"

	"kinwire/configs"
	"kinwire/metrics"
	"kinwire/sfu"
	"kinwire/signaling"
	"kinwire/signaling/calls"
	"kinwire/signaling/netcheck"
	"kinwire/signaling/store"
	"kinwire/turn"
	"kinwire/web"
)

// planes is the whole server, joined and not yet listening for HTTP.
type planes struct {
	log      *slog.Logger
	store    *store.Store
	recorder *metrics.Recorder
	exports  *exporters
	names    *pseudonyms
	reloads  *reloadStatus
	creds    *turn.Credentials // nil with turn
	netcheck *netcheck.Service
	started  time.Time
	sfu      *sfu.Server
	turn     *turn.Server // nil when switched off
	families *families
	messages *messages
	calls    *calls.Service
	server   *signaling.Server
	http     *http.Server
	demo     *signaling.Demo // nil outside demo mode
}

// build makes the planes, each knowing of the others only what it declared
// itself. When it fails, what it has made is taken down again.
func build(ctx context.Context, cfg *configs.Config, log *slog.Logger) (_ *planes, err error) {
	p := &planes{log: log, started: time.Now(), reloads: newReloadStatus(time.Now())}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.close(context.Background()))
		}
	}()
	if err := os.MkdirAll(cfg.DataDir, 0o700); err != nil {
		return nil, fmt.Errorf("making data_dir: %w", err)
	}
	if p.store, err = store.Open(ctx, storeConfig(cfg), log); err != nil {
		return nil, err
	}
	p.names = newPseudonyms(p.store, log)
	if p.exports, err = newExporters(cfg.Metrics.Export); err != nil {
		return nil, err
	}
	if p.recorder, err = metrics.New(metrics.Config{}, metrics.Deps{Store: recordStore{p.store}, Exports: p.exports.list, Log: log, Now: time.Now}); err != nil {
		return nil, err
	}
	events := &mediaEvents{}
	if p.sfu, err = sfu.New(sfuConfig(cfg), events, log, time.Now); err != nil {
		return nil, err
	}
	ice, err := p.buildTURN(cfg)
	if err != nil {
		return nil, err
	}
	if err := p.buildSignaling(ctx, cfg, events, ice); err != nil {
		return nil, err
	}
	return p, errors.Join(exposeMetrics(p), p.reloads.expose(p.recorder))
}

func (p *planes) buildTURN(cfg *configs.Config) (iceServers, error) {
	if !cfg.TURN.Enabled {
		p.netcheck = p.newNetCheck(cfg, nil)
		return iceServers{}, nil
	}
	secret, err := turnSecret(cfg)
	if err != nil {
		return iceServers{}, err
	}
	p.creds = turn.NewCredentials(secret, cfg.TURN.CredentialLifetime, time.Now)
	p.turn, err = turn.New(turnConfig(cfg), turn.Deps{Credentials: p.creds, SFU: p.sfu.Transport(), Log: p.log, Now: time.Now})
	if err != nil {
		return iceServers{}, err
	}
	p.netcheck = p.newNetCheck(cfg, secret)
	return iceServers{creds: p.creds, urls: p.turn.URLs()}, nil
}

func (p *planes) buildSignaling(ctx context.Context, cfg *configs.Config, events *mediaEvents, ice iceServers) error {
	token, err := operatorToken(cfg)
	if err != nil {
		return err
	}
	sc := signalingConfig(cfg, token)
	hub := signaling.NewHub(sc, p.log, time.Now)
	if p.messages, err = newKeys(ctx, cfg, p.log); err != nil {
		return err
	}
	if p.families, err = newFamilies(ctx, cfg, p.store, hub, p.messages, p.log); err != nil {
		return err
	}
	if err := p.messages.join(ctx, cfg, p.store, hub, p.families); err != nil {
		return err
	}
	if err := p.seedDemo(ctx, cfg); err != nil {
		return err
	}
	p.calls = p.newCalls(cfg, hub, ice)
	events.calls.Store(p.calls)
	p.families.changes.calls.Store(p.calls)
	p.families.changes.groups.Store(p.messages.groups)
	app, err := web.App()
	if errors.Is(err, web.ErrNotBuilt) {
		p.log.Warn("no pages to show", "err", err) // everything else works without
	} else if err != nil {
		return err
	}
	p.server, err = signaling.New(sc, p.signalingDeps(cfg, hub, app))
	if err != nil {
		return err
	}
	p.http = p.server.HTTPServer()
	p.families.run(p.calls.Run, p.messages.run, p.netcheck.Run)
	return nil
}

func (p *planes) seedDemo(ctx context.Context, cfg *configs.Config) error {
	if !cfg.Demo.Enabled {
		return nil
	}
	logins, err := p.families.accounts.SeedDemo(ctx)
	if err != nil {
		return err
	}
	p.demo = demoPage(logins)
	return p.families.accounts.SeedCrowd(ctx, cfg.Demo.Crowd)
}

// close takes the planes down: first no new requests, then the calls end with
// their records, then what carried them.
func (p *planes) close(ctx context.Context) error {
	var errs []error
	if p.calls != nil {
		errs = append(errs, p.calls.Close(ctx))
	}
	if p.server != nil {
		errs = append(errs, p.server.Close(ctx))
	}
	if p.http != nil {
		errs = append(errs, p.http.Shutdown(ctx))
	}
	if p.families != nil {
		errs = append(errs, p.families.close(ctx))
	}
	if p.messages != nil {
		errs = append(errs, p.messages.close())
	}
	if p.turn != nil {
		errs = append(errs, p.turn.Close())
	}
	if p.sfu != nil {
		errs = append(errs, p.sfu.Close())
	}
	if p.recorder != nil {
		errs = append(errs, p.recorder.Close(ctx))
	}
	if p.exports != nil {
		errs = append(errs, p.exports.close(ctx))
	}
	if p.store != nil {
		errs = append(errs, p.store.Close())
	}
	return errors.Join(errs...)
}
