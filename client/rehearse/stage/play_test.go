package stage

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"kinwire/client/impair"
	"kinwire/client/impair/lab"
	"kinwire/client/rehearse"
	"kinwire/client/rehearse/script"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		_ = os.RemoveAll(built.dir)
		os.Exit(code)
	}))
}

// player is a player with a server that was built once for all tests.
var player = sync.OnceValues(func() (*Player, error) {
	dir, err := os.MkdirTemp("", "kincall-test-")
	if err != nil {
		return nil, err
	}
	built.dir = dir
	program, err := FindProgram(context.Background(), dir)
	if err != nil {
		return nil, err
	}
	return New(Options{Program: program, Lab: true}), nil
})

// built is where the server is while the tests run.
var built struct{ dir string }

// told keeps what a progress hears.
type told struct {
	mu       sync.Mutex
	t        testing.TB
	started  int
	finished *rehearse.Result
	states   []string
	samples  int
}

func (p *told) Started(rehearse.Script) { p.mu.Lock(); p.started++; p.mu.Unlock() }
func (p *told) State(who, state string) {
	p.mu.Lock()
	p.states = append(p.states, who+" "+state)
	p.mu.Unlock()
}
func (p *told) Sampled(rehearse.Sample) { p.mu.Lock(); p.samples++; p.mu.Unlock() }
func (p *told) Happened(e rehearse.Event) {
	p.t.Logf("%8.3fs %-6s %-8s %s", e.At.Seconds(), e.Participant, e.Kind, e.Text)
}
func (p *told) Finished(r *rehearse.Result) { p.mu.Lock(); p.finished = r; p.mu.Unlock() }

func play(t *testing.T, text string) (*rehearse.Result, *told) {
	t.Helper()
	if testing.Short() {
		t.Skip("it starts a server")
	}
	p, err := player()
	require.NoError(t, err)
	s, err := script.ReadBytes("test.yaml", []byte(text))
	require.NoError(t, err)
	progress := &told{t: t}
	r := p.Play(t.Context(), s, progress)
	require.Equal(t, 1, progress.started)
	require.Same(t, r, progress.finished)
	for _, c := range r.Checks {
		t.Logf("ok=%v %s: %s %s", c.OK, c.Text, c.Measured, c.Why)
	}
	t.Logf("scalars %v", r.Scalars)
	t.Logf("texts %v", r.Texts)
	if t.Failed() || r.Err != nil {
		t.Logf("err %v\nserver:\n%s", r.Err, strings.Join(r.LogLines, "\n"))
	}
	return r, progress
}

func requirePassed(t *testing.T, r *rehearse.Result) {
	t.Helper()
	require.NoError(t, r.Err)
	for _, c := range r.Checks {
		require.True(t, c.OK, "%s: %s", c.Text, c.Why)
	}
}

func TestEveryActionAndConditionIsThere(t *testing.T) {
	var named []string
	for _, a := range script.Actions() {
		named = append(named, a.Name)
	}
	require.ElementsMatch(t, named, slices.Collect(maps.Keys(actions)))
	named = nil
	for _, c := range script.Conditions() {
		named = append(named, c.Name)
	}
	require.ElementsMatch(t, named, slices.Collect(maps.Keys(conditions)))
}

