package calls

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

// script drives a house in short steps; every step must succeed.
type script struct {
	*house
	t    *testing.T
	call string
}

func play(t *testing.T, f func(t *testing.T, s *script)) {
	t.Helper()
	inHouse(t, func(t *testing.T, h *house) { f(t, &script{house: h, t: t}) })
}

func (s *script) invite(w Who, to ...string) proto.CallView {
	s.t.Helper()
	entered, err := s.Invite(s.t.Context(), w, proto.CallInvite{To: to, Video: true})
	require.NoError(s.t, err)
	s.call = entered.Call.CallID
	require.Equal(s.t, w.UserID+"/"+s.call, entered.ICEServers[0].Username)
	return entered.Call
}

func (s *script) ref() proto.CallRef { return proto.CallRef{CallID: s.call} }

func (s *script) accept(w Who) proto.CallView {
	s.t.Helper()
	entered, err := s.Accept(s.t.Context(), w, s.ref())
	require.NoError(s.t, err)
	return entered.Call
}

func (s *script) decline(w Who) {
	s.t.Helper()
	_, err := s.Decline(s.t.Context(), w, s.ref())
	require.NoError(s.t, err)
}

func (s *script) hangup(w Who) {
	s.t.Helper()
	_, err := s.Hangup(s.t.Context(), w, s.ref())
	require.NoError(s.t, err)
}

func (s *script) leave(w Who) {
	s.t.Helper()
	_, err := s.Leave(s.t.Context(), w, s.ref())
	require.NoError(s.t, err)
}

var ownSources = []proto.Source{
	{Kind: proto.SourceAudio, MID: "0"}, {Kind: proto.SourceVideo, MID: "1"}, {Kind: proto.SourceScreen, MID: "2", Muted: true},
}

func (s *script) join(w Who) proto.CallJoined {
	s.t.Helper()
	joined, err := s.Join(s.t.Context(), w, proto.CallJoin{CallID: s.call, SDP: "offer", Sources: ownSources})
	require.NoError(s.t, err)
	return joined
}

// id is the person's participant id.
func (s *script) id(user string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.board.calls[s.call].who(user).id
}

func (s *script) link(user string, state LinkState) { s.LinkChanged(s.call, s.id(user), state) }

// got checks what a device was sent since it was last asked.
func (s *script) got(w Who, want ...string) {
	s.t.Helper()
	synctest.Wait()
	require.Equal(s.t, want, s.hub.drain(w), w.SessionID)
}

func (s *script) forget(whos ...Who) {
	synctest.Wait()
	for _, w := range whos {
		s.hub.drain(w)
	}
}

// ended checks how the record says that the call ended.
func (s *script) ended(reason proto.Reason) {
	s.t.Helper()
	synctest.Wait()
	r := s.record.of(s.call)
	require.True(s.t, r.ended)
	require.Equal(s.t, reason, r.reason)
}

func (s *script) running() {
	s.t.Helper()
	synctest.Wait()
	require.False(s.t, s.record.of(s.call).ended)
}

func (s *script) refused(code proto.Code, err error) {
	s.t.Helper()
	var e *proto.Error
	require.ErrorAs(s.t, err, &e)
	require.Equal(s.t, code, e.Code, e.Message)
	require.NotEmpty(s.t, e.Message)
}

// talk brings everybody into one call, media flowing; the first calls.
func (s *script) talk(whos ...Who) {
	s.t.Helper()
	var to []string
	for _, w := range whos[1:] {
		to = append(to, w.UserID)
	}
	s.invite(whos[0], to...)
	for _, w := range whos[1:] {
		s.accept(w)
	}
	for _, w := range whos {
		s.join(w)
		s.link(w.UserID, LinkConnected)
	}
	s.forget(whos...)
}

// sleep lets time pass, and what it brings happen.
func (s *script) sleep(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}
