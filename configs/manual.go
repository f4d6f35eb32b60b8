package configs

import (
	"fmt"
	"strings"
)

// actsText says in a word of the manual when a change acts.
var actsText = map[Acts]string{Live: "at once", OnCalls: "new calls", Restart: "restart"}

// Manual is docs/config.md: every key on one page, with its default, what is
// allowed, when a change acts and what it is for.
func Manual() string {
	var b strings.Builder
	b.WriteString(manualHead)
	for _, section := range manualSections() {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n", section.title, section.about)
		b.WriteString("| key | default | allowed | a change acts | what it is for |\n|---|---|---|---|---|\n")
		for _, k := range section.keys {
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", k.Name, manualDefault(k), cell(k.Allowed), manualActs(k), cell(k.about()))
		}
	}
	return b.String()
}

const manualHead = `# Every key of the configuration

Made from configs/default.yaml and configs/config*.go by ` + "`go generate ./configs`" + `; a test keeps it fresh. [operate.md](operate.md) says
where keys can be set and how a running server takes changes over; [config.schema.json](config.schema.json) tells editors.

A key such as ` + "`sfu.udp_port`" + ` stands in a file as ` + "`sfu: {udp_port: 7882}`" + `, in the environment as ` + "`KINWIRE_SFU_UDP_PORT`" + ` and, secrets
excepted, on the command line as ` + "`--sfu.udp_port`" + `.

| a change acts | means |
|---|---|
| at once | for everything that happens from then on, calls under way included |
| new calls | calls, sessions and connections under way keep what they began with |
| restart | the server goes on with the old value until it is started again, and says so |
`

// manualSection is one table of the manual.
type manualSection struct {
	title, about string
	keys         []Key
}

// manualSections puts the keys in the order of default.yaml into their
// sections; those in none come first.
func manualSections() []*manualSection {
	list := []*manualSection{{title: "Without a section", about: "Keys that stand at the left margin of a file."}}
	byName := map[string]*manualSection{"": list[0]}
	for _, k := range Keys() {
		s := byName[k.Section]
		if s == nil {
			s = &manualSection{title: k.Section, about: schema().about[k.Section]}
			byName[k.Section] = s
			list = append(list, s)
		}
		s.keys = append(s.keys, k)
	}
	return list
}

// about is what the key is for, with what is said of a section between it and
// its top one.
func (k Key) about() string {
	text := k.Doc
	parts := strings.Split(k.Name, ".")
	for i := len(parts) - 1; i >= 2; i-- {
		if about := schema().about[strings.Join(parts[:i], ".")]; about != "" {
			text = about + " " + text
		}
	}
	return text
}

func manualDefault(k Key) string {
	if k.Default == "" {
		return "empty"
	}
	return "`" + cell(k.Default) + "`"
}

func manualActs(k Key) string {
	if k.Toggle {
		return actsText[k.Acts] + "; " + actsText[Restart] + " where it was empty or becomes so"
	}
	return actsText[k.Acts]
}

// cell keeps a text inside its cell of a table: no bars, and nothing that a
// browser would take for markup.
var cell = strings.NewReplacer("|", `\|`, "<", "&lt;", ">", "&gt;", "*", `\*`).Replace
