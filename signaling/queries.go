package signaling

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"kinwire/signaling/proto"
)

const (
	// maxFind bounds a text in a query, in characters: the longest is what an
	// operator looks somebody up by, an e-mail address.
	maxFind = 254
	// maxCalls bounds a page of the list of calls.
	maxCalls = 500
)

// query is one thing that may stand in a query: how it is read, and its schema.
type query struct {
	read   func(q *asked, text string) error
	schema *huma.Schema
	says   string
}

// queries is the table of them, by name.
var queries = map[string]query{
	"before": wholeNumber("before", 0, proto.MaxInteger, "from an earlier answer; left out for the newest", func(q *asked) *int64 { return &q.before }),
	"find": {func(q *asked, text string) error { q.find = text; return nil },
		&huma.Schema{Type: huma.TypeString, MaxLength: ptr(maxFind)}, "a user id, an e-mail address or a user name, exactly"},
	"state": oneOf("state", "only reports in this state", func(q *asked) *string { return &q.state },
		string(proto.ReportOpen), string(proto.ReportDecided)),

	"from":   wholeNumber("from", 0, proto.MaxInteger, "only calls that began at this time or later; milliseconds since the Unix epoch", func(q *asked) *int64 { return &q.calls.From }),
	"to":     wholeNumber("to", 0, proto.MaxInteger, "only calls that began before this time; milliseconds since the Unix epoch", func(q *asked) *int64 { return &q.calls.To }),
	"reason": oneOf("reason", "only calls that ended for this reason; a live call has none yet", func(q *asked) *string { return &q.calls.Reason }, endReasons()...),
	"codec":  word("codec", "only calls in which this codec was used, such as opus, vp8", func(q *asked) *string { return &q.calls.Codec }),
	"path": word("path", "only calls with such a path: a type (host, srflx, prflx, relay), or type/protocol, such as relay/tls",
		func(q *asked) *string { return &q.calls.Path }),
	"score_below": score("score_below", "only calls that were measured, with a score below this", func(q *asked) *float64 { return &q.calls.ScoreBelow }),
	"score_min":   score("score_min", "only calls with this score at least", func(q *asked) *float64 { return &q.calls.ScoreMin }),
	"live":        oneOf("live", "true: only calls that go on; false: only calls that have ended", func(q *asked) *string { return &q.calls.Live }, "true", "false"),
	"cursor": {func(q *asked, text string) error { q.calls.Cursor = text; return nil },
		&huma.Schema{Type: huma.TypeString, MaxLength: ptr(maxFind)}, "next of an earlier answer, with the same filters"},
	"limit": {readLimit, &huma.Schema{Type: huma.TypeInteger, Minimum: ptr(1.0), Maximum: ptr(float64(maxCalls))}, "how many at most; left out: 50"},
	"format": oneOf("format", "ndjson: a record a line, whole, as GET /v1/calls/{id}/record gives it; csv: a stream a line, for a spreadsheet. Left out: ndjson",
		func(q *asked) *string { return &q.format }, "ndjson", "csv"),
}

func ptr[T any](v T) *T { return &v }

// endReasons are the reasons for which a call as a whole may end.
func endReasons() []string {
	var list []string
	for _, r := range []proto.Reason{
		proto.ReasonHangup, proto.ReasonDeclined, proto.ReasonMissed, proto.ReasonCancelled, proto.ReasonBusy, proto.ReasonLost,
		proto.ReasonAlone, proto.ReasonFailed, proto.ReasonShutdown, proto.ReasonNotAllowed, proto.ReasonQuietHours, proto.ReasonAllowance,
	} {
		list = append(list, string(r))
	}
	return list
}

// wholeNumber is a query that is a whole number.
func wholeNumber(name string, least, most int64, says string, field func(q *asked) *int64) query {
	return query{func(q *asked, text string) error {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < least || n > most {
			return refuse(proto.CodeBadMessage, "query.%s: given something else than a whole number from %d to %d", name, least, most)
		}
		*field(q) = n
		return nil
	}, &huma.Schema{Type: huma.TypeInteger, Format: "int64", Minimum: ptr(float64(least))}, says}
}

func readLimit(q *asked, text string) error {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > maxCalls {
		return refuse(proto.CodeBadMessage, "query.limit: given something else than a whole number from 1 to %d", maxCalls)
	}
	q.calls.Limit = n
	return nil
}

// score is a query that is a mean opinion score.
func score(name, says string, field func(q *asked) *float64) query {
	return query{func(q *asked, text string) error {
		v, err := strconv.ParseFloat(text, 64)
		if err != nil || !(v >= 0 && v <= 5) { // so that no NaN goes through
			return refuse(proto.CodeBadMessage, "query.%s: given something else than a number from 0 to 5", name)
		}
		*field(q) = v
		return nil
	}, &huma.Schema{Type: huma.TypeNumber, Minimum: new(float64), Maximum: ptr(5.0)}, says}
}

// oneOf is a query that is one of some texts.
func oneOf(name, says string, field func(q *asked) *string, allowed ...string) query {
	schema := &huma.Schema{Type: huma.TypeString}
	for _, one := range allowed {
		schema.Enum = append(schema.Enum, one)
	}
	return query{func(q *asked, text string) error {
		for _, one := range allowed {
			if text == one {
				*field(q) = one
				return nil
			}
		}
		return refuse(proto.CodeBadMessage, "query.%s: given something else; allowed are %s", name, strings.Join(allowed, ", "))
	}, schema, says}
}

const (
	// maxWord bounds the name of a codec or of a path.
	maxWord   = 32
	wordChars = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-"
)

// word is a query that is the name of something.
func word(name, says string, field func(q *asked) *string) query {
	return query{func(q *asked, text string) error {
		if text == "" || len(text) > maxWord || strings.Trim(text, wordChars) != "" {
			return refuse(proto.CodeBadMessage, "query.%s: given something else than 1 to %d letters, digits and / . _ -", name, maxWord)
		}
		*field(q) = text
		return nil
	}, &huma.Schema{Type: huma.TypeString, MinLength: ptr(1), MaxLength: ptr(maxWord), Pattern: "^[A-Za-z0-9/._-]+$"}, says}
}

// readQuery takes what the row allows, each at most once, and nothing else.
func readQuery(e endpoint, raw string, q *asked) error {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return refuse(proto.CodeBadMessage, "query: given something that is not a query")
	}
	for _, name := range e.Query {
		list := values[name]
		delete(values, name)
		if len(list) == 0 {
			continue
		}
		if len(list) > 1 || len(list[0]) > maxFind {
			return refuse(proto.CodeBadMessage, "query.%s: given %d values; allowed is one of at most %d characters", name, len(list), maxFind)
		}
		if err := queries[name].read(q, list[0]); err != nil {
			return err
		}
	}
	if len(values) > 0 {
		return refuse(proto.CodeBadMessage, "query: given something unknown; allowed are: %s", strings.Join(append(e.Query, "nothing else"), ", "))
	}
	return nil
}
