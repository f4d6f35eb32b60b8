package calls

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

func TestTalkIsCounted(t *testing.T) {
	play(t, func(t *testing.T, s *script) {
		ana, ben, cat := s.on("ana"), s.on("ben"), s.on("cat")
		s.invite(ana, "ben", "cat")
		s.join(ana)
		s.link("ana", LinkConnected)
		s.sleep(10 * time.Second) // alone: nobody talks
		s.accept(ben)
		s.join(ben)
		s.link("ben", LinkConnected)
		s.sleep(30 * time.Second)
		s.accept(cat)
		s.join(cat)
		s.link("cat", LinkConnected)
		s.sleep(5 * time.Second)
		s.link("ben", LinkDisconnected) // is not heard for a while
		s.sleep(7 * time.Second)
		s.link("ben", LinkConnected)
		s.sleep(8 * time.Second)
		s.hangup(ben)
		s.sleep(time.Minute)
		s.leave(cat)
		s.sleep(3 * time.Second)
		s.hangup(ana)
		synctest.Wait()
		require.Equal(t, 43, s.books.seconds("ana", "ben"))
		require.Equal(t, 13, s.books.seconds("ben", "cat"))
		require.Equal(t, 80, s.books.seconds("ana", "cat"))
		require.Equal(t, "out hangup 110 with [ben cat]", s.books.row("ana", s.call))
		require.Equal(t, "in hangup 43 with [ana cat]", s.books.row("ben", s.call))
		require.Equal(t, "in hangup 80 with [ana ben]", s.books.row("cat", s.call))
	})
	synctest.Test(t, func(t *testing.T) { // also when the server goes down
		s := &script{house: newHouse(testConfig), t: t}
		s.talk(s.on("ana"), s.on("ben"))
		s.sleep(90 * time.Second)
		require.NoError(t, s.Close(t.Context()))
		require.Equal(t, 90, s.books.seconds("ana", "ben"))
		require.Equal(t, "out shutdown 90 with [ben]", s.books.row("ana", s.call))
		require.NoError(t, s.audit())
	})
}

// TestTalkIsCountedBeforePolicyIsAsked: an allowance is not given twice.
func TestTalkIsCountedBeforePolicyIsAsked(t *testing.T) {
	play(t, func(t *testing.T, s *script) {
		ana, ben, cat := s.on("ana"), s.on("ben"), s.on("cat")
		s.lets("ben")
		s.talk(ana, ben)
		first := s.call
		var counted []int
		s.policy.onMeet = func([]string) { counted = append(counted, s.books.seconds("ana", "ben")) }
		s.sleep(time.Minute)
		s.Recheck("ana")
		s.sleep(time.Minute)
		s.invite(cat, "ben")
		s.sleep(10 * time.Second)
		s.accept(ben)
		require.Equal(t, []int{60, 120, 130}, counted)
		synctest.Wait()
		require.Equal(t, 130, s.books.seconds("ana", "ben"))
		require.Equal(t, "in hangup 130 with [ana]", s.books.row("ben", first))
	})
}

// TestHistoryOfCallsThatWereNone is what people read of calls in which nobody
// talked.
func TestHistoryOfCallsThatWereNone(t *testing.T) {
	for name, c := range map[string]struct {
		do            func(s *script, ana, ben Who)
		anas, bens    string
		busy, waiting bool
	}{
		"missed":    {do: func(s *script, _, _ Who) { s.sleep(testConfig.RingTimeout) }, anas: "out missed 0 with [ben]", bens: "in missed 0 with [ana]"},
		"declined":  {do: func(s *script, _, ben Who) { s.decline(ben) }, anas: "out declined 0 with [ben]", bens: "in declined 0 with [ana]"},
		"cancelled": {do: func(s *script, ana, _ Who) { s.hangup(ana) }, anas: "out cancelled 0 with [ben]", bens: "in cancelled 0 with [ana]"},
		"busy":      {busy: true, do: func(s *script, _, _ Who) { s.sleep(busyTone) }, anas: "out busy 0 with [ben]", bens: "in busy 0 with [ana]"},
		"failed": {do: func(s *script, _, ben Who) { s.accept(ben); s.sleep(testConfig.LostTimeout) },
			anas: "out failed 0 with [ben]", bens: "in failed 0 with [ana]"},
		"lost": {do: func(s *script, ana, ben Who) {
			s.accept(ben)
			s.join(ana)
			s.join(ben)
			s.link("ana", LinkConnected)
			s.link("ben", LinkConnected)
			s.sleep(time.Second)
			s.SessionDropped(ben)
			s.link("ben", LinkFailed)
			s.sleep(testConfig.AloneTimeout)
		}, anas: "out alone 1 with [ben]", bens: "in lost 1 with [ana]"},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(t *testing.T, s *script) {
				ana, ben := s.on("ana"), s.on("ben")
				if c.busy {
					s.talk(s.on("cat"), ben)
				}
				s.invite(ana, "ben")
				c.do(s, ana, ben)
				synctest.Wait()
				require.Equal(t, c.anas, s.books.row("ana", s.call))
				require.Equal(t, c.bens, s.books.row("ben", s.call))
			})
		})
	}
}

