package configs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// yamlKeys lists the keys of default.yaml by a walk of its own, not through
// the schema under test.
func yamlKeys(t *testing.T, n *yaml.Node, section string, keys map[string]string) {
	t.Helper()
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		key := k.Value
		if section != "" {
			key = section + "." + key
		}
		require.NotContains(t, keys, key)
		keys[key] = k.HeadComment
		if v.Kind == yaml.MappingNode {
			yamlKeys(t, v, key, keys)
		}
	}
}

// structKeys lists the keys of Config likewise; every field must have one.
func structKeys(t *testing.T, typ reflect.Type, section string, keys map[string]bool) {
	t.Helper()
	for f := range typ.Fields() {
		if !f.IsExported() {
			continue
		}
		key := f.Tag.Get("mapstructure")
		require.NotEmpty(t, key, "%s.%s has no mapstructure tag", typ.Name(), f.Name)
		if section != "" {
			key = section + "." + key
		}
		keys[key] = true
		if f.Type.Kind() == reflect.Struct {
			structKeys(t, f.Type, key, keys)
		}
	}
}

func TestStructAndDefaultYAMLAgree(t *testing.T) {
	var doc yaml.Node
	require.NoError(t, yaml.Unmarshal(defaultYAML, &doc))
	inYAML, inStruct := map[string]string{}, map[string]bool{}
	yamlKeys(t, doc.Content[0], "", inYAML)
	structKeys(t, reflect.TypeFor[Config](), "", inStruct)
	for key, comment := range inYAML {
		require.True(t, inStruct[key], "%s stands in default.yaml and in no struct", key)
		require.NotEmpty(t, strings.Trim(comment, "# \n"), "%s has no comment in default.yaml", key)
	}
	for key := range inStruct {
		require.Contains(t, inYAML, key, "%s is a field and does not stand in default.yaml", key)
	}
}

func TestEveryLeafHasAKindAndRulesThatWork(t *testing.T) {
	for _, l := range schema().leaves {
		typ := l.typ
		if typ.Kind() == reflect.Slice {
			typ = typ.Elem()
		}
		require.Contains(t, kinds, typ, "%s has a type that cannot be read", l.key)
		require.NotEmpty(t, l.doc, l.key)
		// A rule that validator does not know panics here.
		value, problems := l.read(l.textGiven("default.yaml", l.defaultText))
		require.Empty(t, problems, "the default of %s is refused", l.key)
		require.Equal(t, l.typ, reflect.TypeOf(value), l.key)
		require.NotEmpty(t, l.allowed(), l.key)
	}
}

func TestSectionsOfDefaultsOnNumbersSayTheirUnit(t *testing.T) {
	// A number without a unit in its comment or name is what this file exists
	// to avoid.
	for _, l := range schema().leaves {
		if l.typ.Kind() != reflect.Int {
			continue
		}
		text := l.key + " " + strings.ToLower(l.doc)
		named := false
		for _, unit := range []string{"port", "bytes", "messages", "sessions", "people", "packets", "allocations", "key packages", "devices", "checks", "kbit/s"} {
			named = named || strings.Contains(text, unit)
		}
		require.True(t, named, "%s does not say what it counts: %s", l.key, l.doc)
	}
}

func TestKeys(t *testing.T) {
	envs := map[string]string{}
	for _, k := range Keys() {
		require.Empty(t, envs[k.Env], "two keys have the variable %s", k.Env)
		envs[k.Env] = k.Name
	}
	require.Equal(t, "sfu.codecs.video", envs["KINWIRE_SFU_CODECS_VIDEO"])
	require.Equal(t, "log.level", Keys()[0].Name, "in the order of default.yaml")
	secrets := []string{}
	for _, k := range Keys() {
		if k.Secret {
			secrets = append(secrets, k.Name)
		}
	}
	require.Equal(t, []string{"operator.token", "operator.staff", "store.dsn", "consent.external.secret", "relay.attachments.s3.secret_key", "mail.smtp.password", "push.webhook.secret", "turn.secret", "metrics.export.webhook.secret", "metrics.export.otlp.headers"}, secrets)
}

func TestSecretShowsItselfNowhere(t *testing.T) {
	const text = "fox-and-rocket"
	s := Secret(text)
	holder := struct {
		S Secret
		P *Secret
		L []Secret
		M map[string]Secret
	}{s, &s, []Secret{s}, map[string]Secret{"k": s}}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%10s"} {
		fmt.Fprintf(&out, verb+verb+"\n", s, holder)
	}
	log := slog.New(slog.NewJSONHandler(&out, nil))
	log.Info("x", "s", s, "h", holder)
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "s", s, "h", holder)
	js, err := json.Marshal(holder)
	require.NoError(t, err)
	ym, err := yaml.Marshal(struct{ S Secret }{s})
	require.NoError(t, err)
	all := out.String() + string(js) + string(ym)
	require.NotContains(t, all, text)
	require.NotContains(t, all, fmt.Sprintf("%x", text))
	require.NotContains(t, all, fmt.Sprintf("%X", text))
	require.Contains(t, all, mask)
	require.Equal(t, text, s.Reveal())
	require.Empty(t, Secret("").String(), "whether a secret is set may show")
}

func TestClosest(t *testing.T) {
	names := schema().names()
	for given, want := range map[string]string{
		"sfu.nack_intervall":   "sfu.nack_interval",
		"sfu.pil_min_interval": "sfu.pli_min_interval",
		"turns":                "turn", "metric": "metrics", "listen": "http.listen",
		"completely.different": "", "": "", strings.Repeat("x", 1000): "",
	} {
		require.Equal(t, want, closest(given, names), given)
	}
}
