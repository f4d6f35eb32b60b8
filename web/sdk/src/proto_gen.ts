// Generated from signaling/proto by "go generate ./signaling/proto". Do not edit.

/** The version of the protocol that these types describe; it goes into Hello. */
export const PROTOCOL_VERSION = 1;

/** Hello opens a session or, with Resume, takes up one whose socket dropped. */
export interface Hello {
  version: number;
  /** from POST /v1/login */
  token: string;
  resume?: string;
  /** the last seq seen in the session to resume */
  last_seq?: number;
  device: Device;
}

/** Device says what the person holds in the hand; free text, for support. */
export interface Device {
  model?: string;
  os?: string;
  app?: string;
}

/**
 * Welcome answers Hello. Resumed says whether the old session goes on; if not, the client starts
 * from People and Calls as given here.
 */
export interface Welcome {
  version: number;
  /** token for the next hello */
  resume: string;
  /** how long after a drop it is good for */
  resume_ms: number;
  resumed: boolean;
  me: Person;
  /** those whom this person may call */
  people: Presence[];
  /** calls this person is in or that ring for this person */
  calls: CallView[];
}

/** Person is what others may see of somebody. */
export interface Person {
  id: string;
  name: string;
  /** one emoji */
  avatar: string;
  /**
   * parent, child, teen, adult or staff; empty for an account that is gone, which only an operator
   * sees
   */
  role: Role;
  /** the family's display name */
  family: string;
}

/** Role is what a person is in the family. */
export type Role =
  | "parent"
  /** looked after by parents */
  | "child"
  /** signed up alone, under 18 */
  | "teen"
  /** signed up alone, without children here */
  | "adult"
  /** the operator's person, for reviews by video call */
  | "staff";

/** Presence is a person and whether they can be reached now. */
export interface Presence {
  person: Person;
  online: boolean;
  in_call: boolean;
  /**
   * LastSeen is when the person was last here, in milliseconds since the Unix epoch; absent where
   * they keep it to themselves or are here now.
   */
  last_seen?: number;
}

/** CallView is a call as one of its people sees it. */
export interface CallView {
  call_id: string;
  phase: Phase;
  /** with phase ended */
  reason?: Reason;
  video: boolean;
  /** user id */
  caller: string;
  /** your participant id */
  you: string;
  started_at: number;
  /** it rings while you are in another call; to accept it ends your part in that one */
  waiting?: boolean;
  /**
   * a parent, or whoever runs the server, has switched video off: neither camera nor screen may be
   * sent by anybody
   */
  no_video?: boolean;
  /** it will be ended then, by a parent's rule */
  ends_at?: number;
  participants: Participant[];
}

/** Phase is where a call is. */
export type Phase =
  | "ringing"
  /** somebody accepted; media is being set up */
  | "connecting"
  /** media flows for two people at least */
  | "connected"
  | "ended";

/** Reason says why a call ended or a participant left. */
export type Reason =
  /** somebody hung up */
  | "hangup"
  /** nobody accepted, and somebody said no */
  | "declined"
  /** it rang out */
  | "missed"
  /** the caller gave up before an answer */
  | "cancelled"
  /** everybody called was in another call */
  | "busy"
  /** the connection broke and did not come back */
  | "lost"
  /** all others had left */
  | "alone"
  /** media could not be set up */
  | "failed"
  /** the server went down */
  | "shutdown"
  /**
   * A parent's or a friend's decision, which takes effect at once.
   *
   * two of its people may not talk to each other any more
   */
  | "not_allowed"
  /** a parent's quiet hours began */
  | "quiet_hours"
  /** the day's minutes are used up */
  | "allowance"
  /** answered or declined on another device of the same person */
  | "elsewhere";

/** Participant is one person in a call. */
export interface Participant {
  /** of this person in this call */
  id: string;
  person: Person;
  phase: ParticipantPhase;
  /** with phase left */
  reason?: Reason;
  sources?: Source[];
}

/** ParticipantPhase is where one person is in a call. */
export type ParticipantPhase =
  /** no device of theirs has said yet that it rings */
  | "invited"
  /** it rings on a device at least */
  | "ringing"
  /** said yes; no media yet */
  | "accepted"
  /** media is up */
  | "joined"
  /** socket or media dropped, may come back */
  | "reconnecting"
  | "left";

/**
 * Source is one track that a participant can send. A muted source is not forwarded; a screen takes
 * a slot only while it is not muted.
 */
export interface Source {
  kind: SourceKind;
  /** the sender's m-section; only in CallJoin and MediaOffer */
  mid?: string;
  muted: boolean;
}

/** SourceKind says what a track shows or plays. */
export type SourceKind =
  /** the microphone */
  | "audio"
  /** the camera */
  | "video"
  /** a shared screen's picture */
  | "screen";

/** Ack tells the server that everything up to Seq has arrived. */
export interface Ack {
  seq: number;
}

/** Empty is the data of a reply that says nothing but yes. */
export type Empty = Record<string, never>;

/** People is the reply to people.list. */
export interface People {
  people: Presence[];
}

/** CallInvite starts a call and rings the people in To. */
export interface CallInvite {
  /** user ids */
  to: string[];
  /** false: a call by voice alone */
  video: boolean;
}

/**
 * CallEntered answers call.invite and call.accept: with it the client has all it needs to make its
 * offer.
 */
export interface CallEntered {
  call: CallView;
  ice_servers: ICEServer[];
}

/** ICEServer is an entry for RTCConfiguration.iceServers. */
export interface ICEServer {
  urls: string[];
  username?: string;
  credential?: string;
  expires_at?: number;
}

/** CallAdd rings more people in a call that goes on. */
export interface CallAdd {
  call_id: string;
  /** user ids */
  to: string[];
}

/** CallRef names a call. */
export interface CallRef {
  call_id: string;
}

/**
 * CallJoin brings the client's offer: its own sources as sendonly m-sections, and receive slots as
 * recvonly m-sections, all in one bundle.
 */
export interface CallJoin {
  call_id: string;
  sdp: string;
  sources: Source[];
}

/** CallJoined answers call.join. */
export interface CallJoined {
  call: CallView;
  /** the answer */
  sdp: string;
  slots: MediaSlots;
  /** fresh credentials, for a later ICE restart */
  ice_servers: ICEServer[];
}

/**
 * MediaSlots is the whole mapping of participants onto this client's receive slots. A mapping with
 * a higher Rev replaces one with a lower; an older one is to be ignored. Missing says how many
 * more slots of each kind the client would need to receive everybody: it may offer again with that
 * many more.
 */
export interface MediaSlots {
  call_id: string;
  rev: number;
  slots: Slot[];
  missing_audio: number;
  missing_video: number;
}

/**
 * Slot maps one of the client's recvonly m-sections onto somebody's source. A slot that stands for
 * nobody is not listed.
 */
export interface Slot {
  mid: string;
  participant_id: string;
  kind: SourceKind;
}

/** MediaOffer is a further offer of somebody who has joined. */
export interface MediaOffer {
  call_id: string;
  sdp: string;
  sources: Source[];
}

/** MediaAnswer answers media.offer. */
export interface MediaAnswer {
  sdp: string;
  slots: MediaSlots;
}

/** MediaMute switches one of the participant's own sources off or on. */
export interface MediaMute {
  call_id: string;
  kind: SourceKind;
  muted: boolean;
}

/**
 * MediaToken lets a program that speaks WHIP or WHEP bring the media of this person in this call.
 * The addresses are paths on this server.
 */
export interface MediaToken {
  /** for Authorization: Bearer */
  token: string;
  whip_url: string;
  whep_url: string;
  /** until when it can start media */
  expires_at: number;
}

/**
 * StatsReport is what the client's own getStats says, about every two seconds. All counters are
 * totals since the stream began.
 */
export interface StatsReport {
  call_id: string;
  path: StatsPath;
  streams: StatsStream[];
}

/** StatsPath is the client's view of the selected ICE candidate pair. */
export interface StatsPath {
  local_type?: "host" | "srflx" | "prflx" | "relay";
  protocol?: "udp" | "tcp";
  relay_protocol?: "udp" | "tcp" | "tls";
  rtt_ms?: number;
  /** outgoing estimate */
  available_kbps?: number;
}

