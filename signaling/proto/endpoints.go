package proto

import "reflect"

// Access says who may use a page of the HTTP API. It is checked before the
// page's own code runs; what the page does to whom is asked of policy besides.
type Access string

// The accesses.
const (
	AccessAnyone   Access = "anyone"   // no login
	AccessPerson   Access = "person"   // anybody who is logged in
	AccessOwn      Access = "own"      // anybody who is logged in and looks after the account themselves: no child
	AccessParent   Access = "parent"   // a parent
	AccessGuardian Access = "guardian" // a parent of the child whose id is {id} in the path
	AccessOperator Access = "operator" // somebody of the staff, in whatever role
	AccessCalls    Access = "calls"    // an operator in the role calls
	AccessSafety   Access = "safety"   // an operator in the role safety
	AccessResolve  Access = "resolve"  // an operator in the role resolve
)

// Endpoint is a page of the HTTP API. In is nil where the request has no body,
// Out is nil where the answer (204) has none.
type Endpoint struct {
	ID     string // operationId of the OpenAPI document
	Method string
	Path   string
	Access Access
	In     reflect.Type
	Out    reflect.Type
	Query  []string // names of whole numbers or short texts, all optional
	Says   string
}

// Key is by which a handler is bound to it.
func (e Endpoint) Key() string { return e.Method + " " + e.Path }

// Endpoints is the table of the HTTP API about families. The router, the
// OpenAPI document and the TypeScript client all follow it; a test holds the
// router to it. What is older or of another kind (login, logout, me, records,
// health, the WebSocket, WHIP, redirects of OpenID Connect) stands beside it.
func Endpoints() []Endpoint {
	var all []Endpoint
	for _, part := range [][]Endpoint{accountPages(), childPages(), consentPages(), friendPages(), chatPages(), reportPages(), operatorPages(), networkPages()} {
		all = append(all, part...)
	}
	return all
}

func accountPages() []Endpoint {
	return []Endpoint{
		{"signup-parent", "POST", "/v1/signup/parent", AccessAnyone, of[SignUpParent](), of[Sent](), nil, "Start a parent's account; the rest comes by e-mail"},
		{"signup-self", "POST", "/v1/signup/self", AccessAnyone, of[SignUpSelf](), of[Sent](), nil, "Start the account of a teen or an adult; too_young below the age of consent, and nothing is kept"},
		{"signup-confirm", "POST", "/v1/signup/confirm", AccessAnyone, of[SignUpConfirm](), of[LoggedIn](), nil, "Finish a sign-up with the token of the e-mail and the password once more"},
		{"consent-ages", "GET", "/v1/consent-ages", AccessAnyone, nil, of[ConsentAges](), nil, "From which age people consent alone, by country, today"},
		{"password-forgot", "POST", "/v1/password/forgot", AccessAnyone, of[PasswordForgot](), of[Sent](), nil, "Have an e-mail sent with which to set a new password"},
		{"password-reset", "POST", "/v1/password/reset", AccessAnyone, of[PasswordReset](), of[LoggedIn](), nil, "Set a new password with the token of the e-mail"},
		{"password-change", "PUT", "/v1/password", AccessOwn, of[PasswordChange](), nil, nil, "Change one's password; other sessions end"},
		{"login-code", "POST", "/v1/login/code", AccessAnyone, of[LoginCode](), of[LoggedIn](), nil, "Sign a child in with a parent's one-time code"},
		{"login-ticket", "POST", "/v1/login/ticket", AccessAnyone, of[TokenIn](), of[LoggedIn](), nil, "Finish a log-in that came back from a provider"},
		{"login-providers", "GET", "/v1/login/providers", AccessAnyone, nil, of[Providers](), nil, "OpenID Connect providers to sign in with"},
		{"passkey-login-begin", "POST", "/v1/login/passkey/begin", AccessAnyone, nil, of[Ceremony](), nil, "Begin a log-in by passkey"},
		{"passkey-login", "POST", "/v1/login/passkey", AccessAnyone, of[PasskeyLogin](), of[LoggedIn](), nil, "Finish a log-in by passkey"},
		{"passkey-begin", "POST", "/v1/passkeys/begin", AccessOwn, nil, of[Ceremony](), nil, "Begin to make a passkey"},
		{"passkey-add", "POST", "/v1/passkeys", AccessOwn, of[PasskeyNew](), of[Passkey](), nil, "Finish making a passkey"},
		{"passkeys", "GET", "/v1/passkeys", AccessOwn, nil, of[Passkeys](), nil, "One's passkeys"},
		{"passkey-delete", "DELETE", "/v1/passkeys/{id}", AccessOwn, nil, nil, nil, "Forget a passkey"},
		{"account", "GET", "/v1/account", AccessPerson, nil, of[Account](), nil, "One's own account"},
		{"account-edit", "PUT", "/v1/account", AccessOwn, of[AccountEdit](), of[Account](), nil, "Change one's name and picture"},
		{"settings", "PUT", "/v1/settings", AccessPerson, of[Settings](), of[Settings](), nil, "Change one's settings"},
		{"sessions", "GET", "/v1/sessions", AccessPerson, nil, of[LoginSessions](), nil, "Devices that are signed in"},
		{"session-end", "DELETE", "/v1/sessions/{id}", AccessPerson, nil, nil, nil, "Sign a device out"},
		{"push-set", "PUT", "/v1/push", AccessPerson, of[PushHandle](), nil, nil, "Register this device for wake-ups"},
		{"push-unset", "DELETE", "/v1/push", AccessPerson, nil, nil, nil, "No wake-ups for this device any more"},
	}
}

