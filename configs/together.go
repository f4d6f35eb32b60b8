package configs

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// pairing is a rule about several keys.
type pairing struct {
	keys []string
	// check returns what is wrong, "" for nothing.
	check func(c *Config) string
}

// pairings are the rules about several keys at once. The keys are named in the
// order in which a person would look at them.
var pairings = []pairing{
	{[]string{"http.tls.cert_file", "http.tls.key_file"}, func(c *Config) string {
		return bothOrNeither(c.HTTP.TLS.CertFile, c.HTTP.TLS.KeyFile)
	}},
	{[]string{"operator.staff"}, func(c *Config) string {
		names := map[string]bool{"operator": true}
		for _, s := range c.Operator.Staff {
			name, _, _ := strings.Cut(s.Reveal(), ":")
			name, _, _ = strings.Cut(name, "(")
			if names[name] {
				return fmt.Sprintf("given the name %s for two people; allowed: a name of its own for each, and not operator, which is that of operator.token", name)
			}
			names[name] = true
		}
		return ""
	}},
	{[]string{"turn.cert_file", "turn.key_file"}, func(c *Config) string {
		return bothOrNeither(c.TURN.CertFile, c.TURN.KeyFile)
	}},
	{[]string{"consent.external.url", "consent.external.secret"}, func(c *Config) string {
		return keyWithURL(c.Consent.External.URL, c.Consent.External.Secret)
	}},
	{[]string{"consent.methods", "consent.external.url"}, func(c *Config) string {
		if slices.Contains(c.Consent.Methods, "external") && c.Consent.External.URL == "" {
			return "given the method external without its url; allowed: both, or neither"
		}
		return ""
	}},
	{[]string{"push.webhook.url", "push.webhook.secret"}, func(c *Config) string {
		return keyWithURL(c.Push.Webhook.URL, c.Push.Webhook.Secret)
	}},
	{[]string{"metrics.export.webhook.url", "metrics.export.webhook.secret"}, func(c *Config) string {
		return keyWithURL(c.Metrics.Export.Webhook.URL, c.Metrics.Export.Webhook.Secret)
	}},
	{[]string{"mail.smtp.host", "mail.from"}, func(c *Config) string {
		if c.Mail.SMTP.Host != "" && c.Mail.From == "" {
			return "given a host and no sender; allowed with a host: a sender such as Kinwire <hello@kinwire.example>"
		}
		return ""
	}},
	{[]string{"signaling.max_message_bytes", "relay.max_body"}, func(c *Config) string {
		if needed := Bytes(base64Length(int64(c.Relay.MaxBody)) + roomForFields); c.Signaling.MaxMessageBytes < needed {
			return fmt.Sprintf("given %d and %d; allowed: a max_message_bytes of at least %d, for a body is a third longer in JSON", c.Signaling.MaxMessageBytes, c.Relay.MaxBody, needed)
		}
		return ""
	}},
	{[]string{"relay.attachments.s3.endpoint", "relay.attachments.s3.bucket", "relay.attachments.s3.access_key", "relay.attachments.s3.secret_key"}, func(c *Config) string {
		s3 := c.Relay.Attachments.S3
		if s3.Endpoint != "" && (s3.Bucket == "" || s3.AccessKey == "" || s3.SecretKey == "") {
			return "given an endpoint without all of bucket, access_key and secret_key; allowed: all of them, or no endpoint"
		}
		return ""
	}},
	{[]string{"relay.attachments.max_size", "relay.attachments.chunk_bytes"}, func(c *Config) string {
		if a := c.Relay.Attachments; a.MaxSize/a.ChunkBytes >= maxChunks {
			return fmt.Sprintf("given %d and %d; allowed: fewer than %d chunks in the largest attachment", a.MaxSize, a.ChunkBytes, maxChunks)
		}
		return ""
	}},
	{[]string{"relay.attachments.max_size", "relay.attachments.per_person"}, func(c *Config) string {
		if a := c.Relay.Attachments; a.MaxSize > a.PerPerson {
			return fmt.Sprintf("given %d and %d; allowed: a per_person of at least max_size", a.MaxSize, a.PerPerson)
		}
		return ""
	}},
	{[]string{"store.driver", "store.dsn"}, func(c *Config) string {
		dsn := c.Store.DSN.Reveal()
		isURL := strings.HasPrefix(dsn, "postgres://") || strings.HasPrefix(dsn, "postgresql://")
		if c.Store.Driver == "postgres" && !isURL {
			return "given postgres without a URL; allowed with it: a dsn such as postgres://user:password@host/database"
		}
		if c.Store.Driver == "sqlite" && isURL {
			return "given sqlite with the URL of a PostgreSQL database; allowed with it: the path of a file, or empty"
		}
		return ""
	}},
	{[]string{"sfu.ipv4", "sfu.ipv6"}, func(c *Config) string {
		if !c.SFU.IPv4 && !c.SFU.IPv6 {
			return "given false and false; allowed: at least one of them true"
		}
		return ""
	}},
	{[]string{"sfu.bind_addresses", "sfu.ipv4", "sfu.ipv6"}, func(c *Config) string {
		return familyOff(c, c.SFU.BindAddresses)
	}},
	{[]string{"sfu.public_addresses", "sfu.ipv4", "sfu.ipv6"}, func(c *Config) string {
		return familyOff(c, c.SFU.PublicAddresses)
	}},
	{[]string{"sfu.failed_timeout", "sfu.disconnected_timeout"}, func(c *Config) string {
		if c.SFU.FailedTimeout > c.SFU.DisconnectedTimeout {
			return ""
		}
		return fmt.Sprintf("given %s and %s; allowed: failed_timeout longer than disconnected_timeout",
			shortDuration(c.SFU.FailedTimeout), shortDuration(c.SFU.DisconnectedTimeout))
	}},
	{[]string{"turn.udp_listen", "turn.tcp_listen", "turn.tls_listen"}, func(c *Config) string {
		tls := len(c.TURN.TLSListen) > 0 && c.TURN.CertFile != ""
		if !c.TURN.Enabled || tls || len(c.TURN.UDPListen)+len(c.TURN.TCPListen) > 0 {
			return ""
		}
		return "given nothing to listen on; allowed: at least one address (TLS needs cert_file and key_file), or turn.enabled false"
	}},
	{[]string{"sfu.direct", "turn.enabled"}, func(c *Config) string {
		if !c.SFU.Direct && !c.TURN.Enabled {
			return "given false and false; allowed: at least one of them true, or no media could come in"
		}
		return ""
	}},
	{[]string{"turn.max_allocations_per_user", "turn.max_allocations"}, func(c *Config) string {
		if c.TURN.MaxAllocationsPerUser <= c.TURN.MaxAllocations {
			return ""
		}
		return fmt.Sprintf("given %d and %d; allowed: no more for one person than for all",
			c.TURN.MaxAllocationsPerUser, c.TURN.MaxAllocations)
	}},
	{[]string{"sfu.udp_port", "turn.udp_listen"}, func(c *Config) string {
		if !c.TURN.Enabled {
			return ""
		}
		return samePort(c.SFU.UDPPort, c.TURN.UDPListen...)
	}},
	{[]string{"sfu.tcp_port", "http.listen"}, func(c *Config) string {
		return samePort(c.SFU.TCPPort, c.HTTP.Listen)
	}},
	{[]string{"sfu.tcp_port", "turn.tcp_listen"}, func(c *Config) string {
		if !c.TURN.Enabled {
			return ""
		}
		return samePort(c.SFU.TCPPort, c.TURN.TCPListen...)
	}},
	{[]string{"sfu.tcp_port", "turn.tls_listen"}, func(c *Config) string {
		if !c.TURN.Enabled || c.TURN.CertFile == "" {
			return ""
		}
		return samePort(c.SFU.TCPPort, c.TURN.TLSListen...)
	}},
}

