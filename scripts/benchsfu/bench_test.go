//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"
	"github.com/stretchr/testify/require"
)

// TestMain lets the test program be its own children, as benchsfu is.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && children[os.Args[1]] != nil {
		os.Exit(run(context.Background(), os.Args[1:]))
	}
	os.Exit(m.Run())
}

func tiny() options {
	return options{
		window: 300 * time.Millisecond, settle: 50 * time.Millisecond, lead: 50 * time.Millisecond, drain: 200 * time.Millisecond,
		feedback: 50 * time.Millisecond, probes: 1, probeGap: 50 * time.Millisecond,
	}
}

// TestCallEndToEnd plays a call of three with one listener, measures it and
// all its floors, and looks whether every figure is there and adds up. How
// fast anything was is not its business.
func TestCallEndToEnd(t *testing.T) {
	s := shape{Name: "tiny", Title: "a call of 3 with a listener", Rooms: 1, Senders: 3, Receivers: 1, Media: []media{sound, smallPicture}}
	p := &plan{shapes: []shape{s}, rounds: 1, floors: true, opts: tiny(), json: filepath.Join(t.TempDir(), "out.json")}
	var out bytes.Buffer
	require.NoError(t, p.run(t.Context(), &out))
	t.Log(out.String())

	b, err := os.ReadFile(p.json)
	require.NoError(t, err)
	var rep report
	require.NoError(t, json.Unmarshal(b, &rep))
	require.Equal(t, "a call of 3 with a listener", rep.Shapes["tiny"])
	subjects := append([]string{"kinwire"}, s.floors()...)
	require.Len(t, rep.Results, len(subjects))
	for i, r := range rep.Results {
		require.Equal(t, subjects[i], r.Subject)
		require.Contains(t, out.String(), descriptions[r.Subject])
		checkResult(t, r)
	}
	checkServer(t, s, rep.Results[0])
}

func checkResult(t *testing.T, r result) {
	t.Helper()
	require.Positive(t, r.CPUPerPacket, r.Subject)
	require.InEpsilon(t, r.CPUPerPacket, r.UserPerPacket+r.SystemPerPacket, 1e-9, r.Subject)
	require.Positive(t, r.Ratio, r.Subject)
	require.Zero(t, r.Duplicates+r.Misnumbered+r.Unsealed+r.Foreign, "%s: %+v", r.Subject, r.counts)
	if r.Subject == "wake" {
		require.Zero(t, r.Total)
		return
	}
	require.Positive(t, r.Delivered, r.Subject)
	require.Equal(t, r.Expected, r.Delivered+r.Lost, r.Subject)
	require.GreaterOrEqual(t, r.Total, r.Delivered, r.Subject)
	require.Positive(t, r.Latency.P50, r.Subject)
	require.LessOrEqual(t, r.Latency.P50, r.Latency.P95, r.Subject)
	require.LessOrEqual(t, r.Latency.P95, r.Latency.P99, r.Subject)
	require.LessOrEqual(t, r.Latency.P99, r.Latency.Max, r.Subject)
}

func checkServer(t *testing.T, s shape, r result) {
	t.Helper()
	require.NotNil(t, r.Server)
	require.Equal(t, s.participants(), r.Server.Participants)
	require.Len(t, r.Server.Joins, s.participants())
	require.Len(t, r.Server.Firsts, 1)
	require.Positive(t, r.Server.Firsts[0])
	require.Len(t, r.Server.Keys, 1)
	require.GreaterOrEqual(t, r.Server.Keys[0], r.Server.Firsts[0])
	require.Positive(t, r.Server.CPUPerJoin)
	require.Greater(t, r.Server.RSS, r.Server.RSSBefore)
	require.Positive(t, r.Server.Goroutines)
	// What was sent has been received, what was sent on has been opened; on a
	// busy machine the kernel may have dropped some on either way.
	require.GreaterOrEqual(t, r.Server.SentTotal, r.Server.Totals.Received)
	require.GreaterOrEqual(t, r.Server.Totals.Sent, r.Server.OpenedTotal)
	require.GreaterOrEqual(t, r.Server.OpenedTotal, r.Total)
}

