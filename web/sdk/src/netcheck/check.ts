import type { API } from "../api.ts";
import { Emitter } from "../emitter.ts";
import { browserClock, socketURL, type Clock } from "../environment.ts";
import { codeOf } from "../errors.ts";
import type { NetCheck } from "../proto_gen.ts";
import { askSTUN, connect, openSocket, ProbeError, type Tools } from "./connect.ts";
import { PROBES, type NetworkReport, type Probe, type ProbeResult } from "./types.ts";
import { onlyOver, serversOver, stunURLs, type Transport } from "./ways.ts";

export interface NetworkCheckOptions {
  /** The API; it needs no token. */
  api: API;
  /** The WebSocket's address; default: this page's server. */
  url?: string;
  clock?: Clock;
  openSocket?: (url: string) => WebSocket;
  createConnection?: (c: RTCConfiguration) => RTCPeerConnection;
}

export interface NetworkCheckEvents {
  /** One way began to be tried, or its result is known. */
  change: ProbeResult;
}

/** Refusals that are answers all the same: the server was reached. */
const UNREACHED = new Set(["offline"]);

/**
 * Finds out which of the ways that calls take this network lets through. Nobody needs to be logged in.
 *
 *     const check = new NetworkCheck({ api });
 *     check.on("change", (result) => show(result));
 *     const report = await check.run();
 *
 * Every way is tried by itself and all at the same time: media by real connections to the server, each with only one
 * way open to it, which is more than a look at candidates can tell.
 */
export class NetworkCheck extends Emitter<NetworkCheckEvents> {
  readonly #api: API;
  readonly #url: string;
  readonly #openSocket: (url: string) => WebSocket;
  readonly #tools: Tools;
  readonly #stop = new AbortController();
  readonly #results = new Map<Probe, ProbeResult>(
    PROBES.map((probe) => [probe, { probe, state: "waiting", rttMS: null, why: "" }]),
  );

  constructor(o: NetworkCheckOptions) {
    super();
    this.#api = o.api;
    this.#url = o.url ?? socketURL();
    this.#openSocket = o.openSocket ?? ((url) => new WebSocket(url));
    this.#tools = {
      clock: o.clock ?? browserClock,
      createConnection: o.createConnection ?? ((c) => new RTCPeerConnection(c)),
      signal: this.#stop.signal,
    };
  }

  /** Tries everything, once. It never throws: what cannot be tried is unsure. */
  async run(): Promise<NetworkReport> {
    const socket = this.#try("websocket", () => openSocket(this.#tools, () => this.#openSocket(this.#url)));
    const { check, refused } = await this.#begin();
    const media = check ? this.#media(check) : this.#untried();
    await Promise.all([socket, ...media]);
    if (check) {
      await this.#api.page("DELETE /v1/netcheck/{id}", { path: { id: check.id } }).catch(() => undefined);
    }
    const results = Object.fromEntries(this.#results) as Record<Probe, ProbeResult>;
    return { results, seen: check?.seen ?? "", refused };
  }

  /** Gives up; run() ends soon. */
  stop(): void {
    this.#stop.abort();
  }

  async #begin(): Promise<{ check: NetCheck | null; refused: string }> {
    this.#tell({ probe: "https", state: "running", rttMS: null, why: "" });
    const began = this.#tools.clock.now();
    try {
      const check = await this.#api.page("POST /v1/netcheck");
      this.#tell({ probe: "https", state: "ok", rttMS: this.#tools.clock.now() - began, why: "" });
      return { check, refused: "" };
    } catch (e) {
      const reached = !UNREACHED.has(codeOf(e));
      this.#tell({
        probe: "https",
        state: reached ? "ok" : "failed",
        rttMS: reached ? this.#tools.clock.now() - began : null,
        why: reached ? "" : "error",
      });
      return { check: null, refused: reached ? codeOf(e) : "" };
    }
  }

  #media(check: NetCheck): Promise<void>[] {
    const servers = check.ice_servers ?? [];
    const stun = stunURLs(check.stun ?? []);
    const turn = (probe: Probe, transport: Transport) => {
      const iceServers = serversOver(servers, transport);
      const relay = { iceServers, iceTransportPolicy: "relay" as const };
      return this.#try(
        probe,
        iceServers.length > 0 && (() => connect(this.#tools, relay, (sdp) => this.#answer(check, sdp))),
      );
    };
    const direct = (probe: Probe, protocol: "udp" | "tcp") =>
      this.#try(probe, () =>
        connect(this.#tools, {}, async (offer) => {
          const { sdp, left } = onlyOver(await this.#answer(check, offer), protocol);
          if (left === 0) throw new Absent();
          return sdp;
        }),
      );
    return [
      this.#try("stun", stun.length > 0 && (() => askSTUN(this.#tools, stun))),
      turn("turn_udp", "udp"),
      turn("turn_tcp", "tcp"),
      turn("turn_tls", "tls"),
      direct("sfu_udp", "udp"),
      direct("sfu_tcp", "tcp"),
    ];
  }

  /** Without the server's word nothing of these can be tried. */
  #untried(): Promise<void>[] {
    for (const probe of PROBES) {
      if (probe === "https" || probe === "websocket") continue;
      this.#tell({ probe, state: "unsure", rttMS: null, why: "refused" });
    }
    return [];
  }

  async #answer(check: NetCheck, sdp: string): Promise<string> {
    try {
      const path = { id: check.id };
      const answer = await this.#api.page("POST /v1/netcheck/{id}/offers", { path, body: { sdp } });
      return answer.sdp;
    } catch (e) {
      throw new ProbeError("refused", false, e);
    }
  }

  /** attempt gives the round trip, or is false where the server has no such way. */
  async #try(probe: Probe, attempt: (() => Promise<number | null>) | false): Promise<void> {
    if (!attempt) return this.#tell({ probe, state: "absent", rttMS: null, why: "" });
    this.#tell({ probe, state: "running", rttMS: null, why: "" });
    try {
      this.#tell({ probe, state: "ok", rttMS: await attempt(), why: "" });
    } catch (e) {
      if (e instanceof Absent) return this.#tell({ probe, state: "absent", rttMS: null, why: "" });
      const sure = e instanceof ProbeError && e.sure;
      const why = e instanceof ProbeError ? e.why : "error";
      this.#tell({ probe, state: sure ? "failed" : "unsure", rttMS: null, why });
    }
  }

  #tell(result: ProbeResult): void {
    this.#results.set(result.probe, result);
    this.emit("change", result);
  }
}

/** The server's answer names no address over the protocol in question. */
class Absent extends Error {}
