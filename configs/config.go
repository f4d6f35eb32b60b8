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
	DataDir   string    `mapstructure:"data_dir" validate:"min=1"`
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

	origins map[string]string
}

// Log is the section log.
type Log struct {
	Level  string `mapstructure:"level" validate:"oneof=debug info warn error"`
	Format string `mapstructure:"format" validate:"oneof=text json"`
}

// Demo is the section demo.
type Demo struct {
	Enabled bool `mapstructure:"enabled"`
}

// Operator is the section operator.
type Operator struct {
	Token Secret   `mapstructure:"token" validate:"omitempty,min=16,max=256"`
	Staff []Secret `mapstructure:"staff" validate:"unique,dive,staff"`
}

// HTTP is the section http.
type HTTP struct {
	Listen          string         `mapstructure:"listen" validate:"listen"`
	PublicURL       string         `mapstructure:"public_url" validate:"omitempty,origin"`
	TLS             HTTPTLS        `mapstructure:"tls"`
	AllowedOrigins  []string       `mapstructure:"allowed_origins" validate:"unique,dive,origin"`
	TrustedProxies  []netip.Prefix `mapstructure:"trusted_proxies" validate:"unique"`
	ShutdownTimeout time.Duration  `mapstructure:"shutdown_timeout" validate:"min=0s,max=10m"`
}

// HTTPTLS is the section http.tls; both files or neither.
type HTTPTLS struct {
	CertFile string `mapstructure:"cert_file"`
	KeyFile  string `mapstructure:"key_file"`
}

// Store is the section store.
type Store struct {
	Driver string `mapstructure:"driver" validate:"oneof=sqlite postgres"`
	DSN    Secret `mapstructure:"dsn"`
}

// Signaling is the section signaling.
type Signaling struct {
	MaxMessageBytes    Bytes         `mapstructure:"max_message_bytes" validate:"min=16384,max=4194304"`
	RatePerSecond      int           `mapstructure:"rate_per_second" validate:"min=1,max=1000"`
	Burst              int           `mapstructure:"burst" validate:"min=10,max=10000"`
	ResumeWindow       time.Duration `mapstructure:"resume_window" validate:"min=0s,max=10m"`
	OutboxMessages     int           `mapstructure:"outbox_messages" validate:"min=16,max=65536"`
	PingInterval       time.Duration `mapstructure:"ping_interval" validate:"min=1s,max=5m"`
	SessionLifetime    time.Duration `mapstructure:"session_lifetime" validate:"min=1m,max=8760h"`
	MaxSessionsPerUser int           `mapstructure:"max_sessions_per_user" validate:"min=1,max=100"`
}

// Calls is the section calls.
type Calls struct {
	RingTimeout     time.Duration `mapstructure:"ring_timeout" validate:"min=1s,max=10m"`
	AloneTimeout    time.Duration `mapstructure:"alone_timeout" validate:"min=1s,max=1h"`
	LostTimeout     time.Duration `mapstructure:"lost_timeout" validate:"min=1s,max=10m"`
	MaxParticipants int           `mapstructure:"max_participants" validate:"min=2,max=16"`

	Warning          time.Duration `mapstructure:"warning" validate:"min=0s,max=1h"`
	HistoryRetention time.Duration `mapstructure:"history_retention" validate:"min=1h,max=8760h"`
}

// SFU is the section sfu. UDPPort 0 takes any free port, TCPPort 0 means no
// ICE-TCP.
type SFU struct {
	UDPPort             int           `mapstructure:"udp_port" validate:"min=0,max=65535"`
	TCPPort             int           `mapstructure:"tcp_port" validate:"min=0,max=65535"`
	BindAddresses       []netip.Addr  `mapstructure:"bind_addresses" validate:"unique"`
	PublicAddresses     []netip.Addr  `mapstructure:"public_addresses" validate:"unique"`
	IPv4                bool          `mapstructure:"ipv4"`
	IPv6                bool          `mapstructure:"ipv6"`
	IncludeLoopback     bool          `mapstructure:"include_loopback"`
	Codecs              Codecs        `mapstructure:"codecs"`
	HistoryPackets      int           `mapstructure:"history_packets" validate:"min=64,max=16384,pow2"`
	NACKInterval        time.Duration `mapstructure:"nack_interval" validate:"min=5ms,max=1s"`
	PLIMinInterval      time.Duration `mapstructure:"pli_min_interval" validate:"min=100ms,max=30s"`
	TWCCInterval        time.Duration `mapstructure:"twcc_interval" validate:"min=10ms,max=1s"`
	ReportInterval      time.Duration `mapstructure:"report_interval" validate:"min=100ms,max=30s"`
	DisconnectedTimeout time.Duration `mapstructure:"disconnected_timeout" validate:"min=1s,max=5m"`
	FailedTimeout       time.Duration `mapstructure:"failed_timeout" validate:"min=2s,max=10m"`
	Loops               int           `mapstructure:"loops" validate:"min=1,max=64"`
	FrameHold           time.Duration `mapstructure:"frame_hold" validate:"min=0,max=20ms"`
	SRTPProfiles        []string      `mapstructure:"srtp_profiles" validate:"min=1,unique,dive,oneof=aead_aes_128_gcm aead_aes_256_gcm aes128_cm_sha1_80"`
}

// Codecs is the section sfu.codecs; the order is the preference.
type Codecs struct {
	Audio []string `mapstructure:"audio" validate:"min=1,unique,dive,oneof=opus"`
	Video []string `mapstructure:"video" validate:"min=1,unique,dive,oneof=vp8 h264 vp9 av1"`
}

// TURN is the section turn.
type TURN struct {
	Enabled               bool           `mapstructure:"enabled"`
	UDPListen             []string       `mapstructure:"udp_listen" validate:"unique,dive,listen"`
	TCPListen             []string       `mapstructure:"tcp_listen" validate:"unique,dive,listen"`
	TLSListen             []string       `mapstructure:"tls_listen" validate:"unique,dive,listen"`
	CertFile              string         `mapstructure:"cert_file"`
	KeyFile               string         `mapstructure:"key_file"`
	Realm                 string         `mapstructure:"realm" validate:"min=1,max=127"`
	Secret                Secret         `mapstructure:"secret" validate:"omitempty,min=16,max=256"`
	CredentialLifetime    time.Duration  `mapstructure:"credential_lifetime" validate:"min=1m,max=168h"`
	PublicAddresses       []string       `mapstructure:"public_addresses" validate:"unique,dive,host"`
	AllowedPeers          []netip.Prefix `mapstructure:"allowed_peers" validate:"unique"`
	MaxAllocations        int            `mapstructure:"max_allocations" validate:"min=1,max=65536"`
	MaxAllocationsPerUser int            `mapstructure:"max_allocations_per_user" validate:"min=1,max=1024"`
}

// Metrics is the section metrics.
type Metrics struct {
	SampleInterval  time.Duration `mapstructure:"sample_interval" validate:"min=100ms,max=1m"`
	RecordRetention time.Duration `mapstructure:"record_retention" validate:"min=1h,max=8760h"`
}

// Origin tells where the value of key (dotted, as in default.yaml) came from:
// "default", "FILE:LINE", "env NAME" or "flag --NAME"; "" for no such key.
func (c *Config) Origin(key string) string { return c.origins[key] }