/** StatsStream is one RTP stream as the client sees it. */
export interface StatsStream {
  mid: string;
  direction: "send" | "recv";
  /**
   * ParticipantID and Kind say whose source it is: the own one when sending, the slot's when
   * receiving.
   */
  participant_id: string;
  kind: SourceKind;
  /** "VP8", "opus", … */
  codec?: string;
  packets: number;
  /** RTP payload */
  bytes: number;
  packets_lost: number;
  retransmitted: number;
  nacks: number;
  plis: number;
  jitter_ms: number;
  /** when sending: from the server's receiver reports */
  rtt_ms: number;
  /** encoded or decoded */
  frames: number;
  fps: number;
  width: number;
  height: number;
  freezes: number;
  frozen_ms: number;
  /** frames decoded and not shown */
  dropped: number;
  key_frames: number;
  /** mean delay of what was played */
  jitter_buffer_ms: number;
  concealed_samples: number;
  total_samples: number;
  audio_level: number;
}

/**
 * ChatAttach says which device speaks on this session from now on. Until then a session takes part
 * in no conversation. A device is on one session at a time: the newest.
 */
export interface ChatAttach {
  device_id: string;
  /** from POST /v1/chat/devices */
  secret: string;
}

/** ChatAttached answers ChatAttach. What waits is delivered by itself. */
export interface ChatAttached {
  /** how much is in this device's queue */
  waiting: number;
  /** the highest n that this device has sent; it goes on with the next */
  last_n: number;
}

/**
 * ChatSend sends one application message to all other devices in a conversation. N numbers what a
 * device sends, from 1, without gaps of its own making: a second send with the same n is the same
 * message and gets the same reply. All up to Settled are known to have been taken and are never
 * sent again, so that the server may forget them.
 */
export interface ChatSend {
  conversation_id: string;
  n: number;
  settled: number;
  /**
   * Body is an MLSMessage (RFC 9420, section 6) with a PrivateMessage of the conversation's
   * current epoch.
   */
  body: string;
  /**
   * Commitment is HMAC-SHA-256 of the content under a key that only the content's readers have:
   * see POST /v1/reports.
   */
  commitment: string;
  /** ids */
  attachments?: string[];
  /**
   * ExpireS is for how many seconds it waits for those who are away at most, where that is less
   * than what the server allows.
   */
  expire_s?: number;
}

/** ChatSent answers ChatSend. */
export interface ChatSent {
  n: number;
  /** its place in the conversation */
  seq: number;
  at: number;
  /** the server's tag over the commitment, sender, conversation, seq and time */
  tag: string;
}

/**
 * ChatAck says that everything up to Pos has arrived and is kept by the device: the server forgets
 * it.
 */
export interface ChatAck {
  pos: number;
}

/**
 * ChatSignal sends something that is true for a moment only (typing, opened, here) to the other
 * devices in a conversation that are connected now. It is encrypted by the devices, never stored,
 * and may get lost.
 */
export interface ChatSignal {
  conversation_id: string;
  body: string;
}

/** CallIncoming rings. */
export interface CallIncoming {
  call: CallView;
}

/** CallState is sent to everybody in a call when its phase changes. */
export interface CallState {
  call: CallView;
}

/** CallWarning tells that a call will end, kindly ahead of time. */
export interface CallWarning {
  call_id: string;
  /** quiet_hours or allowance */
  reason: Reason;
  /** milliseconds since the Unix epoch */
  ends_at: number;
}

/** ParticipantEvent is sent when one participant's phase or sources change. */
export interface ParticipantEvent {
  call_id: string;
  participant: Participant;
}

/**
 * MediaQuality says how the connections of a call are. It comes when somebody's level, place or
 * reason changes, and at most every two seconds. Whoever is not listed has not been measured yet.
 */
export interface MediaQuality {
  call_id: string;
  people: ConnectionQuality[];
}

/**
 * ConnectionQuality is one participant's connection: the worse of what they send and what they
 * receive.
 */
export interface ConnectionQuality {
  participant_id: string;
  level: string;
  /** mean opinion score of the worst stream, 1 to 5; 0: not known */
  mos: number;
  /** Where and Why are empty while the level is good. */
  where?: string;
  /** silence: nothing comes; load: the device or the server cannot keep up */
  why?: string;
}

/**
 * ChatDelivery is one thing out of a device's queue. Deliveries come in order of Pos, each until
 * it is acknowledged: after a reconnect some come again.
 */
export interface ChatDelivery {
  pos: number;
  conversation_id: string;
  /** its place in the conversation */
  seq: number;
  kind: DeliveryKind;
  /** which MLS group of the conversation, from 1 */
  generation: number;
  /** in which the body was made */
  epoch: number;
  /** user id; none of a notice */
  sender_id?: string;
  /** of the sender */
  device_id?: string;
  /** when the server took it */
  at: number;
  /** an MLSMessage; none of a notice */
  body?: string;
  /** with a message */
  commitment?: string;
  /** with a message */
  tag?: string;
  /** with a commit or a welcome */
  commit?: ChatChange;
  /** with a notice */
  notice?: ChatNotice;
}

/** DeliveryKind says what is delivered. */
export type DeliveryKind =
  /** an application message of MLS */
  | "message"
  /** the commit that ended an epoch; the device that made it gets it, too */
  | "commit"
  /** the Welcome of a commit, for the devices that it added */
  | "welcome"
  /** the server's own word: messages that did not arrive */
  | "notice";

/** ChatChange is what a commit says to change. A device refuses a commit that does something else. */
export interface ChatChange {
  /** the committer's name for it */
  id: string;
  /** device ids */
  adds?: string[];
  /** device ids */
  removes?: string[];
  external?: boolean;
}

/** ChatNotice says that messages of this person's did not reach somebody. */
export interface ChatNotice {
  reason: Undelivered;
  /** who did not get them */
  user_id: string;
  seqs: number[];
}

/** Undelivered says why a message did not arrive. */
export type Undelivered =
  /** nobody fetched it in time */
  | "expired"
  /** the two may not write to each other any more */
  | "stopped";

/** ChatSignalled is a signal as it arrives. */
export interface ChatSignalled {
  conversation_id: string;
  /** user id */
  sender_id: string;
  device_id: string;
  body: string;
}

/** ChatDelivered says that one of a person's devices has everything of a conversation up to Seq. */
export interface ChatDelivered {
  conversation_id: string;
  user_id: string;
  seq: number;
}

/**
 * ChatChanged says that a conversation's members, devices or state have changed, or that one is
 * new: ask for it again.
 */
export interface ChatChanged {
  conversation_id: string;
}

/**
 * Error is a typed refusal. Code is for programs, Message for people: it says what was given and
 * what is allowed.
 */
export interface ProtoError {
  code: Code;
  message: string;
  /** Missing is what would have to be there first, with not_approved. */
  missing?: Missing[];
}

/** Code names a kind of refusal. */
export type Code =
  /** not JSON, a missing or unknown field, a value out of range */
  | "bad_message"
  /** no such message type */
  | "unknown_type"
  /** over the size limit */
  | "too_large"
  /** too many messages; try again later */
  | "rate_limited"
  /** no hello yet, or a token that is unknown or expired */
  | "unauthenticated"
  /** hello named a version this server does not speak */
  | "version_unsupported"
  /** the session to resume has ended: say hello afresh */
  | "resume_gone"
  /** no such person or call, or none you may know of */
  | "not_found"
  /** policy says no */
  | "not_allowed"
  /** the caller is in another call */
  | "busy"
  /** the call is not in a state that allows this */
  | "wrong_state"
  /** the call has its largest number of people */
  | "call_full"
  /** the SDP offer cannot be used */
  | "bad_offer"
  /** no codec in common, or one in use in the call cannot be decoded */
  | "codec_unsupported"
  /** the server is shutting down or overloaded */
  | "unavailable"
  /** below the age of consent: a parent has to make the account */
  | "too_young"
  /** a name that looks like a phone number, an address, an e-mail or a school */
  | "text_refused"
  /** the user name belongs to somebody */
  | "taken"
  /** a parent has not consented, or has to again */
  | "needs_consent"
  /** not every pair of these people are approved friends; missing says what lacks */
  | "not_approved"
  /** a parent's quiet hours are on */
  | "quiet_hours"
  /** the day's minutes are used up */
  | "allowance_used"
  /** the account was suspended */
  | "suspended"
  /**
   * another commit came first, or the message is of an old epoch: process what is on its way, then
   * try again
   */
  | "epoch_taken"
  /** a device has to be removed from the group before messages are taken */
  | "commit_needed"
  /**
   * nobody else in the conversation has a device that could read it, or the session has attached
   * none
   */
  | "no_device"
  /** a recipient's queue is full: try again later */
  | "queue_full"
  /** a fault of the server; the message holds no detail */
  | "internal";

