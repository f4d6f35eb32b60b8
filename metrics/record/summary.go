package record

import (
	"slices"
	"time"

	"kinwire/metrics/label"
)

// Summary is a record in one line of a list. Times are milliseconds since the
// Unix epoch.
type Summary struct {
	ID           string
	Live         bool
	StartedAt    int64
	EndedAt      int64
	DurationMS   int64
	TalkMS       int64
	Reason       string
	Video        bool
	Participants int
	Codecs       []string // that any stream used, in the order of label.Codecs
	Paths        []string // type/protocol of every path that is known, sorted
	Score        float64  // 0: nothing was scored
	Verdict      string   // empty: no trouble
}

// Summarize gives the line of a record. Its lists are never nil.
func Summarize(d *Document) Summary {
	s := Summary{
		ID: d.ID, Live: d.Live, StartedAt: d.StartedAt, EndedAt: d.EndedAt, DurationMS: d.DurationMS, TalkMS: d.TalkMS,
		Reason: d.Reason, Video: d.Video, Participants: len(d.Participants), Codecs: []string{}, Paths: []string{},
		Score: d.Score, Verdict: d.Verdict,
	}
	for _, p := range d.Participants {
		s.Paths = append(s.Paths, p.Path.ways()...)
		for _, st := range p.Streams {
			for _, v := range [...]*View{st.Server, st.Client} {
				if v != nil {
					s.Codecs = append(s.Codecs, v.Codecs...)
				}
			}
		}
	}
	slices.SortFunc(s.Codecs, func(a, b string) int { return label.Codecs.Index(a) - label.Codecs.Index(b) })
	s.Codecs = slices.Compact(s.Codecs)
	slices.Sort(s.Paths)
	s.Paths = slices.Compact(s.Paths)
	return s
}

// Summary gives the line of a call that goes on, as of now. It is cheaper than
// a whole record: it leaves out the time line.
func (c *Call) Summary(now time.Time) Summary {
	d := c.document(now)
	d.Live = true
	return Summarize(d)
}

// ways are the paths as type/protocol; those from before a change too.
func (p *PathInfo) ways() []string {
	out := slices.Clone(p.Before)
	if p.Type != "" && p.Protocol != "" {
		out = append(out, p.Type+"/"+p.Protocol)
	}
	return out
}
