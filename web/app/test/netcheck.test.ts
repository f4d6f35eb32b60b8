import { describe, expect, it } from "vitest";
import { PROBES, type NetworkReport, type Probe, type ProbeState } from "@kinwire/sdk";
import { deviceProblem, isBlack, type DevicesReport } from "../src/netcheck/devices.ts";
import { supportTable } from "../src/netcheck/table.ts";
import { judge, type Findings } from "../src/netcheck/verdict.ts";
import { readLink } from "../src/routes.ts";

function findings(
  states: Partial<Record<Probe, ProbeState>> = {},
  o: { devices?: Partial<DevicesReport>; rtt?: number; refused?: string; codecs?: string[] } = {},
): Findings {
  const results = Object.fromEntries(
    PROBES.map((probe) => {
      const state = states[probe] ?? "ok";
      return [
        probe,
        {
          probe,
          state,
          rttMS: state === "ok" ? (o.rtt ?? 30) : null,
          why: state === "failed" ? "timeout" : "",
        },
      ];
    }),
  ) as NetworkReport["results"];
  return {
    network: { results, seen: "198.51.100.0/24", refused: o.refused ?? "" },
    devices: { camera: "ok", microphone: "ok", ...o.devices },
    codecs: o.codecs ?? ["VP8"],
  };
}

const noUDP = { sfu_udp: "failed", turn_udp: "failed", stun: "failed" } as const;
const noMedia = { ...noUDP, sfu_tcp: "failed", turn_tcp: "failed", turn_tls: "failed" } as const;

describe("the verdict", () => {
  it.each([
    ["all is well", findings(), "good", []],
    ["only the relay over UDP", findings({ ...noMedia, turn_udp: "ok" }), "good", []],
    ["no UDP", findings(noUDP), "slow", ["tcpOnly", "otherNetwork", "askHelper"]],
    ["no UDP at this server", findings({ sfu_udp: "absent", turn_udp: "absent" }), "slow", ["tcpOnly"]],
    ["only TLS", findings({ ...noMedia, turn_tls: "ok" }), "slow", ["tcpOnly", "otherNetwork", "askHelper"]],
    ["far away", findings({}, { rtt: 400 }), "slow", ["far", "otherNetwork"]],
    ["no media", findings(noMedia), "blocked", ["otherNetwork", "askHelper"]],
    [
      "no WebSocket",
      findings({ websocket: "failed" }),
      "blocked",
      ["socketBlocked", "otherNetwork", "askHelper"],
    ],
    ["no server", findings({ https: "failed", ...noMedia }), "offline", ["reload", "otherNetwork"]],
    ["refused", findings({}, { refused: "rate_limited" }), "unsure", ["wait"]],
    [
      "nothing could be tried",
      findings(Object.fromEntries(Object.keys(noMedia).map((p) => [p, "unsure"])) as never),
      "unsure",
      ["wait"],
    ],
    ["black picture", findings({}, { devices: { camera: "black" } }), "good", ["cameraBlack"]],
    [
      "nothing allowed",
      findings({}, { devices: { camera: "denied", microphone: "denied" } }),
      "good",
      ["cameraDenied", "microphoneDenied"],
    ],
    ["an old browser", findings({}, { codecs: [] }), "good", ["oldBrowser"]],
    ["a browser that does not tell", findings({}, { devices: { microphone: "unsure" } }), "good", []],
  ] as const)("%s", (_, f, verdict, advice) => expect(judge(f)).toEqual({ verdict, advice }));
});

describe("a black picture", () => {
  const picture = (luma: number, bright = 0) => {
    const rgba = new Uint8ClampedArray(48 * 36 * 4).fill(255);
    for (let i = 0; i < rgba.length; i += 4) rgba.fill(luma, i, i + 3);
    for (let i = 0; i < bright * 4; i += 4) rgba.fill(255, i, i + 3);
    return rgba;
  };
  it("is told from a dark room, and by more than a broken pixel", () => {
    expect([picture(0), picture(17), picture(16, 5)].map(isBlack)).toEqual([true, true, true]);
    expect([picture(60), picture(0, 100)].map(isBlack)).toEqual([false, false]);
    expect(isBlack(new Uint8ClampedArray())).toBe(true);
  });
});

describe("a device's refusal", () => {
  it.each([
    ["NotAllowedError", "denied"],
    ["NotFoundError", "none"],
    ["NotReadableError", "busy"],
    ["SomethingNew", "unsure"],
  ])("%s: %s", (name, want) => expect(deviceProblem(Object.assign(new Error(), { name }))).toBe(want));
});

describe("the table for support", () => {
  const who = { app: "web 1", browser: "Firefox", system: "Linux", at: new Date(Date.UTC(2026, 10, 22, 9)) };
  it("says everything, in lines that line up", () => {
    const text = supportTable(findings({ turn_tls: "absent", sfu_tcp: "failed" }), "good", who);
    const lines = text.split("\n");
    expect(lines[0]).toBe("Kinwire network check");
    expect(lines).toContain("sfu_udp:      ok  30 ms");
    expect(lines).toContain("sfu_tcp:      failed  timeout");
    expect(lines).toContain("turn_tls:     absent");
    expect(lines).toContain("time:         2026-11-22T09:00:00Z");
    for (const p of PROBES) expect(text).toContain(`${p}:`);
    expect(new Set(lines.slice(1).map((l) => l.search(/: +/) + /: +/.exec(l)![0].length)).size).toBe(1);
  });

  it("has no address but the masked network", () => {
    const text = supportTable(findings(), "good", who);
    expect(text.match(/\d+\.\d+\.\d+\.\d+\S*/g)).toEqual(["198.51.100.0/24"]);
  });
});

it("has an address of its own", () => {
  expect(readLink("#netcheck")).toEqual({ name: "netcheck", value: "" });
  expect(readLink("#netcheck=x")).toBeNull();
});
