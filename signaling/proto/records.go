package proto

import "encoding/json"

// Levels of a connection, the best first. Good: a mean opinion score of 4.0 or
// more; fair: 3.1; poor: below; lost: nothing comes.
const (
	LevelGood = "good"
	LevelFair = "fair"
	LevelPoor = "poor"
	LevelLost = "lost"
)

// MediaQuality says how the connections of a call are. It comes when
// somebody's level, place or reason changes, and at most every two seconds.
// Whoever is not listed has not been measured yet.
type MediaQuality struct {
	CallID string              `json:"call_id"`
	People []ConnectionQuality `json:"people"`
}

// ConnectionQuality is one participant's connection: the worse of what they
// send and what they receive.
type ConnectionQuality struct {
	ParticipantID string  `json:"participant_id"`
	Level         string  `json:"level" enum:"good,fair,poor,lost"`
	MOS           float64 `json:"mos" doc:"mean opinion score of the worst stream, 1 to 5; 0: not known"`
	// Where and Why are empty while the level is good.
	Where string `json:"where,omitempty" enum:"uplink,downlink,server,device" doc:"uplink: from this participant to the server"`
	Why   string `json:"why,omitempty" enum:"loss,delay,jitter,bandwidth,freezes,silence,load" doc:"silence: nothing comes; load: the device or the server cannot keep up"`
}

// CallSummary is a line of the list of calls. Times are UTC milliseconds.
type CallSummary struct {
	ID           string   `json:"id"`
	Live         bool     `json:"live,omitempty"`
	StartedAt    int64    `json:"started_at"`
	EndedAt      int64    `json:"ended_at,omitempty"`
	DurationMS   int64    `json:"duration_ms"`
	TalkMS       int64    `json:"talk_ms"`
	Reason       string   `json:"reason,omitempty"`
	Video        bool     `json:"video"`
	Participants int      `json:"participants"`
	Codecs       []string `json:"codecs"`
	Paths        []string `json:"paths" doc:"type/protocol of each path that was used, such as host/udp, relay/tls"`
	Score        float64  `json:"score,omitempty" doc:"mean opinion score of the call, 1 to 5; absent: nothing was measured"`
	Verdict      string   `json:"verdict,omitempty" doc:"where the trouble was, in one sentence; absent: no trouble"`
}

// CallList is a page of calls, the live ones first, then the newest.
type CallList struct {
	Calls []CallSummary `json:"calls"`
	Next  string        `json:"next,omitempty" doc:"give it as cursor= for the next page; absent on the last"`
}

// CallFilter is what a list of calls is narrowed to. Zero fields do not narrow.
// It never goes over the wire as such: it is the query.
type CallFilter struct {
	From, To             int64 // started in [From, To), UTC milliseconds
	Reason, Codec, Path  string
	ScoreBelow, ScoreMin float64
	Live                 string // "", "true", "false"
	Cursor               string
	Limit                int // 1…500; 0: 50
}

// CallRow is what the store keeps of a record beside the document.
type CallRow struct {
	CallSummary
	Document json.RawMessage
}

// Roles of operators.
const (
	OperatorCalls   = "calls"   // call records, the node's state, metrics, debugging
	OperatorSafety  = "safety"  // reports, accounts, reviews, the audit log
	OperatorResolve = "resolve" // whose pseudonym it is
)

// ResolveIn says why a pseudonym is resolved. The reason is in the audit log.
type ResolveIn struct {
	Reason string `json:"reason" minLength:"3" maxLength:"200" doc:"such as the number of a support case; no names"`
}

// Resolved is whose pseudonym it is.
type Resolved struct {
	Pseudonym string `json:"pseudonym"`
	Person    Person `json:"person"`
}

// NodeState is the state of this server at this moment.
type NodeState struct {
	Version    string       `json:"version"`
	StartedAt  int64        `json:"started_at"`
	Now        int64        `json:"now"`
	CPU        float64      `json:"cpu_seconds" doc:"of the process, user and system, since its start"`
	Processors int          `json:"processors"`
	Memory     int64        `json:"memory_bytes" doc:"resident"`
	Heap       int64        `json:"heap_bytes"`
	Goroutines int          `json:"goroutines"`
	Files      int          `json:"open_files"`
	Sessions   int          `json:"sessions" doc:"of WebSockets"`
	Calls      int          `json:"calls"`
	Peers      int          `json:"participants"`
	Relays     int          `json:"turn_allocations"`
	Sockets    []NodeSocket `json:"sockets"`
	Counters   []NodeCount  `json:"counters"`
	Drops      []NodeCount  `json:"drops" doc:"packets by reason"`
	Config     NodeConfig   `json:"config"`
}

// NodeSocket is a port that this server listens on.
type NodeSocket struct {
	Plane    string `json:"plane" enum:"http,sfu,turn"`
	Protocol string `json:"protocol" enum:"udp,tcp,tls"`
	Address  string `json:"address"`
}

// NodeCount is a counter since the start.
type NodeCount struct {
	Plane string  `json:"plane" enum:"sfu,turn,relay,signaling"`
	Name  string  `json:"name"`
	Value float64 `json:"value"`
}

// NodeConfig says which configuration is in effect.
type NodeConfig struct {
	LoadedAt int64    `json:"loaded_at"`
	Reloads  int64    `json:"reloads"`
	Refused  int64    `json:"refused" doc:"changes that were not taken"`
	Error    string   `json:"error,omitempty" doc:"why the last one was not taken; absent when it was"`
	Pending  []string `json:"pending" doc:"keys whose change waits for a restart"`
}

// NetCheck begins a check of what a client can reach. Candidates of the server
// are tried one transport at a time.
type NetCheck struct {
	ID         string      `json:"id"`
	ICEServers []ICEServer `json:"ice_servers"`
	ExpiresAt  int64       `json:"expires_at"`
	Seen       string      `json:"seen" doc:"the network from which the request came, IPv4 to /24, IPv6 to /48"`
	STUN       []string    `json:"stun" doc:"host:port that answer STUN Binding requests, for NAT type and MTU"`
}

// NetCheckOffer is an offer of one connection with a data channel and nothing
// else, to see whether media would come through.
type NetCheckOffer struct {
	SDP string `json:"sdp" minLength:"1" maxLength:"65536"`
}

// NetCheckAnswer is the answer to it.
type NetCheckAnswer struct {
	SDP string `json:"sdp"`
}
