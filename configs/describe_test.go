package configs

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"
)

func TestDescriptionsAreFresh(t *testing.T) {
	schema, err := JSONSchema()
	require.NoError(t, err)
	for name, want := range map[string][]byte{"config.md": []byte(Manual()), "config.schema.json": schema} {
		have, err := os.ReadFile(filepath.Join("..", "docs", name))
		require.NoError(t, err)
		require.True(t, bytes.Equal(want, have), "docs/%s is stale: run go generate ./configs", name)
	}
}

func TestManualHasEveryKey(t *testing.T) {
	manual := Manual()
	for _, k := range Keys() {
		require.Equal(t, 1, strings.Count(manual, "| `"+k.Name+"` |"), k.Name)
		require.Contains(t, []Acts{Live, OnCalls, Restart}, k.Acts, k.Name)
	}
	for line := range strings.Lines(manual) {
		if strings.HasPrefix(line, "| `") {
			require.Equal(t, 6, strings.Count(line, "|")-strings.Count(line, `\|`), "a row has five cells: %s", line)
		}
	}
}

func compiled(t require.TestingT) *jsonschema.Schema {
	text, err := JSONSchema()
	require.NoError(t, err)
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	require.NoError(t, c.AddResource("config.json", doc))
	s, err := c.Compile("config.json")
	require.NoError(t, err)
	return s
}

// asJSON is a YAML document as an editor hands it to a schema.
func asJSON(t require.TestingT, text []byte) any {
	var doc any
	require.NoError(t, yaml.Unmarshal(text, &doc))
	if doc == nil {
		doc = map[string]any{}
	}
	js, err := json.Marshal(doc)
	require.NoError(t, err)
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(js))
	require.NoError(t, err)
	return v
}

func TestSchemaTakesDefaultsAndProfiles(t *testing.T) {
	s := compiled(t)
	require.NoError(t, s.Validate(asJSON(t, defaultYAML)))
	files, err := filepath.Glob("profiles/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		require.NoError(t, s.Validate(asJSON(t, text)), file)
	}
}

func TestSchemaRefuses(t *testing.T) {
	s := compiled(t)
	for name, text := range map[string]string{
		"unknown section":      "sfuu: {}",
		"unknown key":          "sfu: {udp_prot: 1}",
		"number out of range":  "sfu: {udp_port: 70000}",
		"negative":             "sfu: {udp_port: -1}",
		"no power of two":      "sfu: {history_packets: 1000}",
		"not one of":           "log: {level: loud}",
		"not one of, in list":  "sfu: {codecs: {video: [vp7]}}",
		"twice in list":        "sfu: {codecs: {video: [vp8, vp8]}}",
		"empty list":           "sfu: {codecs: {video: []}}",
		"duration, no unit":    "calls: {ring_timeout: 45}",
		"duration, bad unit":   "calls: {ring_timeout: 45sec}",
		"duration, negative":   "calls: {ring_timeout: -45s}",
		"bytes, bad unit":      "relay: {max_body: 64KB}",
		"bytes, too many":      "relay: {max_body: 65537}",
		"text for a bool":      "demo: {enabled: maybe}",
		"list for a number":    "sfu: {udp_port: [1]}",
		"section for a number": "sfu: {udp_port: {a: 1}}",
		"value for a section":  "sfu: 5",
		"secret too short":     "turn: {secret: short}",
		"suite that is none":   "relay: {suites: [4]}",
	} {
		require.Error(t, s.Validate(asJSON(t, []byte(text))), name)
	}
}

// TestSchemaTakesWhatLoadTakes: an editor must not underline what the server
// would take. Every key gets values of all sorts; whatever Load lets through,
// the schema does.
func TestSchemaTakesWhatLoadTakes(t *testing.T) {
	s := compiled(t)
	values := []string{"0", "1", "7", "64", "100", "4096", "65536", "1048576", "true", "false", "1s", "+1m", "1.5h", "90m", "1h30m", "500ms", ".5s",
		"64KiB", `"64 KiB"`, "10MiB", "text", "opus", "[]", "[opus]", "[vp8, h264]", "[1, 83]", `":8080"`, `["127.0.0.1:0"]`, "192.0.2.1",
		"[192.0.2.1]", "[192.0.2.0/24]", `""`, "https://a.example", `["https://a.example"]`, "a-secret-of-enough-characters",
		`["ann(calls):a-token-of-enough-characters"]`, `["x: y"]`, "json", "tls", "postgres", "both", "[email_plus]", "[aead_aes_128_gcm]"}
	rapid.Check(t, func(r *rapid.T) {
		l := rapid.SampledFrom(schema().leaves).Draw(r, "leaf")
		value := rapid.SampledFrom(values).Draw(r, "value")
		text := value
		parts := strings.Split(l.key, ".")
		for i := len(parts) - 1; i >= 0; i-- {
			text = "{" + parts[i] + ": " + text + "}"
		}
		ld := newLoader()
		ld.addYAML("f", []byte(text))
		if len(ld.problems) > 0 {
			return
		}
		require.NoError(r, s.Validate(asJSON(r, []byte(text))), text)
	})
}