// The floors seal as SRTP does: pion opens it, before and after the sequence
// number has gone round.
func TestSealIsSRTP(t *testing.T) {
	key, salt := []byte("0123456789abcdef"), []byte("ghijklmnopqr")
	own, err := newSeal(key, salt)
	require.NoError(t, err)
	in, err := srtp.CreateContext(key, salt, profile)
	require.NoError(t, err)
	m, header, err := model(smallPicture, 7)
	require.NoError(t, err)
	for index := uint64(65530); index < 65545; index++ {
		b := make([]byte, len(m)+tagSize)
		copy(b, m)
		want := label{source: 7, number: uint32(index), stamp: 1234567890123}
		number(b, header, index, want)
		sealed := b[:own.packet(b, header, len(m), 8, index)]
		require.Equal(t, len(m)+tagSize, len(sealed))
		var h rtp.Header
		plain, err := in.DecryptRTP(nil, sealed, &h)
		require.NoError(t, err)
		got, ok := readLabel(plain[h.MarshalSize():])
		require.True(t, ok)
		require.Equal(t, want, got)
		require.Equal(t, uint16(index), h.SequenceNumber)
	}
}

func TestTallySeesWhatIsWrong(t *testing.T) {
	w := newWindow()
	w.open(100, 200)
	y := newTally(w)
	give := func(seq uint16, number uint32, stamp int64) {
		payload := make([]byte, 64)
		label{source: 1, number: number, stamp: stamp}.put(payload)
		y.take(&rtp.Header{SSRC: 9, SequenceNumber: seq}, payload, stamp+5000)
	}
	give(65534, 10, 99) // before the window
	give(65535, 11, 100)
	give(1, 13, 150)
	give(0, 12, 149)   // late, and no loss
	give(0, 12, 149)   // again
	give(3, 14, 160)   // a number left out in the header
	give(3, 2000, 200) // after the window, after a gap
	y.take(&rtp.Header{}, []byte("something else"), 0)
	require.Equal(t, counts{Total: 6, Delivered: 4, Duplicates: 1, Misnumbered: 2, Foreign: 1}, y.counts)
	require.Equal(t, uint64(4), y.latency.n)
	require.Equal(t, 5*time.Microsecond, y.latency.most)
}

func TestHistogramQuantiles(t *testing.T) {
	var h histogram
	require.Zero(t, h.quantile(0.5))
	for us := 1; us <= 10000; us++ {
		h.add(time.Duration(us) * time.Microsecond)
	}
	require.InEpsilon(t, 5000, h.quantile(0.5).Microseconds(), 0.04)
	require.InEpsilon(t, 9900, h.quantile(0.99).Microseconds(), 0.04)
	require.Equal(t, 10*time.Millisecond, h.quantile(1))
	for us := uint64(1); us < 1<<34; us = us*5/4 + 1 {
		require.GreaterOrEqual(t, upperOf(bucketOf(us)), us)
		require.Equal(t, bucketOf(us), bucketOf(upperOf(bucketOf(us))))
	}
}

func TestFlags(t *testing.T) {
	p, err := parseFlags([]string{"--shape", "calls,audio", "--rounds=2", "--seconds", "1.5", "--floors=false"})
	require.NoError(t, err)
	require.Equal(t, []string{"calls", "audio"}, []string{p.shapes[0].Name, p.shapes[1].Name})
	require.Equal(t, 1500*time.Millisecond, p.opts.window)
	require.False(t, p.floors)
	require.False(t, p.vs)
	require.Nil(t, p.soak)
	p, err = parseFlags([]string{"--vs", "--instructions", "--rounds", "0", "--soak", "90m", "--soak-joins", "0.5"})
	require.NoError(t, err)
	require.True(t, p.vs)
	require.True(t, p.instructions)
	require.Zero(t, p.rounds)
	require.Equal(t, 90*time.Minute, p.soak.Duration)
	require.InDelta(t, 0.5, p.soak.Joins, 0)
	for _, bad := range [][]string{{"--shape", "x"}, {"--rounds", "0"}, {"--seconds", "1e9"}, {"x"}, {"--vs=x"}, {"--soak", "x"}, {"--soak", "1m"}, {"--soak", "-1h"}, {"--soak-joins", "0"}, {"--rounds", "-1", "--instructions"}} {
		_, err := parseFlags(bad)
		require.Error(t, err, bad)
	}
}
