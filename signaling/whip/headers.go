package whip

import (
	"mime"
	"net/http"
	"strings"

	"kinwire/signaling/proto"
)

const (
	typeSDP      = "application/sdp"
	typeFragment = "application/trickle-ice-sdpfrag"
)

// hasType says whether the body of r is of a media type, whatever its
// parameters.
func hasType(r *http.Request, want string) bool {
	got, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && got == want
}

// anyTag is what If-Match says when any ICE session will do.
const anyTag = "*"

// condition reads If-Match (RFC 9110, section 13.1.1): its entity-tags as they
// stand, quotes included.
func condition(h http.Header) []string {
	var tags []string
	for _, tag := range strings.Split(strings.Join(h.Values("If-Match"), ","), ",") {
		if tag = strings.Trim(tag, " \t"); tag != "" {
			tags = append(tags, tag)
		}
	}
	return tags
}

// linkServers names STUN and TURN servers in Link headers (RFC 9725, section
// 4.6).
func linkServers(h http.Header, servers []proto.ICEServer) {
	for _, s := range servers {
		for _, u := range s.URLs {
			link := "<" + targetOnly(u) + `>; rel="ice-server"`
			if s.Username != "" {
				link += "; username=" + quoted(s.Username) + "; credential=" + quoted(s.Credential) + `; credential-type="password"`
			}
			h.Add("Link", link)
		}
	}
}

// targetOnly leaves out what would end the target of a link.
func targetOnly(u string) string {
	return strings.Map(func(r rune) rune {
		if r <= ' ' || r == '<' || r == '>' || r >= 0x7f {
			return -1
		}
		return r
	}, u)
}

// quoted makes a quoted-string (RFC 9110, section 5.6.4).
func quoted(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c >= ' ' && c != 0x7f:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}
