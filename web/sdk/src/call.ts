import type { CallData } from "./data.ts";
import { Emitter } from "./emitter.ts";
import type { Clock } from "./environment.ts";
import { codeOf, type KinwireError } from "./errors.ts";
import { LocalMedia } from "./local.ts";
import {
  CallMedia,
  OVER,
  type MediaEvents,
  type MediaOptions,
  type MediaState,
  type RemoteTrack,
} from "./media.ts";
import type {
  CallEntered,
  CallView,
  CallWarning,
  ConnectionQuality,
  MediaQuality,
  MediaSlots,
  Participant,
  Reason,
  SourceKind,
  StatsReport,
} from "./proto_gen.ts";
import type { Signaling } from "./signaling.ts";
import type { CallFigures } from "./summary.ts";

export interface CallEvents {
  /** The phase, or somebody's phase or sources changed. */
  state: CallView;
  /** Somebody's source arrives; show or play its stream. */
  track: RemoteTrack;
  /** It does no longer. */
  trackended: RemoteTrack;
  /** Our own media connection changed. */
  media: MediaState;
  /** Our own microphone, camera or screen was switched. */
  local: SourceKind;
  /** It will be ended soon by a parent's rule. */
  warning: CallWarning;
  /** Every two seconds: how well it goes. */
  stats: CallFigures;
  /** Somebody's connection became better or worse, or has another trouble: everybody's, as far as measured. */
  quality: ReadonlyMap<string, ConnectionQuality>;
  /** Something failed that does not end the call, such as a camera that cannot be opened. */
  problem: KinwireError;
  /** It is over for this person. */
  ended: Reason;
}

/**
 * One call as this person sees it, from the first ring to the end.
 *
 * Its media is joined as soon as this person has entered it (by calling or by answering); while the
 * others still ring, the connection is already made, so that the first word is heard.
 */
export class Call extends Emitter<CallEvents> {
  readonly id: string;
  /** This person started it. */
  readonly outgoing: boolean;
  /** Our own microphone, camera and screen. */
  readonly local: LocalMedia;
  readonly #signaling: Signaling;
  readonly #media: CallMedia;
  #view: CallView;
  #entered = false;
  #ended: Reason | null = null;
  #warning: CallWarning | null = null;
  #opening: Promise<void> | null = null;
  #quality: ReadonlyMap<string, ConnectionQuality> = new Map();

  constructor(view: CallView, me: string, signaling: Signaling, clock: Clock, options: MediaOptions = {}) {
    super();
    this.id = view.call_id;
    this.outgoing = view.caller === me;
    this.#view = normal(view);
    this.#signaling = signaling;
    this.local = new LocalMedia(view.video && !view.no_video);
    this.local.noVideo = view.no_video ?? false;
    this.local.on("problem", (e) => this.emit("problem", e));
    this.local.on("change", (kind) => this.emit("local", kind));
    this.#media = new CallMedia(this.#view, this.local, signaling, clock, options);
    for (const name of ["track", "trackended", "media", "stats", "problem"] as const) {
      this.#media.on(name, (data: MediaEvents[typeof name]) => this.emit(name, data as never));
    }
    this.#media.on("view", (v) => this.update(v));
    this.#media.on("over", (reason) => this.#mediaOver(reason));
  }

  get view(): CallView {
    return this.#view;
  }
  get media(): MediaState {
    return this.#media.state;
  }
  /** Why it is over for this person; null while it is not. */
  get ended(): Reason | null {
    return this.#ended;
  }
  /** This person has called or answered, and is in it. */
  get entered(): boolean {
    return this.#entered;
  }
  /** The last warning that it will be ended soon; null without one. */
  get warning(): CallWarning | null {
    return this.#warning;
  }
  /** A parent has switched video off: nobody may send a camera's or a screen's picture. */
  get noVideo(): boolean {
    return this.#view.no_video ?? false;
  }
  /** The connection under it, for diagnosis; null before it is made and after the end. */
  get pc(): RTCPeerConnection | null {
    return this.#media.pc;
  }
  /** How everybody's connection is, by participant id, this person's own included; who is missing has not been measured. */
  get quality(): ReadonlyMap<string, ConnectionQuality> {
    return this.#quality;
  }
  /** Lines on which those in the call can send one another small messages, such as a game's moves. */
  get data(): CallData {
    return this.#media.data;
  }
  /** What arrives from others at the moment. */
  get tracks(): RemoteTrack[] {
    return this.#media.tracks;
  }
  /** Everybody but this person, those who have left included. */
  get others(): Participant[] {
    return this.#view.participants.filter((p) => p.id !== this.#view.you);
  }
  participant(id: string): Participant | undefined {
    return this.#view.participants.find((p) => p.id === id);
  }

