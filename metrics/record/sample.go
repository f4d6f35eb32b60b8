package record

import (
	"net/netip"
	"time"
)

// Device says what the person holds in the hand, as the client names it.
type Device struct {
	Model, OS, App string
}

// Path is the way between client and server that ICE selected.
type Path struct {
	Type     string // host, srflx or relay, as far as the server knows; it is sure of relay only
	Protocol string // udp, tcp or tls; for a relay, how the client reaches it
}

// LinkSample is what the server knows of one participant's link at one
// moment. All counters are totals since the stream began.
type LinkSample struct {
	Path        Path
	Remote      netip.AddrPort // masked before it is kept
	RTT         time.Duration  // of the link (ICE checks); 0: not known
	SRTPProfile string         // as negotiated, e.g. "SRTP_AEAD_AES_128_GCM"
	Streams     []StreamSample
}

// StreamSample is one RTP stream at the server.
type StreamSample struct {
	// ID names the stream's counters within the participant. Several streams
	// with the same Direction, Kind and From (the layers of a simulcast) are
	// added up to one stream of the record.
	ID        string
	Direction string // up (client to server) or down
	Kind      string // audio, video or screen
	Codec     string // any case; the record spells it in lower case
	From      string // participant whose source it is; up: may be empty
	// Started is when the first packet came or went. Zero: not known; then
	// rates begin with the second sample.
	Started time.Time

	Packets uint64 // up: received, down: sent; without retransmissions
	Bytes   uint64 // RTP payload of Packets
	// Expected is, for up, by sequence numbers (RFC 3550, A.3); 0: Packets + Lost
	// is taken. Down: those that the last receiver report is about; 0: Packets.
	Expected uint64
	// Lost is, for up, the number of packets that did not arrive when first
	// sent, whether or not a retransmission brought them later.
	Lost     uint64
	Repaired uint64 // up: of Lost, those that a retransmission brought

	Retransmitted uint64 // down: packets sent again; up: retransmissions received
	NACKs         uint64 // packets asked for again: up by the server, down by the client
	PLIs          uint64 // key frames asked for: up by the server, down by the client

	Jitter time.Duration // RFC 3550, 6.4.1; up: at the server, down: from receiver reports
	RTT    time.Duration // from RTCP; 0: not known, then the link's is taken

	// Down, from the client's receiver reports.
	Reports            uint64  // receiver reports that came; 0: not counted
	RemoteFractionLost float64 // of the last report, 0…1
	RemoteLost         int64   // cumulative; may fall when duplicates arrive
	// Holes is how many sequence numbers of the stream the server has left out,
	// because they were lost on their way up and have not come since. The
	// receiver counts them as lost; they are not the downlink's.
	Holes uint64

	Muted       bool    // up: the owner has muted it: what still comes is not judged
	EstimateBPS float64 // of the bandwidth on this way; 0: there is none
	Layers      int     // of a simulcast; less than 2: there are none
	Layer       int     // the one that is forwarded, 0 the smallest

	Frames        uint64 // video: whole frames forwarded; 0 throughout: not counted
	KeyFrames     uint64
	Width, Height int // video: pixels, of the largest layer now; 0: not known
}

// ClientSample is what a client's own getStats says. All counters are totals
// since the stream began.
type ClientSample struct {
	LocalType     string        // of the selected pair: host, srflx, prflx or relay
	Protocol      string        // udp or tcp
	RelayProtocol string        // udp, tcp or tls
	RTT           time.Duration // of the selected pair; 0: not known
	AvailableBPS  float64       // outgoing estimate in bit/s; 0: not known
	Streams       []ClientStream
}

// ClientStream is one RTP stream as the client sees it.
type ClientStream struct {
	MID       string // names the counters: a slot keeps them when it is given to another source
	Direction string // send or recv
	From      string // participant whose source it is; send: may be empty
	Kind      string // audio, video or screen
	Codec     string

	Packets       uint64
	Bytes         uint64 // RTP payload
	PacketsLost   int64
	Retransmitted uint64 // send: sent again; recv: retransmissions received
	NACKs, PLIs   uint64
	Jitter        time.Duration
	RTT           time.Duration // send: from the server's receiver reports; 0: not known

	Frames        uint64  // encoded or decoded
	FPS           float64 // used only while Frames stays 0
	Width, Height int     // pixels
	Freezes       uint64
	Frozen        time.Duration // total
	Dropped       uint64        // decoded and not shown
	KeyFrames     uint64
	JitterBuffer  time.Duration // mean delay of what was played

	Concealed, TotalSamples uint64 // audio samples
}