/**
 * Missing is a yes that two people still lack before they may meet. Names are all that is told of
 * either.
 */
export interface Missing {
  a: NameOf;
  b: NameOf;
  need: Need;
  /** in plain words: “Ana’s parent has not approved Ben yet” */
  text: string;
}

/**
 * NameOf is the little of a person that a request shows. ID is there only where the reader knows
 * the person already.
 */
export interface NameOf {
  id?: string;
  name: string;
  avatar?: string;
}

/** Need says what is missing between A and B. */
export type Need =
  /** nobody has asked yet */
  | "friends"
  /** A has not said yes */
  | "a"
  /** B has not said yes */
  | "b"
  /** A's parent has not approved B */
  | "parent_a"
  /** B's parent has not approved A */
  | "parent_b"
  /** A's parent has not allowed this at all */
  | "consent_a"
  /** B's parent has not allowed this at all */
  | "consent_b"
  /** it is not to be, and nobody is told why */
  | "never";

/**
 * SignUpParent starts a parent's account. What happens next comes by e-mail, so the answer does
 * not tell whether the address has an account already.
 */
export interface SignUpParent {
  email: string;
  /** at least 10 characters; left out by somebody who will use a passkey */
  password?: string;
  /** what friends and family see */
  name: string;
  /** one emoji */
  avatar: string;
  /** BCP 47, for the e-mail */
  language?: string;
}

/** Sent says that an e-mail is on its way, or would be if there were anybody to send it to. */
export interface Sent {
  sent: boolean;
}

/**
 * SignUpSelf starts the account of a teen or an adult who is old enough to consent in their
 * country. Under that age the answer is too_young, and nothing of it is kept.
 */
export interface SignUpSelf {
  email: string;
  password: string;
  name: string;
  /** one emoji */
  avatar: string;
  /** ISO 3166-1 alpha-2 */
  country: string;
  /** kept for the age check only */
  birth_date: string;
  language?: string;
}

/**
 * SignUpConfirm finishes a sign-up: with the token of the e-mail, and the password once more, so
 * that nobody confirms an account that somebody else began with their address and a password of
 * that other's choice.
 */
export interface SignUpConfirm {
  token: string;
  /** the one chosen at sign-up; left out where a passkey comes instead */
  password?: string;
  device?: Device;
}

/** LoggedIn is a session. Token goes into Authorization: Bearer, and into hello on the WebSocket. */
export interface LoggedIn {
  token: string;
  expires_at: number;
  me: Person;
  /** the account has neither password nor passkey yet: add a passkey now */
  add_key?: boolean;
}

/** ConsentAges is the table as it holds today. */
export interface ConsentAges {
  default: number;
  countries: ConsentAge[];
}

/** ConsentAge is the age from which somebody in a country consents alone. */
export interface ConsentAge {
  country: string;
  age: number;
}

/** PasswordForgot asks for an e-mail with which a new password can be set. */
export interface PasswordForgot {
  email: string;
}

/**
 * PasswordReset sets a new password with the token of the e-mail. Every session of the account
 * ends.
 */
export interface PasswordReset {
  token: string;
  password: string;
}

/**
 * PasswordChange sets a new password by somebody who knows the old one. Every other session of the
 * account ends.
 */
export interface PasswordChange {
  /** empty when the account has none yet */
  old: string;
  new: string;
}

/** LoginCode signs a child in by the one-time code that a parent shows. */
export interface LoginCode {
  /** spaces and case do not matter */
  code: string;
  device?: Device;
}

/** TokenIn brings back the token of an e-mail's link. */
export interface TokenIn {
  token: string;
  device?: Device;
}

/** Providers lists them. */
export interface Providers {
  providers: Provider[];
}

/** Provider is an OpenID Connect provider that one may sign in with. */
export interface Provider {
  id: string;
  name: string;
  /** the path to go to; it leads to the provider and back to /#ticket=… */
  url: string;
}

/**
 * Ceremony starts a WebAuthn ceremony: Options are for navigator.credentials.create or .get,
 * Ticket comes back with the result.
 */
export interface Ceremony {
  ticket: string;
  /**
   * PublicKeyCredentialCreationOptionsJSON or PublicKeyCredentialRequestOptionsJSON of WebAuthn
   * Level 3
   */
  options: unknown;
}

/** PasskeyLogin finishes a log-in by passkey. */
export interface PasskeyLogin {
  ticket: string;
  /** AuthenticationResponseJSON of WebAuthn Level 3 */
  response: unknown;
  device?: Device;
}

/** PasskeyNew finishes the making of a passkey. */
export interface PasskeyNew {
  ticket: string;
  /** by which the person knows it again */
  name: string;
  /** RegistrationResponseJSON of WebAuthn Level 3 */
  response: unknown;
}

/** Passkey is one that an account has. */
export interface Passkey {
  id: string;
  name: string;
  created_at: number;
  used_at?: number;
}

/** Passkeys lists them. */
export interface Passkeys {
  passkeys: Passkey[];
}

/** Account is a person as they see themselves. */
export interface Account {
  person: Person;
  /** the e-mail address, or a child's user name */
  login: string;
  country?: string;
  settings: Settings;
  /** whether there is one */
  password: boolean;
}

/** Settings are what a person decides for themselves. */
export interface Settings {
  /** who sees whether this person is online or in a call */
  presence: Visibility;
  /** who sees when this person was last here */
  last_seen: Visibility;
  /** a call that comes in during a call rings too; otherwise the caller hears busy */
  call_waiting: boolean;
  /** friends are ordered by who this person talks with most; otherwise by name */
  order_by_talk: boolean;
}

/** Visibility says who sees something. */
export type Visibility =
  /** approved friends */
  | "friends"
  /** one's own family */
  | "family"
  | "nobody";

/** AccountEdit changes one's own name and picture; a child's are changed by a parent. */
export interface AccountEdit {
  name: string;
  avatar: string;
}

/** LoginSessions lists them, the most recently used first. */
export interface LoginSessions {
  sessions: LoginSession[];
}

/** LoginSession is one device that is signed in. */
export interface LoginSession {
  id: string;
  device: Device;
  created_at: number;
  last_seen_at: number;
  /** the one that asks */
  current: boolean;
}

/**
 * PushHandle registers this device for wake-ups. The handle means nothing to Kinwire: the
 * operator's push service knows which device it stands for.
 */
export interface PushHandle {
  handle: string;
}

/** Children lists a parent's children. */
export interface Children {
  children: Child[];
}

/** Child is a child as a parent sees it. */
export interface Child {
  person: Person;
  user: string;
  birth_date: string;
  country: string;
  gender?: Gender;
  guardians: Person[];
}

/** Gender is optional and may be left open. */
export type Gender =
  | "girl"
  | "boy"
  | "other";

/**
 * ChildNew makes a child's account, which needs a consent that was granted and is not used yet.
 * There are no other fields than these.
 */
export interface ChildNew {
  consent_id: string;
  nickname: string;
  /** kept for the age check only */
  birth_date: string;
  /** ISO 3166-1 alpha-2 */
  country: string;
  /** one emoji */
  avatar: string;
  gender?: Gender;
  /** the user name to sign in with */
  user: string;
  /** four or more pictures, or eight or more characters */
  password: string;
}

/** ChildEdit changes what is held about a child. */
export interface ChildEdit {
  nickname: string;
  birth_date: string;
  country: string;
  avatar: string;
  gender?: Gender;
}

