import { CAMERA_LARGE, CAMERA_SMALL, captureLocal, captureOne, captureScreen } from "./capture.ts";
import { Emitter } from "./emitter.ts";
import { codeOf, KinwireError } from "./errors.ts";
import type { SourceKind } from "./proto_gen.ts";

export interface LocalEvents {
  /** Something was switched on or off, or a track was replaced. */
  change: SourceKind;
  /** Something could not be captured. */
  problem: KinwireError;
}

/** Hands a source's track to whoever sends it; null when nothing is to be sent. */
export type SendTrack = (kind: SourceKind, track: MediaStreamTrack | null) => Promise<void>;

/**
 * This person's own microphone, camera and screen in one call.
 *
 * A muted microphone stays open and sends silence, so that speaking again is instant. A camera or screen
 * that is off is really let go: its light goes out. With noVideo neither camera nor screen can be opened.
 */
export class LocalMedia extends Emitter<LocalEvents> {
  readonly #tracks: Record<SourceKind, MediaStreamTrack | null> = { audio: null, video: null, screen: null };
  readonly #muted: Record<SourceKind, boolean>;
  readonly #devices: Partial<Record<"audio" | "video", string>> = {};
  #send: SendTrack | null = null;
  #noVideo = false;
  #ended = false;

  constructor(video: boolean) {
    super();
    this.#muted = { audio: false, video: !video, screen: true };
  }

  /** Whether pictures are switched off for this call. */
  get noVideo(): boolean {
    return this.#noVideo;
  }
  /** Switches them off: what is open is let go at once. Switched on again, nothing opens by itself. */
  set noVideo(on: boolean) {
    if (this.#noVideo === on) return;
    this.#noVideo = on;
    if (!on || this.#ended) return;
    for (const kind of ["video", "screen"] as const) {
      if (this.#muted[kind]) continue;
      void this.#put(kind, null);
      this.#set(kind, true);
    }
  }

  muted(kind: SourceKind): boolean {
    return this.#muted[kind];
  }

  track(kind: SourceKind): MediaStreamTrack | null {
    return this.#tracks[kind];
  }

  /** Opens what is switched on. What cannot be opened is switched off and told as a problem. */
  async open(): Promise<void> {
    const got = await captureLocal(!this.#muted.video);
    await this.#put("audio", got.audio);
    if (!got.audio) this.#set("audio", true);
    // It may have been switched off while it opened.
    if (this.#muted.video) this.#release(got.video);
    else {
      await this.#put("video", got.video);
      if (!got.video) this.#set("video", true);
    }
    if (got.problem && !this.#ended) this.emit("problem", got.problem);
  }

  /** Tracks go to send from now on, the present ones at once. */
  async attach(send: SendTrack): Promise<void> {
    this.#send = send;
    for (const kind of ["audio", "video", "screen"] as const) {
      const track = this.#tracks[kind];
      if (track) await send(kind, track);
    }
  }

  async setMicrophone(on: boolean): Promise<void> {
    if (on && !this.#tracks.audio) await this.#put("audio", await captureOne("audio", this.#devices.audio));
    if (this.#tracks.audio) this.#tracks.audio.enabled = on;
    this.#set("audio", !on);
  }

  async setCamera(on: boolean): Promise<void> {
    if (on) this.#mayShow();
    if (on && !this.#tracks.video) await this.#put("video", await captureOne("video", this.#devices.video));
    if (!on) await this.#put("video", null);
    this.#set("video", !on || this.#noVideo);
  }

  /** Asks which screen to share and shares it. False when the person chose none. */
  async shareScreen(): Promise<boolean> {
    this.#mayShow();
    let track: MediaStreamTrack;
    try {
      track = await captureScreen();
    } catch (e) {
      if (codeOf(e) === "no_permission") return false;
      throw e;
    }
    track.onended = () => void this.stopShare();
    await this.#put("screen", track);
    this.#set("screen", this.#noVideo);
    return !this.#noVideo;
  }

  async stopShare(): Promise<void> {
    await this.#put("screen", null);
    this.#set("screen", true);
  }

  /** Changes to another camera or microphone. */
  async useDevice(kind: "audio" | "video", deviceId: string): Promise<void> {
    this.#devices[kind] = deviceId;
    if (kind === "video" && this.#muted.video) return;
    // Many phones cannot have two cameras open: let go of the old one first.
    if (kind === "video") await this.#put(kind, null);
    const track = await captureOne(kind, deviceId);
    track.enabled = !this.#muted[kind];
    await this.#put(kind, track);
  }

  /** Asks the camera for a large or a small picture. */
  async resize(large: boolean): Promise<void> {
    try {
      await this.#tracks.video?.applyConstraints(large ? CAMERA_LARGE : CAMERA_SMALL);
    } catch {
      // A camera that cannot keeps the size it has.
    }
  }

  /** Lets go of everything. */
  close(): void {
    this.#ended = true;
    this.#send = null;
    for (const kind of ["audio", "video", "screen"] as const) {
      this.#release(this.#tracks[kind]);
      this.#tracks[kind] = null;
    }
  }

  async #put(kind: SourceKind, track: MediaStreamTrack | null): Promise<void> {
    // What was asked for may be open only after it has been switched off.
    if (this.#ended || (this.#noVideo && kind !== "audio" && track)) return this.#release(track);
    const old = this.#tracks[kind];
    this.#tracks[kind] = track;
    if (track && kind !== "screen") track.enabled = !this.#muted[kind] || kind === "video";
    await this.#send?.(kind, track);
    if (old === track) return;
    this.#release(old);
    this.emit("change", kind);
  }

  #mayShow(): void {
    if (this.#noVideo) throw new KinwireError("not_allowed", "video is switched off in this call");
  }

  #release(track: MediaStreamTrack | null): void {
    if (!track) return;
    track.onended = null;
    track.stop();
  }

  #set(kind: SourceKind, muted: boolean): void {
    if (this.#ended) return;
    this.#muted[kind] = muted;
    this.emit("change", kind);
  }
}
