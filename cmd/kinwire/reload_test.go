package main

import (
	"bytes"
	"crypto/tls"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/configs"
	"kinwire/metrics"
)

// lines is a log that may be read while it is written.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// bench is a reloader over a file, with two parts that keep what they are given.
type bench struct {
	*reloader
	t     *testing.T
	file  string
	log   *lines
	level []string // what the first part was given, in order
	limit []int    // and the second
	no    error    // what the second says
	noted []string // keys that calls' records were told of
}

func newBench(t *testing.T, text string) *bench {
	b := &bench{t: t, file: filepath.Join(t.TempDir(), "kinwire.yaml"), log: &lines{}}
	b.write(text)
	load := func() (*configs.Config, error) { return configs.Load(configs.Options{File: b.file}) }
	cfg, err := load()
	require.NoError(t, err)
	b.reloader = &reloader{
		source: source{file: b.file, load: load}, status: newReloadStatus(time.UnixMilli(1)), running: cfg,
		log: slog.New(slog.NewTextHandler(b.log, nil)), now: func() time.Time { return time.UnixMilli(2) },
		setters: []setter{
			tune("level", func(c *configs.Config) string { return c.Log.Level },
				func(s string) error { b.level = append(b.level, s); return nil }, "log.level"),
			tune("limit", func(c *configs.Config) int { return c.Calls.MaxParticipants },
				func(n int) error { b.limit = append(b.limit, n); return b.no }, "calls.max_participants"),
		},
	}
	b.applied = func(keys []string, _ time.Time) { b.noted = append(b.noted, keys...) }
	b.watch.Store(true)
	return b
}

func (b *bench) write(text string) { require.NoError(b.t, os.WriteFile(b.file, []byte(text), 0o600)) }

func TestReload(t *testing.T) {
	b := newBench(t, "calls: {max_participants: 5}\n")
	b.reload("test")
	require.Equal(t, int64(1), b.status.counts[reloadUnchanged])
	require.Empty(t, b.limit)

	b.write("calls: {max_participants: 6}\nsfu: {udp_port: 7000}\n")
	b.reload("test")
	require.Equal(t, []int{6}, b.limit)
	require.Empty(t, b.level, "what has not changed is not handed over")
	require.Equal(t, []string{"calls.max_participants"}, b.noted, "and not what waits")
	require.Equal(t, 7882, b.config().SFU.UDPPort, "waits for a restart")
	n := b.status.NodeConfig()
	require.Equal(t, []string{"sfu.udp_port"}, n.Pending)
	require.EqualValues(t, 1, n.Reloads)
	require.EqualValues(t, 2, n.LoadedAt)
	require.Contains(t, b.log.String(), "waits for a restart")
	require.Contains(t, b.log.String(), "key=calls.max_participants from=5 to=6")

	b.reload("test")
	require.Equal(t, int64(2), b.status.counts[reloadUnchanged], "what waits goes on waiting")
	require.Equal(t, []string{"sfu.udp_port"}, b.status.NodeConfig().Pending)

	b.write("calls: {max_participants: 6}\n")
	b.reload("test")
	require.Empty(t, b.status.NodeConfig().Pending, "it was taken back")
	require.Equal(t, int64(2), b.status.counts[reloadApplied])
}

func TestARefusedFileChangesNothing(t *testing.T) {
	b := newBench(t, "")
	for _, text := range []string{
		"log: {level: debug}\nsfu: {udp_port: 70000}\n",                                       // sound in part
		"log: {level: debug}\n  calls:\n",                                                     // no YAML
		"log: {level: debug}\nturn: {enabled: false}\nsfu: {direct: false}\n",                 // does not fit together
		"log: {level: debug}\nturn: {enabled: false}\nsfu: {direct: false, udp_port: 7000}\n", // nor does half of it
	} {
		b.write(text)
		b.reload("test")
		require.Empty(t, b.level, text)
		require.Equal(t, "info", b.config().Log.Level)
	}
	require.NoError(t, os.Remove(b.file))
	b.reload("test")
	n := b.status.NodeConfig()
	require.EqualValues(t, 5, n.Refused)
	require.Contains(t, n.Error, "cannot be read")
	require.Contains(t, b.log.String(), "configuration refused, the old one goes on")
	require.Contains(t, b.log.String(), b.file+":2: sfu.udp_port: given 70000; allowed")

	b.write("log: {level: debug}\n")
	b.reload("test")
	require.Equal(t, []string{"debug"}, b.level)
	require.Empty(t, b.status.NodeConfig().Error)
}

