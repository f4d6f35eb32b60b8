package sdp

import (
	"fmt"
	"slices"
	"strings"
)

// rid reads a=rid:ID DIRECTION [restrictions] (RFC 8851 section 4). A line
// that is not of that form is as good as absent (section 6.3).
func (r *reader) rid(value string) error {
	id, rest := cut(value, ' ')
	direction, _ := cut(rest, ' ')
	if direction != "send" || !is(id, classRID, 1, maxRID) || slices.Contains(r.rids, id) {
		return nil
	}
	if len(r.rids) == maxRIDs {
		return fmt.Errorf("has more than %d encodings in a=rid", maxRIDs)
	}
	r.rids = append(r.rids, id)
	return nil
}

// simulcastList keeps the send list of a=simulcast:send LIST [recv LIST], in
// either order (RFC 8853 section 5.1). There is one such line in a section.
func (r *reader) simulcastList(value string) error {
	direction, rest := cut(strings.Trim(value, " "), ' ')
	list, rest := cut(rest, ' ')
	if direction != "send" {
		direction, rest = cut(rest, ' ')
		list, _ = cut(rest, ' ')
	}
	if direction == "send" && r.simulcast == "" {
		r.simulcast = list
	}
	return nil
}

// encodings gives the RIDs of the simulcast streams in their order: those that
// have an a=rid line. Of alternatives for one stream (parted by commas) it is
// the first that has; a stream that starts paused (~) is one like the others.
func (r *reader) encodings() []string {
	if r.simulcast == "" || len(r.rids) == 0 {
		return nil
	}
	var ids []string
	for stream := range strings.SplitSeq(r.simulcast, ";") {
		for id := range strings.SplitSeq(stream, ",") {
			id = strings.TrimPrefix(id, "~")
			if slices.Contains(r.rids, id) {
				if !slices.Contains(ids, id) {
					ids = append(ids, id)
				}
				break
			}
		}
	}
	return ids
}

// simulcast accepts encodings: the client's send is the server's recv.
func (w *writer) simulcast(rids []string) {
	for _, id := range rids {
		w.line("a=rid:", id, " recv")
	}
	if len(rids) > 0 {
		w.line("a=simulcast:recv ", strings.Join(rids, ";"))
	}
}
