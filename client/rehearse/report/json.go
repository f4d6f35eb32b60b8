package report

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"time"

	"kinwire/client/rehearse"
)

// Version is the version of the JSON. It grows when a field changes its meaning
// or goes.
const Version = 1

type (
	jsonReport struct {
		Version int          `json:"version"`
		Passed  bool         `json:"passed"`
		Scripts []jsonScript `json:"scripts"`
	}
	jsonScript struct {
		File    string                        `json:"file"`
		Name    string                        `json:"name"`
		Says    string                        `json:"says,omitempty"`
		Seed    uint64                        `json:"seed"`
		Server  string                        `json:"server"`
		Began   string                        `json:"began"` // RFC 3339
		TookMS  int64                         `json:"took_ms"`
		Passed  bool                          `json:"passed"`
		Error   string                        `json:"error,omitempty"`
		Checks  []jsonCheck                   `json:"checks"`
		Scalars map[string]map[string]float64 `json:"scalars"` // by participant, "" for the call
		Texts   map[string]map[string]string  `json:"texts"`
		Samples []jsonSample                  `json:"samples"`
		Events  []jsonEvent                   `json:"events"`
		Record  json.RawMessage               `json:"record,omitempty"` // as the server gave it
		Log     []string                      `json:"log,omitempty"`
	}
	jsonCheck struct {
		Line     int    `json:"line"`
		Text     string `json:"text"`
		OK       bool   `json:"ok"`
		Measured string `json:"measured"`
		Why      string `json:"why,omitempty"`
	}
	jsonSample struct {
		AtMS        int64              `json:"at_ms"`
		Participant string             `json:"participant"`
		Values      map[string]float64 `json:"values"`
	}
	jsonEvent struct {
		AtMS        int64  `json:"at_ms"`
		Participant string `json:"participant,omitempty"`
		Kind        string `json:"kind"`
		Text        string `json:"text"`
	}
)

// JSON writes all that was measured. Times end in _ms and are milliseconds since
// the start of the script; values are in the units of the metrics' table. The
// log is there for those scripts that did not pass.
func JSON(w io.Writer, results []*rehearse.Result) error {
	out := jsonReport{Version: Version, Passed: true, Scripts: []jsonScript{}}
	for _, r := range results {
		out.Passed = out.Passed && r.Passed()
		out.Scripts = append(out.Scripts, jsonOf(r))
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", " ")
	if err := enc.Encode(out); err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	return nil
}

func jsonOf(r *rehearse.Result) jsonScript {
	s := jsonScript{
		File: r.Script.File, Name: r.Script.Name, Says: r.Script.Says, Seed: r.Script.Seed, Server: r.Server,
		Began: r.Began.UTC().Format(time.RFC3339Nano), TookMS: r.Took.Milliseconds(), Passed: r.Passed(),
		Checks: []jsonCheck{}, Scalars: map[string]map[string]float64{}, Texts: map[string]map[string]string{},
		Samples: []jsonSample{}, Events: []jsonEvent{},
	}
	if r.Err != nil {
		s.Error = r.Err.Error()
	}
	if !s.Passed {
		s.Log = r.LogLines
	}
	for _, c := range r.Checks {
		s.Checks = append(s.Checks, jsonCheck{c.Line, c.Text, c.OK, c.Measured, c.Why})
	}
	for who, values := range r.Scalars {
		s.Scalars[who] = numbers(values)
	}
	for who, values := range r.Texts {
		s.Texts[who] = values
	}
	for _, x := range r.Samples {
		s.Samples = append(s.Samples, jsonSample{x.At.Milliseconds(), x.Participant, numbers(x.Values)})
	}
	for _, e := range r.Events {
		s.Events = append(s.Events, jsonEvent{e.At.Milliseconds(), e.Participant, e.Kind, e.Text})
	}
	if json.Valid(r.Record) {
		s.Record = r.Record
	}
	return s
}

// numbers leaves out what JSON has no word for.
func numbers(values map[string]float64) map[string]float64 {
	out := make(map[string]float64, len(values))
	for name, v := range values {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			out[name] = v
		}
	}
	return out
}
