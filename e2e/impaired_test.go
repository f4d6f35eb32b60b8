package e2e

import (
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/client"
	"kinwire/client/impair"
	"kinwire/client/impair/lab"
	"kinwire/client/media"
	"kinwire/e2e/browser"
)

// TestTheRecordTellsTheTruth holds the records of two calls against links that lose
// 5 % each way, at random and in bursts, and take 80 ms there and back, and against
// what the lab has counted packet by packet.
func TestTheRecordTellsTheTruth(t *testing.T) {
	saw := newTruth()
	l := openLab(t, lab.Options{Seed: 5, Watch: saw.watch})
	s := startIn(t, l, nil)
	leoAt, miaAt := attach(t, l, "leo", "lossy"), attach(t, l, "mia", "none")
	leo, mia := dialFrom(t, s, "leo", leoAt, client.Options{}), dialFrom(t, s, "mia", miaAt, client.Options{})
	for _, c := range []struct {
		profile string
		packets int
		near    float64 // of 5 %: what so many packets make certain
		run     float64 // packets lost in a row, on average
	}{
		// One in twenty of 10000 comes out as 5 ± 1 % in all but one of 200000 runs.
		{"lossy", 10_000, 0.01, 1.05},
		// Losses in runs vary three times as much, and these are fewer.
		{"bursty", 5_000, 0.03, 5},
	} {
		t.Run(c.profile, func(t *testing.T) {
			ctx := limit(t)
			saw.reset()
			p, _ := impair.Named(c.profile)
			require.NoError(t, leoAt.Set(p))
			echoes := startEcho(t, l, leoAt)
			// Some 800 packets a second each way; mia need not see leo.
			many := media.VP8Config{FPS: 60, MTU: 800, InterBytes: 14 * 750, KeyBytes: 14 * 750}
			ringFrom(t, ctx, mia, leo, miaAt, leoAt, many, client.MediaOptions{VideoSlots: -1}, client.MediaOptions{StatsEvery: time.Second})
			require.Eventually(t, func() bool {
				return saw.largest("leo", true).packets >= c.packets && saw.largest("leo", false).packets >= c.packets
			}, time.Minute, 50*time.Millisecond)
			// A packet and its echo take 80 ms, and how long a busy machine needs to
			// wake up whoever waits for them.
			busy := echoes() - 80*time.Millisecond
			leoID, callID := leo.call.View().You, leo.call.ID()
			hangup(t, ctx, mia, leo)

			var r labRecord
			s.Record(t, callID, &r)
			for direction, up := range map[string]bool{"up": true, "down": false} {
				really := saw.largest("leo", up)
				video, audio := r.stream(t, leoID, direction, "video"), r.stream(t, leoID, direction, "audio")
				t.Logf("echoes %v more, %d overrun; %s: %d of %d lost (%.4f), runs of %.2f; the record: %.4f of %.0f, RTT %+v; sound %.4f of %.0f", busy, leoAt.Stats().Overrun, direction,
					really.lost, really.packets, really.ratio(), really.run(), video.Server.Totals["loss_ratio"], video.Server.Totals["expected"],
					*video.Server.RTT, audio.Server.Totals["loss_ratio"], audio.Server.Totals["expected"])
				require.InDelta(t, 0.05, really.ratio(), c.near, "%s: the lab itself", direction)
				require.InDelta(t, c.run, really.run(), c.run/2, "%s: the lab itself, in a row", direction)
				require.InDelta(t, 0.05, video.Server.Totals["loss_ratio"], c.near, "%s: the record", direction)
				// What the machine itself has lost is no doing of the link's.
				within := 0.003 + float64(leoAt.Stats().Overrun)/float64(really.packets)
				if !up {
					// The way down is known up to the last report, a second or so before
					// the end: by chance the rest lost more or less, and the more so the
					// longer losses last.
					within += 0.003 * c.run
				}
				require.InDelta(t, really.ratio(), video.Server.Totals["loss_ratio"], within, "%s: the record against the lab", direction)
				for _, one := range []stream{video, audio} {
					require.NotNil(t, one.Server.RTT, "%s %s", direction, one.Kind)
					// 80 ± 5 ms; and more only as far as the machine is known to be slow,
					// where server and client each are to wake up in time.
					rtt := time.Duration(one.Server.RTT.Median * float64(time.Millisecond))
					require.GreaterOrEqual(t, rtt, 75*time.Millisecond, "%s %s", direction, one.Kind)
					require.LessOrEqual(t, rtt, 85*time.Millisecond+2*busy, "%s %s", direction, one.Kind)
				}
			}
		})
	}
}

