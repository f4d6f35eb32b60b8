import { CameraSize } from "./adapt.ts";
import { CallData } from "./data.ts";
import { Emitter } from "./emitter.ts";
import type { Clock } from "./environment.ts";
import { codeOf, KinwireError } from "./errors.ts";
import type { LocalMedia } from "./local.ts";
import { AudioMeter } from "./meter.ts";
import { Peer, type PeerEvents, type SlotCount } from "./peer.ts";
import type { CallView, ICEServer, MediaSlots, Slot, SourceKind, StatsReport } from "./proto_gen.ts";
import { Restarter } from "./restart.ts";
import { readStats, Sampler } from "./sampler.ts";
import type { Signaling } from "./signaling.ts";
import { SlotMap } from "./slots.ts";
import type { CallFigures } from "./summary.ts";

/** Settings of a call's media. */
export interface MediaOptions {
  /** "relay" sends everything through TURN; default "all". */
  iceTransportPolicy?: RTCIceTransportPolicy;
  /** The only video codec to send, such as "VP9". Default: the server's preference. */
  codec?: string;
  /** For tests: makes the connection. */
  createConnection?: (c: RTCConfiguration) => RTCPeerConnection;
}

/** A source of somebody else that can be seen or heard. */
export interface RemoteTrack {
  participantID: string;
  kind: SourceKind;
  mid: string;
  stream: MediaStream;
}

/** How our own media connection is: new until the first packet can flow. */
export type MediaState = "new" | PeerEvents["link"];

export interface MediaEvents {
  track: RemoteTrack;
  trackended: RemoteTrack;
  media: MediaState;
  stats: CallFigures;
  problem: KinwireError;
  /** The reply to call.join brought a newer view. */
  view: CallView;
  /** Media cannot be, or the server no longer knows us in this call. */
  over: "failed" | "lost";
}

/** Refusals which say that we are no longer in the call. */
export const OVER: ReadonlySet<string> = new Set(["not_found", "wrong_state", "not_allowed", "resume_gone"]);

/**
 * The media of one call: joins it, keeps it connected, and maps slots onto participants. Offers are made
 * one after the other, as each must be answered before the next.
 */
export class CallMedia extends Emitter<MediaEvents> {
  readonly #callID: string;
  readonly #signaling: Signaling;
  readonly #clock: Clock;
  readonly #local: LocalMedia;
  readonly #options: MediaOptions;
  /** Its data lines. */
  readonly data: CallData;
  readonly #slots = new SlotMap();
  readonly #tracks = new Map<string, RemoteTrack>();
  readonly #cameraSize = new CameraSize();
  readonly #meter = new AudioMeter();
  #ice: ICEServer[] = [];
  #view: CallView;
  #peer: Peer | null = null;
  #sampler: Sampler | null = null;
  #restarter: Restarter | null = null;
  #latest: MediaSlots | null = null;
  #told: Partial<Record<SourceKind, boolean>> = {};
  #work: Promise<void> = Promise.resolve();
  #state: MediaState = "new";
  #joined = false;
  #closed = false;

