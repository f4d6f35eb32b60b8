package signaling_test

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"kinwire/signaling"
	"kinwire/signaling/proto"
)

// settle asks something and gives every event that came before the answer.
func (p *peer) settle(id uint64) []proto.Message {
	p.t.Helper()
	var events []proto.Message
	p.ask(id, proto.TypePeople, proto.Empty{})
	p.until(func(m proto.Message) bool {
		if m.Type != "" {
			events = append(events, m)
		}
		return m.Re == id
	})
	return events
}

func (p *peer) people(id uint64) map[string]proto.Presence {
	p.t.Helper()
	p.ask(id, proto.TypePeople, proto.Empty{})
	list := map[string]proto.Presence{}
	for _, one := range as[proto.People](p.t, p.reply(id)).People {
		list[one.Person.ID] = one
	}
	return list
}

func TestPeopleAreThoseOneKnowsInTheirOrder(t *testing.T) {
	h := newHouse(t, nil)
	h.kin.set(func(f *family) { f.apart[[2]string{"ann", "ben"}] = true })
	_, w := h.enter("ann")
	require.Len(t, w.People, 1)
	require.Equal(t, "cleo", w.People[0].Person.ID)
	_, w = h.enter("cleo")
	require.Len(t, w.People, 2)
	require.Equal(t, "ann", w.People[0].Person.ID)
	require.Equal(t, "ben", w.People[1].Person.ID)
}

func TestPresenceIsForFriendsOnly(t *testing.T) {
	h := newHouse(t, nil)
	h.kin.set(func(f *family) { f.apart[[2]string{"ann", "ben"}] = true })
	ann, _ := h.enter("ann")
	cleo, _ := h.enter("cleo")
	ann.presenceOf("cleo", true, false)
	h.enter("ben")
	cleo.presenceOf("ben", true, false) // so Ann would have heard too
	require.Empty(t, ann.settle(2))
}

// TestAFriendshipThatEndsTakesPresenceWithIt: nothing more is heard of
// somebody from the moment on at which they are no friend any more.
func TestAFriendshipThatEndsTakesPresenceWithIt(t *testing.T) {
	h := newHouse(t, nil)
	ann, _ := h.enter("ann")
	cleo, _ := h.enter("cleo")
	h.enter("ben")
	ann.presenceOf("ben", true, false)
	cleo.presenceOf("ben", true, false)
	h.kin.set(func(f *family) { f.apart[[2]string{"ann", "ben"}] = true })
	h.hub.FriendsChanged("ann", "ben")
	h.desk.setInCall("ben", true)
	h.hub.PresenceChanged("ben")
	cleo.presenceOf("ben", true, true)
	ann.event(proto.TypeFriendsChanged)
	require.NotContains(t, ann.people(2), "ben")
	require.Contains(t, cleo.people(2), "ben")
}

// TestWhatIsNotShown: who keeps presence to themselves looks away, and no
// event tells by its moment that they came or went.
func TestWhatIsNotShown(t *testing.T) {
	h := newHouse(t, nil)
	at := time.UnixMilli(1767225600000)
	h.kin.set(func(f *family) {
		f.lastSeen["ben"], f.lastSeen["cleo"] = at, at
		f.hides["ben"] = true
	})
	ann, w := h.enter("ann")
	require.Equal(t, "ben", w.People[0].Person.ID)
	require.Zero(t, w.People[0].LastSeen, "it would tell when Ben was here")
	require.Equal(t, at.UnixMilli(), w.People[1].LastSeen)

	h.enter("ben")
	h.enter("cleo")
	ann.presenceOf("cleo", true, false)
	list := ann.people(2)
	require.False(t, list["ben"].Online)
	require.True(t, list["cleo"].Online)
	require.Zero(t, list["cleo"].LastSeen, "somebody who is here")

	h.kin.set(func(f *family) { f.private["cleo"] = true })
	h.desk.setInCall("ben", true)
	h.hub.PresenceChanged("ben")
	h.desk.setInCall("cleo", true)
	h.hub.PresenceChanged("cleo")
	m := as[proto.Presence](t, ann.event(proto.TypePresence))
	require.Equal(t, "cleo", m.Person.ID, "nothing is told of Ben")
	require.False(t, ann.people(3)["ben"].InCall)
}

