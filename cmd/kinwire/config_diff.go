package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"kinwire/configs"
)

// errDiffers says that config diff has found a difference: an exit code, no
// failure.
var errDiffers = errors.New("there are differences")

func configDiffCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "diff [--config FILE] NEW [--KEY VALUE …]",
		Short: "Say what a new configuration file would change, and when each change acts",
		Long: `Compares what 'kinwire serve' would run with, given FILE (without --config the
defaults), with what it would run with, given NEW in its place. The environment
and the flags go over both, as they would in the server: what they set is no
difference. Give the file that the server was started with, and the same
environment and flags.

Each change is listed with when it acts in a server that runs:
  live     at once, for calls under way too
  calls    for calls, sessions and connections that begin from then on
  restart  when the server is started again; until then the old value holds

Secrets are masked. Exit code 0: no difference; 1: there are differences; 2: a
file is refused, or NEW cannot be taken over by a server that runs with FILE
because one half would wait for a restart without which the other does not fit.`,
		Args: cobra.ExactArgs(1),
	}
	flags := addConfigFlags(cmd, true)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print a list in JSON instead of a table")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		before, err := flags.load()
		if err != nil {
			return err
		}
		after, err := flags.loadFile(args[0])
		if err != nil {
			return err
		}
		if _, _, _, err := before.Take(after); err != nil {
			return err
		}
		return printDiff(cmd.OutOrStdout(), configs.Diff(before, after), asJSON)
	}
	return cmd
}

func printDiff(w io.Writer, changes []configs.Change, asJSON bool) error {
	show := printTable
	if asJSON {
		show = printJSON
	}
	if err := show(w, changes); err != nil {
		return fmt.Errorf("writing the differences: %w", err)
	}
	if len(changes) > 0 {
		return errDiffers
	}
	return nil
}

func printJSON(w io.Writer, changes []configs.Change) error {
	type line struct {
		Key   string `json:"key"`
		Old   string `json:"old"`
		New   string `json:"new"`
		Acts  string `json:"acts"`
		Where string `json:"where"`
	}
	lines := []line{}
	for _, c := range changes {
		lines = append(lines, line{c.Key, c.Old, c.New, string(c.Acts), c.Where})
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(lines)
}

func printTable(w io.Writer, changes []configs.Change) error {
	if len(changes) == 0 {
		_, err := fmt.Fprintln(w, "no differences")
		return err
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "ACTS\tKEY\tOLD\tNEW\tFROM")
	counts := map[configs.Acts]int{}
	for _, c := range changes {
		counts[c.Acts]++
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", c.Acts, c.Key, c.Old, c.New, c.Where)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\n%d at once, %d on new calls, %d after a restart\n", counts[configs.Live], counts[configs.OnCalls], counts[configs.Restart])
	return err
}
