import type { Clock } from "../environment.ts";
import { selectedPair, type Stat } from "../stats.ts";
import type { ProbeReason } from "./types.ts";

/** A way that did not work. sure: it is the network that does not let it through. */
export class ProbeError extends Error {
  readonly why: ProbeReason;
  readonly sure: boolean;

  constructor(why: ProbeReason, sure: boolean, cause?: unknown) {
    super(why, { cause });
    this.name = "ProbeError";
    this.why = why;
    this.sure = sure;
  }
}

/** What a try uses of the world outside. */
export interface Tools {
  clock: Clock;
  createConnection: (c: RTCConfiguration) => RTCPeerConnection;
  /** Fires when the whole check is given up. */
  signal: AbortSignal;
}

/** How long a try may take, ms. Without an answer ICE gives up after some 15 s; a network that needs 8 is no use. */
export const TRY_MS = 8_000;

/** How often the round trip is read before the smallest one counts, and how long apart, ms. */
const READS = 4;
const READ_MS = 150;

/**
 * Connects as media would, by a connection that carries a data channel and nothing else, and waits until the
 * channel is open. answer gives the server's answer to an offer. The round trip in ms, or null.
 */
export async function connect(
  tools: Tools,
  configuration: RTCConfiguration,
  answer: (offer: string) => Promise<string>,
): Promise<number | null> {
  const pc = tools.createConnection({ ...configuration, bundlePolicy: "max-bundle" });
  try {
    const channel = pc.createDataChannel("check");
    await pc.setLocalDescription(await pc.createOffer());
    if (configuration.iceTransportPolicy === "relay") await relayed(tools, pc);
    const sdp = await answer(pc.localDescription?.sdp ?? "");
    await pc.setRemoteDescription({ type: "answer", sdp });
    await within(tools, (done, fail) => {
      channel.onopen = () => done();
      pc.onconnectionstatechange = () => {
        if (pc.connectionState === "failed") fail(new ProbeError("timeout", true));
      };
      if (channel.readyState === "open") done();
    });
    return await roundTrip(tools, pc);
  } finally {
    pc.close();
  }
}

/** Waits for the first relayed candidate: the TURN server was reached and took the credentials. */
function relayed(tools: Tools, pc: RTCPeerConnection): Promise<void> {
  return within(
    tools,
    (done, fail) => {
      pc.onicecandidate = (e) => {
        if (e.candidate && / typ relay( |$)/.test(e.candidate.candidate)) done();
        else if (!e.candidate) fail(new ProbeError("no_relay", true));
      };
    },
    "no_relay",
  );
}

/**
 * Asks STUN servers over UDP for this browser's address. Null is the round trip that no browser tells.
 *
 * An address that is no other than the browser's own gives no candidate beside that of the host itself; then
 * gathering ends at once and without an error. Where nothing answers it ends much later, or with error 701; where
 * the browser may not use UDP at all, there is no candidate of the host either.
 */
export async function askSTUN(tools: Tools, urls: string[]): Promise<null> {
  const pc = tools.createConnection({ iceServers: [{ urls }] });
  try {
    pc.createDataChannel("check");
    let refused = false;
    let host = false;
    const answered = within(tools, (done, fail) => {
      pc.addEventListener("icecandidateerror", () => (refused = true));
      pc.onicecandidate = (e) => {
        const text = e.candidate?.candidate ?? "";
        if (/ udp .* typ srflx( |$)/i.test(text)) return done();
        host ||= / udp .* typ host( |$)/i.test(text);
        if (e.candidate) return;
        if (refused || !host) fail(new ProbeError("timeout", true));
        // A browser that tells of no errors leaves open why there is no candidate.
        else if ("onicecandidateerror" in pc) done();
        else fail(new ProbeError("error", false));
      };
    });
    await pc.setLocalDescription(await pc.createOffer());
    await answered;
    return null;
  } finally {
    pc.close();
  }
}

/** Opens the server's WebSocket and closes it again; how long opening took, ms. */
export async function openSocket(tools: Tools, open: () => WebSocket): Promise<number> {
  const began = tools.clock.now();
  const socket = open();
  try {
    await within(tools, (done, fail) => {
      socket.onopen = () => done();
      socket.onerror = socket.onclose = () => fail(new ProbeError("error", true));
    });
    return tools.clock.now() - began;
  } finally {
    socket.onerror = socket.onclose = null;
    socket.close();
  }
}

/** The smallest round trip of the pair in use over a few looks, ms. */
async function roundTrip(tools: Tools, pc: RTCPeerConnection): Promise<number | null> {
  let best: number | null = null;
  for (let i = 0; i < READS && !tools.signal.aborted; i++) {
    const stats = [...(await pc.getStats()).values()] as Stat[];
    const rtt = selectedPair(new Map(stats.map((s) => [s.id, s])))?.["currentRoundTripTime"];
    if (typeof rtt === "number" && rtt > 0) best = Math.min(best ?? Infinity, rtt * 1000);
    await new Promise<void>((done) => tools.clock.setTimeout(done, READ_MS));
  }
  return best;
}

/** Waits for done or fail, at most TRY_MS and no longer than the check goes on. */
async function within(
  tools: Tools,
  start: (done: () => void, fail: (e: ProbeError) => void) => void,
  late: ProbeReason = "timeout",
): Promise<void> {
  let timer: unknown;
  const stopped = new AbortController();
  try {
    await new Promise<void>((resolve, reject) => {
      if (tools.signal.aborted) return reject(new ProbeError("error", false));
      const aborted = () => reject(new ProbeError("error", false));
      tools.signal.addEventListener("abort", aborted, { signal: stopped.signal });
      timer = tools.clock.setTimeout(() => reject(new ProbeError(late, true)), TRY_MS);
      start(resolve, reject);
    });
  } finally {
    stopped.abort();
    tools.clock.clearTimeout(timer);
  }
}
