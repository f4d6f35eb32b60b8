package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"kinwire/client/rehearse"
	"kinwire/client/rehearse/script"
)

// scriptFiles are the files that arguments name; a folder stands for the scripts
// in it.
func scriptFiles(args []string) ([]string, error) {
	var files []string
	for _, arg := range args {
		info, err := os.Stat(arg)
		if err != nil || !info.IsDir() {
			files = append(files, arg) // what is wrong with it is for reading to say
			continue
		}
		found := 0
		for _, pattern := range []string{"*.yaml", "*.yml"} {
			in, err := filepath.Glob(filepath.Join(arg, pattern))
			if err != nil {
				return nil, refuse("folder %s: %v", arg, err)
			}
			files = append(files, in...)
			found += len(in)
		}
		if found == 0 {
			return nil, refuse("folder %s: no script (*.yaml) is in it", arg)
		}
	}
	slices.Sort(files)
	return slices.Compact(files), nil
}

// readScripts reads all files. The error holds what is wrong with any of them.
func readScripts(args []string) ([]rehearse.Script, error) {
	files, err := scriptFiles(args)
	if err != nil {
		return nil, err
	}
	var scripts []rehearse.Script
	var wrong script.Error
	for _, f := range files {
		s, err := script.Read(f)
		var e *script.Error
		switch {
		case errors.As(err, &e):
			wrong.Problems = append(wrong.Problems, e.Problems...)
		case err != nil:
			return nil, err
		default:
			scripts = append(scripts, s)
		}
	}
	if len(wrong.Problems) > 0 {
		return nil, &wrong
	}
	return scripts, nil
}

func checkCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check FILE…",
		Short: "Only read scripts, and say what is wrong with them",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			scripts, err := readScripts(args)
			if err != nil {
				return err
			}
			for _, s := range scripts {
				needs := ""
				if s.NeedsLab() {
					needs = ", needs root"
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%s: %s (%d participants, %d steps, %d expectations%s)\n",
					s.File, s.Name, len(s.Participants), len(s.Steps), len(s.Expect), needs)
			}
			return nil
		},
	}
}

func newCommand() *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "new [NAME]",
		Short: "Write a commented script to begin with",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			name := ""
			if len(args) > 0 {
				name = args[0]
			}
			text := script.Template(name)
			if file == "" {
				_, err := fmt.Fprint(cmd.OutOrStdout(), text)
				return err
			}
			// Never over a script that somebody has written.
			f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
			if errors.Is(err, os.ErrExist) {
				return refuse("%s is there already; allowed: a file that is not", file)
			}
			if err != nil {
				return fmt.Errorf("write the script: %w", err)
			}
			_, err = f.WriteString(text)
			return errors.Join(err, f.Close())
		},
	}
	cmd.Flags().StringVar(&file, "file", "", "write it to this `file`, which must not be there yet; otherwise to the standard output")
	return cmd
}
