package configs

import (
	"net"
	"net/netip"
	"net/url"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"github.com/go-playground/validator/v10"
)

// formats are the validate rules of our own: the check, and the words for
// what it allows.
var formats = map[string]struct {
	check   func(v reflect.Value) bool
	allowed string
}{
	"pow2":   {func(v reflect.Value) bool { n := v.Int(); return n > 0 && n&(n-1) == 0 }, "a power of two"},
	"listen": {func(v reflect.Value) bool { return isListen(v.String()) }, `an address to listen on such as ":8080", "127.0.0.1:8080" or "[::1]:8080"`},
	"origin": {func(v reflect.Value) bool { return isOrigin(v.String()) }, "an origin such as https://calls.example.org, without a path"},
	"staff":  {func(v reflect.Value) bool { return isStaff(v.String()) }, "name:token or name(role,role):token, the name of letters, digits, - and _, the roles among calls, safety and resolve, the token of 16 to 256 characters"},
	"header": {func(v reflect.Value) bool { return isHeader(v.String()) }, "name: value, as in HTTP"},
	"url":    {func(v reflect.Value) bool { return isURL(v.String()) }, "a URL that begins with https:// (or http:// on this machine)"},
	"host":   {func(v reflect.Value) bool { return isHost(v.String()) }, "a host name or IP address, without a port"},
}

var validate = func() *validator.Validate {
	v := validator.New(validator.WithRequiredStructEnabled())
	for name, f := range formats {
		err := v.RegisterValidation(name, func(fl validator.FieldLevel) bool { return f.check(fl.Field()) })
		if err != nil {
			panic(err) // the names are constants: only a bad name gets here
		}
	}
	return v
}()

// satisfies reports whether v keeps to the rules of a validate tag.
func satisfies(v any, rules []string) bool {
	return len(rules) == 0 || validate.Var(v, strings.Join(rules, ",")) == nil
}

// isListen takes host:port with an empty host, an IP address or a host name,
// and a port from 0 to 65535 in digits.
func isListen(s string) bool {
	host, port, err := net.SplitHostPort(s)
	if err != nil || (host != "" && !isHost(host)) {
		return false
	}
	_, err = strconv.ParseUint(port, 10, 16)
	return err == nil
}

// isOrigin takes the serialisation of an http or https origin (RFC 6454,
// section 6.2).
func isOrigin(s string) bool {
	u, err := url.Parse(s)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || !isHost(u.Hostname()) {
		return false
	}
	return s == u.Scheme+"://"+strings.ToLower(u.Host)
}

var staffName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,32}(\((calls|safety|resolve)(,(calls|safety|resolve))*\))?$`)

func isStaff(s string) bool {
	name, token, ok := strings.Cut(s, ":")
	return ok && staffName.MatchString(name) && len(token) >= 16 && len(token) <= 256
}

var headerLine = regexp.MustCompile("^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}: [\\x20-\\x7e]{1,1000}$")

// isHeader takes a header field (RFC 9110, section 5).
func isHeader(s string) bool { return headerLine.MatchString(s) }

// isURL takes https anywhere and http on this machine: what goes there is
// signed, not encrypted.
func isURL(s string) bool {
	u, err := url.Parse(s)
	if err != nil || !isHost(u.Hostname()) {
		return false
	}
	local := u.Hostname() == "localhost"
	if a, err := netip.ParseAddr(u.Hostname()); err == nil {
		local = a.IsLoopback()
	}
	return u.Scheme == "https" || (u.Scheme == "http" && local)
}

var hostName = regexp.MustCompile(`^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$`)

func isHost(s string) bool {
	if _, err := netip.ParseAddr(s); err == nil {
		return true
	}
	return len(s) <= 253 && hostName.MatchString(s)
}

// allowed says in words what the leaf's rules demand.
func (l *leaf) allowed() string {
	if l.typ.Kind() != reflect.Slice {
		return allowedItem(kinds[l.typ], l.rules)
	}
	text := "a list"
	for _, rule := range l.rules {
		if rule == "min=1" {
			text += " of one or more"
		}
	}
	text += ", each item " + allowedItem(kinds[l.typ.Elem()], l.itemRules)
	for _, rule := range l.rules {
		if rule == "unique" {
			text += ", none twice"
		}
	}
	return text
}

func allowedItem(k kind, rules []string) string {
	text, limits, prefix := k.noun, map[string]string{}, ""
	for _, rule := range rules {
		name, param, _ := strings.Cut(rule, "=")
		if f, ok := formats[name]; ok {
			text = f.allowed
		}
		switch name {
		case "oneof":
			text = "one of " + strings.Join(strings.Fields(param), ", ")
		case "omitempty":
			prefix = "empty, or "
		default:
			limits[name] = param
		}
	}
	return prefix + text + limitText(k.unit, limits["min"], limits["max"])
}

func limitText(unit, low, high string) string {
	switch {
	case unit != "" && low != "" && high != "":
		return " of " + low + " to " + high + " " + unit
	case unit != "" && low != "":
		return " of at least " + low + " " + unit
	case low != "" && high != "":
		return " from " + low + " to " + high
	}
	return ""
}
