package script

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"kinwire/client/rehearse"
)

// demoPeople are the people of a server in demo mode, by role.
var demoPeople = []struct{ name, role string }{
	{"priya", "parent"}, {"tomek", "parent"}, {"mia", "child"}, {"leo", "child"},
}

func demoRole(name string) string {
	for _, d := range demoPeople {
		if d.name == name {
			return d.role
		}
	}
	return ""
}

var (
	roles           = []string{"parent", "child", "teen", "adult"}
	participantKeys = []string{"role", "person", "user", "password_env", "path", "protocol", "network", "audio", "video", "codecs", "simulcast", "bitrate"}
	videoCodecs     = []string{"vp8", "h264", "vp9", "av1"}
	sentCodecs      = videoCodecs[:2]
	paths           = []string{"direct", "relay"}
	protocols       = []string{"udp", "tcp", "tls"}
)

func (r *reader) participants(n *yaml.Node) {
	s, ok := r.mapping(n, "participants", nil)
	if !ok {
		return
	}
	if len(s.entries) == 0 || len(s.entries) > maxParticipants {
		r.problem(n, "participants", "given %d; allowed: 1 to %d", len(s.entries), maxParticipants)
		return
	}
	var nodes []*yaml.Node
	for _, e := range s.entries {
		name, ok := r.name(e.key, "participants")
		if !ok {
			continue
		}
		if _, taken := metricNamed(name); taken || name == "record" {
			r.problem(e.key, "participants", "given %q, which is the name of a metric; allowed: another name", name)
			continue
		}
		r.script.Participants = append(r.script.Participants, r.participant(e, name))
		nodes = append(nodes, e.value)
	}
	r.logins(nodes)
}

// participant reads one of them; with nothing said it is a demo person on the
// network as it is.
func (r *reader) participant(e entry, name string) rehearse.Participant {
	key := join("participants", name)
	p := rehearse.Participant{Name: name, Person: name, Media: rehearse.Media{Audio: "clip", Video: "clip"}, Via: rehearse.Via{Path: "direct"}}
	if e.value.Kind == yaml.ScalarNode && e.value.ShortTag() == "!!null" {
		return p
	}
	s, ok := r.mapping(e.value, key, participantKeys)
	if !ok {
		return p
	}
	for _, f := range s.entries {
		at, n := join(key, f.name), f.value
		map[string]func(){
			"role":         func() { p.Role = r.oneOf(n, at, roles) },
			"person":       func() { p.Person, _ = r.name(n, at) },
			"user":         func() { p.Login.User = r.words(n, at, 254) },
			"password_env": func() { p.Login.PasswordEnv = r.words(n, at, 100) },
			"path":         func() { p.Via.Path = r.oneOf(n, at, paths) },
			"protocol":     func() { p.Via.Protocol = r.oneOf(n, at, protocols) },
			"network":      func() { p.Net = r.network(n, at) },
			"audio":        func() { p.Media.Audio = r.oneOf(n, at, choiceNames(Sources())) },
			"video":        func() { p.Media.Video = r.oneOf(n, at, choiceNames(Sources())) },
			"codecs":       func() { p.Media.Codecs = r.codecs(n, at) },
			"simulcast":    func() { p.Media.Simulcast = r.yes(n, at) },
			"bitrate":      func() { p.Media.BitrateUp = int(r.rate(n, at, 20e3, 20e6)) },
		}[f.name]()
	}
	r.suits(s, key, p)
	return p
}

// suits notes keys that do not go together.
func (r *reader) suits(s section, key string, p rehearse.Participant) {
	if p.Via.Protocol == "tls" && p.Via.Path != "relay" {
		r.problem(s.get("protocol"), join(key, "protocol"), "given \"tls\" with path direct; allowed: udp, tcp, or path: relay, for only the TURN server speaks TLS")
	}
	if n := s.get("bitrate"); n != nil && p.Media.Video != "generator" {
		r.problem(n, join(key, "bitrate"), "given with video %q; allowed: with video: generator, for a clip has the bit rate it was recorded with", p.Media.Video)
	}
	if n := s.get("simulcast"); n != nil && p.Media.Simulcast && p.Media.Video == "none" {
		r.problem(n, join(key, "simulcast"), "given with video none; allowed: with a picture")
	}
	allowed, by := sentCodecs, "kincall sends vp8 or h264"
	if p.Media.Video == "generator" {
		allowed, by = sentCodecs[:1], "the generator makes vp8"
	}
	speaks := slices.DeleteFunc(slices.Clone(p.Media.Codecs), func(c string) bool { return !slices.Contains(videoCodecs, c) })
	if len(speaks) > 0 && p.Media.Video != "none" && !slices.ContainsFunc(speaks, func(c string) bool { return slices.Contains(allowed, c) }) {
		r.problem(s.get("codecs"), join(key, "codecs"), "given %s with video %s, but %s; allowed: one of %s among them, or video: none",
			strings.Join(speaks, ", "), p.Media.Video, by, strings.Join(allowed, ", "))
	}
}

