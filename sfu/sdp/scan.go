package sdp

import (
	"fmt"
	"strconv"
	"strings"
)

// maxText bounds the text of an offer: 64 m-sections of the longest kind that
// browsers write are less than half of it.
const maxText = 1 << 20

// attribute is the value of an a= line: "key" or "key:value".
type attribute struct{ key, value string }

// media is an m-section as it stands in the text.
type media struct {
	kind    string
	port    int
	proto   string
	formats string // separated by spaces
	attrs   []attribute
}

// description is a session description as it stands in the text. Its strings
// are parts of the text.
type description struct {
	attrs []attribute
	media []media
}

// The lines that may stand on each level (RFC 8866 section 5). Apart from a=
// and m= nothing in them matters to an answer, but a line that is none of them
// says that the text is not a session description.
var sessionLines, mediaLines = lineTypes("amosiuepcbtrzk"), lineTypes("amicbk")

func lineTypes(types string) (t [256]bool) {
	for i := range len(types) {
		t[types[i]] = true
	}
	return t
}

// scan takes a session description apart, line by line. The order of lines is
// not held against the client where nothing depends on it.
func scan(text string) (*description, error) {
	if len(text) > maxText {
		return nil, fmt.Errorf("%w: it has %d bytes, %d are allowed", ErrOffer, len(text), maxText)
	}
	d := &description{media: make([]media, 0, 16)}
	attrs := make([]attribute, 0, strings.Count(text, "\n"))
	ends := 0 // carriage returns at the ends of lines: others are not allowed
	from := 0 // where the current level's attributes start
	level := func() []attribute { return attrs[from:len(attrs):len(attrs)] }
	all, types := text, &sessionLines
	for n := 1; text != ""; n++ {
		line, rest := cut(text, '\n')
		text = rest
		if n := len(line); n > 0 && line[n-1] == '\r' {
			line = line[:n-1]
			ends++
		}
		if line == "" {
			continue
		}
		if err := checkLine(line, n, types); err != nil {
			return nil, err
		}
		switch line[0] {
		case 'a':
			key, value := cut(line[2:], ':')
			attrs = append(attrs, attribute{key, value})
		case 'm':
			m, err := scanMedia(line[2:])
			if err != nil {
				return nil, err
			}
			if len(d.media) == maxSections {
				return nil, fmt.Errorf("%w: it has more than %d m-sections", ErrOffer, maxSections)
			}
			d.close(level())
			d.media = append(d.media, m)
			from, types = len(attrs), &mediaLines
		}
	}
	if strings.Count(all, "\r") != ends || strings.IndexByte(all, 0) >= 0 {
		return nil, fmt.Errorf("%w: it has a control character inside a line", ErrOffer)
	}
	if len(d.media) == 0 {
		return nil, fmt.Errorf("%w: it has no m-section, 1 to %d are allowed", ErrOffer, maxSections)
	}
	d.close(level())
	return d, nil
}

// close gives the level that ends here its attributes.
func (d *description) close(attrs []attribute) {
	if n := len(d.media); n > 0 {
		d.media[n-1].attrs = attrs
		return
	}
	d.attrs = attrs
}

// checkLine looks at the form of a line that is not empty: "x=…", where x is
// known on this level.
func checkLine(line string, n int, types *[256]bool) error {
	switch {
	case n == 1 && line != "v=0":
		return fmt.Errorf("%w: its first line is %.20q, v=0 is allowed", ErrOffer, line)
	case n > 1 && (len(line) < 2 || line[1] != '=' || !types[line[0]]):
		return fmt.Errorf("%w: line %d, %.40q, is none of a session description", ErrOffer, n, line)
	}
	return nil
}

// scanMedia reads the value of an m= line: media port proto fmt …
func scanMedia(value string) (media, error) {
	kind, rest := cut(value, ' ')
	port, rest := cut(rest, ' ')
	proto, formats := cut(rest, ' ')
	first, _ := cut(port, '/')
	n, err := strconv.ParseUint(first, 10, 16)
	if err != nil || kind == "" || proto == "" || strings.Trim(formats, " ") == "" {
		return media{}, fmt.Errorf("%w: the m-line %.60q is not of the form media port proto fmt…", ErrOffer, value)
	}
	return media{kind: kind, port: int(n), proto: proto, formats: formats}, nil
}

// find gives the first value of an attribute.
func find(attrs []attribute, key string) (string, bool) {
	for i := range attrs {
		if attrs[i].key == key {
			return attrs[i].value, true
		}
	}
	return "", false
}

func has(attrs []attribute, key string) bool {
	_, ok := find(attrs, key)
	return ok
}

// stopped says whether the section is out of use: port 0, unless that only
// means that it lives in the bundle or not at all (RFC 9143 section 6).
func (m *media) stopped() bool { return m.port == 0 && !has(m.attrs, "bundle-only") }

// cut parts s at the first sep. It is strings.Cut for a byte, where reading an
// offer spends most of its time.
func cut(s string, sep byte) (before, after string) {
	if i := strings.IndexByte(s, sep); i >= 0 {
		return s[:i], s[i+1:]
	}
	return s, ""
}
