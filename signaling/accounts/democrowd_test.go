package accounts_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

func TestSeedCrowd(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	require.NoError(t, h.SeedCrowd(ctx, 20))
	circle := func(from, to int) []string {
		var ids []string
		for n := from; n <= to; n++ {
			ids = append(ids, fmt.Sprintf("demo-crowd-%d", n))
		}
		slices.Sort(ids)
		return ids
	}
	without := func(ids []string, id string) []string {
		return slices.DeleteFunc(slices.Clone(ids), func(x string) bool { return x == id })
	}
	require.Equal(t, without(circle(1, 16), "demo-crowd-3"), h.friends(t, "demo-crowd-3"))
	require.Equal(t, without(circle(17, 20), "demo-crowd-18"), h.friends(t, "demo-crowd-18"))
	require.Equal(t, []string{"demo-leo", "demo-priya*", "demo-tomek"}, h.friends(t, "demo-mia"), "the families are as they were")
	s, err := h.Login(ctx, "crowd-20", "kinwire-demo", device)
	require.NoError(t, err)
	require.Equal(t, proto.RoleAdult, s.Person.Role)

	// Again, and more of them: the last circle fills up.
	require.NoError(t, h.SeedCrowd(ctx, 20))
	require.NoError(t, h.SeedCrowd(ctx, 33))
	require.Equal(t, without(circle(17, 32), "demo-crowd-18"), h.friends(t, "demo-crowd-18"))
	require.Empty(t, h.friends(t, "demo-crowd-33"))
	require.NoError(t, h.SeedCrowd(ctx, 0))
	_, err = h.Login(ctx, "crowd-33", "kinwire-demo", device)
	require.NoError(t, err, "nobody is taken away")
	_, err = h.Login(ctx, "crowd-34", "kinwire-demo", device)
	require.Error(t, err)
}

func TestSeedCrowdTakesNobodysLogin(t *testing.T) {
	h := newHouse(t)
	added, err := h.store.AddPerson(t.Context(), proto.Person{ID: "someone", Name: "Mia", Role: proto.RoleChild}, "crowd-2", "x")
	require.NoError(t, err)
	require.True(t, added)
	require.ErrorContains(t, h.SeedCrowd(t.Context(), 5), "crowd-2")
	_, found, err := h.store.AccountByLogin(t.Context(), "crowd-1")
	require.NoError(t, err)
	require.False(t, found)
}
