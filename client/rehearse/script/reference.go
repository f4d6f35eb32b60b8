package script

import (
	"fmt"
	"strings"

	"kinwire/client/rehearse"
)

// Reference describes, as Markdown, all that a script may say about steps,
// conditions and expectations. docs/rehearse.md holds the same text.
func Reference() string {
	var b strings.Builder
	b.WriteString("### Actions\n\nWhat `do:` may be, with the further keys of such a step.\n\n")
	rows := [][]string{{"do", "further keys", "what it does"}}
	for _, a := range actions {
		says := a.Says
		if a.Lab {
			says += " (needs root)"
		}
		rows = append(rows, []string{"`" + a.Name + "`", argumentsInWords(a), says})
	}
	table(&b, rows)

	b.WriteString("\n### Conditions\n\nWhat `after:` may wait for: a participant, and\n\n")
	choices(&b, "condition", Conditions())
	b.WriteString("\n### Sound and picture\n\nWhat `audio:` and `video:` may be.\n\n")
	choices(&b, "source", Sources())

	b.WriteString("\n### Metrics of the call\n\n")
	metricTable(&b, "call")
	fmt.Fprintf(&b, "| `record.`… | | a field of the server's record of the last call, see below |\n")
	b.WriteString("\n### Metrics of a participant\n\nThose that are sampled have a value each second and need an aggregate.\n\n")
	metricTable(&b, "participant")
	b.WriteString("\n### Aggregates\n\n")
	choices(&b, "aggregate", Aggregates())
	return b.String()
}

func metricTable(b *strings.Builder, per string) {
	rows := [][]string{{"metric", "unit", "what it is"}}
	for _, m := range metrics {
		if m.Per != per {
			continue
		}
		unit := m.Unit
		if m.Sort == sampled {
			unit += ", sampled"
		}
		rows = append(rows, []string{"`" + m.Name + "`", unit, m.Says})
	}
	table(b, rows)
}

func choices(b *strings.Builder, what string, of []Choice) {
	rows := [][]string{{what, "meaning"}}
	for _, c := range of {
		rows = append(rows, []string{"`" + c.Name + "`", c.Says})
	}
	table(b, rows)
}

func table(b *strings.Builder, rows [][]string) {
	for i, row := range rows {
		fmt.Fprintf(b, "| %s |\n", strings.Join(row, " | "))
		if i == 0 {
			b.WriteString("|" + strings.Repeat("---|", len(row)) + "\n")
		}
	}
}

func argumentsInWords(a Action) string {
	var parts []string
	for _, arg := range a.Args {
		text := fmt.Sprintf("`%s`", arg.Name)
		if arg.Kind == Word {
			text += " (" + strings.Join(arg.Allowed, ", ") + ")"
		} else {
			text += fmt.Sprintf(" (%s)", arg.Kind)
		}
		switch {
		case arg.Needed:
			text += ", needed"
		case arg.Default != "":
			text += fmt.Sprintf(", else `%s`", arg.Default)
		}
		parts = append(parts, text+": "+arg.Says)
	}
	return strings.Join(parts, "; ")
}

// Describe tells a step in a few words, for the terminal and the report.
func Describe(s rehearse.Step) string {
	text := strings.ReplaceAll(s.Do, "_", " ")
	if len(s.With) > 0 {
		text += " " + strings.Join(s.With, ", ")
	}
	a, _ := actionNamed(s.Do)
	for _, arg := range a.Args {
		v := s.Args[arg.Name]
		switch {
		case arg.Kind == Net:
			text += " to " + s.Network.Name
		case v == "" || arg.Kind == Text || v == arg.Default || arg.Kind == YesNo && v == fmt.Sprint(yesNo[arg.Default]):
		case arg.Kind == Word:
			text += " " + v
		case arg.Kind == YesNo:
			text += fmt.Sprintf(", %s: %s", arg.Name, Format(map[string]float64{"true": 1}[v], unitYesNo))
		case arg.Kind == Number:
			text += " × " + v
		default:
			text += fmt.Sprintf(" %s %s", arg.Name, v)
		}
	}
	return text
}
