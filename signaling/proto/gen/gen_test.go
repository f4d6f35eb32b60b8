package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
)

// protoDir is the directory of package proto from here.
const protoDir = ".."

func TestGeneratedFilesAreFresh(t *testing.T) {
	files, err := render(protoDir)
	require.NoError(t, err)
	require.Len(t, files, 2)
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join(protoDir, name))
		require.NoError(t, err)
		require.True(t, bytes.Equal(want, got), "%s is stale: run go generate ./signaling/proto", name)
	}
}

func TestRenderIsTheSameEveryTime(t *testing.T) {
	one, err := render(protoDir)
	require.NoError(t, err)
	two, err := render(protoDir)
	require.NoError(t, err)
	require.Equal(t, one, two)
}

func TestEveryTypeAndFieldHasItsWords(t *testing.T) {
	src, err := readSource(protoDir)
	require.NoError(t, err)
	for _, typ := range reachable(false) {
		require.NotEmpty(t, src.types[typ.Name()], "type %s has no doc comment", typ.Name())
		if isEnum(typ) {
			require.NotEmpty(t, src.enums[typ.Name()], "string type %s has no constants", typ.Name())
		}
	}
	require.NotEmpty(t, src.closes)
}

func TestUnknownRuleIsRefused(t *testing.T) {
	require.ErrorContains(t, applyTag(nil, nil, "hexcolor", false), `"hexcolor"`)
}

func TestSchemaIsValid(t *testing.T) {
	files, err := render(protoDir)
	require.NoError(t, err)
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(files[schemaFile]))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	require.NoError(t, c.AddResource("protocol", doc))
	_, err = c.Compile("protocol")
	require.NoError(t, err)
}