func (r *reader) codecs(n *yaml.Node, key string) []string {
	var codecs []string
	for _, item := range r.list(n, key, "codecs", true) {
		c := r.oneOf(item, key, append([]string{"opus"}, videoCodecs...))
		if slices.Contains(codecs, c) {
			r.problem(item, key, "given %s twice; allowed: once", c)
		}
		if c != "" {
			codecs = append(codecs, c)
		}
	}
	return codecs
}

func choiceNames(of []Choice) []string {
	names := make([]string, len(of))
	for i, c := range of {
		names[i] = c.Name
	}
	return names
}

// logins gives each person an account: the one that was named, that of the demo
// person of this name, or that of a demo person in this role who is nobody else.
func (r *reader) logins(nodes []*yaml.Node) {
	people := r.script.Participants
	users := map[string]string{} // by person
	for i, p := range people {
		if p.Login.User == "" && demoRole(p.Person) != "" {
			people[i].Login.User = p.Person
		}
		if u := people[i].Login.User; u != "" {
			if had := users[p.Person]; had != "" && had != u {
				r.problem(nodes[i], join("participants", p.Name), "given user %q for %s, who has %q at another device; allowed: one account a person", printable(u), p.Person, printable(had))
			}
			users[p.Person] = u
		}
	}
	taken := map[string]string{}
	for person, u := range users {
		taken[u] = person
	}
	for i := range people {
		p := &people[i]
		if p.Login.User == "" {
			p.Login.User = users[p.Person]
		}
		if p.Login.User == "" {
			p.Login.User = r.demoPerson(nodes[i], *p, taken)
			users[p.Person], taken[p.Login.User] = p.Login.User, p.Person
		}
		if p.Login.PasswordEnv == "" {
			p.Login.PasswordEnv = rehearse.DefaultPasswordEnv
		}
		r.roleOf(nodes[i], p)
	}
	r.sharedUsers(nodes)
}

// demoPerson finds somebody of the demo for a participant who has no account.
func (r *reader) demoPerson(n *yaml.Node, p rehearse.Participant, taken map[string]string) string {
	key := join("participants", p.Name)
	if p.Role == "" {
		r.problem(n, key, "has no account; allowed: user: with a login, role: parent or child for one of the demo people, or the name of one of them (%s)", strings.Join(demoNames(), ", "))
		return ""
	}
	for _, d := range demoPeople {
		if d.role == p.Role && taken[d.name] == "" {
			return d.name
		}
	}
	r.problem(n, key, "there is no further demo person in the role %s; allowed: user: with a login of the server", p.Role)
	return ""
}

// roleOf fills the role in, and holds it against the demo's.
func (r *reader) roleOf(n *yaml.Node, p *rehearse.Participant) {
	is := demoRole(p.Login.User)
	switch {
	case p.Role == "":
		p.Role = is
	case is != "" && is != p.Role:
		r.problem(n, join("participants", p.Name), "given role %s, but the demo's %s is a %s; allowed: role: %s, or another user", p.Role, p.Login.User, is, is)
	}
}

// sharedUsers notes two persons with one account.
func (r *reader) sharedUsers(nodes []*yaml.Node) {
	owner := map[string]string{}
	for i, p := range r.script.Participants {
		had := owner[p.Login.User]
		if p.Login.User != "" && had != "" && had != p.Person {
			r.problem(nodes[i], join("participants", p.Name), "logs in as %q, as %s does; allowed: an account of their own, or person: %s if it is a second device of the same person", printable(p.Login.User), had, had)
		}
		owner[p.Login.User] = p.Person
	}
}

func demoNames() []string {
	names := make([]string, len(demoPeople))
	for i, d := range demoPeople {
		names[i] = d.name
	}
	return names
}