func childPages() []Endpoint {
	return []Endpoint{
		{"children", "GET", "/v1/children", AccessParent, nil, of[Children](), nil, "A parent's children"},
		{"child-new", "POST", "/v1/children", AccessParent, of[ChildNew](), of[Child](), nil, "Make a child's account with a consent that was granted"},
		{"child", "GET", "/v1/children/{id}", AccessGuardian, nil, of[Child](), nil, "A child"},
		{"child-edit", "PUT", "/v1/children/{id}", AccessGuardian, of[ChildEdit](), of[Child](), nil, "Correct what is held about a child"},
		{"child-password", "PUT", "/v1/children/{id}/password", AccessGuardian, of[ChildPassword](), nil, nil, "Set a child's password"},
		{"child-code", "POST", "/v1/children/{id}/code", AccessGuardian, nil, of[OneTimeCode](), nil, "A one-time code with which the child signs in"},
		{"child-sessions", "GET", "/v1/children/{id}/sessions", AccessGuardian, nil, of[LoginSessions](), nil, "A child's devices"},
		{"child-session-end", "DELETE", "/v1/children/{id}/sessions/{other}", AccessGuardian, nil, nil, nil, "Sign a child's device out"},
		{"child-rules", "GET", "/v1/children/{id}/rules", AccessGuardian, nil, of[ChildRules](), nil, "Quiet hours, allowance, video, approvals"},
		{"child-rules-set", "PUT", "/v1/children/{id}/rules", AccessGuardian, of[Rules](), of[ChildRules](), nil, "Change them; they act at once"},
		{"child-friends", "GET", "/v1/children/{id}/friends", AccessGuardian, nil, of[Friends](), nil, "A child's friends and requests"},
		{"child-friend-end", "DELETE", "/v1/children/{id}/friends/{other}", AccessGuardian, nil, nil, nil, "End a child's friendship; a call between the two ends"},
		{"child-blocks", "GET", "/v1/children/{id}/blocks", AccessGuardian, nil, of[Blocks](), nil, "Whom a child has blocked"},
		{"child-block", "POST", "/v1/children/{id}/blocks", AccessGuardian, of[BlockIn](), nil, nil, "Block somebody for a child"},
		{"child-unblock", "DELETE", "/v1/children/{id}/blocks/{other}", AccessGuardian, nil, nil, nil, "Undo it"},
		{"child-history", "GET", "/v1/children/{id}/history", AccessGuardian, nil, of[History](), []string{"before"}, "A child's calls: with whom and when, never what"},
		{"child-scopes", "PUT", "/v1/children/{id}/scopes", AccessGuardian, of[ScopesSet](), of[Consent](), nil, "Give and withdraw scopes of the consent; it acts at once"},
		{"guardian-code", "POST", "/v1/children/{id}/guardians/code", AccessGuardian, nil, of[OneTimeCode](), nil, "A one-time code for another parent of this child"},
		{"guardian-add", "POST", "/v1/guardians", AccessParent, of[CodeIn](), of[Child](), nil, "Become a parent of a child by another parent's code"},
	}
}

