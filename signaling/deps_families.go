package signaling

import (
	"context"

	"github.com/go-chi/chi/v5"

	"kinwire/signaling/proto"
)

// What the pages about families are carried out by. Each interface is what
// this server needs of one room, in groups that stand for themselves: a group
// that is nil makes its pages answer 404. Errors that are the client's fault
// are *proto.Error. What somebody may do to whom the rooms decide; who may
// open a page at all is checked here before (access.go).

// SignUps makes accounts and sets their passwords. Lists of logins that have
// ended are hex SHA-256 of their tokens.
type SignUps interface {
	SignUpParent(ctx context.Context, in proto.SignUpParent) error
	SignUpSelf(ctx context.Context, in proto.SignUpSelf) error
	Confirm(ctx context.Context, in proto.SignUpConfirm) (proto.LoggedIn, error)
	ConsentAges() proto.ConsentAges
	Forgot(ctx context.Context, email string) error
	Reset(ctx context.Context, in proto.PasswordReset) (login proto.LoggedIn, ended []string, err error)
	ChangePassword(ctx context.Context, userID, token string, in proto.PasswordChange) (ended []string, err error)
}

// LogIns opens sessions by other means than a password.
type LogIns interface {
	LoginCode(ctx context.Context, in proto.LoginCode) (proto.LoggedIn, error)
	LoginTicket(ctx context.Context, in proto.TokenIn) (proto.LoggedIn, error)
	// OpenFor is for somebody who has proved who they are.
	OpenFor(ctx context.Context, userID string, d proto.Device) (Login, error)
	// OpenStaff opens a short session as the operator's own person.
	OpenStaff(ctx context.Context, operator string) (Login, error)
}

// Profiles is what people keep about themselves and their devices.
type Profiles interface {
	Account(ctx context.Context, userID string) (proto.Account, error)
	Edit(ctx context.Context, userID string, in proto.AccountEdit) (proto.Account, error)
	SetSettings(ctx context.Context, userID string, in proto.Settings) (proto.Settings, error)
	Sessions(ctx context.Context, userID, currentToken string) (proto.LoginSessions, error)
	EndSession(ctx context.Context, userID, id string) (ended []string, err error)
	// SetPush registers a device by its login; an empty handle unsets.
	SetPush(ctx context.Context, token, handle string) error
}

// Children is what parents do about their children's accounts.
type Children interface {
	Children(ctx context.Context, parentID string) (proto.Children, error)
	Child(ctx context.Context, childID string) (proto.Child, error)
	NewChild(ctx context.Context, parentID string, in proto.ChildNew) (proto.Child, error)
	EditChild(ctx context.Context, parentID, childID string, in proto.ChildEdit) (proto.Child, error)
	SetChildPassword(ctx context.Context, parentID, childID, password string) error
	ChildCode(ctx context.Context, parentID, childID string) (proto.OneTimeCode, error)
	GuardianCode(ctx context.Context, parentID, childID string) (proto.OneTimeCode, error)
	AddGuardian(ctx context.Context, parentID, code string) (proto.Child, error)
}

// Family is all of what package accounts does for the pages;
// accounts.Service is every part.
type Family struct {
	SignUps
	LogIns
	Profiles
	Children
}

// Passkeys is WebAuthn (package passkey).
type Passkeys interface {
	Begin(ctx context.Context, p proto.Person) (proto.Ceremony, error)
	Add(ctx context.Context, userID string, in proto.PasskeyNew) (proto.Passkey, error)
	List(ctx context.Context, userID string) (proto.Passkeys, error)
	Delete(ctx context.Context, userID, id string) error
	BeginLogin(ctx context.Context) (proto.Ceremony, error)
	// Login says whose passkey it is.
	Login(ctx context.Context, in proto.PasskeyLogin) (userID string, err error)
}

// OIDC signs people in by other providers (package oidc). Its own pages are
// redirects, which it mounts itself; without it no provider is listed.
type OIDC interface {
	Providers() proto.Providers
	Routes(r chi.Router)
}

