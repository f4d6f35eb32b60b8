package layers

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

func moduleRoot(t *testing.T) string {
	t.Helper()
	root := filepath.Join("..", "..")
	_, err := os.Stat(filepath.Join(root, "go.mod"))
	require.NoError(t, err)
	return root
}

// TestHouse holds the whole module against the plan.
func TestHouse(t *testing.T) {
	violations, err := Check(&Kinwire, os.DirFS(moduleRoot(t)))
	require.NoError(t, err)
	for _, v := range violations {
		t.Error(v)
	}
}

// TestPlanIsUpToDate fails for exceptions that nobody uses any more, and for
// arrows to rooms that do not exist even on the plan.
func TestPlanIsUpToDate(t *testing.T) {
	for name, reason := range Kinwire.Clocks {
		_, err := os.Stat(filepath.Join(moduleRoot(t), name))
		require.NoError(t, err, "%s may read the clock and is gone: take it out of the table", name)
		require.NotEmpty(t, reason)
	}
	for dir, room := range Kinwire.Rooms {
		for _, may := range room.May {
			require.True(t, strings.HasSuffix(may, "...") || hasRoom(may), "%s may import %s, which is no room", dir, may)
		}
	}
}

func hasRoom(dir string) bool { _, ok := Kinwire.Rooms[dir]; return ok }

// The plan must have no circle: two rooms that may import each other are one.
func TestPlanHasNoCircle(t *testing.T) {
	done := map[string]bool{}
	var visit func(dir string, way []string)
	visit = func(dir string, way []string) {
		require.NotContains(t, way, dir, "a circle: %s", strings.Join(append(way, dir), " → "))
		if done[dir] {
			return
		}
		for to := range Kinwire.Rooms {
			// The top of a plane may import all of it; /... then means below.
			if to != dir && under(to, Kinwire.Rooms[dir].May) && !slices.Equal(Kinwire.Rooms[dir].May, anything) {
				visit(to, append(way, dir))
			}
		}
		done[dir] = true
	}
	for dir := range Kinwire.Rooms {
		visit(dir, nil)
	}
}

// broken are trees of one file that leave one rule each, with what must be
// found.
var broken = []struct {
	file, source string
	line         int
	rule, found  string
}{
	{"extra/x.go", "package extra", 1, "listed", "package extra is not in the table"},
	{"signaling/extra/x.go", "package extra", 1, "listed", "package signaling/extra is not in the table"},
	{"x_test.go", "package kinwire_test", 1, "listed", "package . is not in the table"},
	{"sfu/util/x.go", "package bits", 1, "named", "package sfu/util has a name that says nothing"},
	{"turn/x.go", "package misc", 1, "named", "package turn has a name that says nothing"},

	{"sfu/packet/x.go", "package packet\n\nimport _ \"kinwire/sfu/forward\"", 3, "arrows", "sfu/packet imports sfu/forward"},
	{"sfu/forward/x.go", "package forward\nimport (\n\t\"fmt\"\n\tl \"kinwire/sfu/link\"\n)", 4, "arrows", "sfu/forward imports sfu/link"},
	{"signaling/calls/x.go", "package calls\nimport \"kinwire/signaling/accounts\"", 2, "arrows", "signaling/calls imports signaling/accounts"},
	{"signaling/calls/x.go", "package calls\nimport \"kinwire/signaling\"", 2, "arrows", "signaling/calls imports signaling"},
	{"signaling/proto/x.go", "package proto\nimport \"kinwire/signaling/policy\"", 2, "arrows", "signaling/proto imports signaling/policy"},
	{"client/x.go", "package client\nimport \"kinwire/signaling\"", 2, "arrows", "client imports signaling"},
	{"cmd/kincall/x.go", "package main\nimport \"kinwire/sfu\"", 2, "arrows", "cmd/kincall imports sfu"},

	{"sfu/x.go", "package sfu\nimport \"kinwire/turn\"", 2, "planes", "sfu imports turn"},
	{"sfu/x.go", "package sfu\nimport \"kinwire/signaling/proto\"", 2, "planes", "sfu imports signaling/proto"},
	{"turn/x_test.go", "package turn\nimport \"kinwire/sfu/link\"", 2, "planes", "turn imports sfu/link"},
	{"signaling/x.go", "package signaling\nimport \"kinwire/metrics\"", 2, "planes", "signaling imports metrics"},
	{"metrics/x.go", "package metrics\nimport \"kinwire/signaling/proto\"", 2, "planes", "metrics imports signaling/proto"},
	{"metrics/record/x_test.go", "package record\nimport \"kinwire/sfu\"", 2, "planes", "metrics/record imports sfu"},
	{"turn/x.go", "package turn\nimport \"kinwire/configs\"", 2, "planes", "turn imports configs"},

	{"sfu/forward/x.go", "package forward\nimport \"github.com/pion/webrtc/v4\"", 2, "outside", "sfu/forward imports github.com/pion/webrtc/v4"},
	{"cmd/kinwire/x.go", "package main\nimport \"github.com/pion/webrtc/v4/pkg/media\"", 2, "outside", "cmd/kinwire imports github.com/pion/webrtc/v4/pkg/media"},
	{"signaling/calls/x_test.go", "package calls\nimport \"github.com/pion/rtp\"", 2, "outside", "signaling/calls imports github.com/pion/rtp"},
	{"signaling/accounts/x.go", "package accounts\nimport \"database/sql\"", 2, "outside", "signaling/accounts imports database/sql"},
	{"cmd/kinwire/x.go", "package main\nimport _ \"modernc.org/sqlite\"", 2, "outside", "cmd/kinwire imports modernc.org/sqlite"},
	{"sfu/link/x.go", "package link\nimport \"net/http\"", 2, "outside", "sfu/link imports net/http"},
	{"sfu/x_test.go", "package sfu\nimport \"net/http/httptest\"", 2, "outside", "sfu imports net/http/httptest"},
	{"turn/x.go", "package turn\nimport \"github.com/prometheus/client_golang/prometheus\"", 2, "outside", "turn imports github.com/prometheus/client_golang/prometheus"},
	{"turn/x.go", "package turn\nimport \"github.com/spf13/viper\"", 2, "outside", "turn imports github.com/spf13/viper"},

	{"turn/x.go", "package turn\n" + strings.Repeat("//\n", 400), 1, "file size", "401 lines"},
	{"turn/x_test.go", "package turn\n" + strings.Repeat("//\n", 400), 1, "file size", "401 lines"},
	{"cmd/kinwire/x.go", "package main\n" + strings.Repeat("//\n", 200), 1, "file size", "201 lines"},
	{"turn/x.go", "package turn\nfunc long() {" + strings.Repeat("\n", 80) + "}", 2, "function size", "long has 81 lines"},
	{"turn/x.go", "package turn\nvar f = func() {" + strings.Repeat("\n", 80) + "}", 2, "function size", "a function literal has 81 lines"},
	{"turn/x.go", "package turn\ntype big interface { A(); B(); C(); D(); E(); F(); G(); H(); I() }", 2, "interface size", "big has 9 methods"},
	{"turn/x.go", "package turn\ntype a interface { A(); B(); C(); D(); E() }\ntype b interface { a; F(); G(); H(); I() }", 3, "interface size", "b has 9 methods"},

	{"turn/x.go", "package turn\nimport \"time\"\nvar at = time.Now()", 3, "clock", "calls time.Now"},
	{"sfu/x.go", "package sfu\nimport clock \"time\"\nfunc f(t clock.Time) clock.Duration {\n\treturn clock.Since(t)\n}", 4, "clock", "calls time.Since"},
	{"configs/x.go", "package configs\nimport \"time\"\nfunc f(t time.Time) { _ = time.Until(t) }", 3, "clock", "calls time.Until"},
}

