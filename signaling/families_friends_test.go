package signaling_test

import (
	"strings"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

// refusal reads a refusal with what is missing.
func (p *peer) refusal(id uint64) *proto.Error {
	p.t.Helper()
	m := p.reply(id)
	require.NotNil(p.t, m.Error, "it was allowed")
	return m.Error
}

// becomingFriends: Ben asks Mia; both sides and both parents have to say yes.
func becomingFriends(f *familyHouse) {
	ben, _ := f.come(f.token["ben"])
	girl, _ := f.come(f.token[mia])
	olga, _ := f.come(f.token["olga"])
	asked := f.ask(f.token["ben"], mia)
	require.Equal(f.t, proto.FriendPending, asked.State)
	require.Empty(f.t, asked.With.ID, "a request shows a name, no id")
	girl.event(proto.TypeFriendsChanged)
	olga.event(proto.TypeFamilyChanged)
	ben.ask(2, proto.TypeCallInvite, proto.CallInvite{To: []string{mia}})
	require.Contains(f.t, []proto.Code{proto.CodeNotFound, proto.CodeNotApproved}, ben.refusal(2).Code)

	request := f.requestOf(mia)
	got := good[proto.FriendRequest](f, "POST", "/v1/friends/requests/"+request+"/accept", f.token[mia], nil)
	require.Equal(f.t, []proto.Need{proto.NeedParentA, proto.NeedParentB}, got.Missing)
	good[proto.Asked](f, "POST", "/v1/friends/requests/"+request+"/remind", f.token["ben"], nil)
	approve := func(token, child string, yes bool) {
		list := good[proto.Approvals](f, "GET", "/v1/approvals", token, nil).Approvals
		require.NotEmpty(f.t, list)
		done(f, "POST", "/v1/approvals/"+request, token, proto.Decide{ChildID: child, Approve: yes})
	}
	approve(f.token["olga"], f.token["ben-id"], true)
	require.Empty(f.t, benFriends(f, mia), "one parent is not enough")
	approve(f.token[priya], mia, true)
	require.Len(f.t, benFriends(f, mia), 1)
	ben.event(proto.TypeFriendsChanged)
	require.True(f.t, ben.people(3)[mia].Online, "presence comes with friendship")
	require.Contains(f.t, girl.people(2), f.token["ben-id"])

	// Nobody else hears of either.
	boy, w := f.come(f.token[leo])
	for _, p := range w.People {
		require.NotEqual(f.t, f.token["ben-id"], p.Person.ID)
	}
	_ = boy
}

// benFriends is where somebody stands in Ben's list, as his parent sees it.
func benFriends(f *familyHouse, otherID string) []proto.Friend {
	var found []proto.Friend
	for _, friend := range good[proto.Friends](f, "GET", "/v1/children/"+f.token["ben-id"]+"/friends", f.token["olga"], nil).Friends {
		if friend.Person.ID == otherID {
			found = append(found, friend)
		}
	}
	return found
}

// aThirdFriend: Mia would like Ben and Leo in one call. Every pair counts.
func aThirdFriend(f *familyHouse) {
	girl, _ := f.come(f.token[mia])
	girl.ask(2, proto.TypeCallInvite, proto.CallInvite{To: []string{leo, f.token["ben-id"]}})
	no := girl.refusal(2)
	require.Equal(f.t, proto.CodeNotApproved, no.Code)
	require.NotEmpty(f.t, no.Missing)
	require.Equal(f.t, proto.NeedFriends, no.Missing[0].Need)
	asked := good[proto.Asked](f, "POST", "/v1/friends/introductions", f.token[mia], proto.Introduction{People: []string{leo, f.token["ben-id"]}})
	require.Equal(f.t, 1, asked.Asked)
	girl.ask(3, proto.TypeCallInvite, proto.CallInvite{To: []string{leo, f.token["ben-id"]}})
	require.Equal(f.t, proto.CodeNotApproved, girl.refusal(3).Code, "to be asked is no yes")
	request := f.requestOf(leo)
	require.Equal(f.t, "Mia", good[proto.Friends](f, "GET", "/v1/friends", f.token[leo], nil).Requests[0].Via)
	done(f, "POST", "/v1/friends/requests/"+request+"/decline", f.token[leo], nil)

	old := good[proto.FriendCode](f, "GET", "/v1/friends/code", f.token[mia], nil)
	fresh := good[proto.FriendCode](f, "POST", "/v1/friends/code", f.token[mia], nil)
	require.NotEqual(f.t, old.Code, fresh.Code)
	f.do("POST", "/v1/friends/requests", f.token["kim"], `{"code":"`+old.Code+`"}`).refusedWith(f.t, 404, proto.CodeNotFound)

	set := proto.Settings{Presence: proto.VisibleNobody, LastSeen: proto.VisibleNobody, CallWaiting: true, OrderByTalk: true}
	watch, _ := f.come(f.token[priya])
	require.True(f.t, watch.people(2)[mia].Online)
	require.Equal(f.t, set, good[proto.Settings](f, "PUT", "/v1/settings", f.token[mia], set))
	watch.presenceOf(mia, false, false)
	require.False(f.t, watch.people(3)[mia].Online)
	set.Presence = proto.VisibleFriends
	good[proto.Settings](f, "PUT", "/v1/settings", f.token[mia], set)
	watch.presenceOf(mia, true, false)
}

// aCallAndItsEnd: Ben calls Mia, and his parent ends the friendship while they
// talk.
func aCallAndItsEnd(f *familyHouse) {
	ben, _ := f.come(f.token["ben"])
	girl, _ := f.come(f.token[mia])
	ben.ask(2, proto.TypeCallInvite, proto.CallInvite{To: []string{mia}, Video: true})
	m := ben.reply(2)
	require.Nil(f.t, m.Error)
	call := as[proto.CallEntered](f.t, m).Call
	require.True(f.t, call.NoVideo, "Ben's parent has switched video off")
	rings := as[proto.CallIncoming](f.t, girl.event(proto.TypeCallIncoming)).Call
	girl.ask(0, proto.TypeCallRinging, proto.CallRef{CallID: rings.CallID})
	ringing := ben.until(func(m proto.Message) bool {
		return m.Type == proto.TypeCallParticipant && as[proto.ParticipantEvent](f.t, m).Participant.Phase == proto.ParticipantRinging
	})
	require.NotZero(f.t, ringing.Seq)
	girl.ask(3, proto.TypeCallAccept, proto.CallRef{CallID: rings.CallID})
	require.Nil(f.t, girl.reply(3).Error)
	girl.ask(4, proto.TypeCallAdd, proto.CallAdd{CallID: rings.CallID, To: []string{leo}})
	require.Equal(f.t, proto.CodeNotApproved, girl.refusal(4).Code, "Ben and Leo are no friends")
	done(f, "DELETE", "/v1/children/"+f.token["ben-id"]+"/friends/"+mia, f.token["olga"], nil)
	for _, p := range []*peer{ben, girl} {
		last := p.until(func(m proto.Message) bool {
			return m.Type == proto.TypeCallState && as[proto.CallState](f.t, m).Call.Phase == proto.PhaseEnded
		})
		require.Equal(f.t, proto.ReasonNotAllowed, as[proto.CallState](f.t, last).Call.Reason)
	}
	require.NotContains(f.t, girl.people(5), f.token["ben-id"])

	f.eventually("it is in the history", func() bool {
		return len(good[proto.History](f, "GET", "/v1/history", f.token[mia], nil).Calls) > 0
	})
	theirs := good[proto.History](f, "GET", "/v1/children/"+f.token["ben-id"]+"/history", f.token["olga"], nil).Calls
	require.Equal(f.t, call.CallID, theirs[0].CallID)
	f.do("DELETE", "/v1/history/"+call.CallID, f.token[leo], "").refusedWith(f.t, 404, proto.CodeNotFound)
	done(f, "DELETE", "/v1/history/"+call.CallID, f.token[mia], nil)
	require.Empty(f.t, good[proto.History](f, "GET", "/v1/history?before=9007199254740991", f.token[mia], nil).Calls)
	require.NotEmpty(f.t, good[proto.History](f, "GET", "/v1/history", f.token["ben"], nil).Calls, "Ben's is his own")
}

// reporting: Mia reports Leo and blocks; Priya reports for Mia.
func reporting(f *familyHouse) {
	filed := good[proto.Report](f, "POST", "/v1/reports", f.token[mia], proto.ReportNew{About: leo, Kind: proto.ReportBullying, Text: "…", Block: true})
	require.True(f.t, filed.Blocked)
	require.Len(f.t, good[proto.Blocks](f, "GET", "/v1/blocks", f.token[mia], nil).Blocked, 1)
	require.Len(f.t, good[proto.ReportList](f, "GET", "/v1/reports", f.token[mia], nil).Reports, 1)
	f.do("POST", "/v1/reports", f.token[priya], `{"about":"`+leo+`","kind":"spam","block":false,"on_behalf_of":"`+f.token["ben-id"]+`"}`).refusedWith(f.t, 404, proto.CodeNotFound)
	f.do("POST", "/v1/reports", f.token[mia], `{"about":"`+leo+`","kind":"spam","block":false,"on_behalf_of":"`+mia+`"}`).refusedWith(f.t, 403, proto.CodeNotAllowed)
	good[proto.Report](f, "POST", "/v1/reports", f.token[priya], proto.ReportNew{About: leo, Kind: proto.ReportSpam, OnBehalfOf: mia})

	done(f, "DELETE", "/v1/blocks/"+leo, f.token[mia], nil)
	done(f, "POST", "/v1/blocks", f.token[mia], proto.BlockIn{UserID: leo})
	page := "/v1/children/" + mia
	require.Len(f.t, good[proto.Blocks](f, "GET", page+"/blocks", f.token[priya], nil).Blocked, 1)
	done(f, "DELETE", page+"/blocks/"+leo, f.token[priya], nil)
	done(f, "POST", page+"/blocks", f.token[priya], proto.BlockIn{UserID: leo})
	f.do("DELETE", "/v1/friends/"+leo, f.token[mia], "").refusedWith(f.t, 404, proto.CodeNotFound) // it has ended already
	done(f, "DELETE", "/v1/friends/"+tomek, f.token[priya], nil)
}

// suspending: what the staff does about it.
func suspending(f *familyHouse) {
	require.Equal(f.t, "rosa", good[proto.OperatorIs](f, "GET", "/v1/ops/me", staffToken, nil).Name)
	queue := good[proto.CaseReports](f, "GET", "/v1/ops/reports?state=open", staffToken, nil).Reports
	require.Len(f.t, queue, 2)
	require.Equal(f.t, leo, queue[0].About.Person.ID)
	first := good[proto.CaseReport](f, "GET", "/v1/ops/reports/"+queue[0].ID, staffToken, nil)
	require.Equal(f.t, mia, first.Reporter.Person.ID)
	boy, _ := f.come(f.token[leo])
	decided := good[proto.CaseReport](f, "POST", "/v1/ops/reports/"+first.ID+"/decision", staffToken, proto.DecisionIn{Decision: proto.DecisionSuspend, Note: "seen"})
	require.Equal(f.t, "rosa", strings.TrimPrefix(decided.DecidedBy, "operator:"))
	closed, _ := boy.closed()
	require.Equal(f.t, proto.CloseLoggedOut, closed, "the socket dies at once")
	f.do("GET", "/v1/me", f.token[leo], "").refusedWith(f.t, 401, proto.CodeUnauthenticated)
	f.do("POST", "/v1/login", "", `{"user":"leo","password":"kinwire-demo"}`).refusedWith(f.t, 403, proto.CodeSuspended)

	state := good[proto.UserState](f, "GET", "/v1/ops/users?find=leo", staffToken, nil)
	require.Equal(f.t, "suspended", state.State)
	good[proto.UserState](f, "POST", "/v1/ops/users/"+leo+"/restore", staffToken, proto.SuspendIn{Note: "talked with the parents"})
	f.token[leo] = f.logIn("leo", "kinwire-demo")
	boy, _ = f.come(f.token[leo])
	good[proto.UserState](f, "POST", "/v1/ops/users/"+leo+"/suspend", operatorToken, proto.SuspendIn{Note: "again"})
	closed, _ = boy.closed()
	require.Equal(f.t, proto.CloseLoggedOut, closed)
	newest := good[proto.AuditLog](f, "GET", "/v1/ops/audit", staffToken, nil)
	require.Equal(f.t, "operator:operator", newest.Entries[0].Actor)
	older := good[proto.AuditLog](f, "GET", "/v1/ops/audit?before="+jsonNumber(uint64(newest.Entries[0].Seq)), staffToken, nil)
	require.Equal(f.t, newest.Entries[0].Seq-1, older.Entries[0].Seq)
}