  constructor(view: CallView, local: LocalMedia, signaling: Signaling, clock: Clock, options: MediaOptions) {
    super();
    this.#callID = view.call_id;
    this.#view = view;
    this.#local = local;
    this.#signaling = signaling;
    this.#clock = clock;
    this.#options = options;
    this.data = new CallData(clock, () => void this.#queue(() => this.#offerData()));
    local.on("change", () => this.#tellMutes());
  }

  get state(): MediaState {
    return this.#state;
  }
  get joined(): boolean {
    return this.#joined;
  }
  get pc(): RTCPeerConnection | null {
    return this.#peer?.pc ?? null;
  }
  get tracks(): RemoteTrack[] {
    return [...this.#tracks.values()];
  }

  /** How loud somebody is at the moment, 0 to 1. */
  level(participantID: string): number {
    return this.#meter.level(participantID);
  }

  /** What getStats says at this moment; null without a connection. */
  async report(): Promise<StatsReport | null> {
    if (!this.#peer) return null;
    return (await readStats(this.#peer, this.#callID, this.#view.you, this.#slots)).report;
  }

  /** Joins with these ICE servers, anew if it had joined before. */
  join(view: CallView, ice: ICEServer[] | null): void {
    this.#ice = ice ?? this.#ice;
    this.#drop();
    this.viewChanged(view);
    this.#queue(() => this.#join());
  }

  viewChanged(view: CallView): void {
    this.#view = view;
  }

  slotsChanged(slots: MediaSlots): void {
    if (this.#closed || (this.#latest && slots.rev <= this.#latest.rev)) return;
    this.#latest = slots;
    this.#applySlots();
  }

  networkChanged(): void {
    this.#restarter?.networkChanged();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#drop();
    this.#meter.close();
  }

  #queue(job: () => Promise<void>): Promise<void> {
    this.#work = this.#work.then(async () => {
      if (this.#closed) return;
      try {
        await job();
      } catch (e) {
        if (!this.#closed) this.#failed(e);
      }
    });
    return this.#work;
  }

  #failed(e: unknown): void {
    this.#problem(e);
    if (!this.#joined) this.emit("over", "failed");
    else if (OVER.has(codeOf(e))) this.emit("over", "lost");
  }

  async #join(): Promise<void> {
    if (this.#peer) return;
    const o = this.#options;
    const peer = new Peer({
      iceServers: this.#ice,
      iceTransportPolicy: o.iceTransportPolicy ?? "all",
      slots: slotsFor(this.#view),
      ...(o.codec && { sendCodec: o.codec }),
      ...(o.createConnection && { createConnection: o.createConnection }),
    });
    this.#peer = peer;
    this.#restarter = new Restarter(this.#clock, () => this.#queue(() => this.#offerAgain(true)));
    peer.on("link", (state) => this.#linkChanged(state));
    this.data.attach((label, init) => peer.channel(label, init));
    await this.#local.attach((kind, track) => peer.send(kind, track));
    const offer = await peer.offer((kind) => this.#local.muted(kind));
    const joined = await this.#signaling.request("call.join", { call_id: this.#callID, ...offer });
    if (this.#peer !== peer) return;
    this.#ice = joined.ice_servers ?? this.#ice;
    await peer.answer(joined.sdp);
    if (this.#peer !== peer) return;
    this.#joined = true;
    for (const s of offer.sources) this.#told[s.kind] = s.muted;
    this.#restarter.started();
    this.emit("view", joined.call);
    this.slotsChanged(joined.slots);
    this.#applySlots();
    this.#tellMutes();
  }

  /** Offers again on the same connection, for more slots or to restart ICE. */
  async #offerAgain(iceRestart: boolean): Promise<void> {
    const peer = this.#peer;
    if (!peer || !this.#joined) return;
    const offer = await peer.offer((kind) => this.#local.muted(kind), iceRestart);
    try {
      const answer = await this.#signaling.request("media.offer", { call_id: this.#callID, ...offer });
      if (this.#peer !== peer) return;
      await peer.answer(answer.sdp);
      for (const s of offer.sources) this.#told[s.kind] = s.muted;
      this.slotsChanged(answer.slots);
      this.#applySlots();
      this.#tellMutes();
    } catch (e) {
      await peer.rollback();
      throw e;
    }
  }

  /** Offers again if the offers so far had no room for data. */
  async #offerData(): Promise<void> {
    if (this.#peer && !this.#peer.carriesData) await this.#offerAgain(false);
  }

  async #grow(more: SlotCount): Promise<void> {
    // What was missing may have come meanwhile, or have gone.
    const still = missing(this.#latest);
    const n = { audio: Math.min(more.audio, still.audio), video: Math.min(more.video, still.video) };
    if (this.#peer?.addSlots(n)) await this.#offerAgain(false);
  }

  #linkChanged(state: PeerEvents["link"]): void {
    this.#state = state;
    this.#restarter?.link(state);
    if (state === "up") this.#sampler ??= this.#startSampler();
    this.emit("media", state);
  }

  #startSampler(): Sampler {
    const peer = this.#peer!;
    const read = () => readStats(peer, this.#callID, this.#view.you, this.#slots);
    const sampler = new Sampler(this.#clock, read);
    sampler.on("sample", ({ report, summary, limitedBy }) => {
      this.#signaling.notify("stats.report", report);
      this.emit("stats", summary);
      const facts = {
        availableKbps: summary.availableKbps,
        limitedBy,
        people: this.#view.participants.filter((p) => p.phase === "joined").length,
        processors: navigator.hardwareConcurrency ?? 1,
      };
      if (this.#cameraSize.sample(facts, this.#clock.now())) void this.#local.resize(this.#cameraSize.large);
    });
    return sampler;
  }

  #applySlots(): void {
    // Before the answer is set, our slots stand for nothing yet.
    if (!this.#joined || !this.#latest) return;
    const change = this.#slots.apply(this.#latest);
    if (!change) return;
    for (const s of change.removed) this.#endTrack(s);
    for (const s of change.added) this.#startTrack(s);
    const more = missing(this.#latest);
    if (more.audio > 0 || more.video > 0) void this.#queue(() => this.#grow(more));
  }

  #startTrack(s: Slot): void {
    const track = this.#peer?.incoming(s.mid);
    if (!track) return;
    const stream = new MediaStream([track]);
    const t: RemoteTrack = { participantID: s.participant_id, kind: s.kind, mid: s.mid, stream };
    this.#tracks.set(s.mid, t);
    if (s.kind === "audio") this.#meter.add(s.participant_id, stream);
    this.emit("track", t);
  }

  #endTrack(s: Slot): void {
    const t = this.#tracks.get(s.mid);
    if (!t) return;
    this.#tracks.delete(s.mid);
    if (s.kind === "audio") this.#meter.remove(s.participant_id);
    this.emit("trackended", t);
  }

  /** Tells the server of every source whose switch it does not know yet. */
  #tellMutes(): void {
    if (!this.#joined) return;
    for (const kind of ["audio", "video", "screen"] as const) {
      const muted = this.#local.muted(kind);
      if (this.#told[kind] === muted) continue;
      this.#told[kind] = muted;
      this.#signaling.request("media.mute", { call_id: this.#callID, kind, muted }).catch((e: unknown) => {
        if (!this.#closed && !OVER.has(codeOf(e))) this.#problem(e);
      });
    }
  }

  #problem(e: unknown): void {
    const known = e instanceof KinwireError;
    this.emit("problem", known ? e : new KinwireError("media_failed", String(e), { cause: e }));
  }

  #drop(): void {
    this.#sampler?.close();
    this.#restarter?.stop();
    for (const s of this.#slots.clear()) this.#endTrack(s);
    this.data.attach(null);
    this.#peer?.close();
    this.#sampler = this.#restarter = this.#peer = this.#latest = null;
    this.#told = {};
    this.#joined = false;
    this.#state = "new";
  }
}

/** Everybody who may come, and one picture more for a screen. */
function slotsFor(view: CallView): SlotCount {
  const others = view.participants.filter((p) => p.id !== view.you && p.phase !== "left").length;
  return { audio: Math.max(1, others), video: Math.max(1, others) + 1 };
}

function missing(m: MediaSlots | null): SlotCount {
  return { audio: m?.missing_audio ?? 0, video: m?.missing_video ?? 0 };
}
