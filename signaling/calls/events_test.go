package calls

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kinwire/signaling/proto"
)

// noted drops what talk has brought into the record, and gives what came since.
func (s *script) noted(before int) []string {
	s.sleep(0)
	return s.record.of(s.call).log[before:]
}

func (s *script) log() int {
	s.sleep(0)
	return len(s.record.of(s.call).log)
}

func TestMutesAreInTheRecord(t *testing.T) {
	play(t, func(t *testing.T, s *script) {
		ana, ben := s.on("ana"), s.on("ben")
		s.talk(ana, ben)
		before := s.log()
		mute := func(kind proto.SourceKind, muted bool) {
			_, err := s.Mute(t.Context(), ana, proto.MediaMute{CallID: s.call, Kind: kind, Muted: muted})
			require.NoError(t, err)
		}
		mute(proto.SourceAudio, true)
		mute(proto.SourceAudio, true) // is so already
		mute(proto.SourceAudio, false)
		mute(proto.SourceScreen, false)
		_, err := s.Offer(t.Context(), ana, proto.MediaOffer{CallID: s.call, SDP: "offer", Sources: []proto.Source{
			{Kind: proto.SourceAudio, MID: "0"}, {Kind: proto.SourceVideo, MID: "1", Muted: true}, {Kind: proto.SourceScreen, MID: "2"},
		}})
		require.NoError(t, err)
		require.Equal(t, []string{"mute audio", "unmute audio", "unmute screen", "mute video"}, s.noted(before))
		s.hangup(ana)
	})
}

func TestAParentsRuleIsInTheRecordAsAMute(t *testing.T) {
	play(t, func(t *testing.T, s *script) {
		ana, ben := s.on("ana"), s.on("ben")
		s.talk(ana, ben)
		before := s.log()
		s.policy.set(func(r *rules) { r.noVideo = map[string]bool{"ben": true} })
		s.Recheck("ben")
		require.ElementsMatch(t, []string{"mute video rule", "mute video rule"}, s.noted(before))
		s.hangup(ana)
	})
}

func TestICERestartsAreInTheRecord(t *testing.T) {
	play(t, func(t *testing.T, s *script) {
		ana, ben := s.on("ana"), s.on("ben")
		s.talk(ana, ben)
		before := s.log()
		offer := func(sdp string) {
			_, err := s.Offer(t.Context(), ana, proto.MediaOffer{CallID: s.call, SDP: sdp, Sources: ownSources})
			require.NoError(t, err)
		}
		offer("v=0\r\na=ice-ufrag:one\r\nm=audio\r\na=ice-ufrag:one\r\n")
		offer("v=0\r\na=ice-ufrag:one\r\nm=audio\r\nm=video\r\n") // more slots
		require.Equal(t, []string{"restart"}, s.noted(before), "another user name than that of the join, which had none here")
		offer("v=0\na=ice-ufrag:two\n")
		require.Equal(t, []string{"restart", "restart"}, s.noted(before))

		seat := s.seatJoin(s.seat(ben))
		before = s.log()
		_, err := s.SeatRestart(t.Context(), seat, "fragment")
		require.NoError(t, err)
		require.Equal(t, []string{"restart"}, s.noted(before))
		s.hangup(ana)
	})
}

func TestLinksAndSocketsAreInTheRecord(t *testing.T) {
	play(t, func(t *testing.T, s *script) {
		ana, ben, tablet := s.on("ana"), s.on("ben"), s.on("ana", 2)
		s.talk(ana, ben)
		before := s.log()
		s.SessionDropped(tablet) // is not in the call
		s.SessionResumed(tablet)
		s.SessionDropped(ana)
		s.SessionResumed(ana)
		s.SessionResumed(ana)
		s.link("ana", LinkDisconnected)
		s.link("ana", LinkConnected)
		s.link("ana", LinkFailed)
		s.link("ana", LinkConnected)
		require.Equal(t, []string{"signal lost", "signal back", "link disconnected", "link connected", "link failed", "link connected"}, s.noted(before))
		s.leave(ben)
		before = s.log()
		s.SessionDropped(ben)
		s.SessionResumed(ben)
		s.link("ben", LinkFailed)
		require.Empty(t, s.noted(before), "who has left is in the record no more")
		s.hangup(ana)
	})
}

// TestALinkThatIsUpBeforeTheAnswer: the join comes first in the record.
func TestALinkThatIsUpBeforeTheAnswer(t *testing.T) {
	play(t, func(t *testing.T, s *script) {
		ana, ben := s.on("ana"), s.on("ben")
		s.media.onJoin = func(j MediaJoin) error { s.LinkChanged(j.CallID, j.ParticipantID, LinkConnected); return nil }
		s.invite(ana, "ben")
		s.accept(ben)
		s.join(ana)
		s.join(ben)
		require.Equal(t, []string{"ana joined on phone 1", "link connected", "ben joined on phone 1", "link connected"}, s.noted(0))
		s.hangup(ana)
	})
}

// TestTellReachesTheDevicesInTheCall and nobody else: no other device of the
// same people, nobody for whom it only rings, nobody who has left, no other
// call.
func TestTellReachesTheDevicesInTheCall(t *testing.T) {
	play(t, func(t *testing.T, s *script) {
		ana, ben, cleo, dora, eve := s.on("ana"), s.on("ben"), s.on("cleo"), s.on("dora"), s.on("eve")
		tablet := s.on("ana", 2)
		other := *s
		other.talk(dora, eve)
		s.talk(ana, ben, cleo)
		s.leave(cleo)
		_, err := s.Add(t.Context(), ana, proto.CallAdd{CallID: s.call, To: []string{"finn"}})
		require.NoError(t, err)
		finn := s.on("finn")
		s.forget(ana, ben, cleo, dora, eve, tablet, finn)

		quality := proto.MediaQuality{CallID: s.call, People: []proto.ConnectionQuality{{ParticipantID: s.id("ana"), Level: proto.LevelPoor}}}
		s.Tell(s.call, proto.TypeMediaQuality, quality)
		s.Tell("made-up", proto.TypeMediaQuality, quality)
		s.got(ana, "media.quality proto.MediaQuality")
		s.got(ben, "media.quality proto.MediaQuality")
		for _, w := range []Who{tablet, cleo, dora, eve, finn} {
			s.got(w)
		}
		s.hangup(ana)
		s.hangup(ben)
		s.forget(ana, ben)
		s.Tell(s.call, proto.TypeMediaQuality, quality)
		s.got(ana)
		s.got(ben)
		other.hangup(dora)
		s.sleep(time.Minute)
	})
}
