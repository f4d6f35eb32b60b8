// Command gen writes the two descriptions of Kinwire's WebSocket that other
// languages read: docs/protocol.schema.json (JSON Schema 2020-12) and
// web/sdk/src/proto_gen.ts (TypeScript types).
//
// It takes the shapes from the Go types by reflection and the words from
// their doc comments by parsing the source, so neither can drift from the
// server's code. Run it with `go generate ./signaling/proto`; a test fails
// when a file is stale.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// The files, as seen from signaling/proto, where go generate runs.
const (
	schemaFile = "../../docs/protocol.schema.json"
	typesFile  = "../../web/sdk/src/proto_gen.ts"
)

func main() {
	if err := run("."); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

// run writes both files; dir is the directory of package proto.
func run(dir string) error {
	files, err := render(dir)
	if err != nil {
		return err
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			return fmt.Errorf("writing what was generated: %w", err)
		}
	}
	return nil
}

// render gives the text of each generated file by its path from dir.
func render(dir string) (map[string][]byte, error) {
	src, err := readSource(dir)
	if err != nil {
		return nil, err
	}
	schema, err := renderSchema(src)
	if err != nil {
		return nil, err
	}
	types, err := renderTypes(src)
	if err != nil {
		return nil, err
	}
	return map[string][]byte{schemaFile: schema, typesFile: types}, nil
}
