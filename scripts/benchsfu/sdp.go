//go:build linux

package main

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
)

// The payload types and extension numbers of every offer.
const (
	opusType = 111
	vp8Type  = 96
	rtxType  = 97
	midID    = 1
	twccID   = 2
)

// section is one m-section of an offer.
type section struct {
	mid   string
	video bool
	ssrc  uint32 // of what the client sends; 0: a receive slot
}

// credentials of one side (RFC 8839, RFC 8122).
type credentials struct{ ufrag, pwd, fingerprint string }

// offerFor writes an offer as a browser does: one bundle, one transport.
// setup is the DTLS role that it offers to take (RFC 5763).
func offerFor(sections []section, own credentials, setup string, local netip.AddrPort) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\r\n", args...) }
	line("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0")
	b.WriteString("a=group:BUNDLE")
	for _, s := range sections {
		b.WriteString(" " + s.mid)
	}
	line("\r\na=extmap-allow-mixed")
	for _, s := range sections {
		if s.video {
			line("m=video 9 UDP/TLS/RTP/SAVPF %d %d", vp8Type, rtxType)
		} else {
			line("m=audio 9 UDP/TLS/RTP/SAVPF %d", opusType)
		}
		line("c=IN IP4 0.0.0.0\r\na=mid:%s\r\na=rtcp-mux\r\na=rtcp-rsize", s.mid)
		line("a=ice-ufrag:%s\r\na=ice-pwd:%s", own.ufrag, own.pwd)
		line("a=fingerprint:sha-256 %s\r\na=setup:%s", own.fingerprint, setup)
		line("a=extmap:%d urn:ietf:params:rtp-hdrext:sdes:mid", midID)
		line("a=extmap:%d %s", twccID, twccURI)
		codecLines(line, s.video)
		if s.ssrc == 0 {
			line("a=recvonly")
		} else {
			line("a=sendonly\r\na=msid:bench source%s\r\na=ssrc:%d cname:bench", s.mid, s.ssrc)
		}
		line("a=candidate:1 1 udp 2130706431 %s %d typ host\r\na=end-of-candidates", local.Addr(), local.Port())
	}
	return b.String()
}

func codecLines(line func(string, ...any), video bool) {
	if !video {
		line("a=rtpmap:%d opus/48000/2\r\na=fmtp:%[1]d minptime=10;useinbandfec=1\r\na=rtcp-fb:%[1]d transport-cc", opusType)
		return
	}
	line("a=rtpmap:%d VP8/90000", vp8Type)
	for _, fb := range []string{"transport-cc", "ccm fir", "nack", "nack pli"} {
		line("a=rtcp-fb:%d %s", vp8Type, fb)
	}
	line("a=rtpmap:%d rtx/90000\r\na=fmtp:%[1]d apt=%d", rtxType, vp8Type)
}

// answered is what a client needs of a server's answer or offer.
type answered struct {
	credentials
	addr netip.AddrPort
}

// readAnswer reads a server's answer to one of our offers.
func readAnswer(sdp string) (answered, error) { return readDescription(sdp, "passive") }

// readDescription takes the first of each attribute: there is one transport.
// setup is the DTLS role that the server has to take.
func readDescription(sdp, setup string) (answered, error) {
	var a answered
	for line := range strings.SplitSeq(sdp, "\n") {
		line = strings.TrimSpace(line)
		key, value, _ := strings.Cut(line, ":")
		switch {
		case key == "a=ice-ufrag" && a.ufrag == "":
			a.ufrag = value
		case key == "a=ice-pwd" && a.pwd == "":
			a.pwd = value
		case key == "a=fingerprint" && a.fingerprint == "":
			a.fingerprint = strings.ToUpper(strings.TrimPrefix(value, "sha-256 "))
		case key == "a=setup" && value != setup:
			return a, fmt.Errorf("the server says a=setup:%s, %s is what these clients can do", value, setup)
		case key == "a=candidate" && !a.addr.IsValid():
			a.addr = udpCandidate(value)
		case strings.HasPrefix(line, "m=") && strings.HasPrefix(mediaPort(line), "0"):
			return a, fmt.Errorf("the server refuses a section: %s", line)
		}
	}
	if a.ufrag == "" || a.pwd == "" || a.fingerprint == "" || !a.addr.IsValid() {
		return a, errors.New("the server's description lacks ICE credentials, a fingerprint or a UDP candidate")
	}
	return a, nil
}

func mediaPort(line string) string {
	f := strings.Fields(line)
	if len(f) < 2 {
		return "0"
	}
	return f[1]
}

// udpCandidate is the address of a UDP host candidate, else none.
func udpCandidate(value string) netip.AddrPort {
	f := strings.Fields(value)
	if len(f) < 6 || !strings.EqualFold(f[2], "udp") {
		return netip.AddrPort{}
	}
	addr, err := netip.ParseAddrPort(f[4] + ":" + f[5])
	if err != nil {
		return netip.AddrPort{} // of IPv6 or a name: not on this loopback
	}
	return addr
}
