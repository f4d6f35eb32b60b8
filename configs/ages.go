package configs

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/go-playground/validator/v10"
	"go.yaml.in/yaml/v3"
)

//go:embed consent-ages.yaml
var agesYAML []byte

// AgeRule is the age from which people in a country consent alone, as from a
// date.
type AgeRule struct {
	Country string // ISO 3166-1 alpha-2; empty: wherever there is no rule
	Age     int    // in years
	From    string // YYYY-MM-DD; empty: always
	Source  string // the law
}

// The ages that a rule can have: the GDPR and COPPA go no lower than 13, and
// from 18 on nobody needs a parent.
const (
	lowestAge  = 13
	highestAge = 18
)

// defaultCountry is how the file calls wherever there is no rule.
const defaultCountry = "default"

// LoadAges reads accounts.ages_file, a list under ages as in
// consent-ages.yaml. An empty file name gives the table that comes with
// Kinwire.
func LoadAges(file string) ([]AgeRule, error) {
	if file == "" {
		return parseAges("consent-ages.yaml", agesYAML)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading the ages of consent: %w", err)
	}
	return parseAges(file, text)
}

// parseAges reads the table strictly: nothing unknown, nothing missing, no
// rule twice, and one default.
func parseAges(file string, text []byte) ([]AgeRule, error) {
	var doc struct {
		Ages []struct {
			Country string `yaml:"country"`
			Age     int    `yaml:"age"`
			From    string `yaml:"from"`
			Source  string `yaml:"source"`
		} `yaml:"ages"`
	}
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&doc); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if err := d.Decode(new(any)); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: given more than one YAML document; allowed: one", file)
	}
	rules := make([]AgeRule, 0, len(doc.Ages))
	seen := map[string]bool{}
	for i, in := range doc.Ages {
		rule := AgeRule{Country: in.Country, Age: in.Age, From: in.From, Source: strings.TrimSpace(in.Source)}
		if rule.Country == defaultCountry {
			rule.Country = ""
		}
		if problem := checkAge(rule, in.Country); problem != "" {
			return nil, fmt.Errorf("%s: ages[%d] (%s): %s", file, i, shorten(in.Country), problem)
		}
		key := rule.Country + " " + rule.From
		if seen[key] {
			return nil, fmt.Errorf("%s: ages[%d] (%s): given twice for the same date; allowed: once", file, i, in.Country)
		}
		seen[key] = true
		rules = append(rules, rule)
	}
	if !slices.ContainsFunc(rules, func(r AgeRule) bool { return r.Country == "" && r.From == "" }) {
		return nil, fmt.Errorf("%s: given no rule for the country %q without a date; it is needed", file, defaultCountry)
	}
	return rules, nil
}

// checkAge says what is wrong with a rule; empty if nothing is. given is the
// country as the file has it.
func checkAge(r AgeRule, given string) string {
	switch {
	case r.Country != "" && validator.New().Var(r.Country, "iso3166_1_alpha2") != nil, given == "":
		return fmt.Sprintf("country: given %q; allowed: two capital letters (ISO 3166-1 alpha-2), or %s", shorten(given), defaultCountry)
	case r.Age < lowestAge || r.Age > highestAge:
		return fmt.Sprintf("age: given %d; allowed: %d to %d", r.Age, lowestAge, highestAge)
	case r.From == "" && r.Country != "":
		return "from: given none; allowed: YYYY-MM-DD"
	case r.Source == "":
		return "source: given none; allowed: the law that says so"
	}
	if _, err := time.Parse(time.DateOnly, r.From); err != nil && r.From != "" {
		return fmt.Sprintf("from: given %q; allowed: YYYY-MM-DD", shorten(r.From))
	}
	return ""
}