// TestACall plays a call over TURN and TLS with H264, and holds all that a
// result has to what is known of it.
func TestACall(t *testing.T) {
	t.Parallel()
	r, progress := play(t, `
name: A call
timeout: 40s
participants:
  mia: {path: relay, protocol: tls, codecs: [h264, vp8, opus]}
  leo:
steps:
  - {at: 0s, who: mia, do: call, with: leo}
  - {after: leo rings, wait: 300ms, who: leo, do: answer}
  - {after: leo sees mia, wait: 4s, who: mia, do: hangup}
expect:
  - setup_ms < 5s
  - ring_ms < 2s
  - mia path == relay/tls
  - leo path == host/udp
  - leo codec.video == h264
  - mia codec.video == vp8
  - codec.audio == opus
  - audio.lost == 0
  - video.lost == 0
  - duplicates == 0
  - video.decodable == 100%
  - video.height min == 360
  - video.fps median > 20
  - bitrate_up_bps median > 250kbps
  - bitrate_down_bps median > 250kbps
  - rtt_ms median < 500
  - audio.mos min > 3
  - reconnects == 0
  - state == ended
  - error == none
  - record.participants == 2
  - end_reason == hangup
`)
	requirePassed(t, r)
	require.NotEmpty(t, r.Record)
	require.NotEmpty(t, r.LogLines, "the server's log is kept")
	require.GreaterOrEqual(t, progress.samples, 6)
	require.Len(t, r.Samples, progress.samples)
	for _, want := range []string{"mia calling", "leo ringing", "leo in call", "mia in call", "mia ended", "leo ended"} {
		require.Contains(t, progress.states, want)
	}
	require.Greater(t, r.Scalars[""]["setup_ms"], 0.0)
	require.NotContains(t, r.Scalars[""], "no_message_lost")
	for _, s := range r.Samples {
		require.LessOrEqual(t, s.At, r.Took)
	}
	for _, e := range r.Events {
		require.NotEqual(t, "error", e.Kind, e.Text)
	}
}

// TestMessages go to both devices of somebody, one of which is gone while they
// are sent.
func TestMessages(t *testing.T) {
	t.Parallel()
	r, _ := play(t, `
name: Messages
timeout: 40s
participants:
  mia:
  leo-phone: {person: leo}
  leo-tablet: {person: leo}
steps:
  - {at: 0s, who: leo-tablet, do: vanish}
  - {at: 200ms, who: mia, do: message, with: leo-phone, count: 30, text: "hello there"}
  - {wait: 0s, who: mia, do: drop_socket}
  - {wait: 0s, who: leo-phone, do: message, with: mia, count: 5}
  - {wait: 1s, who: leo-tablet, do: back}
expect:
  - messages_sent == 35
  - no_message_lost
  - leo-tablet state == idle
`)
	requirePassed(t, r)
	require.Nil(t, r.Record, "there was no call")
}

func TestWhatGoesWrongIsSaidInWords(t *testing.T) {
	const head = "name: Wrong\nparticipants: {mia: , leo: , tomek: }\n"
	for name, c := range map[string]struct{ steps, err string }{
		"nobody hangs up": {
			"timeout: 2s\nsteps:\n  - {at: 0s, who: mia, do: call, with: leo}\n  - {after: leo rings, who: leo, do: answer}\n",
			"leo is in call",
		},
		"it never rings": {
			"timeout: 1s\nsteps:\n  - {at: 0s, who: mia, do: call, with: leo}\n  - {after: tomek rings, who: tomek, do: answer}\n",
			`waited for "tomek rings"`,
		},
		"nothing to answer": {
			"timeout: 10s\nsteps:\n  - {at: 0s, who: leo, do: answer}\n",
			"line 5: leo: answer: nothing rings at leo",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			timeout, steps, _ := strings.Cut(c.steps, "\n")
			r, _ := play(t, head+timeout+"\n"+steps+"expect:\n  - duration_ms < 3600s\n")
			require.ErrorContains(t, r.Err, c.err)
			require.False(t, r.Passed())
			require.NotEmpty(t, r.Events)
		})
	}
}

// TestARefusalMayBeExpected: then the run goes on, and without that it fails.
func TestARefusalMayBeExpected(t *testing.T) {
	t.Parallel()
	const text = `
name: Refused
timeout: 20s
participants: {mia: , leo: , tomek: }
steps:
  - {at: 0s, who: mia, do: call, with: leo}
  - {after: leo rings, who: leo, do: answer}
  - {after: leo hears mia, who: mia, do: call, with: tomek}
  - {wait: 500ms, who: leo, do: hangup}
expect:
  - duration_ms < 20s
`
	r, _ := play(t, text)
	require.Error(t, r.Err)
	code := r.Texts[""]["error"]
	require.NotEqual(t, "none", code)
	require.ErrorContains(t, r.Err, "line 8: mia: call")
	r, _ = play(t, text+"  - error == "+code+"\n  - mia end_reason == hangup\n")
	requirePassed(t, r)
}

