package main

import (
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"kinwire/configs"
)

// configFlags are --config and one flag for each key of the configuration
// that is no secret: the arguments of a process can be read by every user of
// the machine.
type configFlags struct {
	file string
	set  *pflag.FlagSet
}

// addConfigFlags gives cmd the flags. Where hidden, they work and are left
// out of the help.
func addConfigFlags(cmd *cobra.Command, hidden bool) *configFlags {
	f := &configFlags{set: cmd.Flags()}
	f.set.SortFlags = false
	f.set.StringVar(&f.file, "config", "", "YAML `file` with the keys that differ from the defaults")
	for _, k := range configs.Keys() {
		if k.Secret {
			continue
		}
		f.set.String(k.Name, k.Default, firstSentence(k.Doc))
		flag := f.set.Lookup(k.Name)
		flag.Hidden = hidden
		if k.Bool {
			flag.NoOptDefVal = "true"
		}
	}
	return f
}

// load reads the configuration with the flags that were given.
func (f *configFlags) load() (*configs.Config, error) { return f.loadFile(f.file) }

// loadFile does so with another file in the place of --config.
func (f *configFlags) loadFile(file string) (*configs.Config, error) {
	given := map[string]string{}
	f.set.Visit(func(flag *pflag.Flag) {
		if strings.Contains(flag.Name, ".") || flag.Name == "data_dir" {
			given[flag.Name] = flag.Value.String()
		}
	})
	return configs.Load(configs.Options{File: file, Env: os.Environ(), Flags: given})
}

// firstSentence is enough of a key's comment for a line of help.
func firstSentence(doc string) string {
	if end := strings.Index(doc, ". "); end >= 0 {
		return doc[:end]
	}
	return strings.TrimSuffix(doc, ".")
}