// TestWhatOneCannotTakeNobodyTakes: the second part says no, and the first gets
// back what it had.
func TestWhatOneCannotTakeNobodyTakes(t *testing.T) {
	b := newBench(t, "log: {level: warn}\n")
	b.no = errors.New("not today")
	b.write("log: {level: debug}\ncalls: {max_participants: 6}\n")
	b.reload("test")
	require.Equal(t, []string{"debug", "warn"}, b.level)
	require.Equal(t, "warn", b.config().Log.Level)
	require.Equal(t, "not today", b.status.NodeConfig().Error)
	require.Equal(t, int64(1), b.status.counts[reloadRefused])
}

func TestReloadWhenTheFileChanges(t *testing.T) {
	b := newBench(t, "")
	b.start()
	b.write("calls: {max_participants: 7}\n")
	require.Eventually(t, func() bool { return b.config().Calls.MaxParticipants == 7 }, 30*time.Second, 10*time.Millisecond)
	b.watch.Store(false)
	b.write("calls: {max_participants: 8}\n")
	b.fileChanged()
	require.Equal(t, 7, b.config().Calls.MaxParticipants, "reload.watch is off")
	b.watch.Store(true)
	b.fileChanged()
	require.Equal(t, 8, b.config().Calls.MaxParticipants)
}

func TestReloadStatusOnMetrics(t *testing.T) {
	rec, err := metrics.New(metrics.Config{}, metrics.Deps{Store: noRecords{}, Log: slog.New(slog.DiscardHandler), Now: time.Now})
	require.NoError(t, err)
	defer func() { require.NoError(t, rec.Close(t.Context())) }()
	s := newReloadStatus(time.Unix(100, 0))
	require.NoError(t, s.expose(rec))
	require.Contains(t, scraped(t, rec), "kinwire_config_last_reload_success 1\n")
	s.applied(time.Unix(200, 0), []string{"sfu.udp_port"})
	s.refused(errors.New("x"))
	text := scraped(t, rec)
	for _, line := range []string{
		`kinwire_config_reloads_total{result="applied"} 1`, `kinwire_config_reloads_total{result="refused"} 1`,
		`kinwire_config_reloads_total{result="unchanged"} 0`, "kinwire_config_last_reload_success 0",
		"kinwire_config_pending_keys 1", "kinwire_config_loaded_timestamp_seconds 200",
	} {
		require.Contains(t, text, line+"\n")
	}
}

func TestLogFollowsItsShape(t *testing.T) {
	out := &lines{}
	h := newLogHandler(out)
	require.NoError(t, h.shape.set(configs.Log{Level: "info", Format: "text"}))
	log := slog.New(h)
	child := log.With("call", "c1").WithGroup("g")
	child.Debug("one")
	child.Info("two", "x", 1)
	require.NoError(t, h.shape.set(configs.Log{Level: "debug", Format: "json"}))
	child.Debug("three", "x", 1)
	got := strings.Split(strings.TrimSpace(out.String()), "\n")
	require.Len(t, got, 2)
	require.Contains(t, got[0], "msg=two call=c1 g.x=1")
	require.Contains(t, got[1], `"msg":"three","call":"c1","g":{"x":1}`)
}

func TestCertificateOfHTTP(t *testing.T) {
	now := time.Unix(1000, 0)
	a, b := writePair(t, "a.example"), writePair(t, "b.example")
	none, err := newKeyPair("", "", slog.New(slog.DiscardHandler), time.Now)
	require.NoError(t, err)
	require.Nil(t, none)
	p, err := newKeyPair(a[0], a[1], slog.New(slog.DiscardHandler), func() time.Time { return now })
	require.NoError(t, err)
	served := func() string {
		c, err := p.get(&tls.ClientHelloInfo{})
		require.NoError(t, err)
		return nameOf(t, c)
	}
	require.Equal(t, "a.example", served())
	require.Error(t, p.use(a[0], b[1]), "a key of another certificate")
	require.Equal(t, "a.example", served(), "all stays as it was")
	require.NoError(t, p.use(b[0], b[1]))
	require.Equal(t, "b.example", served())

	// A renewal: first the one file, which alone cannot be used, then the other.
	c := writePair(t, "c.example")
	move := func(from, to string) {
		require.NoError(t, os.Rename(from, to))
		require.NoError(t, os.Chtimes(to, now, now))
		now = now.Add(2 * recheckCert)
	}
	move(c[0], b[0])
	require.Equal(t, "b.example", served())
	move(c[1], b[1])
	require.Equal(t, "c.example", served())
	_, err = newKeyPair(a[0], b[1], slog.New(slog.DiscardHandler), time.Now)
	require.Error(t, err)
}