  /** How loud somebody is at the moment, 0 to 1. */
  level(participantID: string): number {
    return this.#media.level(participantID);
  }

  /** What getStats says at this moment, as it goes to the server; null without a connection. */
  report(): Promise<StatsReport | null> {
    return this.#media.report();
  }

  /** Answers it. */
  async accept(): Promise<void> {
    this.#open();
    try {
      this.enter(await this.#signaling.request("call.accept", { call_id: this.id }));
    } catch (e) {
      this.#finish(OVER.has(codeOf(e)) ? "cancelled" : "failed");
      throw e;
    }
  }

  /** Says no to it. */
  async decline(): Promise<void> {
    this.#finish("declined");
    await this.#tell("call.decline");
  }

  /** Rings more people by their user ids. */
  async add(to: string[]): Promise<void> {
    await this.#signaling.request("call.add", { call_id: this.id, to });
  }

  /** Ends it for this person, and a call of two for both. */
  async hangup(): Promise<void> {
    if (this.#ended) return;
    this.#finish(this.outgoing && this.#view.phase === "ringing" ? "cancelled" : "hangup");
    await this.#tell("call.hangup");
  }

  /** Joins the media after call.invite or call.accept was answered. Called by Kinwire. */
  enter(entered: CallEntered): void {
    if (this.#entered || this.#ended) return;
    this.#entered = true;
    this.update(entered.call);
    if (this.#ended) return;
    this.#open();
    this.#media.join(this.#view, entered.ice_servers ?? []);
  }

  /** A newer view of the call. Called by Kinwire. */
  update(view: CallView): void {
    if (!this.#ended) this.#setView(normal(view));
  }

  /** It will be ended soon. Called by Kinwire. */
  warn(warning: CallWarning): void {
    if (this.#ended) return;
    this.#warning = warning;
    this.emit("warning", warning);
  }

  /** One participant changed. Called by Kinwire. */
  updateParticipant(p: Participant): void {
    if (this.#ended) return;
    const list = [...this.#view.participants];
    const at = list.findIndex((x) => x.id === p.id);
    if (at < 0) list.push(p);
    else list[at] = p;
    this.#setView({ ...this.#view, participants: list });
  }

  /** A mapping of slots came. Called by Kinwire. */
  updateSlots(slots: MediaSlots): void {
    this.#media.slotsChanged(slots);
  }

  /** How the connections are came. Called by Kinwire. */
  updateQuality(q: MediaQuality): void {
    if (this.#ended) return;
    this.#quality = new Map((q.people ?? []).map((p) => [p.participant_id, p]));
    this.emit("quality", this.#quality);
  }

  /** The server started a new session of ours and still has us in this call. Called by Kinwire. */
  rejoin(view: CallView): void {
    this.update(view);
    if (this.#entered && !this.#ended) this.#media.join(this.#view, null);
  }

  /** Another network, or the page woke up. Called by Kinwire. */
  networkChanged(): void {
    this.#media.networkChanged();
  }

  /** Ends it here without telling the server. Called by Kinwire. */
  abandon(reason: Reason): void {
    this.#finish(reason);
  }

  #open(): void {
    this.#opening ??= this.local.open();
  }

  #setView(view: CallView): void {
    this.#view = view;
    this.#media.viewChanged(view);
    this.local.noVideo = view.no_video ?? false;
    this.emit("state", view);
    const own = this.participant(view.you);
    if (view.phase === "ended") this.#finish(view.reason ?? "hangup");
    else if (own?.phase === "left") this.#finish(own.reason ?? "lost");
  }

  #mediaOver(reason: "failed" | "lost"): void {
    if (this.#ended) return;
    this.#finish(reason);
    void this.#tell("call.hangup").catch(() => undefined);
  }

  /** The server may have ended it in the same instant: then there is nothing to tell. */
  async #tell(type: "call.decline" | "call.hangup"): Promise<void> {
    try {
      await this.#signaling.request(type, { call_id: this.id });
    } catch (e) {
      if (!OVER.has(codeOf(e)) && codeOf(e) !== "closed") throw e;
    }
  }

  #finish(reason: Reason): void {
    if (this.#ended) return;
    this.#ended = reason;
    this.#media.close();
    this.local.close();
    this.emit("ended", reason);
  }
}

/** A list that is empty may come as null. */
function normal(view: CallView): CallView {
  return { ...view, participants: view.participants ?? [] };
}