func consentPages() []Endpoint {
	return []Endpoint{
		{"notice", "GET", "/v1/notice", AccessAnyone, nil, of[Notice](), nil, "What a parent consents to, and by which methods"},
		{"consents", "GET", "/v1/consents", AccessParent, nil, of[Consents](), nil, "A parent's consents"},
		{"consent-new", "POST", "/v1/consents", AccessParent, of[ConsentNew](), of[Consent](), nil, "Start a consent"},
		{"consent-confirm", "POST", "/v1/consents/confirm", AccessAnyone, of[TokenIn](), of[Consent](), nil, "E-mail-plus: confirm with the token of the first or the second e-mail"},
		{"consent-external", "POST", "/v1/consents/external", AccessAnyone, of[ExternalResult](), nil, nil, "The result of a check elsewhere, signed by the header Kinwire-Signature"},
		{"consent-form", "PUT", "/v1/consents/{id}/form", AccessParent, of[SignedForm](), of[Consent](), nil, "Hand in the signed form"},
		{"consent-withdraw", "DELETE", "/v1/consents/{id}", AccessParent, nil, nil, nil, "Take a consent back, with all scopes; it acts at once"},
	}
}

func friendPages() []Endpoint {
	return []Endpoint{
		{"friends", "GET", "/v1/friends", AccessPerson, nil, of[Friends](), nil, "One's friends, in their order, and the requests on their way"},
		{"friend-code", "GET", "/v1/friends/code", AccessPerson, nil, of[FriendCode](), nil, "One's friend code"},
		{"friend-code-new", "POST", "/v1/friends/code", AccessPerson, nil, of[FriendCode](), nil, "A new friend code; the old one is worth nothing any more"},
		{"friend-ask", "POST", "/v1/friends/requests", AccessPerson, of[CodeIn](), of[FriendRequest](), nil, "Ask the person with this code to be friends"},
		{"friend-accept", "POST", "/v1/friends/requests/{id}/accept", AccessPerson, nil, of[FriendRequest](), nil, "Say yes"},
		{"friend-decline", "POST", "/v1/friends/requests/{id}/decline", AccessPerson, nil, nil, nil, "Say no; or take one's own request back"},
		{"friend-remind", "POST", "/v1/friends/requests/{id}/remind", AccessPerson, nil, of[Asked](), nil, "Ask one's parent again to decide"},
		{"friend-introduce", "POST", "/v1/friends/introductions", AccessPerson, of[Introduction](), of[Asked](), nil, "Ask that friends of mine become friends with one another"},
		{"friend-end", "DELETE", "/v1/friends/{id}", AccessPerson, nil, nil, nil, "End a friendship; a call between the two ends"},
		{"blocks", "GET", "/v1/blocks", AccessPerson, nil, of[Blocks](), nil, "Whom one has blocked"},
		{"block", "POST", "/v1/blocks", AccessPerson, of[BlockIn](), nil, nil, "Block somebody, at once"},
		{"unblock", "DELETE", "/v1/blocks/{id}", AccessPerson, nil, nil, nil, "Undo it; the friendship stays ended"},
		{"approvals", "GET", "/v1/approvals", AccessParent, nil, of[Approvals](), nil, "Requests that wait for this parent"},
		{"approve", "POST", "/v1/approvals/{id}", AccessParent, of[Decide](), nil, nil, "Approve or refuse a friend for a child"},
		{"history", "GET", "/v1/history", AccessPerson, nil, of[History](), []string{"before"}, "One's calls"},
		{"history-delete", "DELETE", "/v1/history/{id}", AccessPerson, nil, nil, nil, "Delete one of them from one's history"},
	}
}

