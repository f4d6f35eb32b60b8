package configs

import (
	"fmt"
	"io"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// WriteYAML writes the effective configuration in the order of default.yaml,
// secrets masked, with a comment behind each key that tells where its value
// came from.
func (c *Config) WriteYAML(w io.Writer) error {
	root, err := parseYAML(defaultYAML)
	if err != nil {
		return fmt.Errorf("reading the embedded default.yaml: %w", err)
	}
	if err := c.fill(root, ""); err != nil {
		return err
	}
	enc := yaml.NewEncoder(w)
	enc.SetIndent(2)
	if err := enc.Encode(root); err != nil {
		return fmt.Errorf("writing the configuration as YAML: %w", err)
	}
	return enc.Close()
}

// fill puts c's values in the place of the defaults.
func (c *Config) fill(n *yaml.Node, section string) error {
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		k.HeadComment, k.LineComment, k.FootComment = "", "", ""
		key := join(section, k.Value)
		if v.Kind == yaml.MappingNode {
			if err := c.fill(v, key); err != nil {
				return err
			}
			continue
		}
		value := schema().byKey[key].field(c).Interface()
		if d, ok := value.(time.Duration); ok {
			value = shortDuration(d)
		}
		var filled yaml.Node
		if err := filled.Encode(value); err != nil {
			return fmt.Errorf("writing %s as YAML: %w", key, err)
		}
		if filled.Kind == yaml.SequenceNode {
			filled.Style = yaml.FlowStyle
		}
		filled.LineComment = "# " + oneLine(c.Origin(key))
		*v = filled
	}
	return nil
}

// shortDuration leaves out the zeroes at the end: 10m rather than 10m0s.
func shortDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
