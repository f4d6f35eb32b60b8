/**
 * The record of one call, as GET /v1/calls/{id}/record gives it to operators: the mirror of the document of
 * metrics/record. Fields that end in _at are milliseconds since the epoch, those in _ms milliseconds, those in
 * _bps bit/s, those in _ratio lie in 0 to 1. What was never measured is absent.
 */
export interface CallRecord {
  version: number;
  id: string;
  live?: boolean;
  started_at: number;
  ended_at?: number;
  duration_ms: number;
  talk_ms: number;
  reason?: string;
  video: boolean;
  /** Mean opinion score, 1 to 5. */
  score?: number;
  /** Where the trouble was, in one sentence. */
  verdict?: string;
  participants: RecordParticipant[] | null;
  timeline?: RecordTimeline;
  events?: RecordEvent[];
  /** How many events there were beyond those that are kept. */
  events_lost?: number;
}

/** A figure for each step of the time line; null where nothing was measured. It may end early. */
export type RecordSeries = readonly (number | null)[] | null;

/** Step i covers the time from started_at + i·step_ms to the next. */
export interface RecordTimeline {
  step_ms: number;
  steps: number;
  links: RecordLine[] | null;
  streams: RecordTrack[] | null;
}

/** The path of one participant over time. */
export interface RecordLine {
  participant: string;
  rtt_ms: RecordSeries;
  client_rtt_ms: RecordSeries;
  available_bps: RecordSeries;
}

/** One stream as the server or the client measured it, over time. */
export interface RecordTrack {
  participant: string;
  /** "up" or "down", as seen from the participant. */
  direction: string;
  kind: string;
  /** Whose source it is: a participant's id. */
  from: string;
  /** "server" or "client". */
  view: string;
  layer: RecordSeries;
  rtt_ms: RecordSeries;
  jitter_ms: RecordSeries;
  loss_ratio: RecordSeries;
  bitrate_bps: RecordSeries;
  fps: RecordSeries;
  height_px: RecordSeries;
  estimate_bps: RecordSeries;
  mos: RecordSeries;
}

/** Something that happened at one moment. */
export interface RecordEvent {
  /** Since the call's start. */
  at_ms: number;
  event: string;
  participant?: string;
  direction?: string;
  kind?: string;
  from?: string;
  detail?: string;
}

/** One person in the call; user is a pseudonym. */
export interface RecordParticipant {
  id: string;
  user: string;
  device: { model?: string; os?: string; app?: string };
  joined_at: number;
  left_at?: number;
  reason?: string;
  joins: number;
  path: RecordPath;
  streams: RecordStream[] | null;
}

/** The way between client and server, as last seen. */
export interface RecordPath {
  type?: string;
  protocol?: string;
  /** The client's network, masked. */
  remote?: string;
  srtp_profile?: string;
  changes: number;
  server?: { rtt_ms?: RecordFigure };
  client?: { relay_protocol?: string; rtt_ms?: RecordFigure; available_bps?: RecordFigure };
}

/** One source on its way up from, or down to, a participant. */
export interface RecordStream {
  direction: string;
  kind: string;
  from: string;
  server?: RecordView;
  client?: RecordView;
  mos?: RecordFigure;
  trouble?: { where: string; why: string; share_ratio: number; says: string };
}

/** A stream as one side measured it. */
export interface RecordView {
  codecs: string[] | null;
  duration_ms: number;
  active_ms: number;
  totals: {
    packets: number;
    bytes: number;
    lost: number;
    loss_ratio: number;
    residual_loss_ratio: number;
    bitrate_bps: number;
    frames: number;
    fps: number;
    freezes: number;
    frozen_ms: number;
    concealed_ratio: number;
  };
  largest?: { width: number; height: number };
  rtt_ms?: RecordFigure;
  jitter_ms?: RecordFigure;
  loss_ratio?: RecordFigure;
  bitrate_bps?: RecordFigure;
  fps?: RecordFigure;
  height_px?: RecordFigure;
}

/** A figure over the whole call. */
export interface RecordFigure {
  n: number;
  min: number;
  median: number;
  p95: number;
  max: number;
}
