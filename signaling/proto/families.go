package proto

// Gender is optional and may be left open.
type Gender string

// The genders.
const (
	GenderGirl  Gender = "girl"
	GenderBoy   Gender = "boy"
	GenderOther Gender = "other"
)

// ChildNew makes a child's account, which needs a consent that was granted and
// is not used yet. There are no other fields than these.
type ChildNew struct {
	ConsentID string `json:"consent_id" minLength:"1" maxLength:"64"`
	Nickname  string `json:"nickname" minLength:"1" maxLength:"40"`
	BirthDate string `json:"birth_date" format:"date" doc:"kept for the age check only"`
	Country   string `json:"country" minLength:"2" maxLength:"2" doc:"ISO 3166-1 alpha-2"`
	Avatar    string `json:"avatar" minLength:"1" maxLength:"32" doc:"one emoji"`
	Gender    Gender `json:"gender,omitempty" enum:"girl,boy,other"`
	User      string `json:"user" minLength:"3" maxLength:"32" doc:"the user name to sign in with"`
	Password  string `json:"password" minLength:"4" maxLength:"256" doc:"four or more pictures, or eight or more characters"`
}

// ChildEdit changes what is held about a child.
type ChildEdit struct {
	Nickname  string `json:"nickname" minLength:"1" maxLength:"40"`
	BirthDate string `json:"birth_date" format:"date"`
	Country   string `json:"country" minLength:"2" maxLength:"2"`
	Avatar    string `json:"avatar" minLength:"1" maxLength:"32"`
	Gender    Gender `json:"gender,omitempty" enum:"girl,boy,other"`
}

// Child is a child as a parent sees it.
type Child struct {
	Person    Person   `json:"person"`
	User      string   `json:"user"`
	BirthDate string   `json:"birth_date"`
	Country   string   `json:"country"`
	Gender    Gender   `json:"gender,omitempty" enum:"girl,boy,other"`
	Guardians []Person `json:"guardians"`
}

// Children lists a parent's children.
type Children struct {
	Children []Child `json:"children"`
}

// ChildPassword sets a child's password; the child's sessions go on.
type ChildPassword struct {
	Password string `json:"password" minLength:"4" maxLength:"256"`
}

// OneTimeCode is shown to somebody who types or scans it.
type OneTimeCode struct {
	Code      string `json:"code"`
	URL       string `json:"url" doc:"for a QR code: opens the app with the code filled in"`
	ExpiresAt int64  `json:"expires_at"`
}

// CodeIn brings a code back.
type CodeIn struct {
	Code string `json:"code" minLength:"1" maxLength:"64"`
}

// ConsentMethod is how a parent proves to be one.
type ConsentMethod string

// The methods.
const (
	MethodEmailPlus  ConsentMethod = "email_plus"  // confirmed by e-mail, and a second time after a delay
	MethodSignedForm ConsentMethod = "signed_form" // a signed form that an operator reviews
	MethodVideoCall  ConsentMethod = "video_call"  // a call with an operator, over Kinwire
	MethodExternal   ConsentMethod = "external"    // a card or ID check done elsewhere
	MethodDemo       ConsentMethod = "demo"        // the demo families, nobody else
)

// Scope is one thing that a parent may allow.
type Scope string

// The scopes.
const (
	ScopeCalls       Scope = "calls"
	ScopeMessages    Scope = "messages"
	ScopeLocation    Scope = "location"
	ScopePhotos      Scope = "photos"
	ScopeSupportLogs Scope = "support_logs"
)

// ConsentState is where a consent is.
type ConsentState string

// The states.
const (
	ConsentPending   ConsentState = "pending"   // the parent has something to do
	ConsentWaiting   ConsentState = "waiting"   // e-mail-plus: the delay runs, then a second e-mail comes
	ConsentReview    ConsentState = "review"    // an operator looks at it
	ConsentGranted   ConsentState = "granted"   // it holds
	ConsentRefused   ConsentState = "refused"   // the check failed
	ConsentWithdrawn ConsentState = "withdrawn" // the parent took it back
	ConsentExpired   ConsentState = "expired"   // not finished in time, or replaced by one for a newer notice
)

