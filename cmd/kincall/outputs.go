package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"kinwire/client/rehearse"
	"kinwire/client/rehearse/report"
)

// output is one report in one file.
type output struct {
	file  string
	write func(io.Writer, []*rehearse.Result) error
}

type outputs []output

// outputs are the files that were asked for. Their folders are made before
// anything is played, so that nothing is measured in vain.
func (f *runFlags) outputs() (outputs, error) {
	var all outputs
	add := func(file string, write func(io.Writer, []*rehearse.Result) error) {
		if file != "" {
			all = append(all, output{file, write})
		}
	}
	add(f.html, report.HTML)
	add(f.json, report.JSON)
	add(f.junit, report.JUnit)
	if f.out != "" {
		add(filepath.Join(f.out, "report.html"), report.HTML)
		add(filepath.Join(f.out, "report.json"), report.JSON)
		add(filepath.Join(f.out, "junit.xml"), report.JUnit)
	}
	for _, o := range all {
		if err := os.MkdirAll(filepath.Dir(o.file), 0o755); err != nil {
			return nil, refuse("folder for %s: %v", o.file, err)
		}
	}
	return all, nil
}

func (all outputs) write(cmd *cobra.Command, results []*rehearse.Result) error {
	for _, o := range all {
		f, err := os.Create(o.file)
		if err != nil {
			return fmt.Errorf("write the report: %w", err)
		}
		if err := errors.Join(o.write(f, results), f.Close()); err != nil {
			return fmt.Errorf("write the report %s: %w", o.file, err)
		}
		fmt.Fprintf(cmd.OutOrStdout(), "wrote %s\n", o.file)
	}
	return nil
}
