import type { NetworkReport, Probe } from "@kinwire/sdk";
import type { DeviceState, DevicesReport } from "./devices.ts";

/** Everything that a check found out. */
export interface Findings {
  network: NetworkReport;
  devices: DevicesReport;
  /** Video codecs of the browser. */
  codecs: string[];
}

/**
 * The whole in one word. good: calls go through; slow: they do, but late or by detours; blocked: they do not;
 * offline: the server cannot be reached at all; unsure: it could not be tried.
 */
export type Verdict = "good" | "slow" | "blocked" | "offline" | "unsure";

/** What somebody can do, by the keys of the words. */
export type Advice =
  | "reload"
  | "otherNetwork"
  | "askHelper"
  | "socketBlocked"
  | "tcpOnly"
  | "far"
  | "wait"
  | "oldBrowser"
  | "cameraDenied"
  | "cameraNone"
  | "cameraBusy"
  | "cameraBlack"
  | "microphoneDenied"
  | "microphoneNone"
  | "microphoneBusy"
  | "microphoneSilent";

/** The ways that carry media. Over TCP a lost packet holds up all that come after it. */
const OVER_UDP: readonly Probe[] = ["sfu_udp", "turn_udp"];
const OVER_TCP: readonly Probe[] = ["sfu_tcp", "turn_tcp", "turn_tls"];

/** From this round trip on people talk into one another's words (ITU-T G.114: 150 ms one way, and coding on top), ms. */
const FAR_MS = 250;

const CAMERA: Partial<Record<DeviceState, Advice>> = {
  denied: "cameraDenied",
  none: "cameraNone",
  busy: "cameraBusy",
  black: "cameraBlack",
};
const MICROPHONE: Partial<Record<DeviceState, Advice>> = {
  denied: "microphoneDenied",
  none: "microphoneNone",
  busy: "microphoneBusy",
  silent: "microphoneSilent",
};

/** The result in one word and what to do, the most important first. */
export function judge(f: Findings): { verdict: Verdict; advice: Advice[] } {
  const network = judgeNetwork(f.network);
  const devices = [CAMERA[f.devices.camera], MICROPHONE[f.devices.microphone]];
  const advice = [...network.advice, f.codecs.length === 0 && ("oldBrowser" as const), ...devices].filter(
    (a): a is Advice => !!a,
  );
  return { verdict: network.verdict, advice };
}

function judgeNetwork({ results, refused }: NetworkReport): { verdict: Verdict; advice: Advice[] } {
  const ok = (p: Probe) => results[p].state === "ok";
  const some = (ps: readonly Probe[], state: string) => ps.some((p) => results[p].state === state);
  if (results.https.state === "failed") return { verdict: "offline", advice: ["reload", "otherNetwork"] };
  if (refused) return { verdict: "unsure", advice: ["wait"] };
  if (results.websocket.state === "failed")
    return { verdict: "blocked", advice: ["socketBlocked", "otherNetwork", "askHelper"] };
  if (some(OVER_UDP, "ok")) {
    const far = fastest(OVER_UDP, results) > FAR_MS;
    return far ? { verdict: "slow", advice: ["far", "otherNetwork"] } : { verdict: "good", advice: [] };
  }
  if (OVER_TCP.some(ok)) {
    // Where the server itself offers no UDP, the network is not to blame.
    const blocked = some(OVER_UDP, "failed");
    return { verdict: "slow", advice: blocked ? ["tcpOnly", "otherNetwork", "askHelper"] : ["tcpOnly"] };
  }
  if (some([...OVER_UDP, ...OVER_TCP], "failed"))
    return { verdict: "blocked", advice: ["otherNetwork", "askHelper"] };
  return { verdict: "unsure", advice: ["wait"] };
}

/** The smallest round trip of these ways that is known; 0 if none is. */
function fastest(probes: readonly Probe[], results: NetworkReport["results"]): number {
  const known = probes.map((p) => results[p].rttMS).filter((ms) => ms !== null);
  return known.length > 0 ? Math.min(...known) : 0;
}
