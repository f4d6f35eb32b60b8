package calls

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

// parted ends a friendship, as the friends module would tell of it.
func (s *script) parted(a, b string) {
	s.policy.set(func(r *rules) { r.apart = append(r.apart, [2]string{a, b}) })
	s.Recheck(a, b)
}

func TestRecheckEndsACallOfTwo(t *testing.T) {
	play(t, func(t *testing.T, s *script) {
		ana, ben, cat := s.on("ana"), s.on("ben"), s.on("cat")
		s.talk(ana, ben)
		s.Recheck("ana", "ben", "nobody")
		s.running()
		began := time.Now()
		s.parted("ana", "ben")
		s.got(ana, "ended not_allowed")
		s.got(ben, "ended not_allowed")
		s.ended(proto.ReasonNotAllowed)
		require.Less(t, time.Since(began), time.Second)

		s.invite(cat, "ben") // while it rings
		s.forget(ben, cat)
		s.parted("cat", "ben")
		s.got(cat, "ended not_allowed")
		s.got(ben, "ended cancelled")
	})
}

func TestRecheckTakesOutTheFewest(t *testing.T) {
	for name, c := range map[string]struct {
		apart [][2]string
		out   []string
		ends  bool
	}{
		"one who is apart from all": {[][2]string{{"ana", "dan"}, {"ben", "dan"}, {"cat", "dan"}}, []string{"dan"}, false},
		"who came later":            {[][2]string{{"ben", "cat"}}, []string{"cat"}, false},
		"not the caller":            {[][2]string{{"ana", "dan"}}, []string{"dan"}, false},
		"the caller, if it is them": {[][2]string{{"ana", "dan"}, {"ana", "ben"}}, []string{"ana"}, false},
		"two pairs":                 {[][2]string{{"ana", "ben"}, {"cat", "dan"}}, []string{"ben", "dan"}, false},
		"a chain":                   {[][2]string{{"ana", "ben"}, {"ben", "cat"}, {"cat", "dan"}}, []string{"ben", "cat"}, false},
		"everybody": {[][2]string{
			{"ana", "ben"}, {"ana", "cat"}, {"ana", "dan"}, {"ben", "cat"}, {"ben", "dan"}, {"cat", "dan"},
		}, []string{"ana", "ben", "cat", "dan"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(t *testing.T, s *script) {
				whos := []Who{s.on("ana"), s.on("ben"), s.on("cat"), s.on("dan")}
				s.talk(whos...)
				s.policy.set(func(r *rules) { r.apart = c.apart })
				s.Recheck("ana", "ben", "cat", "dan")
				synctest.Wait()
				var out []string
				for _, w := range whos {
					if !s.InCall(w.UserID) {
						out = append(out, w.UserID)
						sent := s.hub.drain(w)
						require.Equal(t, "ended not_allowed", sent[len(sent)-1])
					}
				}
				require.Equal(t, c.out, out)
				require.Equal(t, c.ends, s.record.of(s.call).ended)
			})
		})
	}
}

// TestRecheckReachesThoseAwayAndRinging: who may come back may not any more,
// and what rings stops.
func TestRecheckReachesThoseAwayAndRinging(t *testing.T) {
	play(t, func(t *testing.T, s *script) {
		ana, ben, cat, dan := s.on("ana"), s.on("ben"), s.on("cat"), s.on("dan")
		s.talk(ana, ben, cat)
		s.leave(cat)
		s.add(ana, "dan")
		s.forget(ana, ben, cat, dan)
		s.parted("ben", "cat")
		s.got(cat, "ended not_allowed")
		_, err := s.Join(t.Context(), cat, proto.CallJoin{CallID: s.call})
		s.refused(proto.CodeWrongState, err)
		s.parted("ben", "dan")
		s.got(dan, "cat left not_allowed", "ended not_allowed")
		s.running()
	})
}

// TestRecheckOvertakesAnAnswer: policy has said yes, and before it is acted on
// it says no.
func TestRecheckOvertakesAnAnswer(t *testing.T) {
	for name, do := range map[string]func(s *script, ana, ben Who) error{
		"invite": func(s *script, ana, _ Who) error {
			_, err := s.Invite(s.t.Context(), ana, proto.CallInvite{To: []string{"eve"}})
			return err
		},
		"add": func(s *script, ana, ben Who) error {
			s.talk(ana, ben)
			_, err := s.Add(s.t.Context(), ana, proto.CallAdd{CallID: s.call, To: []string{"eve"}})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(t *testing.T, s *script) {
				ana, ben, eve := s.on("ana"), s.on("ben"), s.on("eve")
				once := true
				s.onPerson = func(id string) {
					if id == "eve" && once {
						once = false
						s.parted("ana", "eve")
					}
				}
				s.refused(proto.CodeNotApproved, do(s, ana, ben))
				s.got(eve)
			})
		})
	}
	t.Run("always", func(t *testing.T) {
		play(t, func(t *testing.T, s *script) {
			ana := s.on("ana")
			s.onPerson = func(string) { s.Recheck("eve") }
			_, err := s.Invite(t.Context(), ana, proto.CallInvite{To: []string{"eve"}})
			s.refused(proto.CodeUnavailable, err)
		})
	})
}

