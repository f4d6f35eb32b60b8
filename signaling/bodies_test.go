package signaling_test

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

func bornYearsAgo(years int) string {
	return time.Now().AddDate(-years, -1, 0).Format(time.DateOnly)
}

// sample makes a value of a body's type that holds to its tags.
func sample(t *testing.T, typ reflect.Type, tag reflect.StructTag) any {
	if isBytes(typ) {
		return "AAEC"
	}
	switch typ.Kind() {
	case reflect.Pointer:
		return sample(t, typ.Elem(), tag)
	case reflect.Bool:
		return true
	case reflect.Int, reflect.Int64:
		return 1
	case reflect.Interface:
		return map[string]any{}
	case reflect.Slice:
		least, _ := strconv.Atoi(tag.Get("minItems"))
		list := []any{}
		for range max(1, least) {
			list = append(list, sample(t, typ.Elem(), tag))
		}
		return list
	case reflect.Struct:
		object := map[string]any{}
		for i := range typ.NumField() {
			f := typ.Field(i)
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			object[name] = sample(t, f.Type, f.Tag)
		}
		return object
	case reflect.String:
		return sampleOfText(tag)
	}
	t.Fatalf("no sample of a %s", typ)
	return nil
}

func sampleOfText(tag reflect.StructTag) string {
	if values := tag.Get("enum"); values != "" {
		first, _, _ := strings.Cut(values, ",")
		return first
	}
	if pattern := tag.Get("pattern"); pattern != "" {
		if strings.HasPrefix(pattern, "^g_") {
			return "g_" + strings.Repeat("a", 26)
		}
		return "10:30" // the one other pattern there is
	}
	if text, ok := map[string]string{"date": "2015-06-07", "email": "a@example.org"}[tag.Get("format")]; ok {
		return text
	}
	least, _ := strconv.Atoi(tag.Get("minLength"))
	return strings.Repeat("x", max(1, least))
}

func sampleText(t *testing.T, typ reflect.Type) string {
	text, err := json.Marshal(sample(t, typ, ""))
	require.NoError(t, err)
	return string(text)
}

func isBytes(typ reflect.Type) bool {
	return typ.Kind() == reflect.Slice && typ.Elem().Kind() == reflect.Uint8
}

// wrong is a value of another type than the field's, and what is said of it.
func wrong(typ reflect.Type) (value any, says string) {
	switch {
	case isBytes(typ):
		return 7, "given something else than a text"
	case typ.Kind() == reflect.String:
		return 7, "expected"
	}
	return "hunter2", "expected"
}

// spoiled are bodies with one thing wrong, by what has to stand in the answer.
func spoiled(t *testing.T, typ reflect.Type) map[string]string {
	text := func(change func(o map[string]any)) string {
		o := sample(t, typ, "").(map[string]any)
		change(o)
		b, err := json.Marshal(o)
		require.NoError(t, err)
		return string(b)
	}
	list := map[string]string{
		"unexpected property": text(func(o map[string]any) { o["surprise"] = 1 }),
		"twice":               strings.Replace(sampleText(t, typ), "{", `{"x":1,"x":2,`, 1),
		"nested deeper":       strings.Repeat(`{"a":`, 40) + "1" + strings.Repeat("}", 40),
		"breaks off":          `{"token": "hunter2`,
		"expected object":     `"hunter2"`,
		"not JSON":            `hunter2`,
		"after the value":     sampleText(t, typ) + " {}",
		"UTF-8":               "{\"\xff\":1}",
	}
	for i := range typ.NumField() {
		f := typ.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Type.Kind() != reflect.Interface {
			value, says := wrong(f.Type)
			list["body."+name+": "+says] = text(func(o map[string]any) { o[name] = value })
		}
		if isBytes(f.Type) {
			list["body."+name+": given a text that is not base64"] = text(func(o map[string]any) { o[name] = "hunter2" })
		}
		if options == "" {
			list["property "+name+" to be present"] = text(func(o map[string]any) { delete(o, name) })
		}
		if most, err := strconv.Atoi(f.Tag.Get("maxLength")); err == nil && most < 3000 && f.Type.Kind() == reflect.String {
			list["body."+name+": expected length <= "+strconv.Itoa(most)] = text(func(o map[string]any) { o[name] = strings.Repeat("y", most+1) })
		}
		if values := f.Tag.Get("enum"); values != "" && f.Type.Kind() == reflect.String {
			list["body."+name+": expected value to be one of"] = text(func(o map[string]any) { o[name] = "hunter2" })
		}
		if most, err := strconv.Atoi(f.Tag.Get("maxItems")); err == nil {
			list["body."+name+": expected array length <= "+strconv.Itoa(most)] = text(func(o map[string]any) {
				one := o[name].([]any)[0]
				o[name] = []any{}
				for range most + 1 {
					o[name] = append(o[name].([]any), one)
				}
			})
		}
	}
	return list
}

