package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kinwire/e2e/prometheus"
)

const (
	alertsDir = "../configs/prometheus"
	boardsDir = "../configs/grafana"
)

// board is what the tests read of a Grafana board.
type board struct {
	UID        string
	Title      string
	Panels     []panel
	Templating struct {
		List []struct{ Name, Type string }
	}
	Annotations struct {
		List []struct{ Expr string }
	}
}

type panel struct {
	ID          int
	Type, Title string
	GridPos     struct{ X, Y, W, H int }
	Datasource  struct{ UID string }
	Targets     []struct {
		RefID, Expr, LegendFormat string
		Instant                   bool
		Datasource                struct{ UID string }
	}
	FieldConfig struct{ Defaults struct{ Unit string } }
}

func boards(t testing.TB) map[string]board {
	t.Helper()
	files, err := filepath.Glob(boardsDir + "/*.json")
	require.NoError(t, err)
	out := map[string]board{}
	for _, f := range files {
		raw, err := os.ReadFile(f)
		require.NoError(t, err)
		var b board
		require.NoError(t, json.Unmarshal(raw, &b), f)
		out[filepath.Base(f)] = b
	}
	require.Len(t, out, 3)
	return out
}

// variables are what Grafana puts into an expression before it asks.
var variables = strings.NewReplacer("$__rate_interval", "5s", "$__range", "10m", "$instance", ".*")

// expressions are those of all boards, as Prometheus would get them, by
// "file: panel: letter".
func expressions(t testing.TB) map[string]string {
	t.Helper()
	out := map[string]string{}
	for file, b := range boards(t) {
		for _, p := range b.Panels {
			for _, target := range p.Targets {
				out[fmt.Sprintf("%s: %s: %s", file, p.Title, target.RefID)] = variables.Replace(target.Expr)
			}
		}
		for i, a := range b.Annotations.List {
			out[fmt.Sprintf("%s: annotation %d", file, i)] = variables.Replace(a.Expr)
		}
	}
	require.Greater(t, len(out), 100)
	return out
}

func TestBoardsAreWhole(t *testing.T) {
	uids := map[string]bool{}
	for file, b := range boards(t) {
		require.NotEmpty(t, b.Title, file)
		require.False(t, uids[b.UID], "%s has the uid of another", file)
		uids[b.UID] = true
		require.Equal(t, "datasource", b.Templating.List[0].Type, file)
		ids := map[int]bool{}
		taken := map[[2]int]string{}
		for _, p := range b.Panels {
			what := file + ": " + p.Title
			require.False(t, ids[p.ID], "%s: its id is another's", what)
			ids[p.ID] = true
			for x := p.GridPos.X; x < p.GridPos.X+p.GridPos.W; x++ {
				for y := p.GridPos.Y; y < p.GridPos.Y+p.GridPos.H; y++ {
					require.Less(t, x, 24, what)
					require.Empty(t, taken[[2]int{x, y}], "%s lies over another", what)
					taken[[2]int{x, y}] = p.Title
				}
			}
			if p.Type == "row" {
				continue
			}
			require.NotEmpty(t, p.Targets, what)
			require.NotEmpty(t, p.FieldConfig.Defaults.Unit+map[bool]string{true: "heat"}[p.Type == "heatmap"], "%s has no unit", what)
			require.Equal(t, "${datasource}", p.Datasource.UID, what)
			for _, target := range p.Targets {
				require.Equal(t, "${datasource}", target.Datasource.UID, what)
				require.Contains(t, target.Expr, "$instance", "%s shows every server, whichever is chosen", what)
				require.NotEmpty(t, target.LegendFormat, what)
			}
		}
	}
}

// TestPromtoolIsContent has Prometheus' own tool look at what comes with Kinwire.
func TestPromtoolIsContent(t *testing.T) {
	prometheus.Need(t)
	prometheus.Promtool(t, alertsDir, "", "check", "rules", "--lint=all", "--lint-fatal", "alerts.yml")
	prometheus.Promtool(t, alertsDir, "", "test", "rules", "alerts_test.yml")

	dir := t.TempDir()
	require.NoError(t, os.CopyFS(dir, os.DirFS(alertsDir)))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "kinwire-token"), []byte("t"), 0o600))
	prometheus.Promtool(t, dir, "", "check", "config", "prometheus.yml")

	// Boards: each expression as a recording rule, for the parser.
	var rules []map[string]string
	for what, expr := range expressions(t) {
		rules = append(rules, map[string]string{"record": "r" + fmt.Sprint(len(rules)), "expr": expr + " # " + what})
	}
	raw, err := json.Marshal(map[string]any{"groups": []any{map[string]any{"name": "boards", "rules": rules}}}) // JSON is YAML
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "boards.yml"), raw, 0o600))
	prometheus.Promtool(t, dir, "", "check", "rules", "boards.yml")
}

// alertTested finds the alerts in the file of alerts and in that of their tests.
var alertName = regexp.MustCompile(`(?m)^\s+(?:- )?alert(?:name)?: (\w+)$`)

func TestEveryAlertIsTestedBothWays(t *testing.T) {
	names := map[string][]string{}
	for _, file := range []string{"alerts.yml", "alerts_test.yml"} {
		raw, err := os.ReadFile(filepath.Join(alertsDir, file))
		require.NoError(t, err)
		for _, m := range alertName.FindAllStringSubmatch(string(raw), -1) {
			names[file] = append(names[file], m[1])
		}
	}
	require.Greater(t, len(names["alerts.yml"]), 15)
	for _, name := range names["alerts.yml"] {
		tests := slices.DeleteFunc(slices.Clone(names["alerts_test.yml"]), func(n string) bool { return n != name })
		require.GreaterOrEqual(t, len(tests), 2, "%s has no test for when it fires and one for when it does not", name)
	}
}

// metricName finds the metrics of an expression; quoted texts are taken out
// before.
var (
	metricName = regexp.MustCompile(`\b(?:kinwire|go|process)_[a-z0-9_]+\b`)
	quoted     = regexp.MustCompile(`"[^"]*"`)
	histogram  = regexp.MustCompile(`_(bucket|sum|count)$`)
)

// checkNames says whether every metric of the boards and alerts is on /metrics.
func checkNames(t testing.TB, scraped string) {
	t.Helper()
	known := map[string]bool{}
	for line := range strings.Lines(scraped) {
		if name, ok := strings.CutPrefix(line, "# TYPE "); ok {
			name, _, _ = strings.Cut(name, " ")
			known[name] = true
		}
	}
	alerts, err := os.ReadFile(filepath.Join(alertsDir, "alerts.yml"))
	require.NoError(t, err)
	all := expressions(t)
	for m := range strings.SplitSeq(string(alerts), "\n      - alert: ") {
		if name, rest, ok := strings.Cut(m, "\n"); ok && strings.Contains(rest, "expr: ") {
			expr, _, _ := strings.Cut(strings.SplitN(rest, "expr: ", 2)[1], "\n        labels:")
			all["alert "+name] = expr
		}
	}
	used := 0
	for what, expr := range all {
		for _, name := range metricName.FindAllString(quoted.ReplaceAllString(expr, `""`), -1) {
			require.True(t, known[name] || known[histogram.ReplaceAllString(name, "")], "%s asks for %s, which is not on /metrics", what, name)
			used++
		}
	}
	require.Greater(t, used, 140)
}
