package layers

import (
	"fmt"
	"go/ast"
	"path"
	"slices"
	"strings"
)

// Rule is one rule of the house. Says goes into a failure, Why too: who meets
// a rule for the first time meets its reason.
type Rule struct {
	Name string
	Says string
	Why  string
	// check reports each place where f leaves the rule.
	check func(h *House, f *file, report reporter)
}

type reporter func(at ast.Node, found string)

// The largest sizes.
const (
	maxFileLines        = 400
	maxCommandFileLines = 200
	maxFuncLines        = 80
	maxInterfaceMethods = 8
)

// Rules is the table of rules.
var Rules = []Rule{
	{
		Name:  "listed",
		Says:  "every package stands in the table in internal/layers/rooms.go",
		Why:   "a package that nobody planned is how a house loses its shape: add it on purpose, with what it may import",
		check: checkListed,
	},
	{
		Name:  "named",
		Says:  "no package is called util, utils, common, helper, helpers, misc or shared",
		Why:   "a package is named for what it does; one named for nothing takes in everything",
		check: checkNamed,
	},
	{
		Name:  "arrows",
		Says:  "a package imports only those packages of the house that its line in internal/layers/rooms.go names",
		Why:   "arrows point from wiring to features to vocabulary; an arrow back makes two rooms one",
		check: checkArrows,
	},
	{
		Name:  "planes",
		Says:  "sfu, turn and signaling never import one another, in tests neither; metrics imports none of them; only cmd and e2e import configs",
		Why:   "only cmd joins the planes, through small interfaces that the consumer declares; a test across planes belongs into e2e",
		check: checkPlanes,
	},
	{
		Name:  "outside",
		Says:  "some modules from outside are for a few rooms only",
		Why:   "a seam holds only while nothing else reaches through it",
		check: checkOutside,
	},
	{
		Name:  "file size",
		Says:  fmt.Sprintf("a file has at most %d lines, one of cmd %d; generated ones (*_gen.go) any number", maxFileLines, maxCommandFileLines),
		Why:   "a longer file has two subjects; and wiring that is long has begun to decide things",
		check: checkFileSize,
	},
	{
		Name:  "function size",
		Says:  fmt.Sprintf("a function has at most %d lines", maxFuncLines),
		Why:   "what does not fit on a screen cannot be checked by looking at it",
		check: checkFuncSize,
	},
	{
		Name:  "interface size",
		Says:  fmt.Sprintf("an interface has at most %d methods", maxInterfaceMethods),
		Why:   "a consumer that declares what it needs needs little; a large interface is a package in disguise",
		check: checkInterfaceSize,
	},
	{
		Name:  "clock",
		Says:  "only edges call time.Now, time.Since or time.Until; everything else takes now as an argument or a function",
		Why:   "logic that reads the clock cannot be tested at the time that matters; edges are marked Clock in internal/layers/rooms.go",
		check: checkClock,
	},
}

func checkListed(h *House, f *file, report reporter) {
	if _, ok := h.Rooms[f.dir]; !ok && f.first {
		report(f.ast.Name, "package "+f.dir+" is not in the table")
	}
}

var namesForNothing = []string{"util", "utils", "common", "helper", "helpers", "misc", "shared"}

func checkNamed(_ *House, f *file, report reporter) {
	name := strings.TrimSuffix(f.ast.Name.Name, "_test")
	if f.first && (slices.Contains(namesForNothing, name) || slices.Contains(namesForNothing, path.Base(f.dir))) {
		report(f.ast.Name, "package "+f.dir+" has a name that says nothing")
	}
}

// checkArrows leaves tests alone: they may stand on the real neighbour rather
// than on a double of it.
func checkArrows(h *House, f *file, report reporter) {
	room, ok := h.Rooms[f.dir]
	if f.test || !ok {
		return
	}
	for _, spec := range f.ast.Imports {
		if to, own := f.own(h, spec); own && to != f.dir && !under(to, room.May) {
			report(spec, f.dir+" imports "+to)
		}
	}
}

var planes = []string{"sfu", "turn", "signaling"}

func planeOf(dir string) string {
	first, _, _ := strings.Cut(dir, "/")
	return first
}

func checkPlanes(h *House, f *file, report reporter) {
	from := planeOf(f.dir)
	for _, spec := range f.ast.Imports {
		to, own := f.own(h, spec)
		if !own {
			continue
		}
		between := slices.Contains(planes, planeOf(to)) && (slices.Contains(planes, from) || from == "metrics")
		toMetrics := planeOf(to) == "metrics" && slices.Contains(planes, from)
		toConfigs := planeOf(to) == "configs" && from != "cmd" && from != "e2e"
		if from != planeOf(to) && (between || toMetrics || toConfigs) {
			report(spec, f.dir+" imports "+to)
		}
	}
}

// ban keeps modules from outside out of some rooms.
type ban struct {
	imports []string // what is banned, with everything below it
	in      []string // from where; ... is everywhere
	except  []string
	tests   bool // in tests too
	why     string
}

var sqlPackages = []string{"database/sql", "github.com/jackc/pgx", "modernc.org/sqlite", "github.com/pressly/goose"}

var bans = []ban{
	{
		imports: []string{"github.com/pion/webrtc"},
		in:      []string{"..."}, except: []string{"client/...", "e2e"},
		why: "the server has a transport of its own, sfu/link; pion/webrtc is for the client SDK, and in tests the independent peer",
	},
	{
		imports: []string{"github.com/pion"},
		in:      []string{"signaling/...", "metrics/...", "configs", "web"}, tests: true,
		why: "signaling and metrics speak of calls, not of packets",
	},
	{
		imports: sqlPackages,
		in:      []string{"..."}, except: []string{"signaling/store", "e2e", "e2e/postgres"},
		why: "SQL is written in one place, signaling/store; the rest declares the few methods it needs",
	},
	{
		imports: sqlPackages,
		in:      []string{"sfu/...", "turn"}, tests: true,
		why: "the media planes keep nothing on disk",
	},
	{
		imports: []string{"net/http"},
		in:      []string{"sfu/..."}, tests: true,
		why: "the media plane serves packets; what it has to show, cmd hands to those who serve pages",
	},
	{
		imports: []string{"github.com/prometheus"},
		in:      []string{"..."}, except: []string{"metrics/...", "cmd/...", "e2e"},
		why: "packages keep atomics and hand them out on request; metrics reads them",
	},
	{
		imports: []string{"github.com/spf13/viper"},
		in:      []string{"..."}, except: []string{"configs"},
		why: "a package takes a Config struct of its own; where the values come from is the business of configs",
	},
}

func checkOutside(_ *House, f *file, report reporter) {
	for _, b := range bans {
		if !under(f.dir, b.in) || under(f.dir, b.except) || (f.test && !b.tests) {
			continue
		}
		for _, spec := range f.ast.Imports {
			for _, banned := range b.imports {
				if name := importPath(spec); name == banned || strings.HasPrefix(name, banned+"/") {
					report(spec, f.dir+" imports "+name+" ("+b.why+")")
				}
			}
		}
	}
}

// under reports whether dir is one of patterns, or below one that ends in
// "...".
func under(dir string, patterns []string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		base, deep := strings.CutSuffix(p, "...")
		base = strings.TrimSuffix(base, "/")
		return dir == base || (deep && (base == "" || strings.HasPrefix(dir, base+"/")))
	})
}