// TestNewcomerDuringTheQuestion: an answer about two is none about three.
func TestNewcomerDuringTheQuestion(t *testing.T) {
	play(t, func(t *testing.T, s *script) {
		ana, ben, cat := s.on("ana"), s.on("ben"), s.on("cat")
		s.invite(ana, "ben", "cat")
		s.accept(ben)
		s.policy.asked = nil
		once := true
		s.policy.onMeet = func(ids []string) {
			if len(ids) == 3 && once {
				once = false
				s.add(ben, "dan")
				s.accept(s.on("dan"))
			}
		}
		s.accept(cat)
		require.Equal(t, "cat: [cat ana ben dan]", s.policy.asked[len(s.policy.asked)-1])
	})
}

func TestPolicyDown(t *testing.T) {
	play(t, func(t *testing.T, s *script) {
		ana, ben := s.on("ana"), s.on("ben")
		s.talk(ana, ben)
		s.policy.set(func(r *rules) { r.down = errors.New("the database is away") })
		s.Recheck("ana")
		s.sleep(2 * time.Second)
		s.running() // a hiccup ends no call
		s.policy.set(func(r *rules) { r.down = nil })
		s.sleep(time.Minute)
		s.running()

		s.policy.set(func(r *rules) { r.down = errors.New("the database is away") })
		began := time.Now()
		s.Recheck("ana")
		_, err := s.Invite(t.Context(), s.on("cat"), proto.CallInvite{To: []string{"dan"}})
		s.refused(proto.CodeInternal, err)
		for !s.record.of(s.call).ended {
			s.sleep(100 * time.Millisecond)
			require.Less(t, time.Since(began), patience+2*time.Second)
		}
		require.GreaterOrEqual(t, time.Since(began), patience)
		s.ended(proto.ReasonNotAllowed)
	})
	play(t, func(t *testing.T, s *script) { // names strangers
		s.talk(s.on("ana"), s.on("ben"))
		s.d.Policy = wrongPairs{s.policy}
		s.Recheck("ana")
		s.sleep(time.Minute)
		s.ended(proto.ReasonNotAllowed)
	})
	play(t, func(t *testing.T, s *script) { // still down when the server closes
		s.talk(s.on("ana"), s.on("ben"))
		s.policy.set(func(r *rules) { r.down = errors.New("the database is away") })
		s.Recheck("ana")
		s.sleep(time.Second)
	})
}

type wrongPairs struct{ *rules }

func (wrongPairs) Pairs(context.Context, []string) ([][2]string, error) {
	return [][2]string{{"ana", "eve"}}, nil
}

// TestRecheckCoalesces: a hundred changes are not a hundred questions.
func TestRecheckCoalesces(t *testing.T) {
	play(t, func(t *testing.T, s *script) {
		s.talk(s.on("ana"), s.on("ben"))
		s.policy.asked = nil
		s.policy.onMeet = func([]string) { time.Sleep(50 * time.Millisecond) }
		for range 100 {
			s.Recheck("ana", "ben")
		}
		s.sleep(time.Second)
		require.Len(t, s.policy.asked, 2, fmt.Sprint(s.policy.asked))
	})
}

// TestNewcomerDuringAReview: terms that were asked about two are none for
// three.
func TestNewcomerDuringAReview(t *testing.T) {
	play(t, func(t *testing.T, s *script) {
		ana, ben := s.on("ana"), s.on("ben")
		s.talk(ana, ben)
		s.policy.set(func(r *rules) { r.noVideo = map[string]bool{"cat": true} })
		once := true
		s.policy.onMeet = func(ids []string) {
			if len(ids) == 2 && once {
				once = false
				s.add(ben, "cat")
			}
		}
		s.Recheck("ana")
		synctest.Wait()
		require.True(t, s.Views("ana")[0].NoVideo)
		require.Equal(t, ": [ana ben cat]", s.policy.asked[len(s.policy.asked)-1])
	})
}
