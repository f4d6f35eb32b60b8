//go:build linux

package main

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

const twccURI = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"

// answerFor takes an offer as it is, to receive everything: each section with
// all its formats and header extensions. The client will be the DTLS client.
func answerFor(offer string, own credentials, local netip.AddrPort) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\r\n", args...) }
	line("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0")
	for l := range strings.SplitSeq(offer, "\n") {
		l = strings.TrimSpace(l)
		key, _, _ := strings.Cut(l, ":")
		switch {
		case strings.HasPrefix(l, "m="):
			line("%s\r\nc=IN IP4 0.0.0.0\r\na=recvonly", l)
			line("a=ice-ufrag:%s\r\na=ice-pwd:%s", own.ufrag, own.pwd)
			line("a=fingerprint:sha-256 %s\r\na=setup:active", own.fingerprint)
			line("a=candidate:1 1 udp 2130706431 %s %d typ host\r\na=end-of-candidates", local.Addr(), local.Port())
		case mirrored[key] || l == "a=rtcp-mux" || l == "a=rtcp-rsize":
			line("%s", l)
		}
	}
	return b.String()
}

// mirrored are the attributes that an answer repeats from the offer.
var mirrored = map[string]bool{
	"a=group": true, "a=mid": true, "a=extmap": true, "a=rtpmap": true, "a=fmtp": true, "a=rtcp-fb": true,
}

// offeredTWCC is the number that an offer gives to the header extension for
// transport-wide sequence numbers; 0 when it has none.
func offeredTWCC(offer string) uint8 {
	for l := range strings.SplitSeq(offer, "\n") {
		value, ok := strings.CutPrefix(strings.TrimSpace(l), "a=extmap:")
		f := strings.Fields(value)
		if !ok || len(f) < 2 || f[1] != twccURI {
			continue
		}
		number, _, _ := strings.Cut(f[0], "/") // a direction may follow
		if n, err := strconv.ParseUint(number, 10, 8); err == nil {
			return uint8(n)
		}
	}
	return 0
}