func TestEachRuleCanFail(t *testing.T) {
	tried := map[string]bool{}
	for _, b := range broken {
		t.Run(b.rule+" "+b.file, func(t *testing.T) {
			tried[b.rule] = true
			violations, err := Check(&Kinwire, fstest.MapFS{b.file: {Data: []byte(b.source)}})
			require.NoError(t, err)
			at := slices.IndexFunc(violations, func(v Violation) bool { return v.Rule.Name == b.rule })
			require.GreaterOrEqual(t, at, 0, "the rule was not seen to be broken: %v", violations)
			v := violations[at]
			require.Contains(t, v.Found, b.found)
			text := v.String()
			require.Contains(t, text, fmt.Sprintf("%s:%d: ", b.file, b.line))
			require.Contains(t, text, v.Rule.Says)
			require.Contains(t, text, v.Rule.Why)
		})
	}
	for _, rule := range Rules {
		require.True(t, tried[rule.Name], "no broken tree for the rule %q", rule.Name)
	}
}

// sound are files that look like a broken rule and are none.
var sound = map[string]string{
	"turn/now.go":                  "package turn\nimport \"time\"\nvar now = time.Now\nvar time2 = struct{ Now func() }{}\nfunc f() { time2.Now() }",
	"turn/now_test.go":             "package turn\nimport \"time\"\nvar at = time.Now()",
	"turn/relay.go":                "package turn\nimport \"time\"\nvar at = time.Now()",
	"client/x.go":                  "package client\nimport (\n\"time\"\n\"kinwire/signaling/proto\"\n\"github.com/pion/webrtc/v4\"\n)\nvar at = time.Now()",
	"cmd/kinwire/x.go":             "package main\nimport (\n\"kinwire/configs\"\n\"kinwire/sfu\"\n\"kinwire/turn\"\n\"kinwire/metrics\"\n\"kinwire/signaling/store\"\n)",
	"sfu/link/x.go":                "package link\nimport (\n\"github.com/pion/dtls/v3\"\n\"kinwire/sfu/forward\"\n)",
	"sfu/link/x_test.go":           "package link\nimport \"github.com/pion/webrtc/v4\"",
	"signaling/accounts/x_test.go": "package accounts_test\nimport \"kinwire/signaling/store\"",
	"signaling/proto/x_gen.go":     "package proto\n" + strings.Repeat("//\n", 1000),
	"e2e/x_test.go":                "package e2e\nimport (\n\"kinwire/configs\"\n\"kinwire/sfu\"\n)",
	"turn/testdata/util/x.go":      "package util",
	"web/node_modules/util/x.go":   "package util",
	".hidden/util/x.go":            "package util",
	"turn/full.go":                 "package turn\n" + strings.Repeat("//\n", 399),
}

func TestSoundFilesPass(t *testing.T) {
	tree := fstest.MapFS{}
	for name, source := range sound {
		tree[name] = &fstest.MapFile{Data: []byte(source)}
	}
	violations, err := Check(&Kinwire, tree)
	require.NoError(t, err)
	require.Empty(t, violations)
}

func TestFileThatDoesNotParse(t *testing.T) {
	_, err := Check(&Kinwire, fstest.MapFS{"turn/x.go": {Data: []byte("package")}})
	require.ErrorContains(t, err, "turn/x.go:1:8")
}
