package records

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// line is what one line of the table tells of. The participant and the stream
// are empty where there is none.
type line struct {
	call   *document
	person *participant
	stream *stream
}

// column is one column: its name, and its cell of a line. A cell that is text
// and not a figure or a word of the server's is free: a client may have written
// it.
type column struct {
	name string
	free bool
	cell func(l line) string
}

// columns is the table of them, in their order.
var columns = slices.Concat(callColumns, personColumns, streamColumns,
	viewColumns("server", func(s *stream) *view { return s.Server }),
	viewColumns("client", func(s *stream) *view { return s.Client }))

var callColumns = []column{
	{"call_id", true, func(l line) string { return l.call.ID }},
	{"live", false, func(l line) string { return strconv.FormatBool(l.call.Live) }},
	{"started_at", false, func(l line) string { return instant(l.call.StartedAt) }},
	{"ended_at", false, func(l line) string { return instant(l.call.EndedAt) }},
	{"duration_ms", false, func(l line) string { return whole(l.call.DurationMS) }},
	{"talk_ms", false, func(l line) string { return whole(l.call.TalkMS) }},
	{"end_reason", true, func(l line) string { return l.call.Reason }},
	{"video", false, func(l line) string { return strconv.FormatBool(l.call.Video) }},
	{"call_mos", false, func(l line) string { return positive(l.call.Score) }},
	{"verdict", true, func(l line) string { return l.call.Verdict }},
}

var personColumns = []column{
	{"participant", true, func(l line) string { return l.person.ID }},
	{"user", true, func(l line) string { return l.person.User }},
	{"device_model", true, func(l line) string { return l.person.Device.Model }},
	{"device_os", true, func(l line) string { return l.person.Device.OS }},
	{"device_app", true, func(l line) string { return l.person.Device.App }},
	{"joined_at", false, func(l line) string { return instant(l.person.JoinedAt) }},
	{"left_at", false, func(l line) string { return instant(l.person.LeftAt) }},
	{"left_reason", true, func(l line) string { return l.person.Reason }},
	{"joins", false, func(l line) string { return some(l.person.Joins) }},
	{"path_type", true, func(l line) string { return l.person.Path.Type }},
	{"path_protocol", true, func(l line) string { return l.person.Path.Protocol }},
	{"path_remote", true, func(l line) string { return l.person.Path.Remote }},
	{"path_changes", false, func(l line) string { return some(l.person.Path.Changes) }},
	{"path_rtt_ms_median", false, func(l line) string { return median(l.person.Path.Server.RTT) }},
	{"path_rtt_ms_p95", false, func(l line) string { return p95(l.person.Path.Server.RTT) }},
	{"path_client_rtt_ms_median", false, func(l line) string { return median(l.person.Path.Client.RTT) }},
	{"path_client_rtt_ms_p95", false, func(l line) string { return p95(l.person.Path.Client.RTT) }},
}

var streamColumns = []column{
	{"direction", true, func(l line) string { return l.stream.Direction }},
	{"kind", true, func(l line) string { return l.stream.Kind }},
	{"from", true, func(l line) string { return l.stream.From }},
	{"mos_min", false, func(l line) string { return of(l.stream.MOS, func(s *spread) float64 { return s.Min }) }},
	{"mos_median", false, func(l line) string { return median(l.stream.MOS) }},
	{"trouble_where", true, func(l line) string { return l.stream.Trouble.Where }},
	{"trouble_why", true, func(l line) string { return l.stream.Trouble.Why }},
	{"trouble_share_ratio", false, func(l line) string { return positive(l.stream.Trouble.Share) }},
}

// viewColumns are those of a stream as one side measured it; of a side that
// did not, they are empty.
func viewColumns(side string, of func(s *stream) *view) []column {
	list := []column{{"codecs", true, nil}, {"largest_height_px", false, nil}}
	cells := []func(v *view) string{
		func(v *view) string { return strings.Join(v.Codecs, " ") },
		func(v *view) string {
			if v.Largest == nil {
				return ""
			}
			return some(v.Largest.Height)
		},
	}
	for _, figure := range figures {
		list, cells = append(list, column{name: figure.name}), append(cells, figure.cell)
	}
	for i := range list {
		cell := cells[i]
		list[i].name = side + "_" + list[i].name
		list[i].cell = func(l line) string {
			if v := of(l.stream); v != nil {
				return cell(v)
			}
			return ""
		}
	}
	return list
}

