package calls

import (
	"context"
	"log/slog"
	"time"

	"kinwire/signaling/proto"
)

// Who is the person a request comes from, and on which device.
type Who struct {
	UserID    string
	SessionID string // the WebSocket session; it outlives a dropped socket
	Device    proto.Device
}

// Config is what an operator may set.
type Config struct {
	// RingTimeout is how long a call rings before it is missed.
	RingTimeout time.Duration
	// AloneTimeout is how long one person may wait alone in a call.
	AloneTimeout time.Duration
	// LostTimeout is how long a person may be without socket or media before
	// they are taken to have left, and how long media may take to come up.
	LostTimeout time.Duration
	// MaxParticipants is the largest number of people in a call, the caller
	// included: 2 to 16.
	MaxParticipants int
	// Warning is how long before a parent's rule ends a call its people are
	// warned.
	Warning time.Duration
	// HistoryRetention is how long a call stays in people's histories.
	HistoryRetention time.Duration
	// NoVideo makes every new call one of sound alone.
	NoVideo bool
}

// Deps are the others that a Service works with. Settings, Push, History,
// Talk, Log and Now may be nil; the rest is needed.
type Deps struct {
	Media    Media
	People   People
	Policy   Policy
	ICE      ICE
	Notify   Notifier
	Observer Observer
	Settings Settings         // nil: nobody lets calls wait
	Push     Push             // nil: nobody is woken up
	History  HistoryStore     // nil: no history
	Talk     Talk             // nil: nobody counts
	Log      *slog.Logger     // nil: no log
	Now      func() time.Time // nil: time.Now
}

// Media is the plane that carries sound and picture. It may call
// SlotsChanged and LinkChanged at any time, also from inside Join and Offer.
// Its errors are *proto.Error where they are the client's fault.
//
// Restart takes the client's new ICE credentials, and gives the server's, both
// as SDP fragments (RFC 8840); when it fails, media goes on as before.
//
// For one participant Join and Leave alternate, except that a call may end
// between them; EndCall drops everybody. Both are idempotent. After Leave
// has returned there must be no more LinkChanged for the peer that left.
type Media interface {
	Join(ctx context.Context, j MediaJoin) (MediaAnswer, error)
	Offer(ctx context.Context, j MediaJoin) (MediaAnswer, error)
	Restart(ctx context.Context, callID, participantID, fragment string) (answer string, err error)
	Mute(callID, participantID string, kind proto.SourceKind, muted bool) error
	Leave(callID, participantID string)
	EndCall(callID string)
}

// MediaJoin is a participant's offer.
type MediaJoin struct {
	CallID, ParticipantID, SDP string
	Sources                    []proto.Source
}

// MediaAnswer answers it.
type MediaAnswer struct {
	SDP   string
	Slots proto.MediaSlots
}

// LinkState is how a participant's media connection does.
type LinkState string

// The link states. Others are ignored.
const (
	LinkConnected    LinkState = "connected"
	LinkDisconnected LinkState = "disconnected"
	LinkFailed       LinkState = "failed"
)

// Notifier carries events to people. Its methods must not block. A session
// whose socket has dropped but which may resume counts as a session.
type Notifier interface {
	// ToUser sends to every session of the user.
	ToUser(userID, typ string, data any)
	// ToSession sends to one session, if it still is.
	ToSession(sessionID, typ string, data any)
	// ToOthers sends to every session of the user but one.
	ToOthers(userID, exceptSessionID, typ string, data any)
	// PresenceChanged says that InCall has a new answer for the user.
	PresenceChanged(userID string)
}

// ICE hands out STUN and TURN servers with credentials for one person in one
// call.
type ICE interface {
	ICEServers(userID, callID string) []proto.ICEServer
}

// People looks people up; *proto.Error not_found for nobody.
type People interface {
	Person(ctx context.Context, userID string) (proto.Person, error)
}

// Policy is asked who may be in one call. ids are user ids, each once.
//
// Meet says whether all of them may be in one call now, every pair, and on
// what terms: nil, or a *proto.Error that may be shown to asker, who is one of
// them; asker is "" where a call that goes on is looked at again.
//
// Pairs lists the pairs among them that may not meet any more.
//
// Any other error means that it could not be found out, which is never a yes.
type Policy interface {
	Meet(ctx context.Context, asker string, ids []string) (proto.CallTerms, error)
	Pairs(ctx context.Context, ids []string) ([][2]string, error)
}

// Settings are what people have decided for themselves.
type Settings interface {
	// CallWaiting says whether a second call rings for the user while they
	// are in one.
	CallWaiting(ctx context.Context, userID string) (bool, error)
}

// Push wakes up devices of the user that are not connected, so that they
// connect and ring. It must not block.
type Push interface{ Wake(userID string) }

// Talk is told how long two people were in a call together with media up, in
// one piece or in several that follow one another. What it has been told it
// must have counted when it returns: an allowance is asked about right after.
type Talk interface{ Talked(t proto.Talk) }

// HistoryStore keeps people's histories.
type HistoryStore interface {
	// AddHistory keeps rows; a row of the same person and call is replaced.
	// Rows of people who are no more are left out.
	AddHistory(ctx context.Context, rows []proto.HistoryRow) error
	// History lists a person's calls before a time, the newest first.
	History(ctx context.Context, personID string, before time.Time, limit int) ([]proto.HistoryRow, error)
	// DeleteHistory says whether there was such a row.
	DeleteHistory(ctx context.Context, personID, callID string) (bool, error)
	// SweepHistory deletes what has run out at now and says how many rows.
	SweepHistory(ctx context.Context, now time.Time) (int64, error)
}

// What CallEvent tells of, in the words of the record.
const (
	EventMute    = "mute"    // with kind: a source of theirs is off; detail "rule": by a parent's rule
	EventUnmute  = "unmute"  // with kind
	EventRestart = "restart" // they have restarted ICE
	EventLink    = "link"    // detail: the LinkState
	EventSignal  = "signal"  // the socket of the device that is in the call; detail: lost, back
)

// Observer is told what belongs in the record of a call. The calls for one
// call come one after the other and in this order: CallStarted, any number of
// ParticipantJoined, ClientReport, CallEvent and ParticipantLeft, CallEnded. A
// participant who comes back joins again under the same id; reports and events
// are only of somebody who has joined and not left. Somebody who
// leaves is observed before the media plane drops them, so that last figures
// can still be read there.
type Observer interface {
	CallStarted(callID string, video bool, at time.Time)
	ParticipantJoined(callID, participantID, userID string, device proto.Device, at time.Time)
	ParticipantLeft(callID, participantID string, reason proto.Reason, at time.Time)
	ClientReport(callID, participantID string, r proto.StatsReport, at time.Time)
	CallEvent(callID, participantID, event, kind, detail string, at time.Time)
	CallEnded(callID string, reason proto.Reason, at time.Time)
}
