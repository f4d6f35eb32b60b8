import { beforeEach, describe, expect, it } from "vitest";
import { API } from "../src/api.ts";
import { NetworkCheck } from "../src/netcheck/check.ts";
import { TRY_MS } from "../src/netcheck/connect.ts";
import type { ProbeResult } from "../src/netcheck/types.ts";
import { onlyOver, serversOver, stunURLs, transportOf } from "../src/netcheck/ways.ts";
import { FakeClock } from "./fakes.ts";

const candidate = (protocol: string) =>
  `a=candidate:1 1 ${protocol} 2130706431 192.0.2.1 5000 typ host${protocol === "tcp" ? " tcptype passive" : ""}`;
const ANSWER = [
  "v=0",
  "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
  candidate("udp"),
  candidate("tcp"),
  "",
].join("\r\n");

describe("ways", () => {
  it.each([
    ["turn:x:3478", "udp"],
    ["turn:x:3478?transport=udp", "udp"],
    ["turn:x:3478?transport=tcp", "tcp"],
    ["turns:x:5349?transport=tcp", "tls"],
    ["turns:x", "tls"],
    ["turns:x?transport=udp", null],
    ["stun:x", null],
  ])("%s: %s", (url, want) => expect(transportOf(url)).toBe(want));

  it("keeps a server's addresses over one transport, with what they need", () => {
    const servers = [
      { urls: ["stun:x", "turn:x", "turns:x"], username: "u", credential: "c" },
      { urls: ["stun:y"] },
    ];
    expect(serversOver(servers, "udp")).toEqual([{ urls: ["turn:x"], username: "u", credential: "c" }]);
    expect(serversOver(servers, "tcp")).toEqual([]);
    expect(stunURLs(["x:3478", "stun:y:1"])).toEqual(["stun:x:3478", "stun:y:1"]);
  });

  it("leaves the candidates of one protocol in an answer, and all the rest", () => {
    const { sdp, left } = onlyOver(ANSWER, "tcp");
    expect(left).toBe(1);
    expect(sdp).toBe(ANSWER.replace(`${candidate("udp")}\r\n`, ""));
    expect(onlyOver("v=0\r\n", "udp")).toEqual({ sdp: "v=0\r\n", left: 0 });
  });
});

/** What lets which transports through. */
let open: Set<string>;
let clock: FakeClock;
let pcs: FakePC[];
let sockets: { closed: boolean }[];

/** A connection in a network that lets through what is in `open`: "relay udp", "host tcp", "stun" … */
class FakePC extends EventTarget {
  onicecandidate: ((e: { candidate: { candidate: string } | null }) => void) | null = null;
  onicecandidateerror: unknown = null;
  onconnectionstatechange: (() => void) | null = null;
  connectionState = "new";
  localDescription: { sdp: string } | null = null;
  closed = false;
  readonly channel: { readyState: string; onopen: (() => void) | null } = {
    readyState: "connecting",
    onopen: null,
  };
  readonly #c: RTCConfiguration;