// figures are the numbers of a view.
var figures = []struct {
	name string
	cell func(v *view) string
}{
	{"duration_ms", func(v *view) string { return whole(v.DurationMS) }},
	{"active_ms", func(v *view) string { return whole(v.ActiveMS) }},
	{"packets", func(v *view) string { return whole(v.Totals.Packets) }},
	{"bytes", func(v *view) string { return whole(v.Totals.Bytes) }},
	{"lost", func(v *view) string { return whole(v.Totals.Lost) }},
	{"loss_ratio", func(v *view) string { return number(v.Totals.LossRatio) }},
	{"residual_loss_ratio", func(v *view) string { return number(v.Totals.ResidualRatio) }},
	{"nacks", func(v *view) string { return whole(v.Totals.NACKs) }},
	{"plis", func(v *view) string { return whole(v.Totals.PLIs) }},
	{"bitrate_bps", func(v *view) string { return number(v.Totals.BitrateBPS) }},
	{"fps", func(v *view) string { return number(v.Totals.FPS) }},
	{"freezes", func(v *view) string { return whole(v.Totals.Freezes) }},
	{"frozen_ms", func(v *view) string { return number(v.Totals.FrozenMS) }},
	{"rtt_ms_median", func(v *view) string { return median(v.RTT) }},
	{"rtt_ms_p95", func(v *view) string { return p95(v.RTT) }},
	{"jitter_ms_median", func(v *view) string { return median(v.Jitter) }},
	{"jitter_ms_p95", func(v *view) string { return p95(v.Jitter) }},
}

func whole(n int64) string { return strconv.FormatInt(n, 10) }

// some is whole, and empty for nothing.
func some(n int64) string {
	if n == 0 {
		return ""
	}
	return whole(n)
}

func number(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// positive is number, and empty for nothing.
func positive(v float64) string {
	if v == 0 {
		return ""
	}
	return number(v)
}

func instant(ms int64) string {
	if ms == 0 {
		return ""
	}
	return time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z")
}

func of(s *spread, get func(s *spread) float64) string {
	if s == nil {
		return ""
	}
	return number(get(s))
}

func median(s *spread) string { return of(s, func(s *spread) float64 { return s.Median }) }
func p95(s *spread) string    { return of(s, func(s *spread) float64 { return s.P95 }) }

// table is CSV (RFC 4180): names of columns first, then a line for each
// stream.
type table struct {
	to  io.Writer
	buf bytes.Buffer
	csv *csv.Writer
}

func newTable(to io.Writer) *table {
	t := &table{to: to}
	t.csv = csv.NewWriter(&t.buf)
	t.csv.UseCRLF = true
	return t
}

func (t *table) begin() error {
	names := make([]string, 0, len(columns))
	for _, c := range columns {
		names = append(names, c.name)
	}
	return t.put(names)
}

func (t *table) write(text json.RawMessage) error {
	var d document
	if err := json.Unmarshal(text, &d); err != nil {
		return fmt.Errorf("read a record: %w", err)
	}
	var rows [][]string
	for _, l := range linesOf(&d) {
		row := make([]string, 0, len(columns))
		for _, c := range columns {
			cell := c.cell(l)
			if c.free {
				cell = harmless(cell)
			}
			row = append(row, cell)
		}
		rows = append(rows, row)
	}
	return t.put(rows...)
}

// put writes whole lines at once.
func (t *table) put(rows ...[]string) error {
	t.buf.Reset()
	if err := t.csv.WriteAll(rows); err != nil {
		return err
	}
	_, err := t.to.Write(t.buf.Bytes())
	return err
}

// linesOf is a line for each stream, and one for each participant without and
// for a call without either.
func linesOf(d *document) []line {
	nobody, nothing := &participant{}, &stream{}
	var list []line
	for i := range d.Participants {
		p := &d.Participants[i]
		for j := range p.Streams {
			list = append(list, line{d, p, &p.Streams[j]})
		}
		if len(p.Streams) == 0 {
			list = append(list, line{d, p, nothing})
		}
	}
	if len(list) == 0 {
		list = append(list, line{d, nobody, nothing})
	}
	return list
}

// formulaic are the characters with which a formula begins, those of full
// width too: spreadsheets in some languages take them for the same.
const formulaic = "=+-@＝＋－＠"

// harmless makes of a free text a cell that no spreadsheet calculates: without
// control characters, and with an apostrophe before what would begin a formula.
func harmless(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
	if first := strings.TrimSpace(text); first != "" && strings.ContainsRune(formulaic, []rune(first)[0]) {
		return "'" + text
	}
	return text
}