// checkTogether applies the pairings whose keys are sound by themselves.
func (c *Config) checkTogether(refused map[string]bool) []Problem {
	var problems []Problem
	for _, p := range pairings {
		if slices.ContainsFunc(p.keys, func(k string) bool { return refused[k] }) {
			continue
		}
		if text := p.check(c); text != "" {
			problems = append(problems, Problem{Where: c.whereOf(p.keys), Key: strings.Join(p.keys, ", "), Text: text})
		}
	}
	return problems
}

// whereOf is where the first of keys was set that was set at all.
func (c *Config) whereOf(keys []string) string {
	for _, k := range keys {
		if o := c.origins[k]; o != "default" {
			return o
		}
	}
	return "default"
}

func bothOrNeither(cert, key string) string {
	if (cert == "") == (key == "") {
		return ""
	}
	return fmt.Sprintf("given %q and %q; allowed: both files, or both empty", cert, key)
}

func keyWithURL(url string, secret Secret) string {
	if (url == "") == (secret == "") {
		return ""
	}
	return "given one of the two; allowed: both, or both empty"
}

func familyOff(c *Config, addrs []netip.Addr) string {
	for _, a := range addrs {
		if (a.Is4() && !c.SFU.IPv4) || (a.Is6() && !c.SFU.IPv6) {
			return fmt.Sprintf("given %s, whose IP version is switched off; allowed: addresses of versions that are on", a)
		}
	}
	return ""
}

// samePort is a rough check: it does not compare hosts, because an SFU port is
// taken on every address. Port 0 is any free port, or none.
func samePort(port int, listens ...string) string {
	for _, l := range listens {
		_, p, err := net.SplitHostPort(l)
		if err == nil && port != 0 && p == strconv.Itoa(port) {
			return fmt.Sprintf("given port %d for both; allowed: a port of its own for each", port)
		}
	}
	return ""
}

// maxChunks is how many chunks an attachment may have: their numbers are listed
// in one answer.
const maxChunks = 10_000

// roomForFields is what a message has beside its body, in bytes.
const roomForFields = 2048

// base64Length is how long n bytes are in base64 (RFC 4648, section 4).
func base64Length(n int64) int64 { return (n + 2) / 3 * 4 }