/** ChildPassword sets a child's password; the child's sessions go on. */
export interface ChildPassword {
  password: string;
}

/** OneTimeCode is shown to somebody who types or scans it. */
export interface OneTimeCode {
  code: string;
  /** for a QR code: opens the app with the code filled in */
  url: string;
  expires_at: number;
}

/** ChildRules is Rules with how much of today's allowance is used. */
export interface ChildRules {
  rules: Rules;
  /** in calls today, in the child's time zone */
  used_seconds: number;
}

/** Rules are what a parent has decided for a child. */
export interface Rules {
  /** a new friend needs a parent's yes */
  approve_friends: boolean;
  /** false: calls with this child are by voice alone */
  video: boolean;
  /** in calls a day; 0 means no limit. Calls with the family do not count */
  daily_minutes: number;
  /** IANA, such as Europe/Warsaw */
  time_zone: string;
  quiet_hours: QuietHours[];
}

/**
 * QuietHours is a span of a day's local time in which a child is not called. A span that ends
 * before it begins goes on into the next day.
 */
export interface QuietHours {
  /** on which it begins: 1 Monday to 7 Sunday (ISO 8601) */
  days: number[];
  /** HH:MM */
  from: string;
  /** HH:MM */
  to: string;
}

/** Friends is a person's friends and the requests on their way. */
export interface Friends {
  friends: Friend[];
  requests: FriendRequest[];
}

/** Friend is somebody whom this person may reach. */
export interface Friend {
  person: Person;
  /** of one's own family, so it cannot be ended */
  family: boolean;
  since: number;
}

/** FriendRequest is a friendship on its way, as one of the two sees it. */
export interface FriendRequest {
  id: string;
  with: NameOf;
  /** I asked */
  mine: boolean;
  /** the name of a friend who would like us to be friends */
  via?: string;
  state: FriendState;
  /** a is I, b the other */
  missing: Need[];
  created_at: number;
  expires_at: number;
}

/** FriendState is where two people are. */
export type FriendState =
  /** at least one yes is missing */
  | "pending"
  /** every yes is there */
  | "friends"
  /** somebody said no */
  | "declined"
  /** who asked took it back */
  | "cancelled"
  /** they were friends */
  | "ended"
  /** nobody answered in time */
  | "expired";

/** Blocks lists those whom a person has blocked. */
export interface Blocks {
  blocked: NameOf[];
}

/** BlockIn names whom to block. */
export interface BlockIn {
  user_id: string;
}

/** History lists calls, the newest first. */
export interface History {
  calls: HistoryEntry[];
}

/** HistoryEntry is a call in somebody's history. It says who and when, never what. */
export interface HistoryEntry {
  call_id: string;
  with: NameOf[];
  outgoing: boolean;
  video: boolean;
  at: number;
  /** 0: they never talked */
  seconds: number;
  /** why it ended for this person */
  reason: Reason;
  /** when this entry goes */
  deleted_at: number;
}

/**
 * ScopesSet gives and withdraws a child's scopes: those listed are given, all others withdrawn, at
 * once.
 */
export interface ScopesSet {
  scopes: Scope[];
}

/** Scope is one thing that a parent may allow. */
export type Scope =
  | "calls"
  | "messages"
  | "location"
  | "photos"
  | "support_logs";

/**
 * Consent is a record of one parent's consent for one child. ChildID is empty until the child is
 * made with it.
 */
export interface Consent {
  id: string;
  child_id?: string;
  method: ConsentMethod;
  state: ConsentState;
  notice_version: string;
  /** the notice has changed since: consent has to be given again */
  outdated: boolean;
  /** those that are given now */
  scopes: Scope[];
  requested_at: number;
  decided_at?: number;
  /** until when what is pending must be finished */
  expires_at?: number;
  /** when the second e-mail goes out */
  next_at?: number;
  /** external: where the check is done */
  redirect_url?: string;
}

/** ConsentMethod is how a parent proves to be one. */
export type ConsentMethod =
  /** confirmed by e-mail, and a second time after a delay */
  | "email_plus"
  /** a signed form that an operator reviews */
  | "signed_form"
  /** a call with an operator, over Kinwire */
  | "video_call"
  /** a card or ID check done elsewhere */
  | "external"
  /** the demo families, nobody else */
  | "demo";

/** ConsentState is where a consent is. */
export type ConsentState =
  /** the parent has something to do */
  | "pending"
  /** e-mail-plus: the delay runs, then a second e-mail comes */
  | "waiting"
  /** an operator looks at it */
  | "review"
  /** it holds */
  | "granted"
  /** the check failed */
  | "refused"
  /** the parent took it back */
  | "withdrawn"
  /** not finished in time, or replaced by one for a newer notice */
  | "expired";

/** CodeIn brings a code back. */
export interface CodeIn {
  code: string;
}

/** Notice is what a parent consents to. */
export interface Notice {
  version: string;
  /** those that this server offers */
  methods: ConsentMethod[];
  scopes: Scope[];
  sections: NoticeSection[];
}

/** NoticeSection is a part of the notice. */
export interface NoticeSection {
  title: string;
  text: string;
}

/** Consents lists a parent's consents, the newest first. */
export interface Consents {
  consents: Consent[];
}

/**
 * ConsentNew starts a consent: for a child to be made, or, with ChildID, again for a child whose
 * notice has changed.
 */
export interface ConsentNew {
  method: ConsentMethod;
  /** the one that was shown */
  notice_version: string;
  scopes: Scope[];
  child_id?: string;
}

/**
 * ExternalResult is what a card or ID check elsewhere found, signed with consent.external.secret:
 * HMAC-SHA256 over the body in hex, in the header Kinwire-Signature.
 */
export interface ExternalResult {
  /** from redirect_url */
  reference: string;
  passed: boolean;
}

/** SignedForm is the picture of a signed form. It is deleted once checked. */
export interface SignedForm {
  media_type: string;
  /** base64, at most 2 MiB when decoded */
  body: string;
}

/** FriendCode is by which others find a person, and the only way. */
export interface FriendCode {
  code: string;
  /** for a QR code */
  url: string;
}

/** Asked says what came of it. */
export interface Asked {
  /** how many requests were made or renewed */
  asked: number;
}

/**
 * Introduction asks that all these people become friends with one another, each pair where it is
 * missing: for a group call.
 */
export interface Introduction {
  /** user ids of friends of the one who asks */
  people: string[];
}

/** Approvals lists them. */
export interface Approvals {
  approvals: Approval[];
}

/** Approval is a decision that a parent has to take. */
export interface Approval {
  /** of the request */
  id: string;
  child: Person;
  other: NameOf;
  other_role: Role;
  /** the child asked, rather than the other side */
  asked: boolean;
  /** who introduced them */
  via?: string;
  /** the child has said yes */
  child_yes: boolean;
  /** the other side has said every yes */
  other_yes: boolean;
  created_at: number;
  expires_at: number;
}

/** Decide is a yes or a no. */
export interface Decide {
  /** for which child; a parent may have children on both sides */
  child_id: string;
  approve: boolean;
}

/**
 * ChatInfo is what a device has to know before it takes part. Sizes are in bytes, times in
 * seconds.
 */
export interface ChatInfo {
  /**
   * MLS cipher suites by their numbers, the best first: a conversation is made with the first that
   * all its devices have
   */
  suites: number[];
  /** how many a device should have here for each suite */
  key_packages: number;
  max_body: number;
  max_attachment: number;
  chunk_bytes: number;
  /** in one conversation */
  max_people: number;
  /** how long what nobody fetches is kept */
  retention: number;
  /** media types that apps should offer; the server cannot see them */
  attachment_types: string[];
  /** whether this person may send and get attachments */
  photos: boolean;
}

/** ChatDevices lists them. */
export interface ChatDevices {
  devices: ChatDevice[];
}

/** ChatDevice is a device as its person and their friends see it. */
export interface ChatDevice {
  id: string;
  /** to the person only */
  name?: string;
  signature_key: string;
  created_at: number;
  /** to the person only */
  seen_at?: number;
}

/** ChatDeviceNew makes a device of the person's. */
export interface ChatDeviceNew {
  /** what it is called in lists */
  name: string;
  /** the public key of its MLS credential */
  signature_key: string;
}

