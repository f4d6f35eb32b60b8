package metrics

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kinwire/metrics/record"
)

// docs/record.md must name every field of the record and every metric.
func TestDocsNameEverything(t *testing.T) {
	raw, err := os.ReadFile("../docs/record.md")
	require.NoError(t, err)
	doc := string(raw)

	names := map[string]bool{}
	fields(reflect.TypeFor[record.Document](), names)
	require.Greater(t, len(names), 50)
	for name := range names {
		require.Contains(t, doc, "`"+name+"`", "a field of the record")
	}

	s := newSet(t, Config{}, Export{"hook", &farEnd{}})
	defer s.close(t)
	require.NoError(t, s.Source("x", nil, func(Emit) {}))
	s.call("c1")
	s.CallEnded("c1", "hangup", after(60))
	families, err := s.reg.Gather()
	require.NoError(t, err)
	known := map[string]bool{}
	for _, f := range families {
		known[f.GetName()] = true
	}
	for _, f := range figures {
		known[f.name] = true
	}
	for _, name := range []string{"kinwire_samples_dropped_total", "kinwire_records_lost_total", "kinwire_source_errors_total"} {
		known[name] = true // without a series until something goes wrong
	}
	for name := range known {
		if strings.HasPrefix(name, "kinwire_") {
			require.Contains(t, doc, "`"+name+"`", "a metric")
		}
	}
	// And nothing that is not there.
	for word := range strings.FieldsSeq(doc) {
		if word = strings.Trim(word, "|`.,:;()"); strings.HasPrefix(word, "kinwire_") && !strings.HasSuffix(word, "…") {
			require.True(t, known[word], "docs/record.md has %s", word)
		}
	}
}

// fields gathers the JSON names of every field of a type.
func fields(t reflect.Type, into map[string]bool) {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice:
		fields(t.Elem(), into)
	case reflect.Struct:
		for i := range t.NumField() {
			name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
			into[name] = true
			fields(t.Field(i).Type, into)
		}
	}
}
