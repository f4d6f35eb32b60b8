import { beforeEach, vi } from "vitest";

/** The part of RTCPeerConnection that Peer uses, with what happened to it. */
export class FakeConnection {
  transceivers: FakeTransceiver[] = [];
  connectionState = "new";
  signalingState = "stable";
  localDescription: { type: string; sdp: string } | null = null;
  currentLocalDescription: { type: string; sdp: string } | null = null;
  channels: FakeChannel[] = [];
  onconnectionstatechange: (() => void) | null = null;
  remote = "";
  restarts = 0;
  closed = false;

  addTransceiver(kind: string, o: { direction: string }): FakeTransceiver {
    const t = new FakeTransceiver(kind, o.direction);
    this.transceivers.push(t);
    return t;
  }
  createDataChannel(label: string, init: RTCDataChannelInit): FakeChannel {
    const c = new FakeChannel(label, init);
    this.channels.push(c);
    return c;
  }
  getTransceivers(): FakeTransceiver[] {
    return this.transceivers;
  }
  async createOffer(o: { iceRestart?: boolean }): Promise<{ type: string; sdp: string }> {
    if (o.iceRestart) this.restarts++;
    const data = this.channels.length > 0 ? "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n" : "";
    return { type: "offer", sdp: `v=0\r\n${data}` };
  }
  async setLocalDescription(d: { type: string; sdp: string }): Promise<void> {
    if (d.type === "rollback") {
      this.signalingState = "stable";
      return;
    }
    if (this.signalingState !== "stable") throw new Error(`offer in ${this.signalingState}`);
    this.signalingState = "have-local-offer";
    this.localDescription = d;
    this.transceivers.forEach((t, i) => (t.mid = String(i)));
  }
  async setRemoteDescription(d: { sdp: string }): Promise<void> {
    if (this.signalingState !== "have-local-offer") throw new Error(`answer in ${this.signalingState}`);
    this.signalingState = "stable";
    this.remote = d.sdp;
    this.currentLocalDescription = this.localDescription;
  }
  async getStats(): Promise<Map<string, unknown>> {
    return new Map();
  }
  close(): void {
    this.closed = true;
  }
  become(state: string): void {
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }
}

/** One data channel. */
export class FakeChannel {
  binaryType = "";
  readyState = "connecting";
  bufferedAmount = 0;
  onopen: (() => void) | null = null;
  onclose: (() => void) | null = null;
  onmessage: ((e: { data: unknown }) => void) | null = null;
  readonly sent: unknown[] = [];
  constructor(
    readonly label: string,
    readonly init: RTCDataChannelInit,
  ) {}
  send(data: unknown): void {
    this.sent.push(data);
  }
  close(): void {
    this.readyState = "closed";
  }
  open(): void {
    this.readyState = "open";
    this.onopen?.();
  }
  /** The server closes it. */
  cut(): void {
    this.readyState = "closed";
    this.onclose?.();
  }
  hear(data: unknown): void {
    this.onmessage?.({ data });
  }
}

class FakeTransceiver {
  mid: string | null = null;
  readonly sender = {
    track: null as unknown,
    replaceTrack: async (t: unknown) => void (this.sender.track = t),
  };
  readonly receiver: { track: { kind: string; id: string } };
  constructor(
    readonly kind: string,
    readonly direction: string,
  ) {
    this.receiver = { track: { kind, id: `${kind}-${Math.random()}` } };
  }
}

/** One camera, microphone or screen. */
export class FakeTrack {
  enabled = true;
  stopped = false;
  contentHint = "";
  onended: (() => void) | null = null;
  readonly id = `track-${Math.random()}`;
  constructor(readonly kind: string) {}
  stop(): void {
    this.stopped = true;
  }
}

/** The machine's devices; refuse names those that cannot be opened. */
export const devices = {
  refuse: new Set<"audio" | "video" | "screen">(),
  opened: [] as FakeTrack[],
};

class FakeStream {
  constructor(readonly tracks: FakeTrack[] = []) {}
  getTracks = () => this.tracks;
  getAudioTracks = () => this.tracks.filter((t) => t.kind === "audio");
  getVideoTracks = () => this.tracks.filter((t) => t.kind === "video");
}

async function open(c: { audio?: unknown; video?: unknown }): Promise<FakeStream> {
  const kinds = (["audio", "video"] as const).filter((k) => c[k]);
  for (const k of kinds) if (devices.refuse.has(k)) throw new DOMException("none", "NotFoundError");
  const tracks = kinds.map((k) => new FakeTrack(k));
  devices.opened.push(...tracks);
  return new FakeStream(tracks);
}

beforeEach(() => {
  devices.refuse.clear();
  devices.opened = [];
  // Node has neither media nor a navigator.
  vi.stubGlobal("MediaStream", FakeStream);
  vi.stubGlobal("navigator", {
    hardwareConcurrency: 8,
    mediaDevices: {
      getUserMedia: open,
      getDisplayMedia: async () => {
        if (devices.refuse.has("screen")) throw new DOMException("no", "NotAllowedError");
        return open({ video: true });
      },
    },
  });
});
