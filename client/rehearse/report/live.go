package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"kinwire/client/rehearse"
	"kinwire/client/rehearse/script"
)

// LiveOptions say what the view writes to.
type LiveOptions struct {
	// Terminal: lines can be written over. Otherwise each event is a line of its
	// own, and nothing is taken back.
	Terminal bool
	Colour   bool
	Size     func() (columns, rows int) // of the terminal; nil: 80 by 24
	Now      func() time.Time
}

// redrawEvery is how often the view follows what happens.
const redrawEvery = 200 * time.Millisecond

// Live shows rehearsals while they run: a few lines for each script, which are
// written over in place and in one write each time, so that nothing flickers.
// What is over stays above them.
type Live struct {
	o    LiveOptions
	w    io.Writer
	stop chan struct{}
	over sync.WaitGroup

	mu    sync.Mutex
	runs  []*run // that go on
	drawn int    // lines of the view that stand on the terminal
	shown string // what they say
}

// NewLive begins a view; it ends with Close.
func NewLive(w io.Writer, o LiveOptions) *Live {
	if o.Size == nil {
		o.Size = func() (int, int) { return 80, 24 }
	}
	l := &Live{o: o, w: w, stop: make(chan struct{})}
	if o.Terminal {
		l.over.Go(l.follow)
	}
	return l
}

// Progress is the ear for one script.
func (l *Live) Progress() rehearse.Progress { return &run{live: l, people: map[string]*person{}} }

// Report writes what came of a script, which stays.
func (l *Live) Report(r *rehearse.Result) { l.print(Summary(r, l.o.Colour)) }

// Close takes the view away and waits until nothing is written any more.
func (l *Live) Close() {
	close(l.stop)
	l.over.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.runs = nil
	l.draw()
}

func (l *Live) follow() {
	again := time.NewTicker(redrawEvery)
	defer again.Stop()
	for {
		select {
		case <-l.stop:
			return
		case <-again.C:
			l.mu.Lock()
			l.draw()
			l.mu.Unlock()
		}
	}
}

// print writes lines above the view.
func (l *Live) print(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var b strings.Builder
	b.WriteString(l.back())
	b.WriteString(text)
	l.drawn, l.shown = 0, ""
	_, _ = io.WriteString(l.w, b.String()) // a terminal that is gone ends nothing
	l.draw()
}

// back goes to the first line of the view and clears from there.
func (l *Live) back() string {
	if l.drawn == 0 {
		return ""
	}
	return fmt.Sprintf("\x1b[%dA\r\x1b[J", l.drawn)
}

// draw writes the view over itself. Each line is cleared only behind its end,
// so that what stays the same is never gone for a moment.
func (l *Live) draw() {
	if !l.o.Terminal {
		return
	}
	lines := l.view()
	text := strings.Join(lines, "\n")
	if text == l.shown && len(lines) == l.drawn {
		return
	}
	var b strings.Builder
	if l.drawn > 0 {
		fmt.Fprintf(&b, "\x1b[%dA\r", l.drawn)
	}
	for _, line := range lines {
		b.WriteString(line + "\x1b[K\n")
	}
	b.WriteString("\x1b[J")
	l.drawn, l.shown = len(lines), text
	_, _ = io.WriteString(l.w, b.String())
}

// view is the lines of all scripts that run, and no more than the terminal
// holds: what has scrolled away cannot be written over.
func (l *Live) view() []string {
	columns, rows := l.o.Size()
	width := max(columns-1, 20)
	var lines []string
	for _, r := range l.runs {
		lines = append(lines, r.lines(width, l.o.Colour, l.o.Now())...)
	}
	if most := max(rows-2, 3); len(lines) > most {
		more := len(lines) - most + 1
		lines = append(lines[:most-1], fmt.Sprintf("    … and %d lines more", more))
	}
	return lines
}

// run is one script that goes on.
type run struct {
	live   *Live
	script rehearse.Script
	began  time.Time
	steps  int
	people map[string]*person
}

type person struct {
	state  string
	sample map[string]float64
}

