import { Emitter } from "./emitter.ts";
import { KinwireError } from "./errors.ts";
import type { ICEServer, Source, SourceKind } from "./proto_gen.ts";
import { trimOffer } from "./sdp.ts";

/** How many receive slots a media connection starts with. */
export interface SlotCount {
  audio: number;
  video: number;
}

/** What a media connection is made of. */
export interface PeerOptions {
  iceServers: ICEServer[];
  iceTransportPolicy: RTCIceTransportPolicy;
  /** Lower-case name of the only video codec to send, such as "vp9". Default: whatever the server prefers. */
  sendCodec?: string;
  slots: SlotCount;
  createConnection?: (c: RTCConfiguration) => RTCPeerConnection;
}

/** An offer as it goes to the server. */
export interface Offer {
  sdp: string;
  sources: Source[];
}

export interface PeerEvents {
  /** up: media can flow. shaky: it does not at the moment. down: it will not without an ICE restart. */
  link: "up" | "shaky" | "down";
}

/** Never more slots than the others of the largest call can fill: 15 people and a screen. */
const MOST_SLOTS: SlotCount = { audio: 15, video: 16 };

/** Upper bounds for what is sent, bit/s; congestion control goes below them as it must. */
const ENCODING: Record<SourceKind, RTCRtpEncodingParameters> = {
  audio: {},
  video: { maxBitrate: 2_500_000 },
  screen: { maxBitrate: 2_500_000, maxFramerate: 15 },
};

const LINK: Partial<Record<RTCPeerConnectionState, PeerEvents["link"]>> = {
  connected: "up",
  disconnected: "shaky",
  failed: "down",
};

/**
 * The media connection of one call: an RTCPeerConnection in which this side always offers.
 *
 * Its m-sections are, in this order: our microphone, camera and screen, each sendonly, then receive
 * slots; and one for data channels, if there are any, after those of the offer that brought the first. The camera and screen sections are there from the start, without a track as long as nothing is
 * shown, so that switching them on needs no new offer.
 */
export class Peer extends Emitter<PeerEvents> {
  readonly pc: RTCPeerConnection;
  readonly #senders: Record<SourceKind, RTCRtpTransceiver>;
  readonly #slots: RTCRtpTransceiver[] = [];
  readonly #sendCodec: string | undefined;
  #closed = false;

  constructor(o: PeerOptions) {
    super();
    const create = o.createConnection ?? ((c) => new RTCPeerConnection(c));
    try {
      this.pc = create({
        iceServers: o.iceServers.map(toRTC),
        iceTransportPolicy: o.iceTransportPolicy,
        bundlePolicy: "max-bundle",
        rtcpMuxPolicy: "require",
      });
    } catch (e) {
      throw new KinwireError("media_failed", "the browser refused to set up a connection", { cause: e });
    }
    this.#sendCodec = o.sendCodec?.toLowerCase();
    this.#senders = {
      audio: this.#addSender("audio"),
      video: this.#addSender("video"),
      screen: this.#addSender("screen"),
    };
    this.addSlots(o.slots);
    this.pc.onconnectionstatechange = () => {
      const link = LINK[this.pc.connectionState];
      if (link) this.emit("link", link);
    };
  }

  /** Adds receive slots; they exist for the server after the next offer. */
  addSlots(more: SlotCount): boolean {
    let added = 0;
    for (const kind of ["audio", "video"] as const) {
      const have = this.#slots.filter((t) => t.receiver.track.kind === kind).length;
      const n = Math.min(more[kind], MOST_SLOTS[kind] - have);
      for (let i = 0; i < n; i++, added++) {
        this.#slots.push(this.pc.addTransceiver(kind, { direction: "recvonly" }));
      }
    }
    return added > 0;
  }

  /**
   * Makes an offer and sets it as the local description, after which mids are known. It does not wait
   * for ICE candidates: the server learns ours from the packets that arrive.
   */
  async offer(muted: (kind: SourceKind) => boolean, iceRestart = false): Promise<Offer> {
    await this.pc.setLocalDescription(await this.pc.createOffer({ iceRestart }));
    const sdp = this.pc.localDescription?.sdp ?? "";
    return {
      sdp: trimOffer(sdp, this.#sendCodec ? { sendCodec: this.#sendCodec } : {}),
      sources: (Object.keys(this.#senders) as SourceKind[]).map((kind) => ({
        kind,
        mid: this.#senders[kind].mid ?? "",
        muted: muted(kind),
      })),
    };
  }

  async answer(sdp: string): Promise<void> {
    if (this.#closed) return;
    try {
      await this.pc.setRemoteDescription({ type: "answer", sdp });
    } catch (e) {
      throw new KinwireError("media_failed", `the browser refused the server's answer: ${String(e)}`, {
        cause: e,
      });
    }
  }

  /** Takes back an offer that the server did not answer. */
  async rollback(): Promise<void> {
    if (this.#closed || this.pc.signalingState !== "have-local-offer") return;
    await this.pc.setLocalDescription({ type: "rollback" });
  }

  /** Makes a data channel; without an m-section for data it exists after the next offer. */
  channel(label: string, init: RTCDataChannelInit): RTCDataChannel {
    return this.pc.createDataChannel(label, init);
  }

  /** An m-section for data has been answered. */
  get carriesData(): boolean {
    return /^m=application /m.test(this.pc.currentLocalDescription?.sdp ?? "");
  }

  /** Sends track as the source of that kind, or nothing. Needs no new offer. */
  async send(kind: SourceKind, track: MediaStreamTrack | null): Promise<void> {
    if (!this.#closed) await this.#senders[kind].sender.replaceTrack(track);
  }

  /** The track that arrives in the m-section mid. */
  incoming(mid: string): MediaStreamTrack | null {
    return this.#slots.find((t) => t.mid === mid)?.receiver.track ?? null;
  }

  /** The m-section that sends or receives the track with that id; "" if none does. */
  midOf(trackID: string): string {
    const t = this.pc
      .getTransceivers()
      .find((x) => x.sender.track?.id === trackID || x.receiver.track.id === trackID);
    return t?.mid ?? "";
  }

  /** Which of our own sources the m-section mid carries. */
  sourceOf(mid: string): SourceKind | undefined {
    return (Object.keys(this.#senders) as SourceKind[]).find((k) => this.#senders[k].mid === mid);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.pc.onconnectionstatechange = null;
    this.pc.close();
  }

  #addSender(kind: SourceKind): RTCRtpTransceiver {
    return this.pc.addTransceiver(kind === "audio" ? "audio" : "video", {
      direction: "sendonly",
      sendEncodings: [ENCODING[kind]],
    });
  }
}

function toRTC(s: ICEServer): RTCIceServer {
  const server: RTCIceServer = { urls: s.urls };
  if (s.username) server.username = s.username;
  if (s.credential) server.credential = s.credential;
  return server;
}