// TestACallSurvivesOutageAndMove takes one side's network away for three seconds
// and then puts it into another one: sound and picture come back each time, in the
// same call.
func TestACallSurvivesOutageAndMove(t *testing.T) {
	l := openLab(t, lab.Options{Seed: 6})
	s := startIn(t, l, nil)
	ctx := limit(t)
	leoAt, miaAt := attach(t, l, "leo", "home-wifi"), attach(t, l, "mia", "4g")
	// Sooner than by default, so that the test need not wait for it.
	quick := client.Options{PingEvery: 2 * time.Second}
	leo, mia := dialFrom(t, s, "leo", leoAt, quick), dialFrom(t, s, "mia", miaAt, quick)
	o := client.MediaOptions{DisconnectedAfter: time.Second, FailedAfter: 3 * time.Second}
	ringFrom(t, ctx, mia, leo, miaAt, leoAt, media.VP8Config{FPS: 20}, o, o)
	talk := func() {
		t.Helper()
		mia.hears(t, leo, 40, audioVideo...)
		leo.hears(t, mia, 40, audioVideo...)
	}
	talk()

	lost := leoAt.Stats()
	leoAt.Outage(true)
	time.Sleep(3 * time.Second) // the outage's length is what this is about
	leoAt.Outage(false)
	talk()
	now := leoAt.Stats()
	require.Greater(t, now.Up.Outage, lost.Up.Outage+50)
	require.Greater(t, now.Down.Outage, lost.Down.Outage+50)

	for _, told := range []bool{true, false} {
		before := leoAt.Addr()
		began := time.Now()
		after, err := leoAt.Move()
		require.NoError(t, err)
		require.NotEqual(t, before, after)
		if told {
			leo.NetworkChanged()
		}
		talk()
		t.Logf("moved from %s to %s (told: %v): talking again within %v, with %d packets", before, after, told, time.Since(began).Round(time.Millisecond), 40)
	}
	leoID, callID := leo.call.View().You, leo.call.ID()
	at := leoAt.Addr()
	hangup(t, ctx, mia, leo)
	var r labRecord
	s.Record(t, callID, &r)
	require.Len(t, r.Participants, 2, "nobody had to join again")
	for _, p := range r.Participants {
		if p.ID == leoID {
			network := netip.PrefixFrom(at, 24).Masked()
			require.Equal(t, network.String(), p.Path.Remote)
			require.GreaterOrEqual(t, p.Path.Changes, 2)
		}
	}
}

// TestAPageBehind3G: a page whose browser is behind a 3G network calls one that is
// not; both see and hear.
func TestAPageBehind3G(t *testing.T) {
	l := openLab(t, lab.Options{Seed: 7})
	s := startIn(t, l, nil)
	leoAt := attach(t, l, "leo", "3g")
	secure := []string{s.URL}
	mia := openApp(t, s, browser.Chromium(t, browser.Options{InsecureOrigins: secure}), "mia", "")
	leo := openApp(t, s, browser.Chromium(t, browser.Options{InsecureOrigins: secure, Command: leoAt.Command}), "leo", "")
	mia.call("Leo")
	leo.click("answer")
	mia.seesAndHears()
	leo.seesAndHears()
	// Long enough for several reports.
	leo.until(`window.kinwire.debug.inbound().then((s) => s.some((x) => x.kind === "video" && x.frames > 200))`)
	leo.snap("3g")
	id := mia.callID()
	var leoID string
	mia.eval(`window.kinwire.debug.call().others[0].id`, &leoID)
	leo.click("hangup")
	mia.until(`document.querySelector('[data-testid="screen-ended"]')`)
	var r labRecord
	s.Record(t, id, &r)
	down := r.stream(t, leoID, "down", "video")
	require.NotNil(t, down.Server.RTT)
	t.Logf("down: RTT %+v, %v; %+v", *down.Server.RTT, down.Server.Totals, leoAt.Stats())
	require.GreaterOrEqual(t, down.Server.RTT.Min, 250.0, "150 ms each way, less what the jitter can take off")
	require.LessOrEqual(t, down.Server.Totals["bitrate_bps"], 1.6e6)
	require.NotZero(t, leoAt.Stats().Down.Delivered)
}
