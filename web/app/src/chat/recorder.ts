import { KinwireError } from "@kinwire/sdk";
import { barsOf, loudness } from "./wave.ts";

/** How long a message may be, ms. */
export const VOICE_MS = 120_000;
export const VIDEO_MS = 30_000;

/** How often the level is looked at, ms. */
const LOOK_MS = 50;

const KINDS = {
  voice: ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"],
  video: ["video/webm;codecs=vp8,opus", "video/mp4", "video/webm"],
};

export interface Recording {
  blob: Blob;
  /** ms */
  length: number;
  /** BARS numbers, 0 to TOP. */
  bars: number[];
}

export interface RecorderEvents {
  /** Several times a second: how loud it is (0 to 1), and how long it has gone on, ms. */
  level(level: number, length: number): void;
  /** It is as long as it may be: it has stopped. */
  full(): void;
}

/**
 * Records from the microphone, with the camera or without it. The devices are in use from open to close,
 * whatever happens between.
 */
export class Recorder {
  readonly stream: MediaStream;
  readonly #recorder: MediaRecorder;
  readonly #events: RecorderEvents;
  readonly #most: number;
  readonly #audio = new AudioContext();
  readonly #analyser: AnalyserNode;
  readonly #parts: Blob[] = [];
  readonly #levels: number[] = [];
  readonly #stopped: Promise<unknown>;
  #timer: ReturnType<typeof setInterval> | undefined;
  #began = 0;
  #length = 0;

  private constructor(stream: MediaStream, kind: keyof typeof KINDS, events: RecorderEvents) {
    this.stream = stream;
    this.#events = events;
    this.#most = kind === "voice" ? VOICE_MS : VIDEO_MS;
    const mimeType = KINDS[kind].find((k) => MediaRecorder.isTypeSupported(k));
    this.#recorder = new MediaRecorder(stream, {
      ...(mimeType && { mimeType }),
      audioBitsPerSecond: 32_000,
      ...(kind === "video" && { videoBitsPerSecond: 1_000_000 }),
    });
    this.#recorder.addEventListener("dataavailable", (e) => this.#parts.push(e.data));
    this.#stopped = new Promise((done) => this.#recorder.addEventListener("stop", done));
    this.#analyser = new AnalyserNode(this.#audio, { fftSize: 1024 });
    this.#audio.createMediaStreamSource(stream).connect(this.#analyser);
  }

  /** Asks for the microphone (and the camera) and gets ready. Fails with no_permission or no_device. */
  static async open(kind: keyof typeof KINDS, events: RecorderEvents): Promise<Recorder> {
    if (typeof MediaRecorder === "undefined")
      throw new KinwireError("no_device", "this browser cannot record");
    const stream = await devices({
      audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
      video: kind === "video" && { width: { ideal: 640 }, height: { ideal: 480 }, facingMode: "user" },
    });
    try {
      return new Recorder(stream, kind, events);
    } catch (e) {
      for (const track of stream.getTracks()) track.stop();
      throw new KinwireError("no_device", "this browser cannot record", { cause: e });
    }
  }

  get recording(): boolean {
    return this.#recorder.state === "recording";
  }

  start(): void {
    this.#began = performance.now();
    this.#recorder.start();
    void this.#audio.resume();
    const samples = new Float32Array(this.#analyser.fftSize);
    this.#timer = setInterval(() => {
      this.#analyser.getFloatTimeDomainData(samples);
      const level = loudness(samples);
      this.#levels.push(level);
      this.#length = performance.now() - this.#began;
      this.#events.level(level, this.#length);
      if (this.#length < this.#most) return;
      this.#halt();
      this.#events.full();
    }, LOOK_MS);
  }

  /** Ends a recording that was started, and hands it over; the devices are let go. */
  async stop(): Promise<Recording> {
    if (this.recording) this.#length = performance.now() - this.#began;
    this.#halt();
    await this.#stopped;
    this.close();
    // Some players take "audio/webm;codecs=opus" for a kind of file that they do not know.
    const type = this.#recorder.mimeType.split(";")[0]!;
    return {
      blob: new Blob(this.#parts, { type }),
      length: Math.round(Math.min(this.#length, this.#most)),
      bars: barsOf(this.#levels),
    };
  }

  /** Lets go of the devices; what was recorded is thrown away, if stop has not taken it. */
  close(): void {
    this.#halt();
    for (const track of this.stream.getTracks()) track.stop();
    if (this.#audio.state !== "closed") void this.#audio.close();
  }

  #halt(): void {
    clearInterval(this.#timer);
    if (this.recording) this.#recorder.stop();
  }
}

/** The camera or microphone, with the SDK's codes for what may go wrong. */
export async function devices(wanted: MediaStreamConstraints): Promise<MediaStream> {
  // A page without TLS has no devices at all.
  if (!navigator.mediaDevices) throw new KinwireError("no_permission", "this page may use no devices");
  try {
    return await navigator.mediaDevices.getUserMedia(wanted);
  } catch (e) {
    const refused = e instanceof DOMException && (e.name === "NotAllowedError" || e.name === "SecurityError");
    throw new KinwireError(refused ? "no_permission" : "no_device", "the devices could not be opened", {
      cause: e,
    });
  }
}
