import { describe, expect, it } from "vitest";
import { buildReport, type Naming, type Stat } from "../src/stats.ts";
import { summarize } from "../src/summary.ts";

const name: Naming = (direction, mid, trackID) => {
  if (direction === "send") {
    const kind = ({ "0": "audio", "1": "video", "2": "screen" } as const)[mid];
    return kind ? { mid, participantID: "me", kind } : null;
  }
  if (mid === "4" || trackID === "remote-video") return { mid: "4", participantID: "p2", kind: "video" };
  if (mid === "3") return { mid: "3", participantID: "p2", kind: "audio" };
  return null;
};

/** As Chromium tells it. */
const chromium: Stat[] = [
  { id: "T", type: "transport", selectedCandidatePairId: "P1" },
  { id: "P0", type: "candidate-pair", state: "succeeded", nominated: true, localCandidateId: "L0" },
  {
    id: "P1",
    type: "candidate-pair",
    state: "succeeded",
    nominated: true,
    localCandidateId: "L1",
    currentRoundTripTime: 0.0254,
    availableOutgoingBitrate: 1_234_500,
  },
  { id: "L0", type: "local-candidate", candidateType: "host", protocol: "udp" },
  { id: "L1", type: "local-candidate", candidateType: "relay", protocol: "udp", relayProtocol: "tls" },
  { id: "C96", type: "codec", mimeType: "video/VP8" },
  { id: "C111", type: "codec", mimeType: "audio/opus" },
  { id: "S1", type: "media-source", kind: "audio", trackIdentifier: "mic", audioLevel: 0.25 },
  {
    id: "O1",
    type: "outbound-rtp",
    mid: "0",
    mediaSourceId: "S1",
    remoteId: "R1",
    codecId: "C111",
    packetsSent: 500,
    bytesSent: 40_000,
    retransmittedPacketsSent: 2,
    nackCount: 3,
  },
  { id: "R1", type: "remote-inbound-rtp", localId: "O1", packetsLost: 7, jitter: 0.004, roundTripTime: 0.03 },
  {
    id: "O2",
    type: "outbound-rtp",
    mid: "1",
    codecId: "C96",
    packetsSent: 900,
    bytesSent: 800_000,
    framesEncoded: 290,
    framesPerSecond: 29.97,
    frameWidth: 640,
    frameHeight: 360,
    keyFramesEncoded: 2,
    pliCount: 1,
  },
  { id: "O3", type: "outbound-rtp", mid: "2", packetsSent: 12, bytesSent: 0, framesEncoded: 0 },
  {
    id: "I1",
    type: "inbound-rtp",
    mid: "3",
    codecId: "C111",
    packetsReceived: 480,
    packetsLost: -1,
    bytesReceived: 39_000,
    jitter: 0.0031,
    concealedSamples: 960,
    totalSamplesReceived: 480_000,
    audioLevel: 0.1,
    jitterBufferDelay: 48,
    jitterBufferEmittedCount: 960,
  },
  {
    id: "I2",
    type: "inbound-rtp",
    mid: "4",
    codecId: "C96",
    packetsReceived: 1000,
    packetsLost: 10,
    bytesReceived: 900_000,
    retransmittedPacketsReceived: 8,
    framesDecoded: 300,
    keyFramesDecoded: 3,
    framesDropped: 4,
    freezeCount: 1,
    totalFreezesDuration: 0.35,
    frameWidth: 640,
    frameHeight: 360,
    framesPerSecond: 30,
    nackCount: 9,
    pliCount: 2,
  },
  { id: "I3", type: "inbound-rtp", mid: "5", packetsReceived: 0 },
];

describe("buildReport", () => {
  const report = buildReport("c1", chromium, name);
  const stream = (mid: string) => report.streams.find((s) => s.mid === mid)!;

  it("reads the path of the selected pair", () => {
    expect(report.call_id).toBe("c1");
    expect(report.path).toEqual({
      local_type: "relay",
      protocol: "udp",
      relay_protocol: "tls",
      rtt_ms: 25.4,
      available_kbps: 1234.5,
    });
  });

  it("lists what is sent and received, but no section without media", () => {
    expect(report.streams.map((s) => `${s.direction} ${s.mid} ${s.kind}`)).toEqual([
      "send 0 audio",
      "send 1 video",
      "recv 3 audio",
      "recv 4 video",
    ]);
  });

  it("reads what is sent, with the server's receiver reports", () => {
    expect(stream("0")).toMatchObject({
      participant_id: "me",
      codec: "opus",
      packets: 500,
      bytes: 40_000,
      packets_lost: 7,
      retransmitted: 2,
      nacks: 3,
      jitter_ms: 4,
      rtt_ms: 30,
      audio_level: 0.25,
    });
    expect(stream("1")).toMatchObject({
      codec: "VP8",
      frames: 290,
      fps: 29.97,
      width: 640,
      key_frames: 2,
      plis: 1,
    });
  });

  it("reads what is received", () => {
    expect(stream("3")).toMatchObject({
      participant_id: "p2",
      packets_lost: -1,
      concealed_samples: 960,
      total_samples: 480_000,
      audio_level: 0.1,
      jitter_buffer_ms: 50,
    });
    expect(stream("4")).toMatchObject({
      packets: 1000,
      packets_lost: 10,
      retransmitted: 8,
      frames: 300,
      key_frames: 3,
      dropped: 4,
      freezes: 1,
      frozen_ms: 350,
      nacks: 9,
      plis: 2,
    });
  });

  it("keeps every number within what the server takes", () => {
    const wild = buildReport(
      "c",
      [
        {
          id: "I",
          type: "inbound-rtp",
          mid: "4",
          packetsReceived: -3,
          jitter: 1e9,
          framesPerSecond: NaN,
          frameWidth: 1e6,
          audioLevel: 7,
          bytesReceived: 1.7,
        },
      ],
      name,
    ).streams[0]!;
    expect(wild).toMatchObject({
      packets: 0,
      jitter_ms: 60_000,
      fps: 0,
      width: 16384,
      audio_level: 1,
      bytes: 2,
    });
  });

  it("reads Firefox, which marks the pair and may leave out mids", () => {
    const r = buildReport(
      "c",
      [
        { id: "P0", type: "candidate-pair", state: "succeeded", nominated: true, localCandidateId: "L0" },
        { id: "P1", type: "candidate-pair", state: "succeeded", selected: true, localCandidateId: "L1" },
        { id: "L0", type: "local-candidate", candidateType: "host", protocol: "udp" },
        { id: "L1", type: "local-candidate", candidateType: "srflx", protocol: "udp" },
        {
          id: "I",
          type: "inbound-rtp",
          trackIdentifier: "remote-video",
          packetsReceived: 5,
          framesDecoded: 2,
        },
      ],
      name,
    );
    expect(r.path).toEqual({ local_type: "srflx", protocol: "udp", rtt_ms: 0 });
    expect(r.streams[0]).toMatchObject({ mid: "4", frames: 2 });
  });
});

describe("summarize", () => {
  it("makes rates of what came since the sample before", () => {
    const before = buildReport("c", chromium, name);
    const later = structuredClone(before);
    const video = later.streams.find((s) => s.mid === "4")!;
    video.packets += 95;
    video.packets_lost += 5;
    video.bytes += 125_000;
    const s = summarize(later, before, 2_000);
    const row = s.streams.find((x) => x.kind === "video" && x.direction === "recv")!;
    expect(row.kbps).toBe(500);
    expect(row.lossPercent).toBe(5);
    expect(s).toMatchObject({ rttMS: 25.4, lossPercent: 5, path: "relay tls" });
  });
});
