package script

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"

	"kinwire/client/rehearse"
)

// evalRecord holds an expectation against a field of the call record. A list
// counts as how many it holds, a field that is absent as absent.
func (e Expr) evalRecord(r *rehearse.Result) (ok bool, measured, why string) {
	name := strings.TrimSpace(e.Who + " record." + strings.Join(e.Path, "."))
	root, err := e.recordRoot(r)
	if err != nil {
		return false, name + NotMeasured, fmt.Sprintf("%s cannot be looked up: %s.", name, err)
	}
	v, err := walk(root, e.Path)
	if err != nil {
		return false, name + " is not there", fmt.Sprintf("%s is not in the call record: %s.", name, err)
	}
	if list, is := v.([]any); is {
		v = json.Number(strconv.Itoa(len(list)))
	}
	return e.judgeField(name, v)
}

// judgeField compares a value of the record as what it is.
func (e Expr) judgeField(name string, v any) (ok bool, measured, why string) {
	if _, object := v.(map[string]any); object {
		return false, name + " holds fields", fmt.Sprintf("%s is no single value: it holds the fields %s.", name, fieldsOf(v))
	}
	if n, is := v.(json.Number); is && !e.Value.IsText {
		f, err := n.Float64()
		if err != nil {
			return false, name + " = " + n.String(), fmt.Sprintf("%s was %s, which is no number to compare.", name, n)
		}
		return e.judgeNumber(name, f, e.Value.Unit)
	}
	shown := fmt.Sprint(v)
	if v == nil {
		shown = "null"
	}
	if b, is := v.(bool); is && e.Value.IsText {
		if want, known := yesNo[strings.ToLower(e.Value.Text)]; known {
			shown = Format(map[bool]float64{true: 1}[b], unitYesNo)
			e.Value.Text = Format(map[bool]float64{true: 1}[want], unitYesNo)
		}
	}
	if !e.Value.IsText {
		return false, name + " = " + printable(shown), fmt.Sprintf("%s was %s, which is no number, and must be %s.",
			name, printable(shown), e.must(Format(e.Value.Number, e.Value.Unit)))
	}
	return e.judgeText(name, shown)
}

// recordRoot is the record, or the participant in it.
func (e Expr) recordRoot(r *rehearse.Result) (any, error) {
	if len(r.Record) == 0 {
		return nil, fmt.Errorf("there is no call record (it needs the operator's token, and a call that the server took)")
	}
	dec := json.NewDecoder(bytes.NewReader(r.Record))
	dec.UseNumber()
	var doc any
	if err := dec.Decode(&doc); err != nil {
		return nil, fmt.Errorf("the call record cannot be read: %w", err)
	}
	if e.Who == "" {
		return doc, nil
	}
	id := r.Texts[e.Who]["participant_id"]
	if id == "" {
		return nil, fmt.Errorf("%s was in no call", e.Who)
	}
	root, _ := doc.(map[string]any)
	people, _ := root["participants"].([]any)
	for _, p := range people {
		if o, is := p.(map[string]any); is && o["id"] == id {
			return o, nil
		}
	}
	return nil, fmt.Errorf("%s is not in the call record", e.Who)
}

// walk follows the names of fields. In a list a number is the place, from 0; a
// word keeps those of its items that have it as one of their values, such as
// streams.down.audio; and of a list of one, the one is meant.
func walk(v any, path []string) (any, error) {
	here := "the record"
	for i, step := range path {
		var err error
		if v, err = enter(v, step, here); err != nil {
			return nil, err
		}
		here = "record." + strings.Join(path[:i+1], ".")
	}
	return v, nil
}

func enter(v any, step, here string) (any, error) {
	switch at := v.(type) {
	case map[string]any:
		next, ok := at[step]
		if !ok && step == "end_reason" {
			next, ok = at["reason"]
		}
		if !ok {
			return nil, fmt.Errorf("%s has no field %s; it has %s", here, printable(step), fieldsOf(at))
		}
		return next, nil
	case []any:
		if n, err := strconv.Atoi(step); err == nil && n >= 0 && n < len(at) {
			return at[n], nil
		}
		if some := having(at, step); len(some) > 0 {
			return some, nil
		}
		if len(at) == 1 {
			return enter(at[0], step, here)
		}
		return nil, fmt.Errorf("%s is a list of %d, none of which has the place or the value %s", here, len(at), printable(step))
	}
	return nil, fmt.Errorf("%s is a single value", here)
}

// having are those items one of whose fields is the text.
func having(items []any, text string) []any {
	var out []any
	for _, item := range items {
		o, _ := item.(map[string]any)
		for _, v := range o {
			if v == text {
				out = append(out, item)
				break
			}
		}
	}
	return out
}

func fieldsOf(v any) string {
	o, _ := v.(map[string]any)
	names := make([]string, 0, len(o))
	for name := range o {
		names = append(names, printable(name))
	}
	sort.Strings(names)
	if len(names) == 0 {
		return "none"
	}
	if len(names) > 20 {
		names = append(slices.Clone(names[:20]), "…")
	}
	return strings.Join(names, ", ")
}