/** ChatDeviceMade answers it. */
export interface ChatDeviceMade {
  id: string;
  /** shown with chat.attach; it is told only once */
  secret: string;
}

/** KeyPackagesLeft says how many there are. */
export interface KeyPackagesLeft {
  left: KeyPackageCount[];
}

/** KeyPackageCount is that of one suite. */
export interface KeyPackageCount {
  suite: number;
  /** without the last resort */
  count: number;
  /** when the last resort was made; 0: there is none */
  last_resort_at: number;
}

/**
 * KeyPackagesNew adds key packages (RFC 9420, section 10) of one device and suite. LastResort
 * replaces the one before.
 */
export interface KeyPackagesNew {
  suite: number;
  /** each an MLSMessage with a KeyPackage */
  packages?: string[];
  last_resort?: string;
}

/** KeyPackagesTake takes one key package of each device of a person. */
export interface KeyPackagesTake {
  suite: number;
  /** only of these */
  devices?: string[];
}

/** KeyPackages are those that were taken: of each device that had one. */
export interface KeyPackages {
  packages: KeyPackageOf[];
}

/** KeyPackageOf is one. */
export interface KeyPackageOf {
  device_id: string;
  package: string;
  last_resort: boolean;
}

/** Conversations lists a person's, the one with the newest message first. */
export interface Conversations {
  conversations: Conversation[];
}

/**
 * Conversation is one as a member sees it. The server knows who is in it and no more: a group's
 * name and picture are messages.
 */
export interface Conversation {
  id: string;
  kind: ConversationKind;
  suite: number;
  /** the MLS group id is the id of the conversation, a colon, and this number */
  generation: number;
  epoch: number;
  seq: number;
  /** user id */
  created_by?: string;
  last_at?: number;
  members: ConversationMember[];
  /** device ids that are in the MLS group, and stay */
  leaves: string[];
  /**
   * device ids in the MLS group that get nothing any more: the next commit has to remove them, and
   * before it no message is taken
   */
  remove: string[];
  shut?: ConversationShut;
}

/** ConversationKind says how many a conversation is for. */
export type ConversationKind =
  /** of two, who have only one with each other */
  | "direct"
  | "group";

/** ConversationMember is a person in a conversation, with their devices. */
export interface ConversationMember {
  person: Person;
  /** all that the person has */
  devices: ChatDevice[];
  /** one of them has everything up to this seq */
  delivered: number;
}

/** ConversationShut says why nobody can write in a conversation. */
export type ConversationShut =
  /** the two are not approved friends (any more) */
  | "not_approved"
  /** a parent has not allowed messages */
  | "needs_consent"
  /** an account is shut */
  | "suspended"
  /** nobody else is in it */
  | "alone";

/** ConversationNew starts a conversation with its first commit. */
export interface ConversationNew {
  /** g_ and 130 random bits, made by the device */
  id: string;
  kind: ConversationKind;
  /** user ids, without one's own */
  people: string[];
  suite: number;
  first: Commit;
}

/** Commit ends an epoch. Of those that name the same one, the first wins. */
export interface Commit {
  /** the device's own name for it: the same one again is the same commit */
  id: string;
  device_id: string;
  generation: number;
  /** which it ends */
  epoch: number;
  /** MLSMessage; none starts an MLS group anew, in the generation after */
  commit?: string;
  /** MLSMessage; needed with adds */
  welcome?: string;
  /** MLSMessage with a GroupInfo of the new epoch, with external_pub and ratchet_tree */
  group_info: string;
  /** device ids */
  adds?: string[];
  /** device ids */
  removes?: string[];
  /** an external commit: the device comes in, or in again, by itself */
  external: boolean;
}

/** Committed answers it. */
export interface Committed {
  generation: number;
  /** the new one */
  epoch: number;
  seq: number;
}

/** GroupInfo lets a member's device come in by an external commit. */
export interface GroupInfo {
  generation: number;
  epoch: number;
  group_info: string;
}

/** AttachmentNew begins an upload. */
export interface AttachmentNew {
  conversation_id: string;
  /** of the ciphertext, in bytes */
  size: number;
}

/**
 * Attachment is one that is uploaded or can be fetched. Its chunks are numbered from 0; all have
 * ChunkBytes bytes, but for the last.
 */
export interface Attachment {
  id: string;
  size: number;
  chunk_bytes: number;
  /** the chunks that are there */
  have: number[];
  expires_at: number;
}

/** ChatContacts lists them. */
export interface ChatContacts {
  contacts: ChatContact[];
}

/** ChatContact is with whom a child writes, as a parent sees it: never what. */
export interface ChatContact {
  /** all but the child */
  people: NameOf[];
  kind: ConversationKind;
  since: number;
  last_at?: number;
  shut?: ConversationShut;
}

/**
 * ReportNew reports a person, or a person in a call. A parent may do it for a child: then
 * OnBehalfOf is the child.
 */
export interface ReportNew {
  /** user id; or the id of a friend request, for the other side of it */
  about: string;
  call_id?: string;
  kind: ReportKind;
  text?: string;
  /** block the person at once */
  block: boolean;
  on_behalf_of?: string;
  /** Message proves what the person wrote. */
  message?: MessageEvidence;
}

/** ReportKind says what a report is about. */
export type ReportKind =
  | "bullying"
  | "sexual"
  | "violent"
  | "impersonation"
  | "spam"
  | "other";

/**
 * MessageEvidence reveals one message to the operator: what it said and the key with which its
 * sender had committed to it.
 */
export interface MessageEvidence {
  conversation_id: string;
  seq: number;
  sender_id: string;
  at: number;
  /** the content, as it was encrypted; 64 KiB, in base64 */
  content: string;
  /** the key of the commitment, 32 bytes */
  opening: string;
  /** the server's tag, as it came with the message */
  tag: string;
}

/** Report is one as the person who made it sees it. */
export interface Report {
  id: string;
  about: NameOf;
  kind: ReportKind;
  at: number;
  state: ReportState;
  /** the person is blocked now */
  blocked: boolean;
}

/** ReportState is where a report is. */
export type ReportState =
  | "open"
  | "decided";

/** ReportList lists them, the newest first. */
export interface ReportList {
  reports: Report[];
}

/** OperatorIs says who is signed in as an operator. */
export interface OperatorIs {
  name: string;
  /** calls, safety, resolve: which pages this operator may open */
  roles: string[];
}

/** CaseReports is the operator's queue, the oldest open one first. */
export interface CaseReports {
  reports: CaseReport[];
}

/** CaseReport is a report as an operator sees it, with both accounts' facts. */
export interface CaseReport {
  id: string;
  kind: ReportKind;
  text?: string;
  call_id?: string;
  at: number;
  state: ReportState;
  reporter: UserState;
  about: UserState;
  on_behalf_of?: string;
  decision?: Decision;
  decided_by?: string;
  decided_at?: number;
  note?: string;
  /** the message that the report revealed; only with the report itself, not in the queue */
  evidence?: Evidence;
}

/** UserState is what an operator sees of an account: facts, no content. */
export interface UserState {
  person: Person;
  /** gone: the account was deleted; only its id is left in a report */
  state: string;
  country?: string;
  /** in years; 0 for an account without a date of birth */
  age?: number;
  created_at: number;
  last_seen_at?: number;
  /** user ids */
  guardians: string[];
  /** user ids */
  children: string[];
  friends: number;
  /** how many have blocked this person */
  blocks: number;
  /** how many reports there were about this person */
  reports: number;
  warnings: number;
  /** when the minimal record of a suspension goes */
  suspended_until?: number;
  /** what an operator wrote when the account was last suspended or restored */
  note?: string;
}

/** Decision is what an operator decided about a report. */
export type Decision =
  | "dismiss"
  | "warn"
  | "suspend";

/**
 * Evidence is a message that a report revealed, and that was verified: it is what the reported
 * person sent.
 */
export interface Evidence {
  conversation_id: string;
  seq: number;
  at: number;
  content: string;
  /** when it is deleted; 0 while the report is open */
  until?: number;
}

