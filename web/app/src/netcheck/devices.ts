/** What became of a camera or microphone: black and silent are devices that work but give nothing. */
export type DeviceState =
  "waiting" | "running" | "ok" | "black" | "silent" | "denied" | "none" | "busy" | "unsure";

/** Both of them, and the stream that shows the camera while the page is open. */
export interface DevicesReport {
  camera: DeviceState;
  microphone: DeviceState;
}

/** How long a picture may stay black, and a microphone without a sound, until that is the result, ms. */
const LOOK_MS = 3_000;

/** How often they are looked at, ms. */
const EVERY_MS = 200;

/** A picture whose brightest pixels are darker than this (of 255) is black. Limited-range black is 16, noise comes on top. */
const DARK = 32;

/** Of how many pixels the brightest are ignored: a pixel that is broken shines in the dark too. */
const BROKEN = 0.01;

/** Whether a picture is black: RGBA bytes, as ImageData has them. An empty one is. */
export function isBlack(rgba: Uint8ClampedArray): boolean {
  const bright: number[] = [];
  for (let i = 0; i + 3 < rgba.length; i += 4) {
    // Luma by ITU-R BT.601.
    bright.push(0.299 * rgba[i]! + 0.587 * rgba[i + 1]! + 0.114 * rgba[i + 2]!);
  }
  bright.sort((a, b) => a - b);
  return (bright[Math.floor(bright.length * (1 - BROKEN))] ?? 0) < DARK;
}

/** What a refusal of getUserMedia means. */
export function deviceProblem(e: unknown): DeviceState {
  const name = e instanceof Error || e instanceof DOMException ? e.name : "";
  const known: Record<string, DeviceState> = {
    NotAllowedError: "denied",
    SecurityError: "denied",
    NotFoundError: "none",
    OverconstrainedError: "none",
    NotReadableError: "busy",
    AbortError: "busy",
  };
  return known[name] ?? "unsure";
}

/** Opens the camera and the microphone and looks whether anything comes. close() switches them off. */
export class Devices {
  readonly video: HTMLVideoElement;
  readonly #stop = new AbortController();
  readonly #streams: MediaStream[] = [];

  /** video shows the camera. */
  constructor(video: HTMLVideoElement) {
    this.video = video;
  }

  /** One question for both, where the browser can. change is told as it goes on. */
  async run(change: (r: DevicesReport) => void): Promise<DevicesReport> {
    const r: DevicesReport = { camera: "running", microphone: "running" };
    const tell = (part: Partial<DevicesReport>) => change(Object.assign(r, part));
    tell({});
    const [camera, microphone] = await this.#open();
    if (typeof camera === "string") tell({ camera });
    if (typeof microphone === "string") tell({ microphone });
    await Promise.all([
      typeof camera !== "string" && this.#look(camera).then((state) => tell({ camera: state })),
      typeof microphone !== "string" && this.#listen(microphone).then((state) => tell({ microphone: state })),
    ]);
    return r;
  }

  close(): void {
    this.#stop.abort();
    for (const t of this.#streams.flatMap((s) => s.getTracks())) t.stop();
    this.video.srcObject = null;
  }

  async #open(): Promise<[MediaStream | DeviceState, MediaStream | DeviceState]> {
    try {
      const both = await this.#ask({ audio: true, video: true });
      return [both, both];
    } catch {
      // One of them is missing or refused: which one is told by asking for each.
      const one = (c: MediaStreamConstraints) => this.#ask(c).catch(deviceProblem);
      return [await one({ video: true }), await one({ audio: true })];
    }
  }

  async #ask(constraints: MediaStreamConstraints): Promise<MediaStream> {
    // A page that is not from a secure origin has no mediaDevices.
    if (!navigator.mediaDevices) throw new DOMException("no secure origin", "NotAllowedError");
    const stream = await navigator.mediaDevices.getUserMedia(constraints);
    if (this.#stop.signal.aborted) for (const t of stream.getTracks()) t.stop();
    else this.#streams.push(stream);
    return stream;
  }

  async #look(stream: MediaStream): Promise<DeviceState> {
    this.video.srcObject = stream;
    await this.video.play().catch(() => undefined);
    const canvas = document.createElement("canvas");
    canvas.width = 48;
    canvas.height = 36;
    const context = canvas.getContext("2d", { willReadFrequently: true });
    if (!context) return "unsure";
    return this.#until(() => {
      if (this.video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return false;
      context.drawImage(this.video, 0, 0, canvas.width, canvas.height);
      return !isBlack(context.getImageData(0, 0, canvas.width, canvas.height).data);
    }, "black");
  }

  /** A microphone that works gives at least noise; one that is switched off at itself gives zeros. */
  async #listen(stream: MediaStream): Promise<DeviceState> {
    let context: AudioContext;
    try {
      context = new AudioContext();
    } catch {
      return "unsure";
    }
    try {
      // Without a sound card some browsers never start it.
      void context.resume().catch(() => undefined);
      const analyser = context.createAnalyser();
      context.createMediaStreamSource(stream).connect(analyser);
      const samples = new Float32Array(analyser.fftSize);
      const heard = await this.#until(() => {
        analyser.getFloatTimeDomainData(samples);
        return samples.some((x) => Math.abs(x) > 1e-5);
      }, "silent");
      return heard === "silent" && context.state !== "running" ? "unsure" : heard;
    } finally {
      void context.close().catch(() => undefined);
    }
  }

  async #until(works: () => boolean, otherwise: DeviceState): Promise<DeviceState> {
    for (let waited = 0; waited < LOOK_MS && !this.#stop.signal.aborted; waited += EVERY_MS) {
      if (works()) return "ok";
      await new Promise((done) => setTimeout(done, EVERY_MS));
    }
    return otherwise;
  }
}

/** The video codecs of this browser that Kinwire knows, by their names: those that it sends and can show. */
export function knownCodecs(): string[] {
  const names = (c: RTCRtpCapabilities | null | undefined) =>
    new Set((c?.codecs ?? []).map((x) => x.mimeType.replace(/^video\//i, "").toUpperCase()));
  try {
    const send = names(RTCRtpSender.getCapabilities("video"));
    const receive = names(RTCRtpReceiver.getCapabilities("video"));
    return ["VP8", "H264", "VP9", "AV1"].filter((c) => send.has(c) && receive.has(c));
  } catch {
    return [];
  }
}
