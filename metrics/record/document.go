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
	Score        float64       `json:"score,omitempty"`   // MOS of the worst stream's worst tenth; see package quality
	Verdict      string        `json:"verdict,omitempty"` // where the trouble was, in one sentence
	Participants []Participant `json:"participants"`
	Timeline     *Timeline     `json:"timeline,omitempty"`
	Events       []Event       `json:"events,omitempty"`
	EventsLost   int           `json:"events_lost,omitempty"` // beyond MaxEvents
}

// Timeline holds what was measured in steps of StepMS, 10 s unless the call is
// so long that steps were joined. Step i covers the time from StartedAt of the
// document + i·StepMS to the next.
type Timeline struct {
	StepMS int64   `json:"step_ms"`
	Steps  int     `json:"steps"`
	Links  []Line  `json:"links"`   // one a participant: the path's RTT and the estimates
	Media  []Track `json:"streams"` // one a stream and view
}

// Line is the path of one participant over time. A list has a value for each
// step; null where nothing was measured.
type Line struct {
	Participant string     `json:"participant"`
	RTT         []*float64 `json:"rtt_ms"`
	ClientRTT   []*float64 `json:"client_rtt_ms"`
	Available   []*float64 `json:"available_bps"`
}

// Track is one stream as one side measured it, over time. Values are means over
// the step, but loss, which is of all packets of the step.
type Track struct {
	Participant string     `json:"participant"`
	Direction   string     `json:"direction"`
	Kind        string     `json:"kind"`
	From        string     `json:"from"`
	View        string     `json:"view"`  // server or client
	Layer       []*float64 `json:"layer"` // simulcast layer that is forwarded, 0 the smallest; null: there are none
	RTT         []*float64 `json:"rtt_ms"`
	Jitter      []*float64 `json:"jitter_ms"`
	Loss        []*float64 `json:"loss_ratio"`
	Bitrate     []*float64 `json:"bitrate_bps"`
	FPS         []*float64 `json:"fps"`
	Height      []*float64 `json:"height_px"`
	Estimate    []*float64 `json:"estimate_bps"` // of the bandwidth towards this receiver, or from this sender
	Score       []*float64 `json:"mos"`
}

// The kinds of event.
const (
	EventJoin    = "join"    // media is up
	EventLeave   = "leave"   // detail: reason
	EventPath    = "path"    // another ICE path; detail: type/protocol
	EventLink    = "link"    // detail: connected, disconnected, failed
	EventMute    = "mute"    // with kind
	EventUnmute  = "unmute"  // with kind
	EventLayer   = "layer"   // detail: from>to
	EventPLI     = "pli"     // key frames asked for in this second; detail: how many
	EventCodec   = "codec"   // detail: the new one
	EventFreeze  = "freeze"  // detail: milliseconds
	EventQuality = "quality" // detail: level where why
	EventRestart = "restart" // ICE restart
	EventSignal  = "signal"  // the WebSocket; detail: lost, back
	EventEnd     = "end"     // of the call; detail: reason
	EventConfig  = "config"  // a key of the configuration changed; detail: the key
	MaxEvents    = 2000      // of one call; further ones are counted
)

// Event is something that happened at one moment.
type Event struct {
	AtMS        int64  `json:"at_ms"` // since the call's start
	Event       string `json:"event"`
	Participant string `json:"participant,omitempty"`
	Direction   string `json:"direction,omitempty"`
	Kind        string `json:"kind,omitempty"`
	From        string `json:"from,omitempty"`
	Detail      string `json:"detail,omitempty"`
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
	Before      []string    `json:"before,omitempty"` // type/protocol of those before a change
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

	Score   *Distribution `json:"mos,omitempty"`     // mean opinion score, 1 to 5, of what reached this end; one value a sample
	Trouble *Trouble      `json:"trouble,omitempty"` // absent: none
}

// Trouble says where a stream was bad, and by what.
type Trouble struct {
	Where string  `json:"where"`       // uplink, downlink, server, device
	Why   string  `json:"why"`         // loss, delay, jitter, bandwidth, freezes, silence, load
	Share float64 `json:"share_ratio"` // of the stream's samples with a score below fair
	Says  string  `json:"says"`        // in one sentence
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