/** DecisionIn decides a report. */
export interface DecisionIn {
  decision: Decision;
  /** why; for the audit log and for whoever asks later */
  note: string;
}

/** Reviews is the operator's queue, the oldest first. */
export interface Reviews {
  reviews: Review[];
}

/** Review is a consent that an operator has to look at. */
export interface Review {
  consent: Consent;
  guardian: UserState;
  /** signed_form: of Body */
  media_type?: string;
  /** signed_form: base64; only when one review is asked for */
  body?: string;
}

/** ReviewIn decides a review. */
export interface ReviewIn {
  approve: boolean;
  note: string;
}

/** SuspendIn suspends or restores an account outside a report. */
export interface SuspendIn {
  note: string;
}

/** AuditLog is a page of it, the newest first. */
export interface AuditLog {
  entries: AuditEntry[];
  /** give it as before= for the next page */
  next?: number;
}

/**
 * AuditEntry is one line of the audit log. Ids and names of things only: nothing that a person
 * wrote, and no name of anybody.
 */
export interface AuditEntry {
  seq: number;
  at: number;
  /** a user id, operator:NAME, or system */
  actor: string;
  /** such as consent.granted, friend.approved, person.suspended */
  action: string;
  /** a user id, or the id of what was decided */
  subject: string;
  /** further ids and choices, key=value separated by spaces */
  detail?: string;
  /** SHA-256 in hex over the hash before and this entry */
  hash: string;
}

/** Mails lists them, the newest first. */
export interface Mails {
  mails: Mail[];
}

/** Mail is an e-mail that a development server did not send. */
export interface Mail {
  to: string;
  subject: string;
  text: string;
  at: number;
}

/** CallList is a page of calls, the live ones first, then the newest. */
export interface CallList {
  calls: CallSummary[];
  /** give it as cursor= for the next page; absent on the last */
  next?: string;
}

/** CallSummary is a line of the list of calls. Times are UTC milliseconds. */
export interface CallSummary {
  id: string;
  live?: boolean;
  started_at: number;
  ended_at?: number;
  duration_ms: number;
  talk_ms: number;
  reason?: string;
  video: boolean;
  participants: number;
  codecs: string[];
  /** type/protocol of each path that was used, such as host/udp, relay/tls */
  paths: string[];
  /** mean opinion score of the call, 1 to 5; absent: nothing was measured */
  score?: number;
  /** where the trouble was, in one sentence; absent: no trouble */
  verdict?: string;
}

/** NodeState is the state of this server at this moment. */
export interface NodeState {
  version: string;
  started_at: number;
  now: number;
  /** of the process, user and system, since its start */
  cpu_seconds: number;
  processors: number;
  /** resident */
  memory_bytes: number;
  heap_bytes: number;
  goroutines: number;
  open_files: number;
  /** of WebSockets */
  sessions: number;
  calls: number;
  participants: number;
  turn_allocations: number;
  sockets: NodeSocket[];
  counters: NodeCount[];
  /** packets by reason */
  drops: NodeCount[];
  config: NodeConfig;
}

/** NodeSocket is a port that this server listens on. */
export interface NodeSocket {
  plane: string;
  protocol: string;
  address: string;
}

/** NodeCount is a counter since the start. */
export interface NodeCount {
  plane: string;
  name: string;
  value: number;
}

/** NodeConfig says which configuration is in effect. */
export interface NodeConfig {
  loaded_at: number;
  reloads: number;
  /** changes that were not taken */
  refused: number;
  /** why the last one was not taken; absent when it was */
  error?: string;
  /** keys whose change waits for a restart */
  pending: string[];
}

/** ResolveIn says why a pseudonym is resolved. The reason is in the audit log. */
export interface ResolveIn {
  /** such as the number of a support case; no names */
  reason: string;
}

/** Resolved is whose pseudonym it is. */
export interface Resolved {
  pseudonym: string;
  person: Person;
}

/**
 * NetCheck begins a check of what a client can reach. Candidates of the server are tried one
 * transport at a time.
 */
export interface NetCheck {
  id: string;
  ice_servers: ICEServer[];
  expires_at: number;
  /** the network from which the request came, IPv4 to /24, IPv6 to /48 */
  seen: string;
  /** host:port that answer STUN Binding requests, for NAT type and MTU */
  stun: string[];
}

/**
 * NetCheckOffer is an offer of one connection with a data channel and nothing else, to see whether
 * media would come through.
 */
export interface NetCheckOffer {
  sdp: string;
}

/** NetCheckAnswer is the answer to it. */
export interface NetCheckAnswer {
  sdp: string;
}

/** Requests that get a reply: the data to send and the data of the reply. */
export interface RequestMap {
  /** Hello → Welcome; first on every socket */
  "hello": { data: Hello; reply: Welcome };
  /** Empty → People */
  "people.list": { data: Empty; reply: People };
  /** CallInvite → CallEntered */
  "call.invite": { data: CallInvite; reply: CallEntered };
  /** CallAdd → Empty; rings more people */
  "call.add": { data: CallAdd; reply: Empty };
  /** CallRef → CallEntered */
  "call.accept": { data: CallRef; reply: CallEntered };
  /** CallRef → Empty */
  "call.decline": { data: CallRef; reply: Empty };
  /** CallRef → Empty; cancels a call that rings; ends a call of two; leaves a larger one for good */
  "call.hangup": { data: CallRef; reply: Empty };
  /** CallJoin → CallJoined; media in one round trip */
  "call.join": { data: CallJoin; reply: CallJoined };
  /** CallRef → Empty; leaves the media, may join again while the call lasts */
  "call.leave": { data: CallRef; reply: Empty };
  /** MediaOffer → MediaAnswer; more slots, or an ICE restart */
  "media.offer": { data: MediaOffer; reply: MediaAnswer };
  /** MediaMute → Empty */
  "media.mute": { data: MediaMute; reply: Empty };
  /** CallRef → MediaToken; for media over HTTP */
  "media.token": { data: CallRef; reply: MediaToken };
  /** ChatAttach → ChatAttached; which device speaks here */
  "chat.attach": { data: ChatAttach; reply: ChatAttached };
  /** ChatSend → ChatSent */
  "chat.send": { data: ChatSend; reply: ChatSent };
  /** ChatAck → Empty */
  "chat.ack": { data: ChatAck; reply: Empty };
}

/** Requests that get no reply: the data to send. */
export interface NoticeMap {
  /** Ack, no reply */
  "ack": Ack;
  /** no data, answered by a pong without seq */
  "ping": undefined;
  /** CallRef, no reply: this device rings now */
  "call.ringing": CallRef;
  /** StatsReport, no reply */
  "stats.report": StatsReport;
  /** ChatSignal, no reply */
  "chat.signal": ChatSignal;
}

/** Events: their data. */
export interface EventMap {
  /** no data */
  "pong": undefined;
  /** Presence */
  "presence": Presence;
  /** CallIncoming */
  "call.incoming": CallIncoming;
  /** CallState; the last one of a call has state ended and a reason */
  "call.state": CallState;
  /** CallWarning; the call will end soon */
  "call.warning": CallWarning;
  /** Empty; friends, requests or blocks of this person changed: ask again */
  "friends.changed": Empty;
  /** Empty; for a parent: children, approvals, rules or consents changed: ask again */
  "family.changed": Empty;
  /** ParticipantEvent */
  "call.participant": ParticipantEvent;
  /** MediaSlots */
  "media.slots": MediaSlots;
  /** MediaQuality */
  "media.quality": MediaQuality;
  /** ChatDelivery */
  "chat.delivery": ChatDelivery;
  /** ChatSignalled */
  "chat.signalled": ChatSignalled;
  /** ChatDelivered */
  "chat.delivered": ChatDelivered;
  /** ChatChanged */
  "chat.changed": ChatChanged;
  /** Empty; the device is on another session now, or was removed: attach again, or make a new one */
  "chat.detached": Empty;
}

