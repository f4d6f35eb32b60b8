package records

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"kinwire/signaling/proto"
)

const (
	// usualLimit is how many calls a page has when nothing is said.
	usualLimit = 50
	// mostLimit is how many it may have.
	mostLimit = 500
)

// place is after which call a page begins. The zero place is the beginning.
type place struct {
	Past  bool   `json:"p,omitempty"` // among the calls that have ended
	Start int64  `json:"s,omitempty"`
	ID    string `json:"i,omitempty"`
}

func (p place) cursor() string {
	text, _ := json.Marshal(p) // a struct of plain fields cannot fail
	return base64.RawURLEncoding.EncodeToString(text)
}

func placeOf(cursor string) (p place, refused *proto.Error) {
	if cursor == "" {
		return place{}, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err == nil {
		err = json.Unmarshal(text, &p)
	}
	if err != nil || p.cursor() != cursor || strings.ContainsFunc(p.ID, unicode.IsControl) {
		return place{}, refuse(proto.CodeBadMessage, "query.cursor: given something else than next of an earlier answer")
	}
	return p, nil
}

// List gives a page of the calls that f lets through, the live ones first.
// *proto.Error bad_message for a cursor or a limit that cannot be.
func (s *Service) List(ctx context.Context, f proto.CallFilter) (proto.CallList, error) {
	if f.Limit < 0 || f.Limit > mostLimit {
		return proto.CallList{}, refuse(proto.CodeBadMessage, "query.limit: given %d; allowed are 1 to %d", f.Limit, mostLimit)
	}
	if f.Limit == 0 {
		f.Limit = usualLimit
	}
	at, refused := placeOf(f.Cursor)
	if refused != nil {
		return proto.CallList{}, refused
	}
	// Memory first: a call that is saved between the two looks is then in both.
	going, waiting := s.inMemory(f, at)
	list := proto.CallList{Calls: []proto.CallSummary{}}
	if len(going) > f.Limit {
		list.Calls = going[:f.Limit]
		last := list.Calls[f.Limit-1]
		list.Next = place{Start: last.StartedAt, ID: last.ID}.cursor()
		return list, nil
	}
	list.Calls = append(list.Calls, going...)
	if !at.Past {
		at = place{Past: true}
	}
	if f.Live == "true" {
		return list, nil
	}
	return s.past(ctx, f, at, list, waiting)
}

// past fills a page up with calls that have ended.
func (s *Service) past(ctx context.Context, f proto.CallFilter, at place, list proto.CallList, waiting []proto.CallSummary) (proto.CallList, error) {
	room := f.Limit - len(list.Calls)
	if room == 0 { // whether there are any is for the next page
		list.Next = at.cursor()
		return list, nil
	}
	f.Limit = room + 1 // one more, to see whether there is a next page
	rows, err := s.d.Store.CallRows(ctx, f, at.Start, at.ID, false)
	if err != nil {
		return proto.CallList{}, fmt.Errorf("list calls: %w", err)
	}
	ended := waiting
	for _, row := range rows {
		ended = append(ended, row.CallSummary)
	}
	slices.SortFunc(ended, newestFirst)
	ended = slices.CompactFunc(ended, func(a, b proto.CallSummary) bool { return a.ID == b.ID })
	if len(ended) > room {
		ended = ended[:room]
		list.Next = place{Past: true, Start: ended[room-1].StartedAt, ID: ended[room-1].ID}.cursor()
	}
	shown := idsOf(list.Calls)
	for _, c := range ended {
		if !shown[c.ID] { // it has ended since the live ones were looked at
			list.Calls = append(list.Calls, c)
		}
	}
	return list, nil
}

func idsOf(calls []proto.CallSummary) map[string]bool {
	ids := make(map[string]bool, len(calls))
	for _, c := range calls {
		ids[c.ID] = true
	}
	return ids
}

// inMemory lists the calls that go on, and those that have ended and wait to
// be saved, each the newest first; only those that f lets through and that
// come after a place.
func (s *Service) inMemory(f proto.CallFilter, after place) (going, waiting []proto.CallSummary) {
	for _, c := range s.d.Live.Live() {
		// A place among the live calls says nothing of the others, and vice versa.
		passed := after.ID != "" && after.Past != c.Live && newestFirst(c, proto.CallSummary{StartedAt: after.Start, ID: after.ID}) <= 0
		switch {
		case !lets(f, c) || passed:
		case !c.Live && f.Live != "true":
			waiting = append(waiting, c)
		case c.Live && f.Live != "false" && !after.Past:
			going = append(going, c)
		}
	}
	slices.SortFunc(going, newestFirst)
	slices.SortFunc(waiting, newestFirst)
	return going, waiting
}

func newestFirst(a, b proto.CallSummary) int {
	return cmp.Or(cmp.Compare(b.StartedAt, a.StartedAt), cmp.Compare(b.ID, a.ID))
}

// lets says whether a filter lets a call through, as the store does.
func lets(f proto.CallFilter, c proto.CallSummary) bool {
	return c.StartedAt >= f.From && (f.To == 0 || c.StartedAt < f.To) &&
		(f.Reason == "" || c.Reason == f.Reason) &&
		(f.Codec == "" || slices.ContainsFunc(c.Codecs, func(one string) bool { return strings.EqualFold(one, f.Codec) })) &&
		(f.Path == "" || slices.ContainsFunc(c.Paths, func(one string) bool { return goes(one, f.Path) })) &&
		(f.ScoreMin == 0 || c.Score >= f.ScoreMin) &&
		(f.ScoreBelow == 0 || (c.Score > 0 && c.Score < f.ScoreBelow))
}

// goes says whether a path is of a type, or of a type and a protocol.
func goes(path, want string) bool {
	if kind, _, cut := strings.Cut(path, "/"); cut && strings.EqualFold(kind, want) {
		return true
	}
	return strings.EqualFold(path, want)
}
