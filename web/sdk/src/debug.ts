import type { Call } from "./call.ts";
import type { Kinwire } from "./kinwire.ts";
import type { StatsPath, StatsStream } from "./proto_gen.ts";

/** One stream as getStats tells it now: a StatsStream with the name of the person and, if heard, its level. */
export interface StreamDebug extends StatsStream {
  person: string;
  /** Loudness of what is played at this moment, 0 to 1, by an AnalyserNode. Only of audio received. */
  level: number;
}

/**
 * What tests and support may ask a page: the app shows it as `window.kinwire.debug`.
 *
 * Numbers are the running totals of getStats. `inbound()` gives for each participant's source `frames`
 * (decoded), `total_samples` and `concealed_samples`, `packets`, `width`, `codec` and `level`.
 */
export class Debug {
  readonly #kinwire: () => Kinwire | null;

  constructor(kinwire: () => Kinwire | null) {
    this.#kinwire = kinwire;
  }

  /** The call this person is in, or null. */
  call(): Call | null {
    return this.#kinwire()?.calls.find((c) => c.entered) ?? null;
  }

  /** The call's RTCPeerConnection, or null. */
  pc(): RTCPeerConnection | null {
    return this.call()?.pc ?? null;
  }

  /** What arrives, one entry for each source of each participant. */
  inbound(): Promise<StreamDebug[]> {
    return this.#streams("recv");
  }

  /** What is sent, one entry for each source that has sent. */
  outbound(): Promise<StreamDebug[]> {
    return this.#streams("send");
  }

  /** The selected ICE path. */
  async path(): Promise<StatsPath> {
    return (await this.call()?.report())?.path ?? {};
  }

  /** Loudness of one participant, or of the loudest, 0 to 1. */
  level(participantID?: string): number {
    const call = this.call();
    if (!call) return 0;
    if (participantID) return call.level(participantID);
    return Math.max(0, ...call.others.map((p) => call.level(p.id)));
  }

  /** Cuts the WebSocket as a broken network would; the session resumes by itself. */
  dropSocket(): void {
    this.#kinwire()?.signaling.dropSocket();
  }

  /** Restarts ICE as a change of networks would. */
  changeNetwork(): void {
    this.call()?.networkChanged();
  }

  /** State of the WebSocket: "online", "reconnecting" or "offline". */
  connection(): string {
    return this.#kinwire()?.signaling.state ?? "offline";
  }

  /** The last seq that arrived on the WebSocket. */
  lastSeq(): number {
    return this.#kinwire()?.signaling.lastSeq ?? 0;
  }

  async #streams(direction: "send" | "recv"): Promise<StreamDebug[]> {
    const call = this.call();
    const report = await call?.report();
    return (report?.streams ?? [])
      .filter((s) => s.direction === direction)
      .map((s) => ({
        ...s,
        person: call?.participant(s.participant_id)?.person.name ?? "",
        level: direction === "recv" && s.kind === "audio" ? (call?.level(s.participant_id) ?? 0) : 0,
      }));
  }
}
