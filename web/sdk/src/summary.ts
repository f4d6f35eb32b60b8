import type { SourceKind, StatsReport, StatsStream } from "./proto_gen.ts";

/** One stream of the call as the panel shows it; rates are over the time since the sample before. */
export interface StreamFigures {
  participantID: string;
  kind: SourceKind;
  direction: "send" | "recv";
  codec: string;
  kbps: number;
  /** 0 to 100. */
  lossPercent: number;
  jitterMS: number;
  rttMS: number;
  width: number;
  height: number;
  fps: number;
}

/** The call as the panel shows it: the worst loss and jitter of all streams, and the path's RTT. */
export interface CallFigures {
  rttMS: number;
  lossPercent: number;
  jitterMS: number;
  /** Such as "host udp" or "relay tcp". */
  path: string;
  availableKbps: number;
  streams: StreamFigures[];
}

/** Makes rates of the totals in two reports that are elapsedMS apart. */
export function summarize(now: StatsReport, before: StatsReport | null, elapsedMS: number): CallFigures {
  const earlier = new Map((before?.streams ?? []).map((s) => [key(s), s]));
  const streams = now.streams.map((s) => summarizeStream(s, earlier.get(key(s)), elapsedMS));
  const most = (f: (s: StreamFigures) => number) => streams.reduce((m, s) => Math.max(m, f(s)), 0);
  const p = now.path;
  const protocol = (p.local_type === "relay" && p.relay_protocol) || p.protocol;
  return {
    rttMS: p.rtt_ms ?? 0,
    lossPercent: most((s) => s.lossPercent),
    jitterMS: most((s) => s.jitterMS),
    path: [p.local_type, protocol].filter(Boolean).join(" "),
    availableKbps: p.available_kbps ?? 0,
    streams,
  };
}

function summarizeStream(s: StatsStream, before: StatsStream | undefined, elapsedMS: number): StreamFigures {
  const since = (f: (x: StatsStream) => number) => Math.max(0, f(s) - (before ? f(before) : 0));
  const packets = since((x) => x.packets);
  const lost = since((x) => x.packets_lost);
  const expected = s.direction === "recv" ? packets + lost : packets;
  return {
    participantID: s.participant_id,
    kind: s.kind,
    direction: s.direction,
    codec: s.codec ?? "",
    kbps: elapsedMS > 0 ? (since((x) => x.bytes) * 8) / elapsedMS : 0,
    lossPercent: expected > 0 ? Math.min(100, (100 * lost) / expected) : 0,
    jitterMS: s.jitter_ms,
    rttMS: s.rtt_ms,
    width: s.width,
    height: s.height,
    fps: s.fps,
  };
}

function key(s: StatsStream): string {
  return `${s.direction} ${s.mid} ${s.participant_id} ${s.kind}`;
}
