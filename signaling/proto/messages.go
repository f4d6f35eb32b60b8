package proto

// The request types a client sends. In brackets: data of the request → data
// of the reply.
const (
	TypeHello       = "hello"        // Hello → Welcome; first on every socket
	TypeAck         = "ack"          // Ack, no reply
	TypePing        = "ping"         // no data, answered by a pong without seq
	TypePeople      = "people.list"  // Empty → People
	TypeCallInvite  = "call.invite"  // CallInvite → CallEntered
	TypeCallAdd     = "call.add"     // CallAdd → Empty; rings more people
	TypeCallRinging = "call.ringing" // CallRef, no reply: this device rings now
	TypeCallAccept  = "call.accept"  // CallRef → CallEntered
	TypeCallDecline = "call.decline" // CallRef → Empty
	TypeCallHangup  = "call.hangup"  // CallRef → Empty; cancels a call that rings; ends a call of two; leaves a larger one for good
	TypeCallJoin    = "call.join"    // CallJoin → CallJoined; media in one round trip
	TypeCallLeave   = "call.leave"   // CallRef → Empty; leaves the media, may join again while the call lasts
	TypeMediaOffer  = "media.offer"  // MediaOffer → MediaAnswer; more slots, or an ICE restart
	TypeMediaMute   = "media.mute"   // MediaMute → Empty
	TypeMediaToken  = "media.token"  // CallRef → MediaToken; for media over HTTP
	TypeStatsReport = "stats.report" // StatsReport, no reply
	TypeChatAttach  = "chat.attach"  // ChatAttach → ChatAttached; which device speaks here
	TypeChatSend    = "chat.send"    // ChatSend → ChatSent
	TypeChatAck     = "chat.ack"     // ChatAck → Empty
	TypeChatSignal  = "chat.signal"  // ChatSignal, no reply
)

// The event types the server sends.
const (
	TypePong            = "pong"             // no data
	TypePresence        = "presence"         // Presence
	TypeCallIncoming    = "call.incoming"    // CallIncoming
	TypeCallState       = "call.state"       // CallState; the last one of a call has state ended and a reason
	TypeCallWarning     = "call.warning"     // CallWarning; the call will end soon
	TypeFriendsChanged  = "friends.changed"  // Empty; friends, requests or blocks of this person changed: ask again
	TypeFamilyChanged   = "family.changed"   // Empty; for a parent: children, approvals, rules or consents changed: ask again
	TypeCallParticipant = "call.participant" // ParticipantEvent
	TypeMediaSlots      = "media.slots"      // MediaSlots
	TypeMediaQuality    = "media.quality"    // MediaQuality
	TypeChatDelivery    = "chat.delivery"    // ChatDelivery
	TypeChatSignalled   = "chat.signalled"   // ChatSignalled
	TypeChatDelivered   = "chat.delivered"   // ChatDelivered
	TypeChatChanged     = "chat.changed"     // ChatChanged
	TypeChatDetached    = "chat.detached"    // Empty; the device is on another session now, or was removed: attach again, or make a new one
)

// Empty is the data of a reply that says nothing but yes.
type Empty struct{}

// Hello opens a session or, with Resume, takes up one whose socket dropped.
type Hello struct {
	Version int    `json:"version" validate:"required"`
	Token   string `json:"token" validate:"required,max=256"` // from POST /v1/login
	Resume  string `json:"resume,omitempty" validate:"max=256"`
	LastSeq uint64 `json:"last_seq,omitempty"` // the last seq seen in the session to resume
	Device  Device `json:"device"`
}

// Device says what the person holds in the hand; free text, for support.
type Device struct {
	Model string `json:"model,omitempty" validate:"max=64" maxLength:"64"`
	OS    string `json:"os,omitempty" validate:"max=64" maxLength:"64"`
	App   string `json:"app,omitempty" validate:"max=64" maxLength:"64"`
}

// Welcome answers Hello. Resumed says whether the old session goes on; if
// not, the client starts from People and Calls as given here.
type Welcome struct {
	Version  int        `json:"version"`
	Resume   string     `json:"resume"`    // token for the next hello
	ResumeMS int64      `json:"resume_ms"` // how long after a drop it is good for
	Resumed  bool       `json:"resumed"`
	Me       Person     `json:"me"`
	People   []Presence `json:"people"` // those whom this person may call
	Calls    []CallView `json:"calls"`  // calls this person is in or that ring for this person
}

// Ack tells the server that everything up to Seq has arrived.
type Ack struct {
	Seq uint64 `json:"seq" validate:"required"`
}

// Role is what a person is in the family.
type Role string

