package main

import (
	"io/fs"
	"time"

	"kinwire/configs"
	"kinwire/signaling"
	"kinwire/signaling/audit"
	"kinwire/signaling/calls"
)

// newCalls makes the calls, joined to the media plane, the record and the
// modules about people.
func (p *planes) newCalls(cfg *configs.Config, hub *signaling.Hub, ice iceServers) *calls.Service {
	f := p.families
	d := calls.Deps{
		Media: mediaPlane{p.sfu}, People: f.accounts, Policy: f.policy, ICE: ice, Notify: hub,
		Observer: callObserver{rec: p.recorder, sfu: p.sfu, names: p.names, now: time.Now},
		Settings: waiting{f.accounts}, History: p.store, Talk: talks{f.friends, f.guardian, p.log}, Log: p.log, Now: time.Now,
	}
	if f.push != nil { // a nil *push.Service would not be a nil Push
		d.Push = f.push
	}
	return calls.New(callsConfig(cfg), d)
}

// signalingDeps gives the server its parts. What is not there stays nil, and
// its pages say so.
func (p *planes) signalingDeps(cfg *configs.Config, hub *signaling.Hub, app fs.FS) signaling.Deps {
	f := p.families
	d := signaling.Deps{
		Hub: hub, Accounts: f.accounts,
		Calls:   signaling.Calls{CallRequests: p.calls, CallRings: p.calls, CallState: p.calls, CallSeats: p.calls, CallHistory: p.calls},
		Friends: signaling.Friends{FriendsKnown: f.friends, FriendLists: f.friends, FriendRules: f.friends},
		Family:  signaling.Family{SignUps: f.accounts, LogIns: f.accounts, Profiles: f.accounts, Children: f.accounts},
		Consent: signaling.Consent{Consents: f.consent, Reviews: f.consent},
		Guards:  f.policy, Rules: f.guardian,
		Reports: signaling.Reports{ReportPages: f.reports, Cases: f.reports},
		Chat:    p.messages.parts(),
		Audit:   audit.New(p.store),
		Records: records{p.recorder}, Metrics: p.recorder.Handler(),
		Network: p.networkParts(cfg), Debug: debugHandler(p, hub), Pprof: pprofHandler(),
		Web: app, Demo: p.demo, Ready: p.store.Ping, Log: p.log, Now: time.Now,
	}
	if f.passkeys != nil {
		d.Passkeys = f.passkeys
	}
	if f.oidc != nil {
		d.OIDC = f.oidc
	}
	if f.outbox != nil {
		d.Outbox = f.outbox
	}
	return d
}