// Started, State, Sampled, Happened and Finished are rehearse.Progress.
func (r *run) Started(s rehearse.Script) {
	r.live.mu.Lock()
	r.script, r.began = s, r.live.o.Now()
	for _, p := range s.Participants {
		r.people[p.Name] = &person{state: "idle"}
	}
	r.live.runs = append(r.live.runs, r)
	r.live.mu.Unlock()
	r.plain(0, "begins: "+s.Name)
}

func (r *run) State(participant, state string) {
	r.live.mu.Lock()
	defer r.live.mu.Unlock()
	if p := r.people[participant]; p != nil {
		p.state = state
		if stateClass(state) != "s-on" {
			p.sample = nil // figures of a call that is over say nothing
		}
	}
}

func (r *run) Sampled(s rehearse.Sample) {
	r.live.mu.Lock()
	defer r.live.mu.Unlock()
	if p := r.people[s.Participant]; p != nil {
		p.sample = s.Values
	}
}

func (r *run) Happened(e rehearse.Event) {
	r.live.mu.Lock()
	r.began = r.live.o.Now().Add(-e.At) // before it a server may have been started
	if e.Kind == "step" {
		r.steps++
	}
	r.live.mu.Unlock()
	text := e.Text
	if e.Participant != "" {
		text = e.Participant + ": " + text
	}
	r.plain(e.At, text)
}

func (r *run) Finished(*rehearse.Result) {
	r.live.mu.Lock()
	defer r.live.mu.Unlock()
	r.live.runs = slices.DeleteFunc(r.live.runs, func(o *run) bool { return o == r })
}

// plain writes a line where lines cannot be written over.
func (r *run) plain(at time.Duration, text string) {
	if r.live.o.Terminal {
		return
	}
	name := strings.TrimPrefix(className(&rehearse.Result{Script: r.script}), "kincall.")
	r.live.print(fmt.Sprintf("%s  %6.2f s  %s\n", clean(name), at.Seconds(), clean(text)))
}

// lines are how the script is shown.
func (r *run) lines(width int, colour bool, now time.Time) []string {
	took := now.Sub(r.began)
	head := fmt.Sprintf("▶ %s  %s  step %d of %d", clean(r.script.Name), clock(took.Truncate(100*time.Millisecond)), min(r.steps, len(r.script.Steps)), len(r.script.Steps))
	lines := []string{paint(cut(head, width), "1", colour)}
	longest := 0
	for _, p := range r.script.Participants {
		longest = max(longest, len(p.Name))
	}
	for _, p := range r.script.Participants {
		is := r.people[p.Name]
		text := cut(strings.TrimRight(fmt.Sprintf("    %-*s  %-12s %s", longest, clean(p.Name), clean(is.state), lastFigures(is.sample)), " "), width)
		lines = append(lines, paint(text, stateColours[stateClass(is.state)], colour))
	}
	return lines
}

var stateColours = map[string]string{"s-on": "32", "s-ring": "33", "s-gone": "31", "s-quiet": "2"}

// lastFigures are the few values that say how it goes.
func lastFigures(v map[string]float64) string {
	var parts []string
	for _, f := range []struct{ metric, unit, before, after string }{
		{"audio.mos", "MOS", "sound ", ""}, {"video.mos", "MOS", "picture ", ""}, {"bitrate_up_bps", "bit/s", "↑ ", ""}, {"bitrate_down_bps", "bit/s", "↓ ", ""},
		{"rtt_ms", "ms", "rtt ", ""}, {"audio.loss", "ratio", "loss ", ""}, {"video.fps", "fps", "", ""},
	} {
		if x, ok := v[f.metric]; ok && plain(x) {
			parts = append(parts, f.before+script.Format(x, f.unit)+f.after)
		}
	}
	return strings.Join(parts, "  ")
}

func paint(text, how string, colour bool) string {
	if !colour || how == "" {
		return text
	}
	return "\x1b[" + how + "m" + text + "\x1b[0m"
}

func cut(text string, width int) string {
	r := []rune(text)
	if len(r) <= width {
		return text
	}
	return string(r[:width-1]) + "…"
}

// clean takes out what would act on a terminal or look like what it is not.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0x2028 || r == 0x2029 {
			return '?'
		}
		return r
	}, s)
}
