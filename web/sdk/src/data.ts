import { Emitter } from "./emitter.ts";
import type { Clock } from "./environment.ts";

/** The largest message, bytes; the server takes none that is larger. */
export const MAX_DATA_BYTES = 16 * 1024;

/** How much may wait to be sent on one line, bytes. */
const MAX_WAITING = 256 * 1024;

/** How long until a line that was closed is opened again, ms: doubled each time, until it holds. */
const REOPEN_MS = 500;
const REOPEN_MOST_MS = 8_000;

/** A message that somebody else in the call has sent; the server vouches for the sender. */
export interface DataMessage {
  /** The sender's participant id. */
  from: string;
  /** A text if a text was sent. */
  data: string | Uint8Array;
}

export interface DataLineEvents {
  /** Messages can be sent and come from now on. What others sent before, this side has missed. */
  open: void;
  /** They cannot any more. The line is opened again by itself as long as there is a call. */
  closed: void;
  message: DataMessage;
}

export interface DataLineOptions {
  /** Neither repeat what is lost nor keep to an order: for what is worth nothing a moment later. */
  lossy?: boolean;
}

/** A data channel's end, as far as it is needed here. */
type Channel = Pick<
  RTCDataChannel,
  "binaryType" | "readyState" | "bufferedAmount" | "onopen" | "onclose" | "onmessage" | "send" | "close"
>;

/** Makes a channel on a connection. */
export type MakeChannel = (label: string, init: RTCDataChannelInit) => Channel;

/**
 * A line between everybody in the call who has opened one with the same label. Messages go by way of the
 * server, which reads none and keeps none. Those of a line that is not lossy come in order, and to all in
 * the same one.
 */
export class DataLine extends Emitter<DataLineEvents> {
  readonly label: string;
  readonly #init: RTCDataChannelInit;
  readonly #clock: Clock;
  #make: MakeChannel | null = null;
  #channel: Channel | null = null;
  #isOpen = false;
  #timer: unknown = null;
  #wait = REOPEN_MS;

  constructor(label: string, options: DataLineOptions, clock: Clock) {
    super();
    this.label = label;
    this.#init = options.lossy ? { ordered: false, maxRetransmits: 0 } : { ordered: true };
    this.#clock = clock;
  }

  /** Messages can be sent and come. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /**
   * Sends a text or bytes to everybody else. False if it was not sent: the line is not open, the message
   * has more than MAX_DATA_BYTES, or too much waits already.
   */
  send(data: string | Uint8Array<ArrayBuffer>): boolean {
    const c = this.#channel;
    if (!c || !this.#isOpen || c.readyState !== "open") return false;
    const size = typeof data === "string" ? bytes(data) : data.byteLength;
    if (size > MAX_DATA_BYTES || c.bufferedAmount + size > MAX_WAITING) return false;
    if (typeof data === "string") c.send(data);
    else c.send(data);
    return true;
  }

  /** A connection is there, or there is none any more (null). Called by CallData. */
  attach(make: MakeChannel | null): void {
    this.#clock.clearTimeout(this.#timer);
    const old = this.#channel;
    this.#channel = null;
    if (old) {
      old.onopen = old.onclose = old.onmessage = null;
      old.close();
    }
    this.#shut();
    this.#make = make;
    this.#wait = REOPEN_MS;
    this.#open();
  }

  #open(): void {
    if (!this.#make) return;
    const c = this.#make(this.label, this.#init);
    this.#channel = c;
    c.binaryType = "arraybuffer";
    c.onopen = () => {
      this.#isOpen = true;
      this.emit("open", undefined);
    };
    c.onclose = () => this.#closed(c);
    c.onmessage = (e: MessageEvent<unknown>) => {
      const m = parseFrame(e.data);
      if (!m) return;
      this.#wait = REOPEN_MS;
      this.emit("message", m);
    };
  }

  /** The server closes a line whose client does not keep up. */
  #closed(c: Channel): void {
    if (c !== this.#channel) return;
    this.#channel = null;
    this.#timer = this.#clock.setTimeout(() => this.#open(), this.#wait);
    this.#wait = Math.min(2 * this.#wait, REOPEN_MOST_MS);
    this.#shut();
  }

  #shut(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.emit("closed", undefined);
  }
}

/** The data lines of one call. They outlive its media connection, of which there may be several. */
export class CallData {
  readonly #clock: Clock;
  readonly #wanted: () => void;
  readonly #lines = new Map<string, DataLine>();
  #make: MakeChannel | null = null;

  /** wanted is called when there is a line more than the connection was made with. */
  constructor(clock: Clock, wanted: () => void) {
    this.#clock = clock;
    this.#wanted = wanted;
  }

  /** The line with that label (up to 64 bytes), opened if it is not yet: now, or when there is a connection. */
  open(label: string, options: DataLineOptions = {}): DataLine {
    const known = this.#lines.get(label);
    if (known) return known;
    const line = new DataLine(label, options, this.#clock);
    this.#lines.set(label, line);
    if (this.#make) {
      line.attach(this.#make);
      this.#wanted();
    }
    return line;
  }

  /** Called by CallMedia with each new connection before its first offer, and with null after its end. */
  attach(make: MakeChannel | null): void {
    this.#make = make;
    for (const line of this.#lines.values()) line.attach(make);
  }
}

/**
 * Takes a message apart as the server sends it: the length of the sender's id in one byte or character,
 * the id, what was sent. Null if it is none.
 */
export function parseFrame(data: unknown): DataMessage | null {
  if (typeof data === "string") {
    const n = data.charCodeAt(0);
    if (!(n > 0 && n < 128 && data.length > n)) return null;
    return { from: data.slice(1, 1 + n), data: data.slice(1 + n) };
  }
  if (!(data instanceof ArrayBuffer)) return null;
  const b = new Uint8Array(data);
  const n = b[0] ?? 0;
  if (n === 0 || n >= 128 || b.length <= n) return null;
  return { from: String.fromCharCode(...b.subarray(1, 1 + n)), data: b.subarray(1 + n) };
}

/** How many bytes a text has in UTF-8. */
function bytes(s: string): number {
  // A character is three bytes at most, one at least.
  if (s.length * 3 <= MAX_DATA_BYTES || s.length > MAX_DATA_BYTES) return s.length * 3;
  return new TextEncoder().encode(s).length;
}
