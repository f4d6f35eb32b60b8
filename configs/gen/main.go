// Command gen writes the manual and the JSON Schema of the configuration into
// the folder that it is given: config.md and config.schema.json.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"kinwire/configs"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: gen FOLDER")
		os.Exit(2)
	}
	if err := write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func write(folder string) error {
	schema, err := configs.JSONSchema()
	if err != nil {
		return err
	}
	for name, text := range map[string][]byte{"config.md": []byte(configs.Manual()), "config.schema.json": schema} {
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o644); err != nil {
			return fmt.Errorf("writing the configuration's description: %w", err)
		}
	}
	return nil
}
