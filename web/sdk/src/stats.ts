import type { SourceKind, StatsPath, StatsReport, StatsStream } from "./proto_gen.ts";

/** One entry of an RTCStatsReport, read by name: browsers differ in what they give. */
export type Stat = { id: string; type: string } & Record<string, unknown>;

/** Whose source an m-section carries; null for a slot that stands for nobody. */
export type Naming = (
  direction: "send" | "recv",
  mid: string,
  trackID: string,
) => { mid: string; participantID: string; kind: SourceKind } | null;

/** The server's limit for one report. */
const MOST_STREAMS = 64;

/** Makes the report that goes to the server from what the browser's getStats says. */
export function buildReport(callID: string, stats: Iterable<Stat>, name: Naming): StatsReport {
  const byID = new Map<string, Stat>();
  for (const s of stats) byID.set(s.id, s);
  const streams: StatsStream[] = [];
  for (const s of byID.values()) {
    const make = makers[s.type];
    const stream = make?.(s, byID, name);
    if (stream && streams.length < MOST_STREAMS) streams.push(stream);
  }
  return { call_id: callID, path: buildPath(byID), streams };
}

const makers: Record<string, (s: Stat, all: Map<string, Stat>, name: Naming) => StatsStream | null> = {
  "outbound-rtp": sendStream,
  "inbound-rtp": recvStream,
};

function sendStream(s: Stat, all: Map<string, Stat>, name: Naming): StatsStream | null {
  const source = all.get(text(s, "mediaSourceId"));
  const who = name("send", text(s, "mid"), source ? text(source, "trackIdentifier") : "");
  // A section that has sent no media yet (a screen that is not shared) is no stream. Packets alone do not
  // tell: to probe for bandwidth a browser sends padding on any of them.
  if (!who || count(s, who.kind === "audio" ? "packetsSent" : "framesEncoded") === 0) return null;
  const remote = all.get(text(s, "remoteId")) ?? find(all, "remote-inbound-rtp", "localId", s.id);
  return {
    ...common(s, all),
    mid: who.mid,
    direction: "send",
    participant_id: who.participantID,
    kind: who.kind,
    packets: count(s, "packetsSent"),
    bytes: count(s, "bytesSent"),
    packets_lost: remote ? whole(remote, "packetsLost") : 0,
    retransmitted: count(s, "retransmittedPacketsSent"),
    jitter_ms: remote ? ms(remote, "jitter") : 0,
    rtt_ms: remote ? ms(remote, "roundTripTime") : 0,
    frames: count(s, "framesEncoded"),
    key_frames: count(s, "keyFramesEncoded"),
    freezes: 0,
    frozen_ms: 0,
    dropped: 0,
    jitter_buffer_ms: 0,
    concealed_samples: 0,
    total_samples: 0,
    audio_level: source ? level(source) : 0,
  };
}

function recvStream(s: Stat, all: Map<string, Stat>, name: Naming): StatsStream | null {
  const who = name("recv", text(s, "mid"), text(s, "trackIdentifier"));
  if (!who) return null;
  const played = number(s, "jitterBufferEmittedCount");
  return {
    ...common(s, all),
    mid: who.mid,
    direction: "recv",
    participant_id: who.participantID,
    kind: who.kind,
    packets: count(s, "packetsReceived"),
    bytes: count(s, "bytesReceived"),
    packets_lost: whole(s, "packetsLost"),
    retransmitted: count(s, "retransmittedPacketsReceived"),
    jitter_ms: ms(s, "jitter"),
    rtt_ms: 0,
    frames: count(s, "framesDecoded"),
    key_frames: count(s, "keyFramesDecoded"),
    freezes: count(s, "freezeCount"),
    frozen_ms: Math.max(0, number(s, "totalFreezesDuration") * 1000),
    dropped: count(s, "framesDropped"),
    jitter_buffer_ms: played > 0 ? Math.max(0, (number(s, "jitterBufferDelay") / played) * 1000) : 0,
    concealed_samples: count(s, "concealedSamples"),
    total_samples: count(s, "totalSamplesReceived"),
    audio_level: level(s),
  };
}

/** What both directions have under the same names. */
function common(s: Stat, all: Map<string, Stat>) {
  const codec = all.get(text(s, "codecId"));
  const mime = codec ? text(codec, "mimeType") : "";
  return {
    codec: mime.slice(mime.indexOf("/") + 1).slice(0, 32),
    nacks: count(s, "nackCount"),
    plis: count(s, "pliCount"),
    fps: Math.min(1000, Math.max(0, number(s, "framesPerSecond"))),
    width: Math.min(16384, count(s, "frameWidth")),
    height: Math.min(16384, count(s, "frameHeight")),
  };
}

function buildPath(all: Map<string, Stat>): StatsPath {
  const pair = selectedPair(all);
  const local = pair && all.get(text(pair, "localCandidateId"));
  if (!pair || !local) return {};
  const path: StatsPath = { rtt_ms: ms(pair, "currentRoundTripTime") };
  const available = number(pair, "availableOutgoingBitrate") / 1000;
  if (available > 0) path.available_kbps = Math.min(10_000_000, available);
  put(path, "local_type", text(local, "candidateType"), ["host", "srflx", "prflx", "relay"]);
  put(path, "protocol", text(local, "protocol").toLowerCase(), ["udp", "tcp"]);
  put(path, "relay_protocol", text(local, "relayProtocol").toLowerCase(), ["udp", "tcp", "tls"]);
  return path;
}

/** The pair in use, by all entries by their id. Chromium names it in the transport; Firefox marks it as selected. */
export function selectedPair(all: Map<string, Stat>): Stat | undefined {
  for (const s of all.values()) {
    const pair = s.type === "transport" && all.get(text(s, "selectedCandidatePairId"));
    if (pair) return pair;
  }
  const pairs = [...all.values()].filter((s) => s.type === "candidate-pair");
  const won = pairs.filter((p) => p["state"] === "succeeded" && p["nominated"] === true);
  won.sort((a, b) => number(b, "bytesReceived") - number(a, "bytesReceived"));
  return pairs.find((p) => p["selected"] === true) ?? won[0];
}

function put<K extends "local_type" | "protocol" | "relay_protocol">(
  path: StatsPath,
  key: K,
  value: string,
  allowed: NonNullable<StatsPath[K]>[],
): void {
  const known = allowed.find((a) => a === value);
  if (known) path[key] = known;
}

function find(all: Map<string, Stat>, type: string, key: string, value: string): Stat | undefined {
  for (const s of all.values()) if (s.type === type && s[key] === value) return s;
  return undefined;
}

function text(s: Stat, key: string): string {
  const v = s[key];
  return typeof v === "string" ? v : "";
}

function number(s: Stat, key: string): number {
  const v = s[key];
  return typeof v === "number" && Number.isFinite(v) ? v : 0;
}

function whole(s: Stat, key: string): number {
  return Math.round(number(s, key));
}

/** A counter: whole and never negative. */
function count(s: Stat, key: string): number {
  return Math.max(0, whole(s, key));
}

/** Seconds as milliseconds within what the server takes. */
function ms(s: Stat, key: string): number {
  return Math.min(60_000, Math.max(0, number(s, key) * 1000));
}

function level(s: Stat): number {
  return Math.min(1, Math.max(0, number(s, "audioLevel")));
}
