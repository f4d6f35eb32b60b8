package configs

import (
	"net/netip"
	"time"
)

// Config is the whole configuration. The fields are explained where a person
// looks for them, in default.yaml; the validate tags are the limits, and the
// texts of refusals are made from them.
type Config struct {
	Log       Log       `mapstructure:"log"`
	DataDir   string    `mapstructure:"data_dir" acts:"restart" validate:"min=1"`
	Reload    Reload    `mapstructure:"reload"`
	Demo      Demo      `mapstructure:"demo"`
	Operator  Operator  `mapstructure:"operator"`
	HTTP      HTTP      `mapstructure:"http"`
	Store     Store     `mapstructure:"store"`
	Signaling Signaling `mapstructure:"signaling"`
	Calls     Calls     `mapstructure:"calls"`
	Accounts  Accounts  `mapstructure:"accounts"`
	Consent   Consent   `mapstructure:"consent"`
	Friends   Friends   `mapstructure:"friends"`
	Reports   Reports   `mapstructure:"reports"`
	Relay     Relay     `mapstructure:"relay"`
	Mail      Mail      `mapstructure:"mail"`
	Push      Push      `mapstructure:"push"`
	SFU       SFU       `mapstructure:"sfu"`
	TURN      TURN      `mapstructure:"turn"`
	Metrics   Metrics   `mapstructure:"metrics"`
	NetCheck  NetCheck  `mapstructure:"netcheck"`

	origins map[string]string
}

// Log is the section log.
type Log struct {
	Level  string `mapstructure:"level" acts:"live" validate:"oneof=debug info warn error"`
	Format string `mapstructure:"format" acts:"live" validate:"oneof=text json"`
}

// Reload is the section reload.
type Reload struct {
	Watch bool `mapstructure:"watch" acts:"live"`
}

// Demo is the section demo.
type Demo struct {
	Enabled bool `mapstructure:"enabled" acts:"restart"`
	Crowd   int  `mapstructure:"crowd" acts:"restart" validate:"min=0,max=4000"`
}

// Operator is the section operator.
type Operator struct {
	Token Secret   `mapstructure:"token" acts:"live" validate:"omitempty,min=16,max=256"`
	Staff []Secret `mapstructure:"staff" acts:"live" validate:"unique,dive,staff"`
}

// HTTP is the section http.
type HTTP struct {
	Listen          string         `mapstructure:"listen" acts:"restart" validate:"listen"`
	PublicURL       string         `mapstructure:"public_url" acts:"restart" validate:"omitempty,origin"`
	TLS             HTTPTLS        `mapstructure:"tls"`
	AllowedOrigins  []string       `mapstructure:"allowed_origins" acts:"live" validate:"unique,dive,origin"`
	TrustedProxies  []netip.Prefix `mapstructure:"trusted_proxies" acts:"live" validate:"unique"`
	ShutdownTimeout time.Duration  `mapstructure:"shutdown_timeout" acts:"live" validate:"min=0s,max=10m"`
}

// HTTPTLS is the section http.tls; both files or neither.
type HTTPTLS struct {
	CertFile string `mapstructure:"cert_file" acts:"live" toggle:"restart"`
	KeyFile  string `mapstructure:"key_file" acts:"live" toggle:"restart"`
}

// Store is the section store.
type Store struct {
	Driver string `mapstructure:"driver" acts:"restart" validate:"oneof=sqlite postgres"`
	DSN    Secret `mapstructure:"dsn" acts:"restart"`
}

// Signaling is the section signaling.
type Signaling struct {
	MaxMessageBytes    Bytes         `mapstructure:"max_message_bytes" acts:"live" validate:"min=16384,max=4194304"`
	RatePerSecond      int           `mapstructure:"rate_per_second" acts:"live" validate:"min=1,max=1000"`
	Burst              int           `mapstructure:"burst" acts:"live" validate:"min=10,max=10000"`
	ResumeWindow       time.Duration `mapstructure:"resume_window" acts:"live" validate:"min=0s,max=10m"`
	OutboxMessages     int           `mapstructure:"outbox_messages" acts:"live" validate:"min=16,max=65536"`
	PingInterval       time.Duration `mapstructure:"ping_interval" acts:"calls" validate:"min=1s,max=5m"`
	SessionLifetime    time.Duration `mapstructure:"session_lifetime" acts:"calls" validate:"min=1m,max=8760h"`
	MaxSessionsPerUser int           `mapstructure:"max_sessions_per_user" acts:"live" validate:"min=1,max=100"`
}

// Calls is the section calls.
type Calls struct {
	RingTimeout     time.Duration `mapstructure:"ring_timeout" acts:"calls" validate:"min=1s,max=10m"`
	AloneTimeout    time.Duration `mapstructure:"alone_timeout" acts:"calls" validate:"min=1s,max=1h"`
	LostTimeout     time.Duration `mapstructure:"lost_timeout" acts:"calls" validate:"min=1s,max=10m"`
	MaxParticipants int           `mapstructure:"max_participants" acts:"live" validate:"min=2,max=16"`

	Warning          time.Duration `mapstructure:"warning" acts:"calls" validate:"min=0s,max=1h"`
	HistoryRetention time.Duration `mapstructure:"history_retention" acts:"calls" validate:"min=1h,max=8760h"`

	Video bool `mapstructure:"video" acts:"calls"`
}

