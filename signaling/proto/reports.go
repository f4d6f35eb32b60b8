package proto

// ReportKind says what a report is about.
type ReportKind string

// The kinds.
const (
	ReportBullying      ReportKind = "bullying"
	ReportSexual        ReportKind = "sexual"
	ReportViolent       ReportKind = "violent"
	ReportImpersonation ReportKind = "impersonation"
	ReportSpam          ReportKind = "spam"
	ReportOther         ReportKind = "other"
)

// ReportNew reports a person, or a person in a call. A parent may do it for a
// child: then OnBehalfOf is the child.
type ReportNew struct {
	About      string     `json:"about" minLength:"1" maxLength:"64" doc:"user id; or the id of a friend request, for the other side of it"`
	CallID     string     `json:"call_id,omitempty" maxLength:"64"`
	Kind       ReportKind `json:"kind" enum:"bullying,sexual,violent,impersonation,spam,other"`
	Text       string     `json:"text,omitempty" maxLength:"1000"`
	Block      bool       `json:"block" doc:"block the person at once"`
	OnBehalfOf string     `json:"on_behalf_of,omitempty" maxLength:"64"`
	// Message proves what the person wrote.
	Message *MessageEvidence `json:"message,omitempty"`
}

// ReportState is where a report is.
type ReportState string

// The states.
const (
	ReportOpen    ReportState = "open"
	ReportDecided ReportState = "decided"
)

// Decision is what an operator decided about a report.
type Decision string

// The decisions.
const (
	DecisionDismiss Decision = "dismiss"
	DecisionWarn    Decision = "warn"
	DecisionSuspend Decision = "suspend"
)

// Report is one as the person who made it sees it.
type Report struct {
	ID      string      `json:"id"`
	About   NameOf      `json:"about"`
	Kind    ReportKind  `json:"kind" enum:"bullying,sexual,violent,impersonation,spam,other"`
	At      int64       `json:"at"`
	State   ReportState `json:"state" enum:"open,decided"`
	Blocked bool        `json:"blocked" doc:"the person is blocked now"`
}

// ReportList lists them, the newest first.
type ReportList struct {
	Reports []Report `json:"reports"`
}

// UserState is what an operator sees of an account: facts, no content.
type UserState struct {
	Person       Person   `json:"person"`
	State        string   `json:"state" enum:"active,suspended,gone" doc:"gone: the account was deleted; only its id is left in a report"`
	Country      string   `json:"country,omitempty"`
	Age          int      `json:"age,omitempty" doc:"in years; 0 for an account without a date of birth"`
	CreatedAt    int64    `json:"created_at"`
	LastSeenAt   int64    `json:"last_seen_at,omitempty"`
	Guardians    []string `json:"guardians" doc:"user ids"`
	Children     []string `json:"children" doc:"user ids"`
	Friends      int      `json:"friends"`
	Blocks       int      `json:"blocks" doc:"how many have blocked this person"`
	Reports      int      `json:"reports" doc:"how many reports there were about this person"`
	Warnings     int      `json:"warnings"`
	SuspendedTil int64    `json:"suspended_until,omitempty" doc:"when the minimal record of a suspension goes"`
	Note         string   `json:"note,omitempty" doc:"what an operator wrote when the account was last suspended or restored"`
}

// CaseReport is a report as an operator sees it, with both accounts' facts.
type CaseReport struct {
	ID         string      `json:"id"`
	Kind       ReportKind  `json:"kind" enum:"bullying,sexual,violent,impersonation,spam,other"`
	Text       string      `json:"text,omitempty"`
	CallID     string      `json:"call_id,omitempty"`
	At         int64       `json:"at"`
	State      ReportState `json:"state" enum:"open,decided"`
	Reporter   UserState   `json:"reporter"`
	About      UserState   `json:"about"`
	OnBehalfOf string      `json:"on_behalf_of,omitempty"`
	Decision   Decision    `json:"decision,omitempty" enum:"dismiss,warn,suspend"`
	DecidedBy  string      `json:"decided_by,omitempty"`
	DecidedAt  int64       `json:"decided_at,omitempty"`
	Note       string      `json:"note,omitempty"`
	Evidence   *Evidence   `json:"evidence,omitempty" doc:"the message that the report revealed; only with the report itself, not in the queue"`
}

// CaseReports is the operator's queue, the oldest open one first.
type CaseReports struct {
	Reports []CaseReport `json:"reports"`
}

// DecisionIn decides a report.
type DecisionIn struct {
	Decision Decision `json:"decision" enum:"dismiss,warn,suspend"`
	Note     string   `json:"note" minLength:"1" maxLength:"1000" doc:"why; for the audit log and for whoever asks later"`
}

// Review is a consent that an operator has to look at.
type Review struct {
	Consent   Consent   `json:"consent"`
	Guardian  UserState `json:"guardian"`
	MediaType string    `json:"media_type,omitempty" doc:"signed_form: of Body"`
	Body      string    `json:"body,omitempty" doc:"signed_form: base64; only when one review is asked for"`
}

// Reviews is the operator's queue, the oldest first.
type Reviews struct {
	Reviews []Review `json:"reviews"`
}

// ReviewIn decides a review.
type ReviewIn struct {
	Approve bool   `json:"approve"`
	Note    string `json:"note" minLength:"1" maxLength:"1000"`
}

// SuspendIn suspends or restores an account outside a report.
type SuspendIn struct {
	Note string `json:"note" minLength:"1" maxLength:"1000"`
}

// AuditEntry is one line of the audit log. Ids and names of things only:
// nothing that a person wrote, and no name of anybody.
type AuditEntry struct {
	Seq     int64  `json:"seq"`
	At      int64  `json:"at"`
	Actor   string `json:"actor" doc:"a user id, operator:NAME, or system"`
	Action  string `json:"action" doc:"such as consent.granted, friend.approved, person.suspended"`
	Subject string `json:"subject" doc:"a user id, or the id of what was decided"`
	Detail  string `json:"detail,omitempty" doc:"further ids and choices, key=value separated by spaces"`
	Hash    string `json:"hash" doc:"SHA-256 in hex over the hash before and this entry"`
}

// AuditLog is a page of it, the newest first.
type AuditLog struct {
	Entries []AuditEntry `json:"entries"`
	Next    int64        `json:"next,omitempty" doc:"give it as before= for the next page"`
}

// Mail is an e-mail that a development server did not send.
type Mail struct {
	To      string `json:"to"`
	Subject string `json:"subject"`
	Text    string `json:"text"`
	At      int64  `json:"at"`
}

// Mails lists them, the newest first.
type Mails struct {
	Mails []Mail `json:"mails"`
}

// OperatorIs says who is signed in as an operator.
type OperatorIs struct {
	Name  string   `json:"name"`
	Roles []string `json:"roles" doc:"calls, safety, resolve: which pages this operator may open"`
}
