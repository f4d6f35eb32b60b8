package report_test

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"kinwire/client/rehearse"
	"kinwire/client/rehearse/report"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// screen is as much of a terminal as the view needs: it knows going up, going
// to the beginning, and clearing to the end of the line and of the screen.
type screen struct {
	mu     sync.Mutex
	lines  [][]rune
	row    int
	writes int
}

var control = regexp.MustCompile(`^\x1b\[(\d*)([AKJm])`)

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writes++
	text, col := string(p), 0
	for text != "" {
		for len(s.lines) <= s.row {
			s.lines = append(s.lines, nil)
		}
		if m := control.FindStringSubmatch(text); m != nil {
			text = text[len(m[0]):]
			n, _ := strconv.Atoi(m[1])
			switch m[2] {
			case "A":
				s.row = max(s.row-n, 0)
			case "K":
				s.lines[s.row] = s.lines[s.row][:min(col, len(s.lines[s.row]))]
			case "J":
				s.lines = s.lines[:s.row+1]
				s.lines[s.row] = s.lines[s.row][:min(col, len(s.lines[s.row]))]
			}
			continue
		}
		c, size := utf8.DecodeRuneInString(text)
		text = text[size:]
		switch c {
		case '\r':
			col = 0
		case '\n':
			s.row, col = s.row+1, 0
		default:
			if col < len(s.lines[s.row]) {
				s.lines[s.row][col] = c
			} else {
				s.lines[s.row] = append(s.lines[s.row], c)
			}
			col++
		}
	}
	return len(p), nil
}

func (s *screen) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var lines []string
	for _, line := range s.lines {
		lines = append(lines, string(line))
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}

func play(p rehearse.Progress, r *rehearse.Result) {
	p.Started(r.Script)
	for _, e := range r.Events {
		p.Happened(e)
		if e.Kind == "state" {
			p.State(e.Participant, e.Text)
		}
	}
	for _, s := range r.Samples {
		p.Sampled(s)
	}
}

func TestLiveOnATerminal(t *testing.T) {
	now := began
	s := &screen{}
	l := report.NewLive(s, report.LiveOptions{Terminal: true, Now: func() time.Time { return now }, Size: func() (int, int) { return 70, 24 }})
	r := fake(t)
	p := l.Progress()
	play(p, r)
	wants := func(text string) {
		t.Helper()
		require.Eventually(t, func() bool { return s.text() == text }, 5*time.Second, 10*time.Millisecond, "%s", lazy(s.text))
	}
	wants(`▶ The network is gone for five seconds  34 s  step 6 of 6
    mia    ended        sound 4.35  picture 3.98  ↑ 554.7 kbps  ↓ 55…
    priya  ended        sound 4.33  picture 4.05  ↑ 550.5 kbps  ↓ 55…`)
	q := l.Progress()
	play(q, passed(t))
	wants(`▶ The network is gone for five seconds  34 s  step 6 of 6
    mia    ended        sound 4.35  picture 3.98  ↑ 554.7 kbps  ↓ 55…
    priya  ended        sound 4.33  picture 4.05  ↑ 550.5 kbps  ↓ 55…
▶ Declined  0.6 s  step 2 of 2
    leo    ended
    priya  ended`)
	p.Finished(r)
	l.Report(r)
	require.Contains(t, s.text(), "✗ The network is gone for five seconds  (34.6 s, 4 of 7 expectations failed)\n    audio.mos p5 > 3.6  scripts/calls/outage.yaml:15\n      mia audio.mos p5 was 1.00")
	require.True(t, strings.HasSuffix(s.text(), "from 12 s to 13 s.\n▶ Declined  0.6 s  step 2 of 2\n    leo    ended\n    priya  ended"), s.text())
	q.Finished(passed(t))
	l.Report(passed(t))
	l.Close()
	require.True(t, strings.HasSuffix(s.text(), "✓ Declined  (1.2 s, 2 expectations)"), s.text())
	require.NotContains(t, s.text(), "▶")
	before := s.writes
	require.Less(t, before, 100, "what did not change was not written again")
}

type lazy func() string

func (l lazy) String() string { return l() }

// A view that is longer than the terminal would scroll away.
func TestLiveFitsTheTerminal(t *testing.T) {
	s := &screen{}
	l := report.NewLive(s, report.LiveOptions{Terminal: true, Now: func() time.Time { return began }, Size: func() (int, int) { return 40, 8 }})
	for range 5 {
		play(l.Progress(), passed(t))
	}
	require.Eventually(t, func() bool { return strings.Contains(s.text(), "… and 10 lines more") }, 5*time.Second, 10*time.Millisecond)
	require.Len(t, strings.Split(s.text(), "\n"), 6)
	l.Close()
	require.Empty(t, s.text())
}

func TestLiveInPlainLines(t *testing.T) {
	var b bytes.Buffer
	now := began
	l := report.NewLive(&b, report.LiveOptions{Now: func() time.Time { return now }})
	p := l.Progress()
	r := passed(t)
	p.Started(r.Script)
	p.State("leo", "calling")
	p.Happened(rehearse.Event{At: 640 * time.Millisecond, Participant: "leo", Kind: "state", Text: "calling"})
	p.Happened(rehearse.Event{At: 640 * time.Millisecond, Participant: "priya", Kind: "step", Text: "decline\x1b[2J\nforged line"})
	p.Sampled(rehearse.Sample{Participant: "leo", Values: map[string]float64{"rtt_ms": 3}})
	p.Finished(r)
	l.Report(r)
	l.Close()
	require.Equal(t, `declined    0.00 s  begins: Declined
declined    0.64 s  leo: calling
declined    0.64 s  priya: decline?[2J?forged line
✓ Declined  (1.2 s, 2 expectations)
`, b.String())
}

func TestSummaryOfWhatWasNotPlayed(t *testing.T) {
	text := report.Summary(broken(t), false)
	require.Contains(t, text, "! On a train, with tunnels  (1.2 s)\n    not played to its end: networks of their own need root")
	require.Contains(t, text, "the server's last words:\n")
	require.Contains(t, text, "n=399")
	require.NotContains(t, text, "n=391\n")
	require.NotContains(t, text, "was never measured")
	require.Contains(t, report.Summary(broken(t), true), "\x1b[")
	r := broken(t)
	r.Err = errors.New("a\nb\x1b[2J")
	require.Contains(t, report.Summary(r, false), "a\n      b?[2J")
	require.Equal(t, "3 scripts: 1 failed, 1 not played to its end, 1 passed", report.Total(all(t)))
}

// The view is fed from several goroutines at once.
func TestLiveIsSafe(t *testing.T) {
	s := &screen{}
	l := report.NewLive(s, report.LiveOptions{Terminal: true, Colour: true, Now: time.Now})
	var wg sync.WaitGroup
	for i := range 4 {
		r := passed(t)
		r.Script.Name = fmt.Sprint("script ", i)
		wg.Go(func() {
			p := l.Progress()
			for range 50 {
				play(p, r)
				p.Finished(r)
			}
			l.Report(r)
		})
	}
	wg.Wait()
	l.Close()
	require.Equal(t, 4, strings.Count(s.text(), "✓"))
}