func chatPages() []Endpoint {
	return []Endpoint{
		{"chat", "GET", "/v1/chat", AccessPerson, nil, of[ChatInfo](), nil, "Cipher suites, sizes and times of messages"},
		{"chat-devices", "GET", "/v1/chat/devices", AccessPerson, nil, of[ChatDevices](), nil, "One's devices that read messages"},
		{"chat-device-new", "POST", "/v1/chat/devices", AccessPerson, of[ChatDeviceNew](), of[ChatDeviceMade](), nil, "Make this device one of them"},
		{"chat-device-delete", "DELETE", "/v1/chat/devices/{id}", AccessPerson, nil, nil, nil, "Take a device out of all conversations, at once; what waits for it is deleted"},
		{"chat-keys", "GET", "/v1/chat/devices/{id}/keys", AccessPerson, nil, of[KeyPackagesLeft](), nil, "How many key packages a device of one's own has here"},
		{"chat-keys-add", "POST", "/v1/chat/devices/{id}/keys", AccessPerson, of[KeyPackagesNew](), of[KeyPackagesLeft](), nil, "Add key packages"},
		{"chat-keys-take", "POST", "/v1/chat/people/{id}/keys", AccessPerson, of[KeyPackagesTake](), of[KeyPackages](), nil, "Take a key package of each device of a friend's, or of one's own others"},
		{"conversations", "GET", "/v1/chat/conversations", AccessPerson, nil, of[Conversations](), nil, "One's conversations"},
		{"conversation-new", "POST", "/v1/chat/conversations", AccessPerson, of[ConversationNew](), of[Conversation](), nil, "Start a conversation; of two people who have one already, the answer is that one"},
		{"conversation", "GET", "/v1/chat/conversations/{id}", AccessPerson, nil, of[Conversation](), nil, "A conversation"},
		{"conversation-leave", "DELETE", "/v1/chat/conversations/{id}", AccessPerson, nil, nil, nil, "Leave a group"},
		{"conversation-commit", "POST", "/v1/chat/conversations/{id}/commits", AccessPerson, of[Commit](), of[Committed](), nil, "End an epoch: add, remove, come in again; epoch_taken where another was first"},
		{"conversation-group-info", "GET", "/v1/chat/conversations/{id}/group-info", AccessPerson, nil, of[GroupInfo](), nil, "What a device of a member needs to come in by itself"},
		{"attachment-new", "POST", "/v1/chat/attachments", AccessPerson, of[AttachmentNew](), of[Attachment](), nil, "Begin an upload"},
		{"attachment", "GET", "/v1/chat/attachments/{id}", AccessPerson, nil, of[Attachment](), nil, "What is there of an attachment, to go on after an interruption"},
		{"attachment-chunk-put", "PUT", "/v1/chat/attachments/{id}/chunks/{other}", AccessPerson, of[Octets](), nil, nil, "Upload one chunk; again is the same"},
		{"attachment-chunk", "GET", "/v1/chat/attachments/{id}/chunks/{other}", AccessPerson, nil, of[Octets](), nil, "Fetch one chunk"},
		{"attachment-done", "DELETE", "/v1/chat/attachments/{id}/devices/{other}", AccessPerson, nil, nil, nil, "This device has it, or gives it up; with the last one it is deleted. One's own unsent upload ends with any device"},
		{"child-chats", "GET", "/v1/children/{id}/chats", AccessGuardian, nil, of[ChatContacts](), nil, "With whom a child writes, never what"},
	}
}

