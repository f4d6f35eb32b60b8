import { PROBES } from "@kinwire/sdk";
import type { Findings, Verdict } from "./verdict.ts";

/** Who asks, for the table: no address beyond the masked network, no name. */
export interface Asker {
  app: string;
  browser: string;
  system: string;
  at: Date;
}

/**
 * What somebody pastes into a message to a support person: in English always, in lines of "name: value" that
 * line up, with the network masked as the server saw it and no other address.
 */
export function supportTable(f: Findings, verdict: Verdict, who: Asker): string {
  const rows: [string, string][] = [
    ["result", verdict],
    ["time", who.at.toISOString().replace(/\.\d+Z$/, "Z")],
    ["app", who.app],
    ["browser", [who.browser, who.system].filter(Boolean).join(", ") || "unknown"],
    ["network", f.network.seen || "unknown"],
    ...(f.network.refused ? [["refused", f.network.refused] as [string, string]] : []),
    ...PROBES.map((p): [string, string] => {
      const r = f.network.results[p];
      const rtt = r.rttMS === null ? "" : `${Math.round(r.rttMS)} ms`;
      return [p, [r.state, rtt, r.why].filter(Boolean).join("  ")];
    }),
    ["camera", f.devices.camera],
    ["microphone", f.devices.microphone],
    ["video codecs", f.codecs.join(" ") || "none"],
  ];
  const width = Math.max(...rows.map(([name]) => name.length)) + 1;
  return ["Kinwire network check", ...rows.map(([k, v]) => `${`${k}:`.padEnd(width + 1)}${v}`)].join("\n");
}
