package configs

import "time"

// Accounts is the section accounts.
type Accounts struct {
	AgesFile      string `mapstructure:"ages_file" acts:"restart"`
	ProvidersFile string `mapstructure:"providers_file" acts:"restart"`
}

// Consent is the section consent.
type Consent struct {
	Methods        []string      `mapstructure:"methods" acts:"restart" validate:"min=1,unique,dive,oneof=email_plus signed_form video_call external"`
	NoticeFile     string        `mapstructure:"notice_file" acts:"restart"`
	EmailPlusDelay time.Duration `mapstructure:"email_plus_delay" acts:"restart" validate:"min=0s,max=168h"`
	Lifetime       time.Duration `mapstructure:"lifetime" acts:"restart" validate:"min=1h,max=2160h"`
	External       External      `mapstructure:"external"`
}

// External is the section consent.external; both keys or neither.
type External struct {
	URL    string `mapstructure:"url" acts:"restart" validate:"omitempty,url"`
	Secret Secret `mapstructure:"secret" acts:"restart" validate:"omitempty,min=16,max=256"`
}

// Friends is the section friends.
type Friends struct {
	RequestLifetime time.Duration `mapstructure:"request_lifetime" acts:"live" validate:"min=1h,max=8760h"`
	DeclineCooldown time.Duration `mapstructure:"decline_cooldown" acts:"live" validate:"min=0s,max=8760h"`
	RemindInterval  time.Duration `mapstructure:"remind_interval" acts:"live" validate:"min=1m,max=720h"`
	TalkHalfLife    time.Duration `mapstructure:"talk_half_life" acts:"live" validate:"min=1h,max=8760h"`
}

// Reports is the section reports.
type Reports struct {
	TellParents      string        `mapstructure:"tell_parents" acts:"live" validate:"oneof=both reported none"`
	SuspensionRecord time.Duration `mapstructure:"suspension_record" acts:"live" validate:"min=24h,max=43800h"`
	EvidenceKept     time.Duration `mapstructure:"evidence_kept" acts:"live" validate:"min=1h,max=8760h"`
}

// Mail is the section mail.
type Mail struct {
	SMTP SMTP   `mapstructure:"smtp"`
	From string `mapstructure:"from" acts:"restart" validate:"max=254"`
}

// SMTP is the section mail.smtp. Without a host nothing is sent.
type SMTP struct {
	Host     string `mapstructure:"host" acts:"restart" validate:"omitempty,host"`
	Port     int    `mapstructure:"port" acts:"restart" validate:"min=1,max=65535"`
	User     string `mapstructure:"user" acts:"restart" validate:"max=254"`
	Password Secret `mapstructure:"password" acts:"restart" validate:"max=256"`
	TLS      string `mapstructure:"tls" acts:"restart" validate:"oneof=starttls tls none"`
}

// Push is the section push; both keys of the webhook or neither.
type Push struct {
	Webhook Webhook `mapstructure:"webhook"`
}

// Webhook is the section push.webhook.
type Webhook struct {
	URL    string `mapstructure:"url" acts:"restart" validate:"omitempty,url"`
	Secret Secret `mapstructure:"secret" acts:"restart" validate:"omitempty,min=24,max=256"`
}
