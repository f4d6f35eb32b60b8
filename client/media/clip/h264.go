package clip

import "bytes"

// Types of NAL units (RFC 6184 section 5.2 and ITU-T H.264 table 7-1).
const (
	nalSlice     = 1
	nalIDR       = 5
	nalSPS       = 7
	nalDelimiter = 9
	nalSTAP      = 24
	nalFUA       = 28

	nalType = 0x1f
)

var startCode = []byte{0, 0, 0, 1}

// nalUnits splits an Annex B stream at its start codes.
func nalUnits(stream []byte) [][]byte {
	var out [][]byte
	for _, unit := range bytes.Split(stream, startCode[1:]) {
		// What stands before a start code as zeros belongs to the code: a NAL unit
		// never ends on a zero.
		if unit = bytes.TrimRight(unit, "\x00"); len(unit) > 0 {
			out = append(out, unit)
		}
	}
	return out
}

// readAnnexB splits a stream into pictures, which access unit delimiters begin.
func readAnnexB(data []byte) ([]Frame, error) {
	var out []Frame
	for _, unit := range nalUnits(data) {
		kind := unit[0] & nalType
		if kind == nalDelimiter || len(out) == 0 {
			out = append(out, Frame{})
		}
		if kind == nalDelimiter {
			continue // it does not travel over RTP
		}
		f := &out[len(out)-1]
		f.Data = append(append(f.Data, startCode...), unit...)
		f.Key = f.Key || kind == nalIDR
	}
	return out, nil
}

// h264Begins says whether a payload begins a picture of one slice: with the
// parameter sets of a key frame, or with a slice of another.
func h264Begins(payload []byte) bool {
	if len(payload) < 2 {
		return false
	}
	switch payload[0] & nalType {
	case nalSTAP, nalSPS, nalSlice:
		return true
	case nalFUA:
		const start = 0x80
		return payload[1]&start != 0 && payload[1]&nalType == nalSlice
	}
	return false
}
