package configs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// ageNow is the newest rule of a country.
func ageNow(t *testing.T, rules []AgeRule, country string) int {
	t.Helper()
	var newest AgeRule
	for _, r := range rules {
		if r.Country == country && r.From >= newest.From {
			newest = r
		}
	}
	return newest.Age
}

func TestAgesThatComeWithKinwire(t *testing.T) {
	rules, err := LoadAges("")
	require.NoError(t, err)
	for country, age := range map[string]int{
		"": 13, "US": 13,
		"AT": 14, "BE": 13, "BG": 14, "HR": 16, "CY": 14, "CZ": 15, "DK": 15, "EE": 13, "FI": 13, "FR": 15, "DE": 16,
		"GR": 15, "HU": 16, "IE": 16, "IT": 14, "LV": 13, "LT": 14, "LU": 16, "MT": 13, "NL": 16, "PL": 16, "PT": 13,
		"RO": 16, "SK": 16, "SI": 15, "ES": 14, "SE": 13, "GB": 13,
	} {
		require.Equal(t, age, ageNow(t, rules, country), country)
	}
	require.Contains(t, rules, AgeRule{Country: "DK", Age: 15, From: "2024-01-01",
		Source: "Databeskyttelsesloven § 6(2), as changed with effect from 1 January 2024"})
}

const goodAges = "ages:\n  - {country: default, age: 13, source: x}\n  - {country: PL, age: 16, from: 2018-05-25, source: GDPR}\n"

func TestAgesFromAFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ages.yaml")
	require.NoError(t, os.WriteFile(file, []byte(goodAges), 0o600))
	rules, err := LoadAges(file)
	require.NoError(t, err)
	require.Equal(t, []AgeRule{{Age: 13, Source: "x"}, {Country: "PL", Age: 16, From: "2018-05-25", Source: "GDPR"}}, rules)
	_, err = LoadAges(file + "x")
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestAgesRefused(t *testing.T) {
	with := func(line string) string { return goodAges + "  - " + line + "\n" }
	for name, c := range map[string]struct{ text, want string }{
		"empty":           {"", `no rule for the country "default"`},
		"no default":      {"ages:\n  - {country: PL, age: 16, from: 2018-05-25, source: x}\n", `no rule for the country "default"`},
		"dated default":   {"ages:\n  - {country: default, age: 16, from: 2018-05-25, source: x}\n", `no rule for the country "default"`},
		"no country":      {with("{age: 13, source: x}"), `ages[2] (): country: given ""; allowed: two capital letters`},
		"unknown country": {with("{country: UK, age: 13, from: 2018-05-25, source: x}"), `country: given "UK"`},
		"small letters":   {with("{country: de, age: 13, from: 2018-05-25, source: x}"), `country: given "de"`},
		"too young":       {with("{country: DE, age: 12, from: 2018-05-25, source: x}"), "age: given 12; allowed: 13 to 18"},
		"too old":         {with("{country: DE, age: 19, from: 2018-05-25, source: x}"), "age: given 19; allowed: 13 to 18"},
		"no age":          {with("{country: DE, from: 2018-05-25, source: x}"), "age: given 0"},
		"no date":         {with("{country: DE, age: 13, source: x}"), "from: given none; allowed: YYYY-MM-DD"},
		"no such date":    {with("{country: DE, age: 13, from: 2018-02-30, source: x}"), "2018-02-30"},
		"a word for date": {with("{country: DE, age: 13, from: soon, source: x}"), `from: given "soon"`},
		"no source":       {with("{country: DE, age: 13, from: 2018-05-25}"), "source: given none"},
		"blank source":    {with(`{country: DE, age: 13, from: 2018-05-25, source: "  "}`), "source: given none"},
		"twice":           {with("{country: PL, age: 15, from: 2018-05-25, source: x}"), "ages[2] (PL): given twice for the same date"},
		"unknown key":     {with("{country: DE, age: 13, from: 2018-05-25, source: x, note: y}"), "note"},
		"another type":    {with("{country: DE, age: old, from: 2018-05-25, source: x}"), "old"},
		"two documents":   {goodAges + "---\nages: []\n", "more than one YAML document"},
		"not YAML":        {"ages: [", "ages.yaml: "},
	} {
		_, err := parseAges("ages.yaml", []byte(c.text))
		require.ErrorContains(t, err, c.want, name)
	}
}

// FuzzAges: whatever a file holds, it is a table that can be used or a refusal
// that names the file.
func FuzzAges(f *testing.F) {
	f.Add(agesYAML)
	f.Add([]byte(goodAges))
	f.Add([]byte("ages:\n  - {country: [], age: 1e9, from: 2018-05-25T00:00:00Z, source: !!binary aGk=}\n"))
	f.Add([]byte("ages: &a [*a]\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		rules, err := parseAges("ages.yaml", text)
		if err != nil {
			require.True(t, strings.HasPrefix(err.Error(), "ages.yaml: "), err)
			return
		}
		for _, r := range rules {
			require.GreaterOrEqual(t, r.Age, lowestAge)
			require.LessOrEqual(t, r.Age, highestAge)
			require.NotEmpty(t, r.Source)
		}
	})
}
