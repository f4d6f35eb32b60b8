package client

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/transport/v4"
	"github.com/pion/webrtc/v4"

	"kinwire/signaling/proto"
)

// MediaOptions says how the media of a call is set up. The zero value receives
// with two slots of each kind and sends nothing.
type MediaOptions struct {
	// Sources are the own tracks, one of each kind at most.
	Sources []Source
	// Muted are the kinds that start muted, for example a screen.
	Muted []proto.SourceKind
	// AudioSlots and VideoSlots are how many streams can be received at a time;
	// a negative number means none. 0: 2.
	AudioSlots, VideoSlots int
	// Data are the data channels to open at once; see [Call.OpenData].
	Data []DataChannel
	// NoGrow keeps the number of slots as it is when the server says that some
	// are missing. Without it the client offers again with more of them, up to
	// 32 of each kind.
	NoGrow bool

	// AudioCodecs and VideoCodecs are offered in this order: "opus"; "VP8",
	// "H264", "VP9", "AV1". Empty: all, in this order.
	AudioCodecs, VideoCodecs []string
	// NoRTX leaves out retransmission streams (RFC 4588).
	NoRTX bool
	// SRTPProfiles are offered in this order: "aead_aes_128_gcm",
	// "aead_aes_256_gcm", "aes128_cm_sha1_80". Empty: all, in this order.
	SRTPProfiles []string

	// RelayOnly uses TURN alone, as iceTransportPolicy "relay" does.
	RelayOnly bool
	// NoRelay leaves TURN out: the way is a direct one, or there is none.
	NoRelay bool
	// Protocol restricts the way to the server, or to its TURN server, to "udp"
	// or "tcp"; "tls", which only a TURN server speaks, needs RelayOnly. "": all.
	Protocol string
	// TLS is for Protocol "tls", such as a certificate to be trusted. nil: what
	// the machine trusts.
	TLS *tls.Config
	// Net makes the sockets of the media, such as the Net of a host of
	// client/impair/lab. Only pion's direct connections over TCP do not use it;
	// they are left out. nil: the machine's own network.
	Net transport.Net
	// Loopback adds candidates on 127.0.0.1 and ::1.
	Loopback bool
	// NoRestart leaves a failed connection as it is. Without it the client
	// restarts ICE when the connection has failed.
	NoRestart bool
	// DisconnectedAfter and FailedAfter are ICE's timeouts. 0: 4 s and 12 s.
	DisconnectedAfter, FailedAfter time.Duration
	// GatherFor bounds the wait for own candidates before the offer goes out;
	// an ICE-lite server finds late ones by their checks. 0: 500 ms.
	GatherFor time.Duration

	// StatsEvery is the interval of reports to the server; negative: none.
	// 0: 2 s.
	StatsEvery time.Duration

	// OnPacket gets every received packet, from one goroutine for each stream.
	// It must be quick, and may keep the packet.
	OnPacket func(Packet)
	// OnSlots gets each new mapping of slots, in order.
	OnSlots func(proto.MediaSlots)
	// OnState gets each new state of the connection.
	OnState func(webrtc.PeerConnectionState)

	log *slog.Logger // the session's
}

// BadOptionError says which option cannot be used.
type BadOptionError struct {
	Option, Given, Allowed string
}

// Error names the option, what was given and what is allowed.
func (e *BadOptionError) Error() string {
	return fmt.Sprintf("client: %s: %q given, allowed: %s", e.Option, e.Given, e.Allowed)
}

const maxSlots = 32

var srtpProfiles = map[string]dtls.SRTPProtectionProfile{
	"aead_aes_128_gcm":  dtls.SRTP_AEAD_AES_128_GCM,
	"aead_aes_256_gcm":  dtls.SRTP_AEAD_AES_256_GCM,
	"aes128_cm_sha1_80": dtls.SRTP_AES128_CM_HMAC_SHA1_80,
}

var allSRTPProfiles = []string{"aead_aes_128_gcm", "aead_aes_256_gcm", "aes128_cm_sha1_80"}

func (o MediaOptions) withDefaults() (MediaOptions, error) {
	o.AudioSlots, o.VideoSlots = slotCount(o.AudioSlots), slotCount(o.VideoSlots)
	if len(o.AudioCodecs) == 0 {
		o.AudioCodecs = []string{"opus"}
	}
	if len(o.VideoCodecs) == 0 {
		o.VideoCodecs = []string{"VP8", "H264", "VP9", "AV1"}
	}
	if len(o.SRTPProfiles) == 0 {
		o.SRTPProfiles = allSRTPProfiles
	}
	setDefault(&o.DisconnectedAfter, 4*time.Second)
	setDefault(&o.FailedAfter, 12*time.Second)
	setDefault(&o.GatherFor, 500*time.Millisecond)
	setDefault(&o.StatsEvery, 2*time.Second)
	return o, o.check()
}

func slotCount(n int) int {
	if n == 0 {
		return 2
	}
	return min(max(n, 0), maxSlots)
}

func setDefault(d *time.Duration, to time.Duration) {
	if *d == 0 {
		*d = to
	}
}

func (o MediaOptions) check() error {
	for _, p := range o.SRTPProfiles {
		if _, ok := srtpProfiles[p]; !ok {
			return &BadOptionError{"SRTPProfiles", p, strings.Join(allSRTPProfiles, ", ")}
		}
	}
	if !slices.Contains([]string{"", "udp", "tcp", "tls"}, o.Protocol) {
		return &BadOptionError{"Protocol", o.Protocol, "udp, tcp, tls or empty"}
	}
	if o.RelayOnly && o.NoRelay {
		return &BadOptionError{"NoRelay", "true, and RelayOnly", "one of them"}
	}
	if o.Protocol == "tls" && !o.RelayOnly {
		return &BadOptionError{"Protocol", "tls without RelayOnly", "tls to the relay alone"}
	}
	if o.Net != nil && o.Protocol == "tcp" && !o.RelayOnly {
		return &BadOptionError{"Protocol", "tcp without RelayOnly, and Net", "with Net: udp, or tcp to the relay"}
	}
	seen := map[proto.SourceKind]bool{}
	for _, s := range o.Sources {
		k := s.Kind()
		if !slices.Contains([]proto.SourceKind{proto.SourceAudio, proto.SourceVideo, proto.SourceScreen}, k) {
			return &BadOptionError{"Sources", string(k), "audio, video, screen"}
		}
		if seen[k] {
			return &BadOptionError{"Sources", string(k) + " twice", "one source of each kind"}
		}
		seen[k] = true
		offered := o.VideoCodecs
		if k == proto.SourceAudio {
			offered = o.AudioCodecs
		}
		if !slices.ContainsFunc(offered, func(c string) bool { return strings.EqualFold(c, s.Codec()) }) {
			return &BadOptionError{"Sources", fmt.Sprintf("%s in %s", k, s.Codec()), "the offered codecs " + strings.Join(offered, ", ")}
		}
	}
	return nil
}