// TestNetworksOfTheirOwn: a slow and lossy network, an outage, another address.
func TestNetworksOfTheirOwn(t *testing.T) {
	t.Parallel()
	r, _ := play(t, `
name: Networks
timeout: 60s
seed: 3
participants:
  mia: {network: {up: {loss: 5%, delay: 30ms}, down: {loss: 5%, delay: 30ms}}}
  leo:
steps:
  - {at: 0s, who: mia, do: call, with: leo}
  - {after: leo rings, who: leo, do: answer}
  - {after: leo sees mia, wait: 4s, who: mia, do: outage, for: 2s}
  - {after: leo hears mia, wait: 1s, who: mia, do: move}
  - {after: leo hears mia, wait: 9s, who: leo, do: hangup}
expect:
  - mia rtt_ms median > 55
  - leo video.lost < 20
  - leo audio.gap_ms > 1900
  - leo video.fps last > 10
  - leo end_reason == hangup
`)
	var missing *lab.MissingError
	if errors.As(r.Err, &missing) {
		require.ErrorContains(t, r.Err, "root")
		t.Skip(r.Err)
	}
	requirePassed(t, r)
	require.Less(t, r.Scalars["leo"]["duplicates"], r.Scalars["leo"]["out_of_order"]+10, "what was repaired is not repaired again and again")
}

// TestAgainstAServerThatRuns: without its operator's token there is no record,
// and that is said.
func TestAgainstAServerThatRuns(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it starts a server")
	}
	p, err := player()
	require.NoError(t, err)
	s, err := StartServer(t.Context(), Launch{Program: p.opt.Program})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	declined, err := script.ReadBytes("declined.yaml", []byte(`
name: Declined
participants: {mia: , leo: }
steps:
  - {at: 0s, who: mia, do: call, with: leo}
  - {after: leo rings, who: leo, do: decline}
expect: [mia end_reason == declined]
`))
	require.NoError(t, err)
	r := New(Options{URL: s.URL}).Play(t.Context(), declined, nil)
	requirePassed(t, r)
	require.Nil(t, r.Record)
	require.Contains(t, fmt.Sprint(r.Events), "no operator's token")
	r = New(Options{URL: s.URL, Operator: s.Operator}).Play(t.Context(), declined, nil)
	requirePassed(t, r)
	require.NotNil(t, r.Record)
	require.Equal(t, s.URL, r.Server)

	networked := declined
	networked.Participants = slices.Clone(declined.Participants)
	networked.Participants[0].Net.Profile = &impair.Profile{Name: "x"}
	r = New(Options{URL: s.URL, Lab: true}).Play(t.Context(), networked, nil)
	require.ErrorContains(t, r.Err, "a server that is started here")
	r = New(Options{Program: p.opt.Program}).Play(t.Context(), networked, nil)
	require.ErrorContains(t, r.Err, "switched off")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r = New(Options{URL: s.URL}).Play(ctx, declined, nil)
	require.Error(t, r.Err)
}

func TestAServerThatDoesNotStart(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it starts a server")
	}
	p, err := player()
	require.NoError(t, err)
	_, err = StartServer(t.Context(), Launch{Program: p.opt.Program, Keys: map[string]string{"calls.ring_timeout": "soon"}})
	require.ErrorContains(t, err, "ring_timeout", "it says what the server said")
	_, err = StartServer(t.Context(), Launch{Program: "/nowhere/kinwire"})
	require.ErrorContains(t, err, "/nowhere/kinwire")
}
