package sdp

import (
	"errors"
	"fmt"
	"strings"
)

// ErrFragment says that a trickle ICE fragment cannot be used; the text that
// wraps it says what was given and what is allowed.
var ErrFragment = errors.New("sdp: the ICE fragment cannot be used")

// Bounds of a fragment: a client with ten interfaces stays far below.
const (
	maxFragment   = 1 << 16
	maxCandidates = 256
)

// ParseFragment reads an application/trickle-ice-sdpfrag (RFC 8840), as a WHIP
// or WHEP client sends it (RFC 9725 section 4.3): the credentials that its
// candidates belong to, and how many candidates there are. An ICE-lite server
// needs no more of them. Errors wrap [ErrFragment].
func ParseFragment(text string) (ufrag, pwd string, candidates int, err error) {
	if len(text) > maxFragment {
		return "", "", 0, fmt.Errorf("%w: it has %d bytes, %d are allowed", ErrFragment, len(text), maxFragment)
	}
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimSuffix(line, "\r")
		if line == "" {
			continue
		}
		if len(line) < 2 || line[1] != '=' || !mediaLines[line[0]] {
			return "", "", 0, fmt.Errorf("%w: the line %.40q is none of a fragment", ErrFragment, line)
		}
		key, value := cut(line[2:], ':')
		switch {
		case line[0] != 'a':
		case key == "ice-ufrag" && ufrag == "":
			ufrag = value
		case key == "ice-pwd" && pwd == "":
			pwd = value
		case key == "candidate":
			candidates++
		}
	}
	switch {
	case !isUfrag(ufrag):
		err = fmt.Errorf("%w: its a=ice-ufrag is %.40q, 4 to 256 letters, digits, + and / are allowed", ErrFragment, ufrag)
	case !isPwd(pwd):
		err = fmt.Errorf("%w: its a=ice-pwd has %d characters, 22 to 256 letters, digits, + and / are allowed", ErrFragment, len(pwd))
	case candidates > maxCandidates:
		err = fmt.Errorf("%w: it has %d candidates, %d are allowed", ErrFragment, candidates, maxCandidates)
	}
	if err != nil {
		return "", "", 0, err
	}
	return ufrag, pwd, candidates, nil
}

// Fragment writes the reply to an ICE restart of a WHIP or WHEP client (RFC
// 9725 section 4.3): the server's new credentials and all its candidates.
// mids are those of the bundle, its first one first; without any it is "0",
// which every browser gives to its first section. The kind and the format of
// the m-line mean nothing.
func Fragment(ufrag, pwd string, candidates []string, mids ...string) string {
	if len(mids) == 0 {
		mids = []string{"0"}
	}
	w := &writer{}
	w.line("a=ice-lite")
	w.line("a=ice-options:trickle ice2")
	w.line("a=group:BUNDLE ", strings.Join(mids, " "))
	w.line("m=audio 9 UDP/TLS/RTP/SAVPF 0")
	w.line("a=mid:", mids[0])
	w.line("a=ice-ufrag:", ufrag)
	w.line("a=ice-pwd:", pwd)
	for _, c := range candidates {
		w.line("a=candidate:", c)
	}
	w.line("a=end-of-candidates")
	return string(w.b)
}
