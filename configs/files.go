package configs

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"

	"go.yaml.in/yaml/v3"
)

// Provider is an OpenID Connect provider that people may sign in with, as
// accounts.providers_file lists it.
type Provider struct {
	ID           string `yaml:"id"`   // in addresses: letters, digits, -
	Name         string `yaml:"name"` // on the button
	Issuer       string `yaml:"issuer"`
	ClientID     string `yaml:"client_id"`
	ClientSecret Secret `yaml:"client_secret"`
}

// Notice is what a parent consents to, as consent.notice_file holds it.
type Notice struct {
	Version  string          `yaml:"version"`
	Sections []NoticeSection `yaml:"sections"`
}

// NoticeSection is one part of a Notice.
type NoticeSection struct {
	Title string `yaml:"title"`
	Text  string `yaml:"text"`
}

var providerID = regexp.MustCompile(`^[a-z0-9-]{1,32}$`)

// LoadProviders reads accounts.providers_file: a list under providers. An
// empty file name gives none.
func LoadProviders(file string) ([]Provider, error) {
	if file == "" {
		return nil, nil
	}
	var doc struct {
		Providers []Provider `yaml:"providers"`
	}
	if err := readStrictly(file, &doc); err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for i, p := range doc.Providers {
		switch {
		case !providerID.MatchString(p.ID):
			return nil, fmt.Errorf("%s: providers[%d].id: given %q; allowed: 1 to 32 small letters, digits and -", file, i, shorten(p.ID))
		case seen[p.ID]:
			return nil, fmt.Errorf("%s: providers[%d].id: given %q twice; allowed: once", file, i, p.ID)
		case p.Name == "" || p.ClientID == "":
			return nil, fmt.Errorf("%s: providers[%d] (%s): given no name or no client_id; both are needed", file, i, p.ID)
		case !isURL(p.Issuer):
			return nil, fmt.Errorf("%s: providers[%d].issuer: given %q; allowed: %s", file, i, shorten(p.Issuer), formats["url"].allowed)
		}
		seen[p.ID] = true
	}
	return doc.Providers, nil
}

// LoadNotice reads consent.notice_file. An empty file name gives none.
func LoadNotice(file string) (*Notice, error) {
	if file == "" {
		return nil, nil
	}
	n := &Notice{}
	if err := readStrictly(file, n); err != nil {
		return nil, err
	}
	if n.Version == "" || len(n.Version) > 32 {
		return nil, fmt.Errorf("%s: version: given %q; allowed: 1 to 32 characters", file, shorten(n.Version))
	}
	if len(n.Sections) == 0 {
		return nil, fmt.Errorf("%s: sections: given none; allowed: one or more with title and text", file)
	}
	for i, s := range n.Sections {
		if s.Title == "" || s.Text == "" {
			return nil, fmt.Errorf("%s: sections[%d]: given no title or no text; both are needed", file, i)
		}
	}
	return n, nil
}

// readStrictly reads one YAML document and refuses unknown keys.
func readStrictly(file string, into any) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("reading a file of the configuration: %w", err)
	}
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if err := d.Decode(new(any)); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: given more than one YAML document; allowed: one", file)
	}
	return nil
}