// Consent is a record of one parent's consent for one child. ChildID is empty
// until the child is made with it.
type Consent struct {
	ID            string        `json:"id"`
	ChildID       string        `json:"child_id,omitempty"`
	Method        ConsentMethod `json:"method" enum:"email_plus,signed_form,video_call,external,demo"`
	State         ConsentState  `json:"state" enum:"pending,waiting,review,granted,refused,withdrawn,expired"`
	NoticeVersion string        `json:"notice_version"`
	Outdated      bool          `json:"outdated" doc:"the notice has changed since: consent has to be given again"`
	Scopes        []Scope       `json:"scopes" enum:"calls,messages,location,photos,support_logs" doc:"those that are given now"`
	RequestedAt   int64         `json:"requested_at"`
	DecidedAt     int64         `json:"decided_at,omitempty"`
	ExpiresAt     int64         `json:"expires_at,omitempty" doc:"until when what is pending must be finished"`
	NextAt        int64         `json:"next_at,omitempty" doc:"when the second e-mail goes out"`
	RedirectURL   string        `json:"redirect_url,omitempty" doc:"external: where the check is done"`
}

// Consents lists a parent's consents, the newest first.
type Consents struct {
	Consents []Consent `json:"consents"`
}

// ConsentNew starts a consent: for a child to be made, or, with ChildID, again
// for a child whose notice has changed.
type ConsentNew struct {
	Method        ConsentMethod `json:"method" enum:"email_plus,signed_form,video_call,external"`
	NoticeVersion string        `json:"notice_version" minLength:"1" maxLength:"32" doc:"the one that was shown"`
	Scopes        []Scope       `json:"scopes" minItems:"1" maxItems:"5" enum:"calls,messages,location,photos,support_logs"`
	ChildID       string        `json:"child_id,omitempty" maxLength:"64"`
}

// SignedForm is the picture of a signed form. It is deleted once checked.
type SignedForm struct {
	MediaType string `json:"media_type" enum:"image/jpeg,image/png,application/pdf"`
	Body      string `json:"body" minLength:"1" maxLength:"2800000" doc:"base64, at most 2 MiB when decoded"`
}

// ExternalResult is what a card or ID check elsewhere found, signed with
// consent.external.secret: HMAC-SHA256 over the body in hex, in the header
// Kinwire-Signature.
type ExternalResult struct {
	Reference string `json:"reference" minLength:"1" maxLength:"128" doc:"from redirect_url"`
	Passed    bool   `json:"passed"`
}

// ScopesSet gives and withdraws a child's scopes: those listed are given, all
// others withdrawn, at once.
type ScopesSet struct {
	Scopes []Scope `json:"scopes" maxItems:"5" enum:"calls,messages,location,photos,support_logs"`
}

// Notice is what a parent consents to.
type Notice struct {
	Version  string          `json:"version"`
	Methods  []ConsentMethod `json:"methods" enum:"email_plus,signed_form,video_call,external,demo" doc:"those that this server offers"`
	Scopes   []Scope         `json:"scopes" enum:"calls,messages,location,photos,support_logs"`
	Sections []NoticeSection `json:"sections"`
}

// NoticeSection is a part of the notice.
type NoticeSection struct {
	Title string `json:"title"`
	Text  string `json:"text"`
}

// ConsentAge is the age from which somebody in a country consents alone.
type ConsentAge struct {
	Country string `json:"country"`
	Age     int    `json:"age"`
}

// ConsentAges is the table as it holds today.
type ConsentAges struct {
	Default   int          `json:"default"`
	Countries []ConsentAge `json:"countries"`
}

// QuietHours is a span of a day's local time in which a child is not called.
// A span that ends before it begins goes on into the next day.
type QuietHours struct {
	Days []int  `json:"days" minItems:"1" maxItems:"7" doc:"on which it begins: 1 Monday to 7 Sunday (ISO 8601)"`
	From string `json:"from" pattern:"^([01][0-9]|2[0-3]):[0-5][0-9]$" doc:"HH:MM"`
	To   string `json:"to" pattern:"^([01][0-9]|2[0-3]):[0-5][0-9]$" doc:"HH:MM"`
}

// Rules are what a parent has decided for a child.
type Rules struct {
	ApproveFriends bool         `json:"approve_friends" doc:"a new friend needs a parent's yes"`
	Video          bool         `json:"video" doc:"false: calls with this child are by voice alone"`
	DailyMinutes   int          `json:"daily_minutes" minimum:"0" maximum:"1440" doc:"in calls a day; 0 means no limit. Calls with the family do not count"`
	TimeZone       string       `json:"time_zone" minLength:"1" maxLength:"64" doc:"IANA, such as Europe/Warsaw"`
	QuietHours     []QuietHours `json:"quiet_hours" maxItems:"14"`
}

// ChildRules is Rules with how much of today's allowance is used.
type ChildRules struct {
	Rules       Rules `json:"rules"`
	UsedSeconds int64 `json:"used_seconds" doc:"in calls today, in the child's time zone"`
}