func reportPages() []Endpoint {
	return []Endpoint{
		{"report", "POST", "/v1/reports", AccessPerson, of[ReportNew](), of[Report](), nil, "Report a person or a call"},
		{"reports", "GET", "/v1/reports", AccessPerson, nil, of[ReportList](), nil, "One's own reports"},
	}
}

func operatorPages() []Endpoint {
	return []Endpoint{
		{"ops-me", "GET", "/v1/ops/me", AccessOperator, nil, of[OperatorIs](), nil, "Which operator the token stands for"},
		{"ops-reports", "GET", "/v1/ops/reports", AccessSafety, nil, of[CaseReports](), []string{"state"}, "The queue of reports"},
		{"ops-report", "GET", "/v1/ops/reports/{id}", AccessSafety, nil, of[CaseReport](), nil, "A report with both accounts' facts"},
		{"ops-decide", "POST", "/v1/ops/reports/{id}/decision", AccessSafety, of[DecisionIn](), of[CaseReport](), nil, "Decide a report"},
		{"ops-reviews", "GET", "/v1/ops/reviews", AccessSafety, nil, of[Reviews](), nil, "Consents that wait for an operator"},
		{"ops-review", "GET", "/v1/ops/reviews/{id}", AccessSafety, nil, of[Review](), nil, "One of them, with its evidence"},
		{"ops-review-decide", "POST", "/v1/ops/reviews/{id}", AccessSafety, of[ReviewIn](), of[Consent](), nil, "Approve or refuse it; the evidence is deleted"},
		{"ops-review-call", "POST", "/v1/ops/reviews/{id}/call", AccessSafety, nil, of[LoggedIn](), nil, "A short session as the staff's own person, who may call this parent"},
		{"ops-user", "GET", "/v1/ops/users", AccessSafety, nil, of[UserState](), []string{"find"}, "Look a user up by exact id, e-mail address or user name; it is audited"},
		{"ops-suspend", "POST", "/v1/ops/users/{id}/suspend", AccessSafety, of[SuspendIn](), of[UserState](), nil, "Suspend an account"},
		{"ops-restore", "POST", "/v1/ops/users/{id}/restore", AccessSafety, of[SuspendIn](), of[UserState](), nil, "Undo a suspension"},
		{"ops-audit", "GET", "/v1/ops/audit", AccessSafety, nil, of[AuditLog](), []string{"before"}, "The audit log"},
		{"ops-mail", "GET", "/v1/ops/mail", AccessSafety, nil, of[Mails](), nil, "E-mails that this server did not send, for want of SMTP; 404 where there is SMTP"},
	}
}

// networkPages are those of the people who keep calls good.
func networkPages() []Endpoint {
	return []Endpoint{
		{"calls", "GET", "/v1/calls", AccessCalls, nil, of[CallList](), []string{"from", "to", "reason", "codec", "path", "score_below", "score_min", "live", "cursor", "limit"}, "Calls, live and past; all filters hold together"},
		{"ops-node", "GET", "/v1/ops/node", AccessCalls, nil, of[NodeState](), nil, "The state of this server: ports, counters, drops, processor, memory"},
		{"ops-resolve", "POST", "/v1/ops/pseudonyms/{id}/resolve", AccessResolve, of[ResolveIn](), of[Resolved](), nil, "Whose pseudonym of a call record it is; it is audited"},
		{"netcheck", "POST", "/v1/netcheck", AccessAnyone, nil, of[NetCheck](), nil, "Begin a check of what this network lets through"},
		{"netcheck-offer", "POST", "/v1/netcheck/{id}/offers", AccessAnyone, of[NetCheckOffer](), of[NetCheckAnswer](), nil, "Try one connection of the kind that media takes"},
		{"netcheck-end", "DELETE", "/v1/netcheck/{id}", AccessAnyone, nil, nil, nil, "End a check before it expires"},
	}
}
