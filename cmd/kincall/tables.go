package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"kinwire/client/impair"
	"kinwire/client/rehearse/script"
)

func profilesCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "profiles",
		Short: "List the networks that participants may be on, with their figures",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "NETWORK\tWAY\tRATE\tDELAY\tJITTER\tLOSS\tQUEUE\tOUTAGES\tODDITIES\t")
			for _, p := range impair.Profiles() {
				name := p.Name
				for _, way := range []struct {
					name string
					is   impair.Direction
				}{{"up", p.Up}, {"down", p.Down}} {
					fmt.Fprintf(w, "%s\t%s\t%s\n", name, way.name, strings.Join(script.Figures(way.is), "\t")+"\t")
					name = ""
				}
			}
			if err := w.Flush(); err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			fmt.Fprintln(out)
			for _, p := range impair.Profiles() {
				fmt.Fprintf(out, "%s: %s.\n", p.Name, strings.TrimSuffix(p.Says, "."))
				if p.Source != "" {
					fmt.Fprintf(out, "  Figures: %s.\n", strings.TrimSuffix(p.Source, "."))
				}
			}
			return nil
		},
	}
}

func referenceCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "reference",
		Aliases: []string{"actions", "metrics"},
		Short:   "All that a script may say: actions, conditions, metrics",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprint(cmd.OutOrStdout(), script.Reference())
			return err
		},
	}
}

// helpOfScripts makes `kincall help script` speak of scripts.
func helpOfScripts() *cobra.Command {
	return &cobra.Command{Use: "script", Short: "What a script is, and all that it may say", Long: script.Template("") + "\n" + script.Reference()}
}
