package accounts_test

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

func hashOf(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// signIn signs the same person in n times, a minute apart.
func (h *house) signIn(t *testing.T, login string, n int) (tokens []string) {
	t.Helper()
	for range n {
		h.now = h.now.Add(time.Minute)
		s, err := h.Login(t.Context(), login, "kinwire-demo", device)
		require.NoError(t, err)
		tokens = append(tokens, s.Token)
	}
	return tokens
}

func TestSessionsListed(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	tokens := h.signIn(t, "mia", 3)
	h.now = h.now.Add(time.Minute)
	require.NoError(t, h.Seen(ctx, "demo-mia", tokens[1]))
	list, err := h.Sessions(ctx, "demo-mia", tokens[0])
	require.NoError(t, err)
	require.Len(t, list.Sessions, 3)
	first := list.Sessions[0]
	require.True(t, first.Current)
	require.Equal(t, device, first.Device)
	require.Equal(t, h.now.Add(-3*time.Minute).UnixMilli(), first.CreatedAt)
	require.Equal(t, first.CreatedAt, first.LastSeenAt)
	require.Equal(t, h.now.UnixMilli(), list.Sessions[1].LastSeenAt, "then the most recently used")
	require.False(t, list.Sessions[1].Current)
	ids := map[string]bool{}
	for _, s := range list.Sessions {
		require.Regexp(t, `^s_[a-z2-7]{26}$`, s.ID)
		ids[s.ID] = true
	}
	require.Len(t, ids, 3)

	forParent, err := h.Sessions(ctx, "demo-mia", "")
	require.NoError(t, err)
	for _, s := range forParent.Sessions {
		require.False(t, s.Current)
	}
	h.now = h.now.Add(time.Hour)
	list, err = h.Sessions(ctx, "demo-mia", tokens[0])
	require.NoError(t, err)
	require.Equal(t, []proto.LoginSession{}, list.Sessions, "what has run out is not listed")
}

func TestEndSession(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	tokens := h.signIn(t, "mia", 2)
	list, err := h.Sessions(ctx, "demo-mia", tokens[0])
	require.NoError(t, err)
	mine, other := list.Sessions[0].ID, list.Sessions[1].ID

	_, err = h.EndSession(ctx, "demo-leo", other)
	requireCode(t, proto.CodeNotFound, err)
	_, err = h.EndSession(ctx, "demo-mia", "")
	requireCode(t, proto.CodeNotFound, err)
	ended, err := h.EndSession(ctx, "demo-mia", other)
	require.NoError(t, err)
	require.Equal(t, []string{hashOf(tokens[1])}, ended)
	_, err = h.Authenticate(ctx, tokens[1])
	requireCode(t, proto.CodeUnauthenticated, err)
	_, err = h.Authenticate(ctx, tokens[0])
	require.NoError(t, err)
	require.Equal(t, 1, race(t, proto.CodeNotFound, func() error {
		_, err := h.EndSession(ctx, "demo-mia", mine)
		return err
	}))
}

func TestEndAll(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	tokens := h.signIn(t, "mia", 2)
	leos := h.signIn(t, "leo", 1)
	ended, err := h.EndAll(ctx, "demo-mia")
	require.NoError(t, err)
	require.ElementsMatch(t, []string{hashOf(tokens[0]), hashOf(tokens[1])}, ended)
	_, err = h.Authenticate(ctx, leos[0])
	require.NoError(t, err)
	ended, err = h.EndAll(ctx, "demo-mia")
	require.NoError(t, err)
	require.Empty(t, ended)
}

func TestSeen(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	tokens := h.signIn(t, "mia", 1)
	seen := func() (person, session int64) {
		list, _, err := h.store.FriendList(ctx, "demo-priya")
		require.NoError(t, err)
		for _, f := range list {
			if f.Person.ID == "demo-mia" {
				person = f.LastSeenAt
			}
		}
		all, err := h.Sessions(ctx, "demo-mia", tokens[0])
		require.NoError(t, err)
		return person, all.Sessions[0].LastSeenAt
	}
	before := h.now.UnixMilli()
	h.now = h.now.Add(time.Minute)
	require.NoError(t, h.Seen(ctx, "demo-mia", ""))
	person, session := seen()
	require.Equal(t, []int64{h.now.UnixMilli(), before}, []int64{person, session})
	require.NoError(t, h.Seen(ctx, "demo-leo", tokens[0]), "somebody else's token stamps nothing")
	_, session = seen()
	require.Equal(t, before, session)
	require.NoError(t, h.Seen(ctx, "demo-mia", tokens[0]))
	later := h.now.UnixMilli()
	h.now = h.now.Add(-time.Hour)
	require.NoError(t, h.Seen(ctx, "demo-mia", tokens[0]))
	person, session = seen()
	require.Equal(t, []int64{later, later}, []int64{person, session}, "an earlier time replaces nothing")
}

func TestPushHandles(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	tokens := h.signIn(t, "mia", 2)
	leos := h.signIn(t, "leo", 1)
	handles := func(userID string) []string {
		list, err := h.PushHandles(ctx, userID)
		require.NoError(t, err)
		return list
	}
	require.Empty(t, handles("demo-mia"))
	require.NoError(t, h.SetPush(ctx, tokens[0], "one"))
	require.NoError(t, h.SetPush(ctx, tokens[1], "two"))
	require.Equal(t, []string{"one", "two"}, handles("demo-mia"))
	require.NoError(t, h.SetPush(ctx, leos[0], "two"), "the tablet is Leo's now")
	require.Equal(t, []string{"one"}, handles("demo-mia"))
	require.Equal(t, []string{"two"}, handles("demo-leo"))
	require.NoError(t, h.SetPush(ctx, tokens[0], ""))
	require.Empty(t, handles("demo-mia"))
	require.Equal(t, []string{"two"}, handles("demo-leo"))
	require.NoError(t, h.Forget(ctx, "two"))
	require.Empty(t, handles("demo-leo"), "the push service says that it is gone")
	require.NoError(t, h.SetPush(ctx, leos[0], "two"))
	requireCode(t, proto.CodeUnauthenticated, h.SetPush(ctx, "nobody's", "three"))

	require.NoError(t, h.Logout(ctx, leos[0]))
	require.Empty(t, handles("demo-leo"), "a device that has signed out is not woken")
	require.NoError(t, h.SetPush(ctx, tokens[1], "two"))
	h.now = h.now.Add(time.Hour)
	require.Empty(t, handles("demo-mia"), "nor one whose session has run out")
}

func TestSweep(t *testing.T) {
	h := newHouse(t)
	h.signIn(t, "mia", 2)
	_, err := h.ChildCode(t.Context(), "demo-priya", "demo-mia")
	require.NoError(t, err)
	require.NoError(t, h.Sweep(t.Context()))
	require.Equal(t, []int{2, 1}, []int{h.rows(t, "sessions"), h.rows(t, "tickets")})
	h.now = h.now.Add(time.Hour)
	require.NoError(t, h.Sweep(t.Context()))
	require.Equal(t, []int{0, 0}, []int{h.rows(t, "sessions"), h.rows(t, "tickets")})
}
