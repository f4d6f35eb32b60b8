package main

import (
	"time"

	"kinwire/configs"
	"kinwire/signaling/accounts"
	"kinwire/signaling/friends"
	"kinwire/signaling/netcheck"
	"kinwire/signaling/relay/blobs"
	"kinwire/signaling/reports"
)

// setter hands one part of the server what it goes by, made from keys.
type setter struct {
	name string
	keys []string
	part func(c *configs.Config) any
	set  func(c *configs.Config) error
}

// tune makes a setter: part is what of a configuration is handed over, and must
// differ when one of keys does; to takes it. Where to is nil the part of the
// server is not there in this configuration.
func tune[T any](name string, part func(c *configs.Config) T, to func(T) error, keys ...string) setter {
	return setter{
		name: name, keys: keys,
		part: func(c *configs.Config) any { return part(c) },
		set: func(c *configs.Config) error {
			if to == nil {
				return nil
			}
			return to(part(c))
		},
	}
}

// surely is a setter that cannot fail.
func surely[T any](f func(T)) func(T) error {
	return func(v T) error { f(v); return nil }
}

// setters is the table of who takes over which keys. Every key that acts live or
// on new calls stands here; a test holds it against the tags in configs. Those
// that can refuse come first, so that seldom anything has to be taken back.
func (s *running) setters() []setter {
	p := s.planes
	return append(s.refusing(),
		tune("calls", callsConfig, surely(p.calls.Tune), "calls.ring_timeout", "calls.alone_timeout", "calls.lost_timeout",
			"calls.max_participants", "calls.warning", "calls.history_retention", "calls.video"),
		tune("push", func(c *configs.Config) time.Duration { return c.Calls.RingTimeout }, s.pushTTL(), "calls.ring_timeout"),
		tune("accounts", func(c *configs.Config) accounts.Config {
			return accounts.Config{SessionLifetime: c.Signaling.SessionLifetime}
		},
			surely(p.families.accounts.Tune), "signaling.session_lifetime"),
		tune("friends", func(c *configs.Config) friends.Config { return friendsConfig(c, s.public) }, surely(p.families.friends.Tune),
			"friends.request_lifetime", "friends.decline_cooldown", "friends.remind_interval", "friends.talk_half_life"),
		tune("relay", relayConfigOf, surely(p.messages.relay.Tune), "relay.retention", "relay.max_body", "relay.queue_messages",
			"relay.queue_bytes", "relay.send_rate", "relay.send_burst"),
		tune("conversations", groupsConfigOf, surely(p.messages.groups.Tune), "relay.suites", "relay.retention", "relay.max_body",
			"relay.key_packages", "relay.max_people", "relay.max_devices", "relay.device_idle", "relay.attachments.max_size"),
		tune("netcheck", func(c *configs.Config) netcheck.Config { return netcheck.Config(c.NetCheck) }, s.netcheck, "netcheck.enabled", "netcheck.at_once"),
		tune("sampler", func(c *configs.Config) time.Duration { return c.Metrics.SampleInterval }, surely(s.sampler.setInterval), "metrics.sample_interval"),
		tune("records", func(c *configs.Config) time.Duration { return c.Metrics.RecordRetention }, surely(s.sweeper.setKeep), "metrics.record_retention"),
		tune("watch", func(c *configs.Config) bool { return c.Reload.Watch }, surely(s.reloader.watch.Store), "reload.watch"),
		tune("end", func(c *configs.Config) time.Duration { return c.HTTP.ShutdownTimeout }, surely(s.setGrace), "http.shutdown_timeout"),
	)
}

// refusing are the setters that may say no.
func (s *running) refusing() []setter {
	p := s.planes
	return []setter{
		tune("log", func(c *configs.Config) configs.Log { return c.Log }, s.shape.set, "log.level", "log.format"),
		tune("certificate", func(c *configs.Config) configs.HTTPTLS { return c.HTTP.TLS }, s.certificate, "http.tls.cert_file", "http.tls.key_file"),
		tune("turn", turnConfig, s.turn(), "turn.cert_file", "turn.key_file", "turn.allowed_peers", "turn.max_allocations", "turn.max_allocations_per_user"),
		tune("credentials", func(c *configs.Config) time.Duration { return c.TURN.CredentialLifetime }, s.credentials(), "turn.credential_lifetime"),
		tune("signaling", signalingParts, s.signaling, "operator.token", "operator.staff", "http.allowed_origins", "http.trusted_proxies",
			"signaling.max_message_bytes", "signaling.rate_per_second", "signaling.burst", "signaling.resume_window",
			"signaling.ping_interval", "signaling.outbox_messages", "signaling.max_sessions_per_user"),
		tune("sfu", sfuConfig, p.sfu.Tune, "calls.max_participants", "sfu.codecs.audio", "sfu.codecs.video", "sfu.history_packets",
			"sfu.nack_interval", "sfu.pli_min_interval", "sfu.twcc_interval", "sfu.report_interval", "sfu.disconnected_timeout",
			"sfu.failed_timeout", "sfu.frame_hold", "sfu.srtp_profiles", "sfu.direct", "sfu.max_video_kbps", "sfu.max_audio_kbps"),
		tune("reports", reportsConfig, p.families.reports.Tune, "reports.tell_parents", "reports.suspension_record", "reports.evidence_kept"),
		tune("attachments", blobsConfig, p.messages.blobs.Tune, "relay.retention", "relay.attachments.max_size", "relay.attachments.per_person"),
	}
}

func reportsConfig(c *configs.Config) reports.Config {
	r := c.Reports
	return reports.Config{Record: r.SuspensionRecord, TellParents: reports.TellParents(r.TellParents), EvidenceRetention: r.EvidenceKept}
}

func blobsConfig(c *configs.Config) blobs.Config {
	a := c.Relay.Attachments
	return blobs.Config{
		MaxSize: int64(a.MaxSize), ChunkBytes: int64(a.ChunkBytes), PerPerson: int64(a.PerPerson),
		Retention: c.Relay.Retention, SweepEvery: c.Relay.SweepInterval,
	}
}

func friendsConfig(c *configs.Config, public string) friends.Config {
	f := c.Friends
	return friends.Config{
		RequestLifetime: f.RequestLifetime, DeclineCooldown: f.DeclineCooldown,
		RemindInterval: f.RemindInterval, TalkHalfLife: f.TalkHalfLife, PublicURL: public,
	}
}
