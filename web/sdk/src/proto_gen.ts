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
  role: Role;
  /** the family's display name */
  family: string;
}

/** Role is what a person is in the family. */
export type Role =
  | "parent"
  | "child";

/** Presence is a person and whether they can be reached now. */
export interface Presence {
  person: Person;
  online: boolean;
  in_call: boolean;
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
  /** it rings, or would if they were online */
  | "invited"
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

/** CallIncoming rings. */
export interface CallIncoming {
  call: CallView;
}

/** CallState is sent to everybody in a call when its phase changes. */
export interface CallState {
  call: CallView;
}

/** ParticipantEvent is sent when one participant's phase or sources change. */
export interface ParticipantEvent {
  call_id: string;
  participant: Participant;
}

/**
 * Error is a typed refusal. Code is for programs, Message for people: it says what was given and
 * what is allowed.
 */
export interface ProtoError {
  code: Code;
  message: string;
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
  /** a fault of the server; the message holds no detail */
  | "internal";

/** Requests that get a reply: the data to send and the data of the reply. */
export interface RequestMap {
  /** Hello → Welcome; first on every socket */
  "hello": { data: Hello; reply: Welcome };
  /** Empty → People */
  "people.list": { data: Empty; reply: People };
  /** CallInvite → CallEntered */
  "call.invite": { data: CallInvite; reply: CallEntered };
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
}

/** Requests that get no reply: the data to send. */
export interface NoticeMap {
  /** Ack, no reply */
  "ack": Ack;
  /** no data, answered by a pong without seq */
  "ping": undefined;
  /** StatsReport, no reply */
  "stats.report": StatsReport;
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
  /** ParticipantEvent */
  "call.participant": ParticipantEvent;
  /** MediaSlots */
  "media.slots": MediaSlots;
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
export const EVENT_TYPES = ["pong", "presence", "call.incoming", "call.state", "call.participant", "media.slots"] as const satisfies readonly (keyof EventMap)[];

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