func TestLastSeenIsTold(t *testing.T) {
	h := newHouse(t, nil)
	at := time.UnixMilli(1767225600000)
	h.kin.set(func(f *family) { f.lastSeen["ben"], f.lastSeen["cleo"], f.private["cleo"] = at, at, true })
	ann, _ := h.enter("ann")
	for _, who := range []string{"ben", "cleo"} {
		p, _ := h.enter(who)
		ann.presenceOf(who, true, false)
		_ = p.ws.Close(websocket.StatusNormalClosure, "")
		gone := as[proto.Presence](t, ann.event(proto.TypePresence))
		require.False(t, gone.Online)
		require.Equal(t, who == "ben", gone.LastSeen == at.UnixMilli())
	}
}

func TestSeenIsNoted(t *testing.T) {
	h := newHouse(t, nil)
	p, _ := h.enter("ann")
	require.Equal(t, []string{"ann token-ann"}, h.kin.sights())
	_ = p.ws.Close(websocket.StatusNormalClosure, "")
	h.eventually("the end is noted", func() bool {
		list := h.kin.sights()
		return len(list) > 1 && list[1] == "ann"
	})
}

// TestManyChangesAreOneEvent: what comes within a moment is told once to each
// person, whatever else is told to them.
func TestManyChangesAreOneEvent(t *testing.T) {
	h := newHouse(t, nil)
	ann, _ := h.enter("ann")
	ben, _ := h.enter("ben")
	for range 1000 {
		h.hub.FriendsChanged("ann", "ben", "nobody")
		h.hub.FamilyChanged("ann")
	}
	got := map[string]int{}
	for got[proto.TypeFriendsChanged] == 0 || got[proto.TypeFamilyChanged] == 0 {
		m, err := ann.next()
		require.NoError(t, err)
		got[m.Type]++
	}
	ben.event(proto.TypeFriendsChanged)
	for _, m := range ann.settle(2) {
		got[m.Type]++
	}
	// The thousand take less than one delay; a slow machine may need a few.
	require.Less(t, got[proto.TypeFriendsChanged], 50)
	require.Less(t, got[proto.TypeFamilyChanged], 50)
	for _, m := range ben.settle(2) {
		require.NotEqual(t, proto.TypeFamilyChanged, m.Type)
	}
	h.hub.FamilyChanged("ben") // what was told is not told again
	ben.event(proto.TypeFamilyChanged)
	require.Empty(t, ann.settle(3))
}

func TestEndLogins(t *testing.T) {
	h := newHouse(t, nil)
	ann, _ := h.enter("ann")
	ben, _ := h.enter("ben")
	hash := sha256.Sum256([]byte("token-ann"))
	h.hub.EndLogins("ann", []string{"", hex.EncodeToString(hash[:])})
	h.hub.EndLogins("ben", []string{hex.EncodeToString(hash[:])})
	code, _ := ann.closed()
	require.Equal(t, proto.CloseLoggedOut, code)
	require.Contains(t, ben.people(2), "ann") // Ben's goes on
	h.hub.EndPerson("ben")
	code, _ = ben.closed()
	require.Equal(t, proto.CloseLoggedOut, code)
}

// TestALoginThatEndsDuringItsHello: EndLogins cannot find the session yet, so
// the hello looks again.
func TestALoginThatEndsDuringItsHello(t *testing.T) {
	h := newHouse(t, nil)
	h.kin.set(func(f *family) { f.revoke = 1 })
	p := h.connect()
	p.hello(1, proto.Hello{Version: 1, Token: "token-ann"})
	require.Equal(t, proto.CodeUnauthenticated, p.reply(1).Error.Code)
	h.eventually("the session ends", func() bool { return h.desk.count("ann ended") == 1 })
}

// TestNewsDoNotBlock: they are told to the hub before it runs, while it runs
// and after it was closed.
func TestNewsDoNotBlock(t *testing.T) {
	hub := signaling.NewHub(signaling.Config{}, nil, nil)
	for i := range 100 {
		hub.FriendsChanged(strconv.Itoa(i))
		hub.FamilyChanged(strconv.Itoa(i))
		hub.PresenceChanged(strconv.Itoa(i))
		hub.EndLogins(strconv.Itoa(i), []string{"x"})
	}
}
