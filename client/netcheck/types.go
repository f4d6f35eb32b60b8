package netcheck

import (
	"fmt"
	"net/http"
	"time"
)

// Options of a check. BaseURL is needed.
type Options struct {
	BaseURL string        // "http://host:port" or "https://…"
	HTTP    *http.Client  // nil: one of its own
	Timeout time.Duration // of each single try; 0: 6 s
	// Loopback adds candidates on 127.0.0.1 and ::1, for a server on this machine.
	Loopback bool
	Now      func() time.Time // nil: time.Now
}

// Row is one way to the server, tried.
type Row struct {
	What   string        `json:"what"`  // such as "media: direct, UDP"
	Name   string        `json:"name"`  // for programs: https, websocket, stun, direct_udp, direct_tcp, relay_udp, relay_tcp, relay_tls
	State  State         `json:"state"` // ok, failed, absent
	RTT    time.Duration `json:"rtt_ns,omitempty"`
	Took   time.Duration `json:"took_ns,omitempty"` // until it stood
	Detail string        `json:"detail,omitempty"`  // what was found, or why it failed
}

// State is how a try ended.
type State string

// The states. Absent means that the server does not offer it.
const (
	OK     State = "ok"
	Failed State = "failed"
	Absent State = "absent"
)

// NAT is what stands between this machine and the server.
type NAT struct {
	Kind   string `json:"kind"`   // none, same, varies or unknown
	Says   string `json:"says"`   // in words
	Mapped string `json:"mapped"` // network of the address that the server sees
	Local  string `json:"local"`  // network of this machine's own
}

// Result of a check.
type Result struct {
	Server  string        `json:"server"`
	At      time.Time     `json:"at"`
	Took    time.Duration `json:"took_ns"`
	Seen    string        `json:"seen"` // network from which the server got the requests
	Rows    []Row         `json:"rows"`
	NAT     NAT           `json:"nat"`
	MTU     int           `json:"mtu_bytes"` // 0: not measured
	Verdict string        `json:"verdict"`   // in one sentence
	Advice  []string      `json:"advice"`    // what to do, if anything
}

// Works says whether a call would come through on some way.
func (r *Result) Works() bool {
	for _, row := range r.Rows {
		if row.State == OK && isMedia(row.Name) {
			return r.row("https").State == OK && r.row("websocket").State == OK
		}
	}
	return false
}

func (r *Result) row(name string) Row {
	for _, row := range r.Rows {
		if row.Name == name {
			return row
		}
	}
	return Row{}
}

// way is one transport for media.
type way struct {
	name, what string
	relay      bool
	protocol   string // udp, tcp or tls
}

var ways = []way{
	{"direct_udp", "media: direct, UDP", false, "udp"},
	{"direct_tcp", "media: direct, TCP", false, "tcp"},
	{"relay_udp", "media: TURN, UDP", true, "udp"},
	{"relay_tcp", "media: TURN, TCP", true, "tcp"},
	{"relay_tls", "media: TURN, TLS", true, "tls"},
}

func isMedia(name string) bool {
	for _, w := range ways {
		if w.name == name {
			return true
		}
	}
	return false
}

// BadURLError says that the address of the server cannot be used.
type BadURLError struct{ Given string }

// Error says what was given and what is allowed.
func (e *BadURLError) Error() string {
	return fmt.Sprintf("netcheck: server %q; allowed: http://host:port or https://host", e.Given)
}
