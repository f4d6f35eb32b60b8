package proto

import "encoding/json"

// Version is the version of this protocol that the server speaks. A client
// names its own in Hello; a different major version is refused with
// CodeVersionUnsupported.
const Version = 1

// Request is what a client sends. ID is 0 (absent) where no reply is wanted.
type Request struct {
	ID   uint64          `json:"id,omitempty"`
	Type string          `json:"type"`
	Data json.RawMessage `json:"data,omitempty"`
}

// Message is what the server sends: a reply (Re set), an event (Type set), or
// a pong (Type "pong", no Seq).
type Message struct {
	Seq   uint64          `json:"seq,omitempty"`
	Re    uint64          `json:"re,omitempty"`
	Type  string          `json:"type,omitempty"`
	Data  json.RawMessage `json:"data,omitempty"`
	Error *Error          `json:"error,omitempty"`
}

// Error is a typed refusal. Code is for programs, Message for people: it says
// what was given and what is allowed.
type Error struct {
	Code    Code   `json:"code"`
	Message string `json:"message"`
	// Missing is what would have to be there first, with not_approved.
	Missing []Missing `json:"missing,omitempty"`
}

// Error makes *Error usable as a Go error.
func (e *Error) Error() string { return string(e.Code) + ": " + e.Message }

// Code names a kind of refusal.
type Code string

// The codes. Clients must treat an unknown code as CodeInternal.
const (
	CodeBadMessage         Code = "bad_message"         // not JSON, a missing or unknown field, a value out of range
	CodeUnknownType        Code = "unknown_type"        // no such message type
	CodeTooLarge           Code = "too_large"           // over the size limit
	CodeRateLimited        Code = "rate_limited"        // too many messages; try again later
	CodeUnauthenticated    Code = "unauthenticated"     // no hello yet, or a token that is unknown or expired
	CodeVersionUnsupported Code = "version_unsupported" // hello named a version this server does not speak
	CodeResumeGone         Code = "resume_gone"         // the session to resume has ended: say hello afresh
	CodeNotFound           Code = "not_found"           // no such person or call, or none you may know of
	CodeNotAllowed         Code = "not_allowed"         // policy says no
	CodeBusy               Code = "busy"                // the caller is in another call
	CodeWrongState         Code = "wrong_state"         // the call is not in a state that allows this
	CodeCallFull           Code = "call_full"           // the call has its largest number of people
	CodeBadOffer           Code = "bad_offer"           // the SDP offer cannot be used
	CodeCodecUnsupported   Code = "codec_unsupported"   // no codec in common, or one in use in the call cannot be decoded
	CodeUnavailable        Code = "unavailable"         // the server is shutting down or overloaded
	CodeTooYoung           Code = "too_young"           // below the age of consent: a parent has to make the account
	CodeTextRefused        Code = "text_refused"        // a name that looks like a phone number, an address, an e-mail or a school
	CodeTaken              Code = "taken"               // the user name belongs to somebody
	CodeNeedsConsent       Code = "needs_consent"       // a parent has not consented, or has to again
	CodeNotApproved        Code = "not_approved"        // not every pair of these people are approved friends; missing says what lacks
	CodeQuietHours         Code = "quiet_hours"         // a parent's quiet hours are on
	CodeAllowanceUsed      Code = "allowance_used"      // the day's minutes are used up
	CodeSuspended          Code = "suspended"           // the account was suspended
	CodeEpochTaken         Code = "epoch_taken"         // another commit came first, or the message is of an old epoch: process what is on its way, then try again
	CodeCommitNeeded       Code = "commit_needed"       // a device has to be removed from the group before messages are taken
	CodeNoDevice           Code = "no_device"           // nobody else in the conversation has a device that could read it, or the session has attached none
	CodeQueueFull          Code = "queue_full"          // a recipient's queue is full: try again later
	CodeInternal           Code = "internal"            // a fault of the server; the message holds no detail
)
