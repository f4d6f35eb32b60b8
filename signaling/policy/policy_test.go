package policy

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

// facts is a store that holds a handful of people.
type facts struct {
	active   map[string]bool
	contacts map[[2]string]bool
	err      error
}

func (f facts) CallFacts(_ context.Context, from, to string) (fromActive, toActive, contact bool, err error) {
	return f.active[from], f.active[to], f.contacts[[2]string{from, to}], f.err
}

// people: ana and ben may call each other; ana has cat as a contact, but not
// the other way round; dan was a contact of ana and is suspended.
var people = facts{
	active:   map[string]bool{"ana": true, "ben": true, "cat": true, "dan": false},
	contacts: map[[2]string]bool{{"ana", "ben"}: true, {"ben", "ana"}: true, {"ana", "cat"}: true, {"ana", "dan"}: true, {"dan", "ana"}: true},
}

func TestWhoMayCallWhom(t *testing.T) {
	cases := []struct {
		from, to string
		reason   Reason
		code     proto.Code // what the caller is told; empty: go on
	}{
		{"ana", "ben", Allowed, ""},
		{"ben", "ana", Allowed, ""},
		{"ana", "cat", Allowed, ""},
		{"cat", "ana", NotContacts, proto.CodeNotFound},
		{"ben", "cat", NotContacts, proto.CodeNotFound},
		{"ana", "ana", Self, proto.CodeNotAllowed},
		{"ana", "dan", CalleeNotActive, proto.CodeNotFound},
		{"dan", "ana", CallerNotActive, proto.CodeNotAllowed},
		{"dan", "dan", CallerNotActive, proto.CodeNotAllowed},
		{"ana", "nobody", CalleeNotActive, proto.CodeNotFound},
		{"nobody", "ana", CallerNotActive, proto.CodeNotAllowed},
		{"", "", CallerNotActive, proto.CodeNotAllowed},
	}
	s := New(people)
	for _, c := range cases {
		t.Run(c.from+" calls "+c.to, func(t *testing.T) {
			d, err := s.Call(t.Context(), c.from, c.to)
			require.NoError(t, err)
			require.Equal(t, Decision{Allowed: c.code == "", Reason: c.reason}, d)

			err = s.CanCall(t.Context(), c.from, c.to)
			if c.code == "" {
				require.NoError(t, err)
				return
			}
			var refusal *proto.Error
			require.ErrorAs(t, err, &refusal)
			require.Equal(t, c.code, refusal.Code)
			require.NotEmpty(t, refusal.Message)
		})
	}
}

// TestNobodyLearnsWhoExists: unknown, suspended and not allowed look the same.
func TestNobodyLearnsWhoExists(t *testing.T) {
	s := New(people)
	want := s.CanCall(t.Context(), "ben", "nobody")
	require.Error(t, want)
	require.Equal(t, want, s.CanCall(t.Context(), "ben", "cat"))
	require.Equal(t, want, s.CanCall(t.Context(), "ana", "dan"))
}

// TestEveryFactIsNeeded goes through all combinations: one alone is a yes.
func TestEveryFactIsNeeded(t *testing.T) {
	for bits := range 16 {
		self, from, to, contact := bits&1 != 0, bits&2 != 0, bits&4 != 0, bits&8 != 0
		d := decideCall(self, from, to, contact)
		require.Equal(t, !self && from && to && contact, d.Allowed, "self=%t from=%t to=%t contact=%t", self, from, to, contact)
		require.Equal(t, d.Allowed, d.Reason == Allowed)
		if !d.Allowed {
			require.Contains(t, refusals, d.Reason)
		}
	}
}

func TestUnknownIsNeverYes(t *testing.T) {
	broken := people
	broken.err = errors.New("the disk is gone")
	s := New(broken)
	d, err := s.Call(t.Context(), "ana", "ben")
	require.ErrorIs(t, err, broken.err)
	require.False(t, d.Allowed)
	err = s.CanCall(t.Context(), "ana", "ben")
	require.ErrorIs(t, err, broken.err)
	var refusal *proto.Error
	require.False(t, errors.As(err, &refusal), "a fault is not a refusal")
}