  constructor(c: RTCConfiguration) {
    super();
    this.#c = c;
    pcs.push(this);
  }
  get #url(): string {
    return (this.#c.iceServers?.[0]?.urls as string[] | undefined)?.[0] ?? "";
  }
  createDataChannel() {
    return this.channel;
  }
  async createOffer() {
    return { type: "offer", sdp: "v=0 offer" };
  }
  async setLocalDescription(d: { sdp: string }) {
    this.localDescription = d;
    const told = (candidate: string) => this.onicecandidate?.({ candidate: { candidate } });
    clock.setTimeout(() => {
      if (this.#c.iceTransportPolicy === "relay") {
        if (open.has(`relay ${transportOf(this.#url)}`))
          told("candidate:1 1 udp 1 192.0.2.9 1 typ relay raddr");
      } else if (this.#url.startsWith("stun:")) {
        if (open.has("udp")) told("candidate:1 1 udp 1 192.0.2.7 1 typ host");
        if (open.has("own address")) return this.onicecandidate?.({ candidate: null });
        if (open.has("stun")) told("candidate:1 1 udp 1 198.51.100.1 1 typ srflx raddr");
        else if (open.has("udp")) this.dispatchEvent(new Event("icecandidateerror"));
      }
      this.onicecandidate?.({ candidate: null });
    }, 10);
  }
  async setRemoteDescription({ sdp }: { sdp: string }) {
    const relay = this.#c.iceTransportPolicy === "relay";
    const way = relay
      ? `relay ${transportOf(this.#url)}`
      : sdp.includes(candidate("udp"))
        ? "host udp"
        : "host tcp";
    if (!open.has(way)) return;
    clock.setTimeout(() => {
      this.channel.readyState = "open";
      this.channel.onopen?.();
    }, 20);
  }
  async getStats() {
    return new Map<string, object>([
      ["t", { id: "t", type: "transport", selectedCandidatePairId: "p" }],
      ["p", { id: "p", type: "candidate-pair", currentRoundTripTime: 0.042 }],
    ]);
  }
  close() {
    this.closed = true;
  }
}

beforeEach(() => {
  clock = new FakeClock();
  pcs = [];
  sockets = [];
  open = new Set(["socket", "udp", "stun", "relay udp", "relay tcp", "relay tls", "host udp", "host tcp"]);
});

const servers = [
  { urls: ["turn:t:1?transport=udp", "turn:t:1?transport=tcp", "turns:t:2"], username: "u", credential: "c" },
];

type Pages = (method: string, path: string) => { status: number; body?: unknown } | undefined;

function start(o: { pages?: Pages; ice?: typeof servers; answer?: string } = {}) {
  const asked: string[] = [];
  const fetcher = async (url: string | URL | Request, init?: RequestInit) => {
    const path = new URL(String(url)).pathname;
    const method = init?.method ?? "GET";
    asked.push(`${method} ${path}`);
    const own = o.pages?.(method, path);
    if (own?.status === 0) throw new TypeError("no network");
    if (own) return new Response(JSON.stringify(own.body ?? {}), { status: own.status });
    if (method === "DELETE") return new Response(null, { status: 204 });
    const begun = {
      id: "n1",
      ice_servers: o.ice ?? servers,
      expires_at: 1,
      seen: "198.51.100.0/24",
      stun: ["t:1"],
    };
    const body = path === "/v1/netcheck" ? begun : { sdp: o.answer ?? ANSWER };
    return new Response(JSON.stringify(body), { status: 200 });
  };
  const check = new NetworkCheck({
    api: new API("http://x", fetcher as typeof fetch),
    url: "ws://x",
    clock,
    createConnection: (c) => new FakePC(c) as unknown as RTCPeerConnection,
    openSocket: () => {
      const socket = {
        onopen: null as (() => void) | null,
        onerror: null as (() => void) | null,
        closed: false,
        close() {},
      };
      socket.close = () => (socket.closed = true);
      sockets.push(socket);
      clock.setTimeout(() => (open.has("socket") ? socket.onopen?.() : socket.onerror?.()), 5);
      return socket as unknown as WebSocket;
    },
  });
  const told: ProbeResult[] = [];
  check.on("change", (r) => told.push(r));
  return { check, told, asked };
}

/** Lets time pass until the check is done. Promises of fetch settle between steps. */
async function finish<T>(run: Promise<T>): Promise<T> {
  let done = false;
  const ended = run.finally(() => (done = true));
  for (let i = 0; i < 400 && !done; i++) {
    await new Promise((r) => setTimeout(r));
    await clock.pass(100);
  }
  return ended;
}