// The roles.
const (
	RoleParent Role = "parent"
	RoleChild  Role = "child" // looked after by parents
	RoleTeen   Role = "teen"  // signed up alone, under 18
	RoleAdult  Role = "adult" // signed up alone, without children here
	RoleStaff  Role = "staff" // the operator's person, for reviews by video call
)

// Person is what others may see of somebody.
type Person struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Avatar string `json:"avatar"` // one emoji
	Role   Role   `json:"role" doc:"parent, child, teen, adult or staff; empty for an account that is gone, which only an operator sees"`
	Family string `json:"family"` // the family's display name
}

// People is the reply to people.list.
type People struct {
	People []Presence `json:"people"`
}

// Presence is a person and whether they can be reached now.
type Presence struct {
	Person Person `json:"person"`
	Online bool   `json:"online"`
	InCall bool   `json:"in_call"`
	// LastSeen is when the person was last here, in milliseconds since the
	// Unix epoch; absent where they keep it to themselves or are here now.
	LastSeen int64 `json:"last_seen,omitempty"`
}

// CallInvite starts a call and rings the people in To.
type CallInvite struct {
	To    []string `json:"to" validate:"required,min=1,max=15,unique,dive,required,max=64"` // user ids
	Video bool     `json:"video"`                                                           // false: a call by voice alone
}

// CallAdd rings more people in a call that goes on.
type CallAdd struct {
	CallID string   `json:"call_id" validate:"required,max=64"`
	To     []string `json:"to" validate:"required,min=1,max=15,unique,dive,required,max=64"` // user ids
}

// CallRef names a call.
type CallRef struct {
	CallID string `json:"call_id" validate:"required,max=64"`
}

// Phase is where a call is.
type Phase string

// The phases. A call goes through them in this order and may skip some.
const (
	PhaseRinging    Phase = "ringing"
	PhaseConnecting Phase = "connecting" // somebody accepted; media is being set up
	PhaseConnected  Phase = "connected"  // media flows for two people at least
	PhaseEnded      Phase = "ended"
)

// Reason says why a call ended or a participant left.
type Reason string

// The reasons.
const (
	ReasonHangup    Reason = "hangup"    // somebody hung up
	ReasonDeclined  Reason = "declined"  // nobody accepted, and somebody said no
	ReasonMissed    Reason = "missed"    // it rang out
	ReasonCancelled Reason = "cancelled" // the caller gave up before an answer
	ReasonBusy      Reason = "busy"      // everybody called was in another call
	ReasonLost      Reason = "lost"      // the connection broke and did not come back
	ReasonAlone     Reason = "alone"     // all others had left
	ReasonFailed    Reason = "failed"    // media could not be set up
	ReasonShutdown  Reason = "shutdown"  // the server went down
	// A parent's or a friend's decision, which takes effect at once.
	ReasonNotAllowed Reason = "not_allowed" // two of its people may not talk to each other any more
	ReasonQuietHours Reason = "quiet_hours" // a parent's quiet hours began
	ReasonAllowance  Reason = "allowance"   // the day's minutes are used up
	ReasonElsewhere  Reason = "elsewhere"   // answered or declined on another device of the same person
)

// ParticipantPhase is where one person is in a call.
type ParticipantPhase string

// The participant phases.
const (
	ParticipantInvited      ParticipantPhase = "invited"      // no device of theirs has said yet that it rings
	ParticipantRinging      ParticipantPhase = "ringing"      // it rings on a device at least
	ParticipantAccepted     ParticipantPhase = "accepted"     // said yes; no media yet
	ParticipantJoined       ParticipantPhase = "joined"       // media is up
	ParticipantReconnecting ParticipantPhase = "reconnecting" // socket or media dropped, may come back
	ParticipantLeft         ParticipantPhase = "left"
)

// Participant is one person in a call.
type Participant struct {
	ID      string           `json:"id"` // of this person in this call
	Person  Person           `json:"person"`
	Phase   ParticipantPhase `json:"phase"`
	Reason  Reason           `json:"reason,omitempty"` // with phase left
	Sources []Source         `json:"sources,omitempty"`
}

// SourceKind says what a track shows or plays.
type SourceKind string

// The kinds of source.
const (
	SourceAudio  SourceKind = "audio"  // the microphone
	SourceVideo  SourceKind = "video"  // the camera
	SourceScreen SourceKind = "screen" // a shared screen's picture
)

// Source is one track that a participant can send. A muted source is not
// forwarded; a screen takes a slot only while it is not muted.
type Source struct {
	Kind  SourceKind `json:"kind" validate:"oneof=audio video screen"`
	MID   string     `json:"mid,omitempty" validate:"max=16"` // the sender's m-section; only in CallJoin and MediaOffer
	Muted bool       `json:"muted"`
}

