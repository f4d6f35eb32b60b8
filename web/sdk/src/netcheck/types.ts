/**
 * The ways that a check tries, in the order in which they are shown: the server's pages, its WebSocket, STUN
 * over UDP, TURN over UDP, TCP and TLS, and media straight to the server over UDP and TCP.
 */
export const PROBES = [
  "https",
  "websocket",
  "stun",
  "turn_udp",
  "turn_tcp",
  "turn_tls",
  "sfu_udp",
  "sfu_tcp",
] as const;

export type Probe = (typeof PROBES)[number];

/**
 * waiting and running while the check goes on, then
 * ok: it gets through; failed: this network does not let it through; absent: this server has no such way;
 * unsure: it could not be tried, so it says nothing about the network.
 */
export type ProbeState = "waiting" | "running" | "ok" | "failed" | "absent" | "unsure";

/** Why a way is not ok: nothing came in time; no relayed address; an error of the browser or of the server. */
export type ProbeReason = "" | "timeout" | "no_relay" | "refused" | "error";

/** What became of one way. */
export interface ProbeResult {
  probe: Probe;
  state: ProbeState;
  /** Round trip, ms; null where it is not known. */
  rttMS: number | null;
  why: ProbeReason;
}

/** What a check found out. */
export interface NetworkReport {
  results: Record<Probe, ProbeResult>;
  /** The network from which the server saw the check come, masked; "" where it never came. */
  seen: string;
  /** The server's refusal to check at all, such as "rate_limited"; "" if it did. */
  refused: string;
}
