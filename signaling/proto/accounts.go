package proto

// The bodies of the HTTP API about accounts. Their tags (minLength, maxLength,
// enum, format, doc) are those of the OpenAPI document. Times are milliseconds
// since the Unix epoch in UTC, dates are YYYY-MM-DD.

// SignUpParent starts a parent's account. What happens next comes by e-mail,
// so the answer does not tell whether the address has an account already.
type SignUpParent struct {
	Email    string `json:"email" format:"email" minLength:"3" maxLength:"254"`
	Password string `json:"password,omitempty" maxLength:"256" doc:"at least 10 characters; left out by somebody who will use a passkey"`
	Name     string `json:"name" minLength:"1" maxLength:"40" doc:"what friends and family see"`
	Avatar   string `json:"avatar" minLength:"1" maxLength:"32" doc:"one emoji"`
	Language string `json:"language,omitempty" maxLength:"35" doc:"BCP 47, for the e-mail"`
}

// SignUpSelf starts the account of a teen or an adult who is old enough to
// consent in their country. Under that age the answer is too_young, and
// nothing of it is kept.
type SignUpSelf struct {
	Email     string `json:"email" format:"email" minLength:"3" maxLength:"254"`
	Password  string `json:"password" minLength:"10" maxLength:"256"`
	Name      string `json:"name" minLength:"1" maxLength:"40"`
	Avatar    string `json:"avatar" minLength:"1" maxLength:"32" doc:"one emoji"`
	Country   string `json:"country" minLength:"2" maxLength:"2" doc:"ISO 3166-1 alpha-2"`
	BirthDate string `json:"birth_date" format:"date" doc:"kept for the age check only"`
	Language  string `json:"language,omitempty" maxLength:"35"`
}

// Sent says that an e-mail is on its way, or would be if there were anybody
// to send it to.
type Sent struct {
	Sent bool `json:"sent"`
}

// SignUpConfirm finishes a sign-up: with the token of the e-mail, and the
// password once more, so that nobody confirms an account that somebody else
// began with their address and a password of that other's choice.
type SignUpConfirm struct {
	Token    string  `json:"token" minLength:"1" maxLength:"256"`
	Password string  `json:"password,omitempty" maxLength:"256" doc:"the one chosen at sign-up; left out where a passkey comes instead"`
	Device   *Device `json:"device,omitempty"`
}

// TokenIn brings back the token of an e-mail's link.
type TokenIn struct {
	Token  string  `json:"token" minLength:"1" maxLength:"256"`
	Device *Device `json:"device,omitempty"`
}

// LoggedIn is a session. Token goes into Authorization: Bearer, and into hello
// on the WebSocket.
type LoggedIn struct {
	Token     string `json:"token"`
	ExpiresAt int64  `json:"expires_at"`
	Me        Person `json:"me"`
	AddKey    bool   `json:"add_key,omitempty" doc:"the account has neither password nor passkey yet: add a passkey now"`
}

// PasswordForgot asks for an e-mail with which a new password can be set.
type PasswordForgot struct {
	Email string `json:"email" format:"email" minLength:"3" maxLength:"254"`
}

// PasswordReset sets a new password with the token of the e-mail. Every
// session of the account ends.
type PasswordReset struct {
	Token    string `json:"token" minLength:"1" maxLength:"256"`
	Password string `json:"password" minLength:"10" maxLength:"256"`
}

// PasswordChange sets a new password by somebody who knows the old one. Every
// other session of the account ends.
type PasswordChange struct {
	Old string `json:"old" maxLength:"256" doc:"empty when the account has none yet"`
	New string `json:"new" minLength:"10" maxLength:"256"`
}

// LoginCode signs a child in by the one-time code that a parent shows.
type LoginCode struct {
	Code   string  `json:"code" minLength:"1" maxLength:"64" doc:"spaces and case do not matter"`
	Device *Device `json:"device,omitempty"`
}

// Ceremony starts a WebAuthn ceremony: Options are for
// navigator.credentials.create or .get, Ticket comes back with the result.
type Ceremony struct {
	Ticket  string `json:"ticket"`
	Options any    `json:"options" doc:"PublicKeyCredentialCreationOptionsJSON or PublicKeyCredentialRequestOptionsJSON of WebAuthn Level 3"`
}

// PasskeyLogin finishes a log-in by passkey.
type PasskeyLogin struct {
	Ticket   string  `json:"ticket" minLength:"1" maxLength:"256"`
	Response any     `json:"response" doc:"AuthenticationResponseJSON of WebAuthn Level 3"`
	Device   *Device `json:"device,omitempty"`
}

// PasskeyNew finishes the making of a passkey.
type PasskeyNew struct {
	Ticket   string `json:"ticket" minLength:"1" maxLength:"256"`
	Name     string `json:"name" minLength:"1" maxLength:"64" doc:"by which the person knows it again"`
	Response any    `json:"response" doc:"RegistrationResponseJSON of WebAuthn Level 3"`
}

// Passkey is one that an account has.
type Passkey struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	CreatedAt int64  `json:"created_at"`
	UsedAt    int64  `json:"used_at,omitempty"`
}

// Passkeys lists them.
type Passkeys struct {
	Passkeys []Passkey `json:"passkeys"`
}

// Provider is an OpenID Connect provider that one may sign in with.
type Provider struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	URL  string `json:"url" doc:"the path to go to; it leads to the provider and back to /#ticket=…"`
}

// Providers lists them.
type Providers struct {
	Providers []Provider `json:"providers"`
}

// Account is a person as they see themselves.
type Account struct {
	Person   Person   `json:"person"`
	Login    string   `json:"login" doc:"the e-mail address, or a child's user name"`
	Country  string   `json:"country,omitempty"`
	Settings Settings `json:"settings"`
	Password bool     `json:"password" doc:"whether there is one"`
}

// AccountEdit changes one's own name and picture; a child's are changed by a
// parent.
type AccountEdit struct {
	Name   string `json:"name" minLength:"1" maxLength:"40"`
	Avatar string `json:"avatar" minLength:"1" maxLength:"32"`
}

// Visibility says who sees something.
type Visibility string

// The visibilities.
const (
	VisibleFriends Visibility = "friends" // approved friends
	VisibleFamily  Visibility = "family"  // one's own family
	VisibleNobody  Visibility = "nobody"
)

// Settings are what a person decides for themselves.
type Settings struct {
	Presence    Visibility `json:"presence" enum:"friends,family,nobody" doc:"who sees whether this person is online or in a call"`
	LastSeen    Visibility `json:"last_seen" enum:"friends,family,nobody" doc:"who sees when this person was last here"`
	CallWaiting bool       `json:"call_waiting" doc:"a call that comes in during a call rings too; otherwise the caller hears busy"`
	OrderByTalk bool       `json:"order_by_talk" doc:"friends are ordered by who this person talks with most; otherwise by name"`
}

// LoginSession is one device that is signed in.
type LoginSession struct {
	ID         string `json:"id"`
	Device     Device `json:"device"`
	CreatedAt  int64  `json:"created_at"`
	LastSeenAt int64  `json:"last_seen_at"`
	Current    bool   `json:"current" doc:"the one that asks"`
}

// LoginSessions lists them, the most recently used first.
type LoginSessions struct {
	Sessions []LoginSession `json:"sessions"`
}

// PushHandle registers this device for wake-ups. The handle means nothing to
// Kinwire: the operator's push service knows which device it stands for.
type PushHandle struct {
	Handle string `json:"handle" minLength:"1" maxLength:"512"`
}
