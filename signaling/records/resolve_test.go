package records_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

func TestResolveIsWrittenDown(t *testing.T) {
	h := newHouse(t)
	mia := proto.Person{ID: "p-mia", Name: "Mia", Avatar: "🦊", Role: proto.RoleChild, Family: "Novák"}
	added, err := h.store.AddPerson(t.Context(), mia, "mia", "hash")
	require.NoError(t, err)
	require.True(t, added)
	name, err := h.store.Pseudonym(t.Context(), mia.ID)
	require.NoError(t, err)

	got, err := h.Resolve(t.Context(), "rosa", name, "  case 4711 ")
	require.NoError(t, err)
	require.Equal(t, proto.Resolved{Pseudonym: name, Person: mia}, got)
	nobodys := "pn_" + strings.Repeat("a", 26)
	_, err = h.Resolve(t.Context(), "rosa", nobodys, "case 4712")
	refusedWith(t, proto.CodeNotFound, err)
	_, err = h.Resolve(t.Context(), "rosa", "Mia Novák", "case 4713")
	refusedWith(t, proto.CodeNotFound, err)
	for _, reason := range []string{"", "   ", "a\nb"} {
		_, err = h.Resolve(t.Context(), "rosa", name, reason)
		refusedWith(t, proto.CodeBadMessage, err)
	}
	log, err := h.store.AuditAfter(t.Context(), 0, 10)
	require.NoError(t, err)
	require.Len(t, log, 3)
	for i, want := range []proto.AuditEntry{
		{Subject: name, Detail: "found=yes reason=case 4711"},
		{Subject: nobodys, Detail: "found=no reason=case 4712"},
		{Subject: "", Detail: "found=no reason=case 4713"},
	} {
		want.Seq, want.At, want.Actor, want.Action, want.Hash = int64(i+1), began.UnixMilli(), "operator:rosa", "pseudonym.resolved", log[i].Hash
		require.Equal(t, want, log[i])
		require.NotContains(t, log[i].Detail+log[i].Subject, mia.ID, "the way back must not outlive the account")
	}
	require.NoError(t, h.store.Close())
	_, err = h.Resolve(t.Context(), "rosa", name, "case 4714")
	require.ErrorContains(t, err, "resolve a pseudonym")
}