/** CloseCode is the status with which the server closes a WebSocket (RFC 6455, section 7.4). */
export const CLOSE = {
  /** the server restarts: connect again */
  restart: 1012,
  /** a message far beyond the size limit */
  tooLarge: 1009,
  /** no hello in time, or too many wrong ones */
  helloTimeout: 4001,
  /** another socket resumed this session */
  takenOver: 4002,
  /** the client left too much unacknowledged: the session has ended */
  overflow: 4003,
  /** the login token was given up: the session has ended */
  loggedOut: 4004,
  /** the client kept on sending after rate_limited */
  flood: 4005,
} as const;

/** Every event type, for a table of listeners. */
export const EVENT_TYPES = ["pong", "presence", "call.incoming", "call.state", "call.warning", "friends.changed", "family.changed", "call.participant", "media.slots", "media.quality", "chat.delivery", "chat.signalled", "chat.delivered", "chat.changed", "chat.detached"] as const satisfies readonly (keyof EventMap)[];

/** The HTTP API: the body to send and the body of the answer, by method and path. */
export interface PageMap {
  /** Start a parent's account; the rest comes by e-mail. For: anyone. */
  "POST /v1/signup/parent": { in: SignUpParent; out: Sent };
  /**
   * Start the account of a teen or an adult; too_young below the age of consent, and nothing is
   * kept. For: anyone.
   */
  "POST /v1/signup/self": { in: SignUpSelf; out: Sent };
  /** Finish a sign-up with the token of the e-mail and the password once more. For: anyone. */
  "POST /v1/signup/confirm": { in: SignUpConfirm; out: LoggedIn };
  /** From which age people consent alone, by country, today. For: anyone. */
  "GET /v1/consent-ages": { in: undefined; out: ConsentAges };
  /** Have an e-mail sent with which to set a new password. For: anyone. */
  "POST /v1/password/forgot": { in: PasswordForgot; out: Sent };
  /** Set a new password with the token of the e-mail. For: anyone. */
  "POST /v1/password/reset": { in: PasswordReset; out: LoggedIn };
  /** Change one's password; other sessions end. For: own. */
  "PUT /v1/password": { in: PasswordChange; out: undefined };
  /** Sign a child in with a parent's one-time code. For: anyone. */
  "POST /v1/login/code": { in: LoginCode; out: LoggedIn };
  /** Finish a log-in that came back from a provider. For: anyone. */
  "POST /v1/login/ticket": { in: TokenIn; out: LoggedIn };
  /** OpenID Connect providers to sign in with. For: anyone. */
  "GET /v1/login/providers": { in: undefined; out: Providers };
  /** Begin a log-in by passkey. For: anyone. */
  "POST /v1/login/passkey/begin": { in: undefined; out: Ceremony };
  /** Finish a log-in by passkey. For: anyone. */
  "POST /v1/login/passkey": { in: PasskeyLogin; out: LoggedIn };
  /** Begin to make a passkey. For: own. */
  "POST /v1/passkeys/begin": { in: undefined; out: Ceremony };
  /** Finish making a passkey. For: own. */
  "POST /v1/passkeys": { in: PasskeyNew; out: Passkey };
  /** One's passkeys. For: own. */
  "GET /v1/passkeys": { in: undefined; out: Passkeys };
  /** Forget a passkey. For: own. */
  "DELETE /v1/passkeys/{id}": { in: undefined; out: undefined };
  /** One's own account. For: person. */
  "GET /v1/account": { in: undefined; out: Account };
  /** Change one's name and picture. For: own. */
  "PUT /v1/account": { in: AccountEdit; out: Account };
  /** Change one's settings. For: person. */
  "PUT /v1/settings": { in: Settings; out: Settings };
  /** Devices that are signed in. For: person. */
  "GET /v1/sessions": { in: undefined; out: LoginSessions };
  /** Sign a device out. For: person. */
  "DELETE /v1/sessions/{id}": { in: undefined; out: undefined };
  /** Register this device for wake-ups. For: person. */
  "PUT /v1/push": { in: PushHandle; out: undefined };
  /** No wake-ups for this device any more. For: person. */
  "DELETE /v1/push": { in: undefined; out: undefined };
  /** A parent's children. For: parent. */
  "GET /v1/children": { in: undefined; out: Children };
  /** Make a child's account with a consent that was granted. For: parent. */
  "POST /v1/children": { in: ChildNew; out: Child };
  /** A child. For: guardian. */
  "GET /v1/children/{id}": { in: undefined; out: Child };
  /** Correct what is held about a child. For: guardian. */
  "PUT /v1/children/{id}": { in: ChildEdit; out: Child };
  /** Set a child's password. For: guardian. */
  "PUT /v1/children/{id}/password": { in: ChildPassword; out: undefined };
  /** A one-time code with which the child signs in. For: guardian. */
  "POST /v1/children/{id}/code": { in: undefined; out: OneTimeCode };
  /** A child's devices. For: guardian. */
  "GET /v1/children/{id}/sessions": { in: undefined; out: LoginSessions };
  /** Sign a child's device out. For: guardian. */
  "DELETE /v1/children/{id}/sessions/{other}": { in: undefined; out: undefined };
  /** Quiet hours, allowance, video, approvals. For: guardian. */
  "GET /v1/children/{id}/rules": { in: undefined; out: ChildRules };
  /** Change them; they act at once. For: guardian. */
  "PUT /v1/children/{id}/rules": { in: Rules; out: ChildRules };
  /** A child's friends and requests. For: guardian. */
  "GET /v1/children/{id}/friends": { in: undefined; out: Friends };
  /** End a child's friendship; a call between the two ends. For: guardian. */
  "DELETE /v1/children/{id}/friends/{other}": { in: undefined; out: undefined };
  /** Whom a child has blocked. For: guardian. */
  "GET /v1/children/{id}/blocks": { in: undefined; out: Blocks };
  /** Block somebody for a child. For: guardian. */
  "POST /v1/children/{id}/blocks": { in: BlockIn; out: undefined };
  /** Undo it. For: guardian. */
  "DELETE /v1/children/{id}/blocks/{other}": { in: undefined; out: undefined };
  /** A child's calls: with whom and when, never what. For: guardian. */
  "GET /v1/children/{id}/history": { in: undefined; out: History };
  /** Give and withdraw scopes of the consent; it acts at once. For: guardian. */
  "PUT /v1/children/{id}/scopes": { in: ScopesSet; out: Consent };
  /** A one-time code for another parent of this child. For: guardian. */
  "POST /v1/children/{id}/guardians/code": { in: undefined; out: OneTimeCode };
  /** Become a parent of a child by another parent's code. For: parent. */
  "POST /v1/guardians": { in: CodeIn; out: Child };
  /** What a parent consents to, and by which methods. For: anyone. */
  "GET /v1/notice": { in: undefined; out: Notice };
  /** A parent's consents. For: parent. */
  "GET /v1/consents": { in: undefined; out: Consents };
  /** Start a consent. For: parent. */
  "POST /v1/consents": { in: ConsentNew; out: Consent };
  /** E-mail-plus: confirm with the token of the first or the second e-mail. For: anyone. */
  "POST /v1/consents/confirm": { in: TokenIn; out: Consent };
  /** The result of a check elsewhere, signed by the header Kinwire-Signature. For: anyone. */
  "POST /v1/consents/external": { in: ExternalResult; out: undefined };
  /** Hand in the signed form. For: parent. */
  "PUT /v1/consents/{id}/form": { in: SignedForm; out: Consent };
  /** Take a consent back, with all scopes; it acts at once. For: parent. */
  "DELETE /v1/consents/{id}": { in: undefined; out: undefined };
  /** One's friends, in their order, and the requests on their way. For: person. */
  "GET /v1/friends": { in: undefined; out: Friends };
  /** One's friend code. For: person. */
  "GET /v1/friends/code": { in: undefined; out: FriendCode };
  /** A new friend code; the old one is worth nothing any more. For: person. */
  "POST /v1/friends/code": { in: undefined; out: FriendCode };
  /** Ask the person with this code to be friends. For: person. */
  "POST /v1/friends/requests": { in: CodeIn; out: FriendRequest };
  /** Say yes. For: person. */
  "POST /v1/friends/requests/{id}/accept": { in: undefined; out: FriendRequest };
  /** Say no; or take one's own request back. For: person. */
  "POST /v1/friends/requests/{id}/decline": { in: undefined; out: undefined };
  /** Ask one's parent again to decide. For: person. */
  "POST /v1/friends/requests/{id}/remind": { in: undefined; out: Asked };
  /** Ask that friends of mine become friends with one another. For: person. */
  "POST /v1/friends/introductions": { in: Introduction; out: Asked };
  /** End a friendship; a call between the two ends. For: person. */
  "DELETE /v1/friends/{id}": { in: undefined; out: undefined };
  /** Whom one has blocked. For: person. */
  "GET /v1/blocks": { in: undefined; out: Blocks };
  /** Block somebody, at once. For: person. */
  "POST /v1/blocks": { in: BlockIn; out: undefined };
  /** Undo it; the friendship stays ended. For: person. */
  "DELETE /v1/blocks/{id}": { in: undefined; out: undefined };
  /** Requests that wait for this parent. For: parent. */
  "GET /v1/approvals": { in: undefined; out: Approvals };
  /** Approve or refuse a friend for a child. For: parent. */
  "POST /v1/approvals/{id}": { in: Decide; out: undefined };
  /** One's calls. For: person. */
  "GET /v1/history": { in: undefined; out: History };
  /** Delete one of them from one's history. For: person. */
  "DELETE /v1/history/{id}": { in: undefined; out: undefined };
  /** Cipher suites, sizes and times of messages. For: person. */
  "GET /v1/chat": { in: undefined; out: ChatInfo };
  /** One's devices that read messages. For: person. */
  "GET /v1/chat/devices": { in: undefined; out: ChatDevices };
  /** Make this device one of them. For: person. */
  "POST /v1/chat/devices": { in: ChatDeviceNew; out: ChatDeviceMade };
  /** Take a device out of all conversations, at once; what waits for it is deleted. For: person. */
  "DELETE /v1/chat/devices/{id}": { in: undefined; out: undefined };
  /** How many key packages a device of one's own has here. For: person. */
  "GET /v1/chat/devices/{id}/keys": { in: undefined; out: KeyPackagesLeft };
  /** Add key packages. For: person. */
  "POST /v1/chat/devices/{id}/keys": { in: KeyPackagesNew; out: KeyPackagesLeft };
  /** Take a key package of each device of a friend's, or of one's own others. For: person. */
  "POST /v1/chat/people/{id}/keys": { in: KeyPackagesTake; out: KeyPackages };
  /** One's conversations. For: person. */
  "GET /v1/chat/conversations": { in: undefined; out: Conversations };
  /** Start a conversation; of two people who have one already, the answer is that one. For: person. */
  "POST /v1/chat/conversations": { in: ConversationNew; out: Conversation };
  /** A conversation. For: person. */
  "GET /v1/chat/conversations/{id}": { in: undefined; out: Conversation };
  /** Leave a group. For: person. */
  "DELETE /v1/chat/conversations/{id}": { in: undefined; out: undefined };
  /** End an epoch: add, remove, come in again; epoch_taken where another was first. For: person. */
  "POST /v1/chat/conversations/{id}/commits": { in: Commit; out: Committed };
  /** What a device of a member needs to come in by itself. For: person. */
  "GET /v1/chat/conversations/{id}/group-info": { in: undefined; out: GroupInfo };
  /** Begin an upload. For: person. */
  "POST /v1/chat/attachments": { in: AttachmentNew; out: Attachment };
  /** What is there of an attachment, to go on after an interruption. For: person. */
  "GET /v1/chat/attachments/{id}": { in: undefined; out: Attachment };
  /** Upload one chunk; again is the same. For: person. */
  "PUT /v1/chat/attachments/{id}/chunks/{other}": { in: Uint8Array; out: undefined };
  /** Fetch one chunk. For: person. */
  "GET /v1/chat/attachments/{id}/chunks/{other}": { in: undefined; out: Uint8Array };
  /**
   * This device has it, or gives it up; with the last one it is deleted. One's own unsent upload
   * ends with any device. For: person.
   */
  "DELETE /v1/chat/attachments/{id}/devices/{other}": { in: undefined; out: undefined };
  /** With whom a child writes, never what. For: guardian. */
  "GET /v1/children/{id}/chats": { in: undefined; out: ChatContacts };
  /** Report a person or a call. For: person. */
  "POST /v1/reports": { in: ReportNew; out: Report };
  /** One's own reports. For: person. */
  "GET /v1/reports": { in: undefined; out: ReportList };
  /** Which operator the token stands for. For: operator. */
  "GET /v1/ops/me": { in: undefined; out: OperatorIs };
  /** The queue of reports. For: safety. */
  "GET /v1/ops/reports": { in: undefined; out: CaseReports };
  /** A report with both accounts' facts. For: safety. */
  "GET /v1/ops/reports/{id}": { in: undefined; out: CaseReport };
  /** Decide a report. For: safety. */
  "POST /v1/ops/reports/{id}/decision": { in: DecisionIn; out: CaseReport };
  /** Consents that wait for an operator. For: safety. */
  "GET /v1/ops/reviews": { in: undefined; out: Reviews };
  /** One of them, with its evidence. For: safety. */
  "GET /v1/ops/reviews/{id}": { in: undefined; out: Review };
  /** Approve or refuse it; the evidence is deleted. For: safety. */
  "POST /v1/ops/reviews/{id}": { in: ReviewIn; out: Consent };
  /** A short session as the staff's own person, who may call this parent. For: safety. */
  "POST /v1/ops/reviews/{id}/call": { in: undefined; out: LoggedIn };
  /** Look a user up by exact id, e-mail address or user name; it is audited. For: safety. */
  "GET /v1/ops/users": { in: undefined; out: UserState };
  /** Suspend an account. For: safety. */
  "POST /v1/ops/users/{id}/suspend": { in: SuspendIn; out: UserState };
  /** Undo a suspension. For: safety. */
  "POST /v1/ops/users/{id}/restore": { in: SuspendIn; out: UserState };
  /** The audit log. For: safety. */
  "GET /v1/ops/audit": { in: undefined; out: AuditLog };
  /** E-mails that this server did not send, for want of SMTP; 404 where there is SMTP. For: safety. */
  "GET /v1/ops/mail": { in: undefined; out: Mails };
  /** Calls, live and past; all filters hold together. For: calls. */
  "GET /v1/calls": { in: undefined; out: CallList };
  /** The state of this server: ports, counters, drops, processor, memory. For: calls. */
  "GET /v1/ops/node": { in: undefined; out: NodeState };
  /** Whose pseudonym of a call record it is; it is audited. For: resolve. */
  "POST /v1/ops/pseudonyms/{id}/resolve": { in: ResolveIn; out: Resolved };
  /** Begin a check of what this network lets through. For: anyone. */
  "POST /v1/netcheck": { in: undefined; out: NetCheck };
  /** Try one connection of the kind that media takes. For: anyone. */
  "POST /v1/netcheck/{id}/offers": { in: NetCheckOffer; out: NetCheckAnswer };
  /** End a check before it expires. For: anyone. */
  "DELETE /v1/netcheck/{id}": { in: undefined; out: undefined };
}

/** The name of a request that gets a reply. */
export type RequestType = keyof RequestMap;

/** The name of a request that gets no reply. */
export type NoticeType = keyof NoticeMap;

/** The name of an event. */
export type EventType = keyof EventMap;

/** What a client sends. id is present where a reply is wanted. */
export type ClientMessage =
  | { [T in RequestType]: { id: number; type: T; data: RequestMap[T]["data"] } }[RequestType]
  | { [T in NoticeType]: NoticeMap[T] extends undefined ? { type: T } : { type: T; data: NoticeMap[T] } }[NoticeType];

/** A reply of the server to the request re: data, or an error. */
export type ReplyMessage<T extends RequestType = RequestType> =
  | { seq: number; re: number; data: RequestMap[T]["reply"]; error?: undefined }
  | { seq?: number; re: number; data?: undefined; error: ProtoError };

/** An event of the server. A pong has no seq. */
export type EventMessage = {
  [T in EventType]: EventMap[T] extends undefined ? { type: T } : { seq: number; type: T; data: EventMap[T] };
}[EventType];

/** What the server sends. */
export type ServerMessage = ReplyMessage | EventMessage | { error: ProtoError };
