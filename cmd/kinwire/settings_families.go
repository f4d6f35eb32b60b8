package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"

	"kinwire/configs"
	"kinwire/signaling"
	"kinwire/signaling/accounts"
	"kinwire/signaling/consent"
	"kinwire/signaling/oidc"
	"kinwire/signaling/proto"
)

// publicURL is how people reach the server; without a word about it, on this
// machine.
func publicURL(cfg *configs.Config) string {
	if cfg.HTTP.PublicURL != "" {
		return cfg.HTTP.PublicURL
	}
	host, port, err := net.SplitHostPort(cfg.HTTP.Listen)
	if err != nil || host == "" || host == "0.0.0.0" || host == "::" {
		host = "localhost"
	}
	scheme := "http"
	if cfg.HTTP.TLS.CertFile != "" {
		scheme = "https"
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}

// isName says whether a host is a name: passkeys are bound to one.
func isName(host string) bool {
	_, err := netip.ParseAddr(host)
	return err != nil && host != ""
}

// keptKey is a key of 32 bytes that is made at the first start and kept where
// only the server's user can read it.
func keptKey(cfg *configs.Config, name string) ([]byte, error) {
	file := filepath.Join(cfg.DataDir, name)
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		key := make([]byte, 32)
		rand.Read(key)
		text = []byte(hex.EncodeToString(key) + "\n")
		err = os.WriteFile(file, text, 0o600)
	}
	if err != nil {
		return nil, fmt.Errorf("keeping %s: %w", name, err)
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != 32 {
		return nil, fmt.Errorf("reading %s: given something else than 64 hexadecimal digits; delete the file to have another one made", name)
	}
	return key, nil
}

// loadNotice is the operator's own, or the one that comes with Kinwire.
func loadNotice(cfg *configs.Config) (*configs.Notice, error) {
	n, err := configs.LoadNotice(cfg.Consent.NoticeFile)
	if n != nil || err != nil {
		return n, err
	}
	return &configs.Notice{Version: consent.DefaultVersion}, nil
}

func consentConfig(cfg *configs.Config, notice *configs.Notice, public string) consent.Config {
	c := consent.Config{
		NoticeVersion: notice.Version, Delay: cfg.Consent.EmailPlusDelay, Lifetime: cfg.Consent.Lifetime, PublicURL: public,
		ExternalURL: cfg.Consent.External.URL, ExternalSecret: cfg.Consent.External.Secret.Reveal(),
	}
	for _, s := range notice.Sections {
		c.Sections = append(c.Sections, proto.NoticeSection{Title: s.Title, Text: s.Text})
	}
	for _, m := range cfg.Consent.Methods {
		c.Methods = append(c.Methods, proto.ConsentMethod(m))
	}
	return c
}

func ageRules(list []configs.AgeRule) []accounts.AgeRule {
	out := make([]accounts.AgeRule, 0, len(list))
	for _, r := range list {
		out = append(out, accounts.AgeRule(r))
	}
	return out
}

func oidcProviders(list []configs.Provider) []oidc.ProviderConfig {
	out := make([]oidc.ProviderConfig, 0, len(list))
	for _, p := range list {
		out = append(out, oidc.ProviderConfig{ID: p.ID, Name: p.Name, Issuer: p.Issuer, ClientID: p.ClientID, ClientSecret: p.ClientSecret.Reveal()})
	}
	return out
}

// staff are the operators by name; configs has checked the form: name:token,
// or name(role,role):token.
func staff(cfg *configs.Config) map[string]signaling.Staff {
	out := map[string]signaling.Staff{}
	for _, s := range cfg.Operator.Staff {
		name, token, _ := strings.Cut(s.Reveal(), ":")
		roles := []string{proto.OperatorCalls, proto.OperatorSafety}
		if who, list, given := strings.Cut(strings.TrimSuffix(name, ")"), "("); given {
			name, roles = who, strings.Split(list, ",")
		}
		out[name] = signaling.Staff{Token: token, Roles: roles}
	}
	return out
}

// waiting tells calls who lets a second call ring.
type waiting struct{ accounts *accounts.Service }

func (w waiting) CallWaiting(ctx context.Context, userID string) (bool, error) {
	s, err := w.accounts.Settings(ctx, userID)
	return s.CallWaiting, err
}
