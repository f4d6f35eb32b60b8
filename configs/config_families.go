package configs

import "time"

// Accounts is the section accounts.
type Accounts struct {
	AgesFile      string `mapstructure:"ages_file"`
	ProvidersFile string `mapstructure:"providers_file"`
}

// Consent is the section consent.
type Consent struct {
	Methods        []string      `mapstructure:"methods" validate:"min=1,unique,dive,oneof=email_plus signed_form video_call external"`
	NoticeFile     string        `mapstructure:"notice_file"`
	EmailPlusDelay time.Duration `mapstructure:"email_plus_delay" validate:"min=0s,max=168h"`
	Lifetime       time.Duration `mapstructure:"lifetime" validate:"min=1h,max=2160h"`
	External       External      `mapstructure:"external"`
}

// External is the section consent.external; both keys or neither.
type External struct {
	URL    string `mapstructure:"url" validate:"omitempty,url"`
	Secret Secret `mapstructure:"secret" validate:"omitempty,min=16,max=256"`
}

// Friends is the section friends.
type Friends struct {
	RequestLifetime time.Duration `mapstructure:"request_lifetime" validate:"min=1h,max=8760h"`
	DeclineCooldown time.Duration `mapstructure:"decline_cooldown" validate:"min=0s,max=8760h"`
	RemindInterval  time.Duration `mapstructure:"remind_interval" validate:"min=1m,max=720h"`
	TalkHalfLife    time.Duration `mapstructure:"talk_half_life" validate:"min=1h,max=8760h"`
}

// Reports is the section reports.
type Reports struct {
	TellParents      string        `mapstructure:"tell_parents" validate:"oneof=both reported none"`
	SuspensionRecord time.Duration `mapstructure:"suspension_record" validate:"min=24h,max=43800h"`
	EvidenceKept     time.Duration `mapstructure:"evidence_kept" validate:"min=1h,max=8760h"`
}

// Mail is the section mail.
type Mail struct {
	SMTP SMTP   `mapstructure:"smtp"`
	From string `mapstructure:"from" validate:"max=254"`
}

// SMTP is the section mail.smtp. Without a host nothing is sent.
type SMTP struct {
	Host     string `mapstructure:"host" validate:"omitempty,host"`
	Port     int    `mapstructure:"port" validate:"min=1,max=65535"`
	User     string `mapstructure:"user" validate:"max=254"`
	Password Secret `mapstructure:"password" validate:"max=256"`
	TLS      string `mapstructure:"tls" validate:"oneof=starttls tls none"`
}

// Push is the section push; both keys of the webhook or neither.
type Push struct {
	Webhook Webhook `mapstructure:"webhook"`
}

// Webhook is the section push.webhook.
type Webhook struct {
	URL    string `mapstructure:"url" validate:"omitempty,url"`
	Secret Secret `mapstructure:"secret" validate:"omitempty,min=24,max=256"`
}