describe("a check of the network", () => {
  it("finds every way open, and leaves nothing behind", async () => {
    const { check, told, asked } = start();
    const report = await finish(check.run());
    expect(Object.values(report.results).map((r) => r.state)).toEqual(Array(8).fill("ok"));
    expect(report.results.sfu_udp.rttMS).toBe(42);
    expect(report).toMatchObject({ seen: "198.51.100.0/24", refused: "" });
    expect(pcs).toHaveLength(6);
    expect([...pcs, ...sockets].every((x) => x.closed)).toBe(true);
    expect(asked.filter((a) => a === "POST /v1/netcheck/n1/offers")).toHaveLength(5);
    expect(asked.at(-1)).toBe("DELETE /v1/netcheck/n1");
    for (const r of Object.values(report.results)) {
      expect(told.filter((t) => t.probe === r.probe).map((t) => t.state)).toEqual(["running", "ok"]);
    }
  });

  it("tells what a network blocks", async () => {
    for (const way of ["stun", "relay udp", "host udp", "socket"]) open.delete(way);
    const { results } = await finish(start().check.run());
    expect(results).toMatchObject({
      https: { state: "ok" },
      websocket: { state: "failed", why: "error" },
      stun: { state: "failed" },
      turn_udp: { state: "failed", why: "no_relay" },
      turn_tcp: { state: "ok" },
      turn_tls: { state: "ok" },
      sfu_udp: { state: "failed", why: "timeout" },
      sfu_tcp: { state: "ok" },
    });
    expect(clock.now()).toBeLessThan(TRY_MS + 2_000);
    expect(pcs.every((x) => x.closed)).toBe(true);
  });

  it("takes an address that is the browser's own for an answer, but not that there is no UDP at all", async () => {
    open.add("own address");
    expect((await finish(start().check.run())).results.stun.state).toBe("ok");
    open.delete("udp");
    expect((await finish(start().check.run())).results.stun.state).toBe("failed");
  });

  it("does not blame the network for what this server does not have", async () => {
    const answer = ANSWER.replace(`${candidate("tcp")}\r\n`, "");
    const ice = [{ ...servers[0]!, urls: ["turn:t:1"] }];
    const { results } = await finish(start({ answer, ice }).check.run());
    expect([results.turn_tcp.state, results.turn_tls.state, results.sfu_tcp.state]).toEqual(
      Array(3).fill("absent"),
    );
    expect([results.turn_udp.state, results.sfu_udp.state]).toEqual(["ok", "ok"]);
  });

  it("nor for the server's refusals", async () => {
    const pages: Pages = (_, path) => (path.endsWith("/offers") ? { status: 429 } : undefined);
    const { results } = await finish(start({ pages }).check.run());
    expect([results.sfu_udp, results.turn_tls].map((r) => [r.state, r.why])).toEqual([
      ["unsure", "refused"],
      ["unsure", "refused"],
    ]);
    const busy = start({ pages: () => ({ status: 429, body: { code: "rate_limited", message: "m" } }) });
    const report = await finish(busy.check.run());
    expect(report.refused).toBe("rate_limited");
    expect([report.results.https.state, report.results.sfu_udp.state]).toEqual(["ok", "unsure"]);
  });

  it("says so when the server cannot be reached", async () => {
    open.delete("socket");
    const { results, refused } = await finish(start({ pages: () => ({ status: 0 }) }).check.run());
    expect([results.https.state, results.websocket.state, results.stun.state]).toEqual([
      "failed",
      "failed",
      "unsure",
    ]);
    expect(refused).toBe("");
  });

  it("can be given up", async () => {
    for (const way of ["relay udp", "host udp", "host tcp"]) open.delete(way);
    const { check } = start();
    const run = check.run();
    for (let i = 0; i < 5; i++) {
      await new Promise((r) => setTimeout(r));
      await clock.pass(10);
    }
    check.stop();
    const { results } = await finish(run);
    expect(results.sfu_udp.state).toBe("unsure");
    expect(clock.now()).toBeLessThan(TRY_MS);
    expect(pcs.every((x) => x.closed)).toBe(true);
  });
});