// TestHistoryOfSeveralParts: one row a call, of the last part, with the time
// of all; a ring that goes unanswered does not hide that they talked.
func TestHistoryOfSeveralParts(t *testing.T) {
	play(t, func(t *testing.T, s *script) {
		ana, ben, cat := s.on("ana"), s.on("ben"), s.on("cat")
		s.talk(ana, ben, cat)
		s.sleep(10 * time.Second)
		s.hangup(cat)
		s.add(ana, "cat")
		s.decline(cat)
		synctest.Wait()
		require.Equal(t, "in hangup 10 with [ana ben]", s.books.row("cat", s.call))
		s.add(ana, "cat", "dan")
		s.decline(s.on("dan"))
		s.add(ana, "dan")
		s.accept(cat)
		s.join(cat)
		s.link("cat", LinkConnected)
		s.sleep(5 * time.Second)
		s.decline(s.on("dan"))
		s.hangup(cat)
		synctest.Wait()
		require.Equal(t, "in hangup 15 with [ana ben dan]", s.books.row("cat", s.call))
		require.Equal(t, "in declined 0 with [ana ben cat]", s.books.row("dan", s.call))
		s.hangup(ana)
	})
}

// TestHistoryRemembersThoseBefore: somebody who comes back has been with those
// who have left since, whom they are not shown any more.
func TestHistoryRemembersThoseBefore(t *testing.T) {
	play(t, func(t *testing.T, s *script) {
		ana, ben, cat, dan := s.on("ana"), s.on("ben"), s.on("cat"), s.on("dan")
		s.talk(ana, ben, cat, dan)
		s.hangup(cat)
		s.hangup(dan)
		s.add(ben, "cat")
		require.Len(t, s.Views("cat")[0].Participants, 3)
		s.accept(cat)
		s.hangup(cat)
		synctest.Wait()
		require.Equal(t, "in hangup 0 with [ana ben dan]", s.books.row("cat", s.call))
	})
}

func TestHistoryIsRead(t *testing.T) {
	play(t, func(t *testing.T, s *script) {
		ctx := t.Context()
		ana := s.on("ana")
		began := time.Now()
		var ids []string
		for range historyPage + 2 {
			s.invite(ana, "ben", "unknown")
			ids = append(ids, s.call)
			s.hangup(ana)
			s.sleep(time.Minute)
		}
		slices.Reverse(ids)
		s.gone = true
		page, err := s.History(ctx, "ana", 0)
		require.NoError(t, err)
		require.Len(t, page.Calls, historyPage)
		require.Equal(t, ids[0], page.Calls[0].CallID)
		first := page.Calls[0]
		require.Equal(t, []proto.NameOf{{ID: "ben", Name: "name of ben"}, {ID: "unknown"}}, first.With)
		require.True(t, first.Outgoing)
		require.True(t, first.Video)
		require.Equal(t, proto.ReasonCancelled, first.Reason)
		require.Equal(t, first.At+testConfig.HistoryRetention.Milliseconds(), first.DeletedAt)
		page, err = s.History(ctx, "ana", page.Calls[historyPage-1].At)
		require.NoError(t, err)
		require.Len(t, page.Calls, 2)
		require.Equal(t, began.UnixMilli(), page.Calls[1].At)
		page, err = s.History(ctx, "eve", 0)
		require.NoError(t, err)
		require.Equal(t, []proto.HistoryEntry{}, page.Calls)

		require.NoError(t, s.DeleteHistory(ctx, "ana", ids[0]))
		s.refused(proto.CodeNotFound, s.DeleteHistory(ctx, "ana", ids[0]))
		s.refused(proto.CodeNotFound, s.DeleteHistory(ctx, "eve", ids[1]))
		s.sleep(testConfig.HistoryRetention - 3*time.Minute)
		page, err = s.History(ctx, "ana", 0) // what has run out is not shown, swept or not
		require.NoError(t, err)
		require.Len(t, page.Calls, 1)
	})
}

// TestHistoryOutlastsAHiccup of the database, and its loss harms no call.
func TestHistoryOutlastsAHiccup(t *testing.T) {
	for name, c := range map[string]struct {
		fail int
		row  string
	}{"short": {2, "out cancelled 0 with [ben]"}, "long": {3, ""}} {
		t.Run(name, func(t *testing.T) {
			play(t, func(t *testing.T, s *script) {
				ana := s.on("ana")
				s.books.fail = c.fail
				s.invite(ana, "ben")
				s.hangup(ana)
				s.sleep(time.Minute)
				require.Equal(t, c.row, s.books.row("ana", s.call))
			})
		})
	}
}

func TestRunSweeps(t *testing.T) {
	play(t, func(t *testing.T, s *script) {
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		began := time.Now()
		go func() { defer close(done); s.Run(ctx) }()
		s.sleep(2*time.Hour + time.Minute)
		cancel()
		<-done
		require.Equal(t, []time.Time{began, began.Add(time.Hour), began.Add(2 * time.Hour)}, s.books.swept)
	})
}

// TestWithoutNeighbours: what may be left out may be.
func TestWithoutNeighbours(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(testConfig)
		h.Service = New(testConfig, Deps{Media: h.media, People: h, Policy: h.policy, ICE: h, Notify: h.hub, Observer: h.record})
		h.hub.inCall = h.InCall
		s := &script{house: h, t: t}
		s.talk(s.on("ana"), s.on("ben"))
		s.invite(s.on("cat"), "ben")
		page, err := s.History(t.Context(), "ana", 0)
		require.NoError(t, err)
		require.Empty(t, page.Calls)
		require.NoError(t, s.Close(t.Context()))
		require.NoError(t, s.audit())
	})
}