// CallView is a call as one of its people sees it.
type CallView struct {
	CallID       string        `json:"call_id"`
	Phase        Phase         `json:"phase"`
	Reason       Reason        `json:"reason,omitempty"` // with phase ended
	Video        bool          `json:"video"`
	Caller       string        `json:"caller"` // user id
	You          string        `json:"you"`    // your participant id
	StartedAt    int64         `json:"started_at"`
	Waiting      bool          `json:"waiting,omitempty"`  // it rings while you are in another call; to accept it ends your part in that one
	NoVideo      bool          `json:"no_video,omitempty"` // a parent, or whoever runs the server, has switched video off: neither camera nor screen may be sent by anybody
	EndsAt       int64         `json:"ends_at,omitempty"`  // it will be ended then, by a parent's rule
	Participants []Participant `json:"participants"`
}

// CallIncoming rings.
type CallIncoming struct {
	Call CallView `json:"call"`
}

// CallWarning tells that a call will end, kindly ahead of time.
type CallWarning struct {
	CallID string `json:"call_id"`
	Reason Reason `json:"reason"`  // quiet_hours or allowance
	EndsAt int64  `json:"ends_at"` // milliseconds since the Unix epoch
}

// CallState is sent to everybody in a call when its phase changes.
type CallState struct {
	Call CallView `json:"call"`
}

// ParticipantEvent is sent when one participant's phase or sources change.
type ParticipantEvent struct {
	CallID      string      `json:"call_id"`
	Participant Participant `json:"participant"`
}

// ICEServer is an entry for RTCConfiguration.iceServers.
type ICEServer struct {
	URLs       []string `json:"urls"`
	Username   string   `json:"username,omitempty"`
	Credential string   `json:"credential,omitempty"`
	ExpiresAt  int64    `json:"expires_at,omitempty"`
}

// CallEntered answers call.invite and call.accept: with it the client has
// all it needs to make its offer.
type CallEntered struct {
	Call       CallView    `json:"call"`
	ICEServers []ICEServer `json:"ice_servers"`
}

// CallJoin brings the client's offer: its own sources as sendonly m-sections,
// and receive slots as recvonly m-sections, all in one bundle.
type CallJoin struct {
	CallID  string   `json:"call_id" validate:"required,max=64"`
	SDP     string   `json:"sdp" validate:"required,max=65536"`
	Sources []Source `json:"sources" validate:"max=3,dive"`
}

// CallJoined answers call.join.
type CallJoined struct {
	Call       CallView    `json:"call"`
	SDP        string      `json:"sdp"` // the answer
	Slots      MediaSlots  `json:"slots"`
	ICEServers []ICEServer `json:"ice_servers"` // fresh credentials, for a later ICE restart
}

// MediaOffer is a further offer of somebody who has joined.
type MediaOffer struct {
	CallID  string   `json:"call_id" validate:"required,max=64"`
	SDP     string   `json:"sdp" validate:"required,max=65536"`
	Sources []Source `json:"sources" validate:"max=3,dive"`
}

// MediaAnswer answers media.offer.
type MediaAnswer struct {
	SDP   string     `json:"sdp"`
	Slots MediaSlots `json:"slots"`
}

// MediaMute switches one of the participant's own sources off or on.
type MediaMute struct {
	CallID string     `json:"call_id" validate:"required,max=64"`
	Kind   SourceKind `json:"kind" validate:"required,oneof=audio video screen"`
	Muted  bool       `json:"muted"`
}

// MediaToken lets a program that speaks WHIP or WHEP bring the media of this
// person in this call. The addresses are paths on this server.
type MediaToken struct {
	Token     string `json:"token"` // for Authorization: Bearer
	WHIPURL   string `json:"whip_url"`
	WHEPURL   string `json:"whep_url"`
	ExpiresAt int64  `json:"expires_at"` // until when it can start media
}

// MediaSlots is the whole mapping of participants onto this client's receive
// slots. A mapping with a higher Rev replaces one with a lower; an older one
// is to be ignored. Missing says how many more slots of each kind the client
// would need to receive everybody: it may offer again with that many more.
type MediaSlots struct {
	CallID       string `json:"call_id"`
	Rev          uint64 `json:"rev"`
	Slots        []Slot `json:"slots"`
	MissingAudio int    `json:"missing_audio"`
	MissingVideo int    `json:"missing_video"`
}

// Slot maps one of the client's recvonly m-sections onto somebody's source.
// A slot that stands for nobody is not listed.
type Slot struct {
	MID           string     `json:"mid"`
	ParticipantID string     `json:"participant_id"`
	Kind          SourceKind `json:"kind"`
}
