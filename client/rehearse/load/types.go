package load

import (
	"log/slog"
	"net/http"
	"time"
)

// Options of a load.
type Options struct {
	// URL, Operator, HTTP, Program and Server say which server, as in
	// [stage.Options]. One that runs already needs people enough in demo.crowd.
	URL      string
	Operator string
	HTTP     *http.Client
	Program  string
	Server   map[string]string

	Calls   int           // at once, 1 to 1000. 0: 10
	PerCall int           // people in each, 2 to 16. 0: 2
	Ramp    time.Duration // over which the calls begin. 0: all at once
	Hold    time.Duration // for which all of them go on after that. 0: 10 s
	Audio   bool          // sound alone, no picture
	Codec   string        // of the picture: vp8 or h264. Empty: vp8
	Relay   bool          // through the server's TURN
	Log     *slog.Logger  // hears what the clients have to say. nil: silence
}

// Progress hears of a load once a second and when its phase changes, from one
// goroutine. Its methods return at once.
type Progress interface {
	Loading(State)
}

// State is how far a load is.
type State struct {
	At        time.Duration // since the start
	Phase     string        // preparing, ramp, hold, ending, done
	Calls     int           // that are being set up or go on
	Connected int           // in which everybody is connected
	Failed    int
	Sent      uint64  // packets, of all clients
	Received  uint64  // likewise
	CPU       float64 // of the server since the last state, in cores; below 0: not known
}

// Result is what a load has measured.
type Result struct {
	Server  string    `json:"server"`
	Calls   int       `json:"calls"`
	PerCall int       `json:"per_call"`
	Video   bool      `json:"video"`
	Began   time.Time `json:"began"`
	TookMS  float64   `json:"took_ms"`
	HoldMS  float64   `json:"hold_ms"`

	Connected int            `json:"connected"` // calls in which everybody was connected
	Failed    int            `json:"failed"`
	Why       map[string]int `json:"why,omitempty"` // failures, by what was said

	SetupMS      Spread `json:"setup_ms"`       // call sent → everybody connected, one value a call
	FirstMediaMS Spread `json:"first_media_ms"` // both connected → the first packet, one value a received stream
	LossRatio    Spread `json:"loss_ratio"`     // after repair, one value a received stream
	RTTMS        Spread `json:"rtt_ms"`         // one value a participant and second of the hold
	JitterMS     Spread `json:"jitter_ms"`      // one value a received stream and second of the hold

	Cost     Cost     `json:"server_cost"`
	LogLines []string `json:"-"` // of a server that was started here
}

// Spread is a distribution by its percentiles. All are 0 where N is.
type Spread struct {
	N      int     `json:"n"`
	Min    float64 `json:"min"`
	Mean   float64 `json:"mean"`
	Median float64 `json:"median"`
	P90    float64 `json:"p90"`
	P95    float64 `json:"p95"`
	P99    float64 `json:"p99"`
	Max    float64 `json:"max"`
}

// Cost is what the server has spent while all calls went on, by its own
// metrics.
type Cost struct {
	Known        bool    `json:"known"` // they could be read: the operator's token was there
	Seconds      float64 `json:"seconds"`
	CPUSeconds   float64 `json:"cpu_seconds"`
	Packets      float64 `json:"packets"`           // that it sent on, without retransmissions
	CPUPerPacket float64 `json:"cpu_us_per_packet"` // microseconds
	Cores        float64 `json:"cores"`             // CPU seconds a second
	MemoryBytes  float64 `json:"memory_bytes"`      // resident, at the end
}
