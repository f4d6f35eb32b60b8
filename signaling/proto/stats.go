package proto

// StatsReport is what the client's own getStats says, about every two
// seconds. All counters are totals since the stream began.
type StatsReport struct {
	CallID  string        `json:"call_id" validate:"required,max=64"`
	Path    StatsPath     `json:"path"`
	Streams []StatsStream `json:"streams" validate:"max=64,dive"`
}

// StatsPath is the client's view of the selected ICE candidate pair.
type StatsPath struct {
	LocalType     string  `json:"local_type,omitempty" validate:"omitempty,oneof=host srflx prflx relay"`
	Protocol      string  `json:"protocol,omitempty" validate:"omitempty,oneof=udp tcp"`
	RelayProtocol string  `json:"relay_protocol,omitempty" validate:"omitempty,oneof=udp tcp tls"`
	RTTMS         float64 `json:"rtt_ms,omitempty" validate:"min=0,max=60000"`
	AvailableKbps float64 `json:"available_kbps,omitempty" validate:"min=0,max=10000000"` // outgoing estimate
}

// StatsStream is one RTP stream as the client sees it.
type StatsStream struct {
	MID       string `json:"mid" validate:"max=16"`
	Direction string `json:"direction" validate:"oneof=send recv"`
	// ParticipantID and Kind say whose source it is: the own one when sending,
	// the slot's when receiving.
	ParticipantID string     `json:"participant_id" validate:"max=64"`
	Kind          SourceKind `json:"kind" validate:"oneof=audio video screen"`
	Codec         string     `json:"codec,omitempty" validate:"max=32"` // "VP8", "opus", …

	Packets       uint64  `json:"packets"`
	Bytes         uint64  `json:"bytes"` // RTP payload
	PacketsLost   int64   `json:"packets_lost"`
	Retransmitted uint64  `json:"retransmitted"`
	NACKs         uint64  `json:"nacks"`
	PLIs          uint64  `json:"plis"`
	JitterMS      float64 `json:"jitter_ms" validate:"min=0,max=60000"`
	RTTMS         float64 `json:"rtt_ms" validate:"min=0,max=60000"` // when sending: from the server's receiver reports

	// Video.

	Frames         uint64  `json:"frames"` // encoded or decoded
	FPS            float64 `json:"fps" validate:"min=0,max=1000"`
	Width          int     `json:"width" validate:"min=0,max=16384"`
	Height         int     `json:"height" validate:"min=0,max=16384"`
	Freezes        uint64  `json:"freezes"`
	FrozenMS       float64 `json:"frozen_ms" validate:"min=0"`
	Dropped        uint64  `json:"dropped"` // frames decoded and not shown
	KeyFrames      uint64  `json:"key_frames"`
	JitterBufferMS float64 `json:"jitter_buffer_ms" validate:"min=0"` // mean delay of what was played

	// Audio.

	Concealed    uint64  `json:"concealed_samples"`
	TotalSamples uint64  `json:"total_samples"`
	AudioLevel   float64 `json:"audio_level" validate:"min=0,max=1"`
}
