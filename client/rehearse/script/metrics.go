package script

import (
	"slices"

	"kinwire/client/rehearse"
)

// The units of metrics, as in rehearse.Metric.Unit.
const (
	unitMS    = "ms"
	unitRatio = "ratio"
	unitBPS   = "bit/s"
	unitFPS   = "fps"
	unitPX    = "px"
	unitMOS   = "MOS"
	unitCount = "count"
	unitYesNo = "yes/no"
	unitText  = "text"
)

// The sorts of metrics, as in rehearse.Metric.Sort.
const (
	scalar  = "scalar"
	sampled = "sampled"
	text    = "text"
)

// The metrics, those of the call first.
var metrics = []rehearse.Metric{
	{Name: "setup_ms", Unit: unitMS, Per: "call", Sort: scalar, Says: "from the moment the first call was sent until the media of caller and first answerer were up, less the time it rang"},
	{Name: "ring_ms", Unit: unitMS, Per: "call", Sort: scalar, Says: "from the moment the first call was sent until it rang at the first device"},
	{Name: "answer_to_media_ms", Unit: unitMS, Per: "call", Sort: scalar, Says: "from the answer until the first packet of media from the other side"},
	{Name: "duration_ms", Unit: unitMS, Per: "call", Sort: scalar, Says: "from the first call until the last one had ended"},
	{Name: "messages_sent", Unit: unitCount, Per: "call", Sort: scalar, Says: "messages that were sent"},
	{Name: "messages_lost", Unit: unitCount, Per: "call", Sort: scalar, Says: "messages that did not come to everybody they were for, each once and whole"},
	{Name: "no_message_lost", Unit: unitYesNo, Per: "call", Sort: scalar, Says: "every message came to everybody it was for, once and whole"},
	{Name: "error", Unit: unitText, Per: "call", Sort: text, Says: "the code of the last request that the server refused, such as busy; none: it refused none"},

	{Name: "audio.mos", Unit: unitMOS, Per: "participant", Sort: sampled, Says: "how good the sound that arrives is, 1 to 4.5 (mean opinion score, as the server's call record has it)"},
	{Name: "video.mos", Unit: unitMOS, Per: "participant", Sort: sampled, Says: "how good the picture that arrives is, 1 to 5, likewise"},
	{Name: "audio.loss", Unit: unitRatio, Per: "participant", Sort: sampled, Says: "share of the packets of sound that did not arrive in that second, after repair"},
	{Name: "video.loss", Unit: unitRatio, Per: "participant", Sort: sampled, Says: "share of the packets of the picture that did not arrive in that second, after repair"},
	{Name: "rtt_ms", Unit: unitMS, Per: "participant", Sort: sampled, Says: "round trip to the server, of the media's path"},
	{Name: "audio.jitter_ms", Unit: unitMS, Per: "participant", Sort: sampled, Says: "interarrival jitter of sound (RFC 3550 section 6.4.1)"},
	{Name: "video.jitter_ms", Unit: unitMS, Per: "participant", Sort: sampled, Says: "interarrival jitter of the picture, likewise"},
	{Name: "bitrate_up_bps", Unit: unitBPS, Per: "participant", Sort: sampled, Says: "media sent, all streams"},
	{Name: "bitrate_down_bps", Unit: unitBPS, Per: "participant", Sort: sampled, Says: "media received, all streams"},
	{Name: "video.fps", Unit: unitFPS, Per: "participant", Sort: sampled, Says: "whole frames that arrived in that second"},
	{Name: "video.height", Unit: unitPX, Per: "participant", Sort: sampled, Says: "height of the picture that arrives"},

	{Name: "freezes", Unit: unitCount, Per: "participant", Sort: scalar, Says: "times that the picture stood still, as getStats counts them: a frame came later than the mean distance and 150 ms more, or than three times the mean"},
	{Name: "freeze_ratio", Unit: unitRatio, Per: "participant", Sort: scalar, Says: "share of the time in which the picture stood still"},
	{Name: "audio.gap_ms", Unit: unitMS, Per: "participant", Sort: scalar, Says: "longest time without sound while somebody was sending it"},
	{Name: "video.gap_ms", Unit: unitMS, Per: "participant", Sort: scalar, Says: "longest time without a picture while somebody was sending it"},
	{Name: "first_audio_ms", Unit: unitMS, Per: "participant", Sort: scalar, Says: "from being connected to the first sound"},
	{Name: "first_video_ms", Unit: unitMS, Per: "participant", Sort: scalar, Says: "from being connected to the first whole key frame"},
	{Name: "video.decodable", Unit: unitRatio, Per: "participant", Sort: scalar, Says: "share of the frames that came whole and build on frames that did"},
	{Name: "audio.lost", Unit: unitCount, Per: "participant", Sort: scalar, Says: "packets of sound that never came"},
	{Name: "video.lost", Unit: unitCount, Per: "participant", Sort: scalar, Says: "packets of the picture that never came"},
	{Name: "out_of_order", Unit: unitCount, Per: "participant", Sort: scalar, Says: "packets that came after a later one"},
	{Name: "duplicates", Unit: unitCount, Per: "participant", Sort: scalar, Says: "packets that came twice"},
	{Name: "reconnects", Unit: unitCount, Per: "participant", Sort: scalar, Says: "times that the media came up again after they were lost"},
	{Name: "path", Unit: unitText, Per: "participant", Sort: text, Says: "the path of the media, type/protocol: host/udp, host/tcp, relay/udp, relay/tcp, relay/tls"},
	{Name: "codec.audio", Unit: unitText, Per: "participant", Sort: text, Says: "codec of the sound that arrives: opus"},
	{Name: "codec.video", Unit: unitText, Per: "participant", Sort: text, Says: "codec of the picture that arrives: vp8, h264"},
	{Name: "end_reason", Unit: unitText, Per: "participant", Sort: text, Says: "why the last call ended for this device: hangup, declined, missed, cancelled, busy, lost, alone, failed, shutdown, elsewhere, not_allowed, quiet_hours, allowance"},
	{Name: "state", Unit: unitText, Per: "participant", Sort: text, Says: "the state at the end of the run: idle, calling, ringing, in call, away, ended"},
}

// reasons why a call ends, as the server's protocol has them.
var reasons = []string{"hangup", "declined", "missed", "cancelled", "busy", "lost", "alone", "failed", "shutdown",
	"elsewhere", "not_allowed", "quiet_hours", "allowance"}

// allowedTexts are the values of those text metrics that have few.
var allowedTexts = map[string][]string{
	"end_reason":        reasons,
	"record.reason":     reasons,
	"record.end_reason": reasons,
	"codec.audio":       {"opus"},
	"codec.video":       {"vp8", "h264", "vp9", "av1"},
	"path":              {"host/udp", "host/tcp", "srflx/udp", "prflx/udp", "relay/udp", "relay/tcp", "relay/tls"},
	"state":             {"idle", "calling", "ringing", "in call", "muted", "away", "ended"},
}

// Metrics lists what may be expected, besides record.* paths. The caller may
// keep it.
func Metrics() []rehearse.Metric { return slices.Clone(metrics) }

func metricNamed(name string) (rehearse.Metric, bool) {
	i := slices.IndexFunc(metrics, func(m rehearse.Metric) bool { return m.Name == name })
	if i < 0 {
		return rehearse.Metric{}, false
	}
	return metrics[i], true
}

func metricNames() []string {
	names := make([]string, 0, len(metrics)+1)
	for _, m := range metrics {
		names = append(names, m.Name)
	}
	return append(names, "record.end_reason", "record.score")
}
