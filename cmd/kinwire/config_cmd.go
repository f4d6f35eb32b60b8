package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"kinwire/configs"
)

func configCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "config",
		Short: "Check, compare or print the configuration",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(configCheckCommand(), configDiffCommand(), configPrintCommand(), configSchemaCommand())
	return cmd
}

func configCheckCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check FILE",
		Short: "Say everything that is wrong with a configuration file",
		Long: `Reads FILE over the defaults, with no regard to the environment, and says
everything that is wrong with it at once: file, line, key, what was given and
what is allowed. Exit code 0 when it is sound, 2 when it is refused.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := configs.Check(args[0]); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s: ok\n", args[0])
			return nil
		},
	}
}

func configPrintCommand() *cobra.Command {
	var reference bool
	cmd := &cobra.Command{
		Use:   "print [--config FILE] [--KEY VALUE …]",
		Short: "Print the effective configuration, secrets masked",
		Long: `Prints the configuration that 'kinwire serve' would run with, given the same
file, environment and flags (see 'kinwire serve --help'), as YAML. A comment
behind each key tells where its value came from: default, FILE:LINE, env NAME or
flag --NAME. Secrets are masked.`,
		Args: cobra.NoArgs,
	}
	flags := addConfigFlags(cmd, true)
	cmd.Flags().BoolVar(&reference, "reference", false, "print default.yaml instead: every key with its unit and its reason")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if reference {
			_, err := fmt.Fprint(cmd.OutOrStdout(), configs.DefaultYAML())
			return err
		}
		cfg, err := flags.load()
		if err != nil {
			return err
		}
		return cfg.WriteYAML(cmd.OutOrStdout())
	}
	return cmd
}

func configSchemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of a configuration file, for editors",
		Long: `Prints the JSON Schema (draft 2020-12) of a configuration file, as this binary
knows it. Editors with a YAML language server take it from a first line such as
  # yaml-language-server: $schema=kinwire.schema.json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			text, err := configs.JSONSchema()
			if err != nil {
				return err
			}
			_, err = cmd.OutOrStdout().Write(text)
			return err
		},
	}
}