// SFU is the section sfu. UDPPort 0 takes any free port, TCPPort 0 means no
// ICE-TCP.
type SFU struct {
	UDPPort             int           `mapstructure:"udp_port" acts:"restart" validate:"min=0,max=65535"`
	TCPPort             int           `mapstructure:"tcp_port" acts:"restart" validate:"min=0,max=65535"`
	BindAddresses       []netip.Addr  `mapstructure:"bind_addresses" acts:"restart" validate:"unique"`
	PublicAddresses     []netip.Addr  `mapstructure:"public_addresses" acts:"restart" validate:"unique"`
	IPv4                bool          `mapstructure:"ipv4" acts:"restart"`
	IPv6                bool          `mapstructure:"ipv6" acts:"restart"`
	IncludeLoopback     bool          `mapstructure:"include_loopback" acts:"restart"`
	Codecs              Codecs        `mapstructure:"codecs"`
	HistoryPackets      int           `mapstructure:"history_packets" acts:"calls" validate:"min=64,max=16384,pow2"`
	NACKInterval        time.Duration `mapstructure:"nack_interval" acts:"live" validate:"min=5ms,max=1s"`
	PLIMinInterval      time.Duration `mapstructure:"pli_min_interval" acts:"live" validate:"min=100ms,max=30s"`
	TWCCInterval        time.Duration `mapstructure:"twcc_interval" acts:"live" validate:"min=10ms,max=1s"`
	ReportInterval      time.Duration `mapstructure:"report_interval" acts:"live" validate:"min=100ms,max=30s"`
	DisconnectedTimeout time.Duration `mapstructure:"disconnected_timeout" acts:"calls" validate:"min=1s,max=5m"`
	FailedTimeout       time.Duration `mapstructure:"failed_timeout" acts:"calls" validate:"min=2s,max=10m"`
	Loops               int           `mapstructure:"loops" acts:"restart" validate:"min=1,max=64"`
	FrameHold           time.Duration `mapstructure:"frame_hold" acts:"live" validate:"min=0,max=20ms"`
	SRTPProfiles        []string      `mapstructure:"srtp_profiles" acts:"calls" validate:"min=1,unique,dive,oneof=aead_aes_128_gcm aead_aes_256_gcm aes128_cm_sha1_80"`
	Direct              bool          `mapstructure:"direct" acts:"calls"`
	MaxVideoKbps        int           `mapstructure:"max_video_kbps" acts:"calls" validate:"min=0,max=100000"`
	MaxAudioKbps        int           `mapstructure:"max_audio_kbps" acts:"calls" validate:"min=0,max=1000"`
}

// Codecs is the section sfu.codecs; the order is the preference.
type Codecs struct {
	Audio []string `mapstructure:"audio" acts:"calls" validate:"min=1,unique,dive,oneof=opus"`
	Video []string `mapstructure:"video" acts:"calls" validate:"min=1,unique,dive,oneof=vp8 h264 vp9 av1"`
}

// TURN is the section turn.
type TURN struct {
	Enabled               bool           `mapstructure:"enabled" acts:"restart"`
	UDPListen             []string       `mapstructure:"udp_listen" acts:"restart" validate:"unique,dive,listen"`
	TCPListen             []string       `mapstructure:"tcp_listen" acts:"restart" validate:"unique,dive,listen"`
	TLSListen             []string       `mapstructure:"tls_listen" acts:"restart" validate:"unique,dive,listen"`
	CertFile              string         `mapstructure:"cert_file" acts:"live" toggle:"restart"`
	KeyFile               string         `mapstructure:"key_file" acts:"live" toggle:"restart"`
	Realm                 string         `mapstructure:"realm" acts:"restart" validate:"min=1,max=127"`
	Secret                Secret         `mapstructure:"secret" acts:"restart" validate:"omitempty,min=16,max=256"`
	CredentialLifetime    time.Duration  `mapstructure:"credential_lifetime" acts:"live" validate:"min=1m,max=168h"`
	PublicAddresses       []string       `mapstructure:"public_addresses" acts:"restart" validate:"unique,dive,host"`
	AllowedPeers          []netip.Prefix `mapstructure:"allowed_peers" acts:"live" validate:"unique"`
	MaxAllocations        int            `mapstructure:"max_allocations" acts:"live" validate:"min=1,max=65536"`
	MaxAllocationsPerUser int            `mapstructure:"max_allocations_per_user" acts:"live" validate:"min=1,max=1024"`
}

// Metrics is the section metrics.
type Metrics struct {
	SampleInterval  time.Duration `mapstructure:"sample_interval" acts:"live" validate:"min=100ms,max=1m"`
	RecordRetention time.Duration `mapstructure:"record_retention" acts:"live" validate:"min=1h,max=8760h"`
	Export          Export        `mapstructure:"export"`
}

// Export is the section metrics.export.
type Export struct {
	Webhook ExportWebhook `mapstructure:"webhook"`
	OTLP    OTLP          `mapstructure:"otlp"`
}

// ExportWebhook is the section metrics.export.webhook; both keys or neither.
type ExportWebhook struct {
	URL    string `mapstructure:"url" acts:"restart" validate:"omitempty,url"`
	Secret Secret `mapstructure:"secret" acts:"restart" validate:"omitempty,min=24,max=256"`
}

// OTLP is the section metrics.export.otlp.
type OTLP struct {
	Endpoint string   `mapstructure:"endpoint" acts:"restart" validate:"omitempty,url"`
	Headers  []Secret `mapstructure:"headers" acts:"restart" validate:"unique,dive,header"`
}

// NetCheck is the section netcheck.
type NetCheck struct {
	Enabled bool `mapstructure:"enabled" acts:"live"`
	AtOnce  int  `mapstructure:"at_once" acts:"live" validate:"min=1,max=1024"`
}

// Origin tells where the value of key (dotted, as in default.yaml) came from:
// "default", "FILE:LINE", "env NAME" or "flag --NAME"; "" for no such key.
func (c *Config) Origin(key string) string { return c.origins[key] }
