package consent

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"kinwire/signaling/proto"
)

var allEvents = []event{firstLink, secondLink, handedIn, approved, refused, passed, failed, claimed, mailed, withdrawn, ranOut, replaced}

var allStates = []proto.ConsentState{
	proto.ConsentPending, proto.ConsentWaiting, proto.ConsentReview, proto.ConsentGranted,
	proto.ConsentRefused, proto.ConsentWithdrawn, proto.ConsentExpired,
}

// proofs is what has to happen, in this order, before a consent of a method
// may be granted: written down once more, apart from the tables.
var proofs = map[proto.ConsentMethod][]event{
	proto.MethodEmailPlus:  {firstLink, secondLink},
	proto.MethodSignedForm: {handedIn, approved},
	proto.MethodVideoCall:  {approved},
	proto.MethodExternal:   {passed},
}

func rules() methods { return newMethods(time.Hour, 24*time.Hour) }

// TestTable holds the tables against one another and against what the states
// are for.
func TestTable(t *testing.T) {
	require.Len(t, transitions, len(allStates))
	for _, state := range allStates {
		require.Contains(t, transitions, state)
		require.NotEmpty(t, refusals[state])
		for e, to := range transitions[state] {
			require.Contains(t, allEvents, e)
			require.Contains(t, allStates, to)
			if to != state {
				require.NotEmpty(t, actions[e], "%s decides something and is not in the audit log", e)
			}
		}
	}
	for _, state := range []proto.ConsentState{proto.ConsentRefused, proto.ConsentWithdrawn, proto.ConsentExpired} {
		require.Empty(t, transitions[state], "%s is for good", state)
	}
	require.Len(t, rules(), len(proofs))
	require.NotContains(t, rules(), proto.MethodDemo)
	for name, m := range rules() {
		for _, state := range allStates {
			for _, e := range allEvents {
				if m.takes(state, e) {
					require.Contains(t, transitions[state], e, "%s takes what the table does not list", name)
				}
			}
		}
	}
}

// TestDemoIsNeverGranted: nothing that happens grants a consent of a method
// without rules.
func TestDemoIsNeverGranted(t *testing.T) {
	for _, method := range []proto.ConsentMethod{proto.MethodDemo, "", "wish"} {
		for _, state := range allStates {
			for _, e := range allEvents {
				c := proto.ConsentRow{Consent: proto.Consent{Method: method, State: state}}
				is, can := rules().advance(c, e, "u", 1)
				if can {
					require.NotEqual(t, proto.ConsentGranted, is.State, "%s in %s", e, state)
				} else {
					require.Equal(t, c, is)
				}
			}
		}
	}
}

// TestNeverGrantedWithoutProof: whatever happens in whatever order.
func TestNeverGrantedWithoutProof(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		method := rapid.SampledFrom([]proto.ConsentMethod{
			proto.MethodEmailPlus, proto.MethodSignedForm, proto.MethodVideoCall, proto.MethodExternal,
		}).Draw(t, "method")
		now := int64(1_000_000)
		c := proto.ConsentRow{GuardianID: "u_ana", Consent: proto.Consent{Method: method}}
		rules()[method].begin(&c, now)
		require.Contains(t, open, c.State)
		require.Greater(t, c.ExpiresAt, now)

		var happened []event
		over := false
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			now += rapid.Int64Range(0, 5_000_000).Draw(t, "ms")
			e := rapid.SampledFrom(allEvents).Draw(t, "event")
			was := c
			var can bool
			c, can = rules().advance(c, e, "u_ana", now)
			if !can {
				require.Equal(t, was, c, "what cannot happen changes nothing")
				continue
			}
			require.False(t, over, "%s after the end", e)
			happened = append(happened, e)
			over = slices.Contains([]proto.ConsentState{proto.ConsentRefused, proto.ConsentWithdrawn, proto.ConsentExpired}, c.State)
			checkRow(t, c, now)
			if c.State == proto.ConsentGranted {
				require.True(t, inThisOrder(proofs[method], happened), "%s granted after %v", method, happened)
				require.Empty(t, exclude(happened, append(proofs[method], claimed, mailed)), "nothing but the proof led there")
			}
		}
	})
}

// checkRow holds what must be true of every row.
func checkRow(t require.TestingT, c proto.ConsentRow, now int64) {
	if isOpen(c) {
		require.Positive(t, c.ExpiresAt, "what waits has an end")
	} else {
		require.Zero(t, c.ExpiresAt)
		require.Zero(t, c.NextAt, "no e-mail about what is over")
	}
	decided := c.State == proto.ConsentGranted || c.State == proto.ConsentRefused
	if decided {
		require.NotEmpty(t, c.DecidedBy)
		require.Equal(t, now, c.DecidedAt)
	}
	require.Equal(t, c.State == proto.ConsentWithdrawn || c.State == proto.ConsentExpired, c.EndedBy != "")
}

// inThisOrder says whether part happens within whole, in its order.
func inThisOrder(part, whole []event) bool {
	for _, e := range whole {
		if len(part) > 0 && part[0] == e {
			part = part[1:]
		}
	}
	return len(part) == 0
}

func exclude(events, known []event) []event {
	return slices.DeleteFunc(slices.Clone(events), func(e event) bool { return slices.Contains(known, e) })
}
