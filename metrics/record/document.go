package record

// Version is the version of the document. It grows when a field changes its
// meaning or goes; new fields alone do not raise it.
const Version = 1

// Document is the record of one call. Fields that end in _at are whole
// milliseconds since the Unix epoch (UTC), those in _ms are milliseconds,
// those in _bps bit/s and those in _ratio lie in 0…1. What was never
// measured is absent.
type Document struct {
	Version      int           `json:"version"`
	ID           string        `json:"id"`
	Live         bool          `json:"live,omitempty"`
	StartedAt    int64         `json:"started_at"`
	EndedAt      int64         `json:"ended_at,omitempty"`
	DurationMS   int64         `json:"duration_ms"`
	TalkMS       int64         `json:"talk_ms"`
	Reason       string        `json:"reason,omitempty"`
	Video        bool          `json:"video"`
	Participants []Participant `json:"participants"`
}

// Participant is one person in the call.
type Participant struct {
	ID       string     `json:"id"`
	User     string     `json:"user"`
	Device   DeviceInfo `json:"device"`
	JoinedAt int64      `json:"joined_at"`
	LeftAt   int64      `json:"left_at,omitempty"`
	Reason   string     `json:"reason,omitempty"`
	Joins    int        `json:"joins"`
	Path     PathInfo   `json:"path"`
	Streams  []Stream   `json:"streams"`
}

// DeviceInfo is the device in free text, at most 64 bytes a field.
type DeviceInfo struct {
	Model string `json:"model,omitempty"`
	OS    string `json:"os,omitempty"`
	App   string `json:"app,omitempty"`
}

// PathInfo is the way between client and server, as last seen.
type PathInfo struct {
	Type        string      `json:"type,omitempty"`
	Protocol    string      `json:"protocol,omitempty"`
	Remote      string      `json:"remote,omitempty"`
	SRTPProfile string      `json:"srtp_profile,omitempty"`
	Changes     int         `json:"changes"`
	Server      *ServerPath `json:"server,omitempty"`
	Client      *ClientPath `json:"client,omitempty"`
}

// ServerPath is the path as the server saw it.
type ServerPath struct {
	Type     string        `json:"type,omitempty"`
	Protocol string        `json:"protocol,omitempty"`
	RTT      *Distribution `json:"rtt_ms,omitempty"`
}

// ClientPath is the path as the client saw it.
type ClientPath struct {
	LocalType     string        `json:"local_type,omitempty"`
	Protocol      string        `json:"protocol,omitempty"`
	RelayProtocol string        `json:"relay_protocol,omitempty"`
	RTT           *Distribution `json:"rtt_ms,omitempty"`
	Available     *Distribution `json:"available_bps,omitempty"`
}

// Stream is one source on its way up from, or down to, a participant.
type Stream struct {
	Direction string `json:"direction"`
	Kind      string `json:"kind"`
	From      string `json:"from"`
	Server    *View  `json:"server,omitempty"`
	Client    *View  `json:"client,omitempty"`
}

// View is a stream as one side measured it.
type View struct {
	Codecs     []string `json:"codecs"`
	StartedAt  int64    `json:"started_at,omitempty"`
	DurationMS int64    `json:"duration_ms"`
	ActiveMS   int64    `json:"active_ms"`
	Samples    uint64   `json:"samples"`
	Totals     Totals   `json:"totals"`
	Largest    *Size    `json:"largest,omitempty"`

	RTT          *Distribution `json:"rtt_ms,omitempty"`
	Jitter       *Distribution `json:"jitter_ms,omitempty"`
	Loss         *Distribution `json:"loss_ratio,omitempty"`
	Bitrate      *Distribution `json:"bitrate_bps,omitempty"`
	FPS          *Distribution `json:"fps,omitempty"`
	PacketBytes  *Distribution `json:"packet_bytes,omitempty"`
	Height       *Distribution `json:"height_px,omitempty"`
	JitterBuffer *Distribution `json:"jitter_buffer_ms,omitempty"`
	Concealed    *Distribution `json:"concealed_ratio,omitempty"`
}

// Totals are sums over the whole stream.
type Totals struct {
	Packets        int64   `json:"packets"`
	Bytes          int64   `json:"bytes"`
	Expected       int64   `json:"expected"`
	Lost           int64   `json:"lost"`
	Repaired       int64   `json:"repaired"`
	LossRatio      float64 `json:"loss_ratio"`
	ResidualRatio  float64 `json:"residual_loss_ratio"`
	Retransmitted  int64   `json:"retransmitted"`
	NACKs          int64   `json:"nacks"`
	PLIs           int64   `json:"plis"`
	BitrateBPS     float64 `json:"bitrate_bps"`
	PacketBytes    float64 `json:"packet_bytes"`
	Frames         int64   `json:"frames"`
	FPS            float64 `json:"fps"`
	KeyFrames      int64   `json:"key_frames"`
	FramesDropped  int64   `json:"frames_dropped"`
	Freezes        int64   `json:"freezes"`
	FrozenMS       float64 `json:"frozen_ms"`
	ConcealedRatio float64 `json:"concealed_ratio"`
}

// Size is a picture's size in pixels.
type Size struct {
	Width  int `json:"width"`
	Height int `json:"height"`
}

// Distribution is a figure over the call: number of values, smallest, median,
// 95th percentile, largest.
type Distribution struct {
	N      uint64  `json:"n"`
	Min    float64 `json:"min"`
	Median float64 `json:"median"`
	P95    float64 `json:"p95"`
	Max    float64 `json:"max"`
}