// TestBodiesAreHeldToTheDescription spoils the body of every row in every way,
// as somebody who may open the page: nothing is done, and the answer says
// what is wrong and does not repeat what was given.
func TestBodiesAreHeldToTheDescription(t *testing.T) {
	f := newFamilyHouse(t)
	f.token["teen"] = f.signUpTeen()
	before := f.audited()
	for _, r := range routesOf(t, f) {
		if r.row == nil {
			continue
		}
		token, path := f.tokenOf(insider[r.access]), r.path("")
		bad := map[string]string{"takes nothing": `{"surprise":1}`, "breaks off": `{"`, "not JSON": "hunter2"}
		switch {
		case r.octets():
			bad = nil // any bytes are bytes
		case r.row.In != nil:
			bad = spoiled(t, r.row.In)
		}
		for says, body := range bad {
			a := f.do(r.method, path, token, body)
			require.Equal(t, 400, a.StatusCode, "%s took %s: %s", r.row.ID, body, a.body)
			a.refusedWith(t, 400, proto.CodeBadMessage)
			require.Contains(t, a.body, says, "%s: %s", r.row.ID, body)
			require.NotContains(t, a.body, "hunter2")
		}
		size, more := largest[r.row.ID]
		if !more {
			size = 16 << 10
		}
		f.do(r.method, path, token, `{"x":"`+strings.Repeat("x", size)+`"}`).refusedWith(t, 413, proto.CodeTooLarge)
		a := f.fetch(r.method, path, sampleOr(t, r.row.In), map[string]string{"Authorization": "Bearer " + token, "Content-Type": "text/plain"})
		a.refusedWith(t, 415, proto.CodeBadMessage)
		if r.row.In != nil {
			f.send(r, path, token, "").refusedWith(t, 400, proto.CodeBadMessage)
		}
	}
	require.Equal(t, before, f.audited(), "somebody decided something")
	require.NotContains(t, f.logs.String(), "hunter2")
}

// largest has the pages that take more than 16 KiB, with how much.
var largest = map[string]int{
	"consent-form": 3 << 20, "report": 128 << 10, "chat-keys-add": 2 << 20,
	"conversation-new": 1 << 20, "conversation-commit": 1 << 20, "attachment-chunk-put": 1<<20 + 1<<10,
}

// octets reports whether a page takes bytes as they are.
func (r route) octets() bool { return r.row.In == reflect.TypeFor[proto.Octets]() }

// send is do with the media type that the page takes.
func (f *familyHouse) send(r route, path, token, body string) answer {
	f.t.Helper()
	if !r.octets() {
		return f.do(r.method, path, token, body)
	}
	return f.house.octets(r.method, path, token, []byte(body))
}

func sampleOr(t *testing.T, typ reflect.Type) string {
	if typ == nil {
		return "{}"
	}
	return sampleText(t, typ)
}

// TestPathsAndQueriesAreHeldToTheDescription does likewise with ids and
// queries.
func TestPathsAndQueriesAreHeldToTheDescription(t *testing.T) {
	f := newFamilyHouse(t)
	for _, r := range routesOf(t, f) {
		if r.row == nil {
			continue
		}
		token, body := f.tokenOf(insider[r.access]), ""
		if r.row.In != nil {
			body = sampleText(t, r.row.In)
		}
		ask := func(path string) answer { return f.send(r, path, token, body) }
		if strings.Contains(r.pattern, "{id}") {
			a := ask(r.path(strings.Repeat("x", 1400)))
			if r.access == proto.AccessGuardian {
				a.refusedWith(t, 404, proto.CodeNotFound) // no such child, before anything else
			} else {
				a.refusedWith(t, 400, proto.CodeBadMessage)
			}
		}
		if strings.Contains(r.pattern, "{other}") {
			ask(strings.Replace(r.path(""), "/x", "/"+strings.Repeat("x", 65), 1)).refusedWith(t, 400, proto.CodeBadMessage)
		}
		queries := []string{"surprise=1", "before=x%zz"}
		for _, name := range r.row.Query {
			queries = append(queries, name+"=1&"+name+"=2", name+"="+strings.Repeat("9", 300))
		}
		for _, query := range queries {
			ask(r.path("")+"?"+query).refusedWith(t, 400, proto.CodeBadMessage)
		}
	}
	for path, token := range map[string]string{
		"/v1/history?before=-1": f.token[mia], "/v1/history?before=x": f.token[mia], "/v1/history?before=9007199254740993": f.token[mia],
		"/v1/ops/reports?state=shut": staffToken, "/v1/ops/users": staffToken, "/v1/ops/users?find=": staffToken,
	} {
		f.do(http.MethodGet, path, token, "").refusedWith(t, 400, proto.CodeBadMessage)
	}
}