// Consents is a parent's part of package consent.
type Consents interface {
	Notice() proto.Notice
	List(ctx context.Context, parentID string) (proto.Consents, error)
	Start(ctx context.Context, parentID string, in proto.ConsentNew) (proto.Consent, error)
	Confirm(ctx context.Context, token string) (proto.Consent, error)
	// External checks the signature over body, as it came.
	External(ctx context.Context, body []byte, signature string) error
	Form(ctx context.Context, parentID, id string, in proto.SignedForm) (proto.Consent, error)
	Withdraw(ctx context.Context, parentID, id string) error
	SetScopes(ctx context.Context, parentID, childID string, scopes []proto.Scope) (proto.Consent, error)
}

// Reviews is the operator's part of package consent. Of the guardian only the
// person's id is filled in.
type Reviews interface {
	Reviews(ctx context.Context) (proto.Reviews, error)
	Review(ctx context.Context, id string) (proto.Review, error)
	DecideReview(ctx context.Context, operator, id string, in proto.ReviewIn) (proto.Consent, error)
}

// Consent is all of what package consent does; consent.Service is every part.
type Consent struct {
	Consents
	Reviews
}

// FriendsKnown says whom somebody knows: their approved friends, in their
// order, with what each lets them see.
type FriendsKnown interface {
	Known(ctx context.Context, userID string) ([]Known, error)
}

// FriendLists is how people become friends.
type FriendLists interface {
	List(ctx context.Context, userID string) (proto.Friends, error)
	Code(ctx context.Context, userID string) (proto.FriendCode, error)
	NewCode(ctx context.Context, userID string) (proto.FriendCode, error)
	Ask(ctx context.Context, userID, code string) (proto.FriendRequest, error)
	Accept(ctx context.Context, userID, requestID string) (proto.FriendRequest, error)
	Decline(ctx context.Context, userID, requestID string) error
	Remind(ctx context.Context, userID, requestID string) (proto.Asked, error)
	Introduce(ctx context.Context, userID string, people []string) (proto.Asked, error)
}

// FriendRules is how they cease to be, and what parents decide. actorID is
// the person or a parent of theirs.
type FriendRules interface {
	End(ctx context.Context, actorID, personID, otherID string) error
	Block(ctx context.Context, actorID, personID, otherID string) error
	Unblock(ctx context.Context, actorID, personID, otherID string) error
	Blocks(ctx context.Context, personID string) (proto.Blocks, error)
	Approvals(ctx context.Context, parentID string) (proto.Approvals, error)
	Decide(ctx context.Context, parentID, requestID string, in proto.Decide) error
}

// Friends is all of what package friends does; friends.Service is every part.
type Friends struct {
	FriendsKnown
	FriendLists
	FriendRules
}

// Guards says who looks after whom (package policy): nil, or not_found.
type Guards interface {
	Guards(ctx context.Context, parentID, childID string) error
}

// Rules is what parents set for a child (package guardian).
type Rules interface {
	Rules(ctx context.Context, childID string) (proto.ChildRules, error)
	SetRules(ctx context.Context, parentID, childID string, in proto.Rules) (proto.ChildRules, error)
}

// ReportPages is how people report.
type ReportPages interface {
	File(ctx context.Context, reporterID string, in proto.ReportNew) (proto.Report, error)
	Mine(ctx context.Context, userID string) (proto.ReportList, error)
}

// Cases is the operator's part of package reports.
type Cases interface {
	Queue(ctx context.Context, state string) (proto.CaseReports, error)
	Case(ctx context.Context, operator, id string) (proto.CaseReport, error)
	Decide(ctx context.Context, operator, id string, in proto.DecisionIn) (proto.CaseReport, error)
	User(ctx context.Context, userID string) (proto.UserState, error)
	LookUp(ctx context.Context, operator, find string) (proto.UserState, error)
	Suspend(ctx context.Context, operator, userID, note string) (proto.UserState, error)
	Restore(ctx context.Context, operator, userID, note string) (proto.UserState, error)
}

// Reports is all of what package reports does; reports.Service is every part.
type Reports struct {
	ReportPages
	Cases
}

// Audit reads the log of decisions, the newest first.
type Audit interface {
	Page(ctx context.Context, before int64) (proto.AuditLog, error)
}

// Outbox holds the e-mails of a server without SMTP.
type Outbox interface {
	List() proto.Mails
}
