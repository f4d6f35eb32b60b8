import type { CallRecord, RecordTrack } from "@kinwire/sdk";

const none = [null, null, null, null];

/** One stream of the hand-made record; what is not given was never measured. */
export function track(o: Partial<RecordTrack>): RecordTrack {
  return {
    participant: "p_a",
    direction: "up",
    kind: "video",
    from: "p_a",
    view: "server",
    layer: none,
    rtt_ms: none,
    jitter_ms: none,
    loss_ratio: none,
    bitrate_bps: none,
    fps: none,
    height_px: none,
    estimate_bps: none,
    mos: none,
    ...o,
  };
}

/** A call of two with four steps of ten seconds. */
export function record(o: Partial<CallRecord> = {}): CallRecord {
  const person = { device: {}, joined_at: 1_000, joins: 1, path: { changes: 0 }, streams: null };
  return {
    version: 1,
    id: "c_1",
    started_at: 1_000,
    duration_ms: 40_000,
    talk_ms: 38_000,
    video: true,
    participants: [
      { id: "p_a", user: "pn_a", ...person },
      { id: "p_b", user: "pn_b", ...person },
    ],
    timeline: {
      step_ms: 10_000,
      steps: 4,
      links: [{ participant: "p_a", rtt_ms: [40, 42, null, 41], client_rtt_ms: null, available_bps: [1e6] }],
      streams: [
        track({ loss_ratio: [0, 0.05, null, 0.01], mos: [4.2, 3, null, 4] }),
        track({ participant: "p_b", direction: "down", loss_ratio: [0, 0.05] }),
        track({ participant: "p_b", direction: "down", view: "client", jitter_ms: [5, null, 7, null] }),
        track({ participant: "p_b", kind: "audio", from: "p_b" }),
      ],
    },
    events: [
      { at_ms: 500, event: "join", participant: "p_a" },
      {
        at_ms: 12_000,
        event: "pli",
        participant: "p_b",
        direction: "down",
        kind: "video",
        from: "p_a",
        detail: "2",
      },
      {
        at_ms: 13_000,
        event: "freeze",
        participant: "p_b",
        direction: "down",
        kind: "video",
        from: "p_a",
        detail: "1200",
      },
      { at_ms: 39_000, event: "leave", participant: "p_a", detail: "hangup" },
      { at_ms: 39_000, event: "unheard-of", detail: "x" },
    ],
    ...o,
  };
}
