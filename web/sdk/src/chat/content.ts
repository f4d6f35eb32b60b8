import { entry, fromBase64, random, text, toBase64, toName, utf8, type Bytes } from "./bytes.ts";
import type { ContentWith } from "./types.ts";

/**
 * What a message says, as it goes over the wire inside MLS: JSON with a version, an id that its sender drew
 * (16 random bytes), and a kind with its fields. It is text on purpose: a report reveals exactly these bytes,
 * and whoever has to decide about it can read them.
 *
 * Reading is strict. What is malformed, too long or out of range makes the whole message unreadable; fields
 * that are not known are passed over, and a kind that is not known becomes `unknown`, so that newer apps can
 * say more to one another. Lengths are counted in UTF-16 units, as JavaScript does.
 */

/** A file as a message names it: where it is, what opens it, and what it has to be then. */
export interface Attached {
  /** At the server. */
  id: string;
  /** AES-256-GCM, for this file alone. */
  key: Bytes;
  prefix: Bytes;
  /** Of the file. */
  sha256: Bytes;
  size: number;
  /** Of the ciphertext, and of each of its chunks but the last. */
  sealed: number;
  chunk: number;
  type: string;
  width?: number;
  height?: number;
  thumb?: Bytes;
}

export type WireContent = ContentWith<Attached> | Hello;

/** Says nothing by itself; what every letter says of its conversation is for those who have just come in. */
export interface Hello {
  kind: "about";
}

/** What a conversation is like, as its sender knows it: who has come in later learns it from any message. */
export interface About {
  title: string;
  /** When the server took the message that said so; 0: nobody has said so. */
  titleAt: number;
  /** Seconds for which messages stay after they were read; 0: they stay. */
  timer: number;
  timerAt: number;
}

/** A message as it is encrypted. */
export interface Letter {
  /** 22 letters, drawn by the sender. */
  id: string;
  content: WireContent | { kind: "unknown"; name: string };
  /** Seconds for which it stays after it was read; 0: it stays. */
  timer: number;
  /** Up to which seq its sender has read the conversation, as far as they tell. */
  opened: number;
  about: About;
}

/** Of a conversation of which nothing has been said. */
export const NOTHING_SAID: About = { title: "", titleAt: 0, timer: 0, timerAt: 0 };

/** The largest content, encoded. Base64 of it fits into a report. */
export const MAX_CONTENT = 44_000;
export const MAX_TEXT = 4_000;
export const MAX_THUMB = 16_384;
export const MAX_WAVEFORM = 128;
const MAX_TIMER = 31_536_000;
const LABEL = /^[\w.-]{1,64}$/;
const ID = /^[\w-]{22}$/;
const MESSAGE_ID = /^[\w-]{1,64}\/[\w-]{22}$/;
const MEDIA_TYPE = /^[a-z]+\/[\w.+-]{1,64}(;\s?codecs="?[\w.,-]{1,64}"?)?$/;

/** A malformed message; the text says what of it. */
export class ContentError extends Error {
  override name = "ContentError";
}

export function newContentID(): string {
  return toName(random(16));
}

/** The bytes of a letter. Throws ContentError where a reader would refuse it. */
export function encodeLetter(letter: Letter): Bytes {
  const { content, ...rest } = letter;
  const bytes = utf8(JSON.stringify({ v: 1, ...rest, ...plain(content) }));
  if (bytes.length > MAX_CONTENT) throw new ContentError(`${bytes.length} bytes: at most ${MAX_CONTENT}`);
  decodeLetter(bytes);
  return bytes;
}

function plain(content: object): object {
  return JSON.parse(JSON.stringify(content, (_, v) => (v instanceof Uint8Array ? toBase64(v) : v))) as object;
}

/** Reads a letter, or throws ContentError. */
export function decodeLetter(bytes: Uint8Array): Letter {
  if (bytes.length > MAX_CONTENT) throw new ContentError(`${bytes.length} bytes: at most ${MAX_CONTENT}`);
  let o: unknown;
  try {
    o = JSON.parse(text(bytes));
  } catch {
    throw new ContentError("not JSON");
  }
  const f = new Fields(o, "message");
  const id = f.match("id", ID);
  const timer = f.number("timer", 0, MAX_TIMER);
  const opened = f.number("opened", 0, Number.MAX_SAFE_INTEGER);
  const name = f.match("kind", LABEL);
  const read = f.number("v", 1, 255) === 1 ? entry<(f: Fields) => WireContent>(READERS, name) : undefined;
  return {
    id,
    timer,
    opened,
    about: readAbout(f.fields("about")),
    content: read ? read(f) : { kind: "unknown", name },
  };
}

function readAbout(f: Fields): About {
  return {
    title: f.text("title", 0, 64),
    titleAt: f.number("titleAt", 0, Number.MAX_SAFE_INTEGER),
    timer: f.number("timer", 0, MAX_TIMER),
    timerAt: f.number("timerAt", 0, Number.MAX_SAFE_INTEGER),
  };
}

const READERS: { [K in WireContent["kind"]]: (f: Fields) => WireContent & { kind: K } } = {
  text: (f) => ({ kind: "text", text: f.text("text", 1, MAX_TEXT), ...reply(f) }),
  sticker: (f) => ({
    kind: "sticker",
    pack: f.match("pack", LABEL),
    sticker: f.match("sticker", LABEL),
    ...reply(f),
  }),
  gif: (f) => ({ kind: "gif", media: attached(f), ...caption(f), ...reply(f) }),
  photo: (f) => ({ kind: "photo", media: attached(f), ...caption(f), ...reply(f) }),
  voice: (f) => ({
    kind: "voice",
    media: attached(f),
    duration: f.number("duration", 0, 3_600_000),
    waveform: f.numbers("waveform", MAX_WAVEFORM, 0, 100),
    ...reply(f),
  }),
  video: (f) => ({
    kind: "video",
    media: attached(f),
    duration: f.number("duration", 0, 3_600_000),
    ...caption(f),
    ...reply(f),
  }),
  score: (f) => ({
    kind: "score",
    game: f.match("game", LABEL),
    points: f.number("points", -1e9, 1e9),
    ...(f.has("note") && { note: f.text("note", 1, 200) }),
    ...reply(f),
  }),
  reaction: (f) => ({ kind: "reaction", to: f.match("to", MESSAGE_ID), emoji: f.text("emoji", 0, 16) }),
  title: (f) => ({ kind: "title", title: f.text("title", 0, 64) }),
  timer: (f) => ({ kind: "timer", seconds: f.number("seconds", 0, MAX_TIMER) }),
  about: () => ({ kind: "about" }),
};

function reply(f: Fields): { replyTo?: string } {
  return f.has("replyTo") ? { replyTo: f.match("replyTo", MESSAGE_ID) } : {};
}

function caption(f: Fields): { caption?: string } {
  return f.has("caption") ? { caption: f.text("caption", 1, MAX_TEXT) } : {};
}

function attached(f: Fields): Attached {
  const m = f.fields("media");
  return {
    id: m.match("id", LABEL),
    key: m.bytes("key", 32, 32),
    prefix: m.bytes("prefix", 7, 7),
    sha256: m.bytes("sha256", 32, 32),
    size: m.number("size", 0, 2 ** 40),
    sealed: m.number("sealed", 1, 2 ** 40),
    chunk: m.number("chunk", 17, 2 ** 30),
    type: m.match("type", MEDIA_TYPE),
    ...(m.has("width") && { width: m.number("width", 1, 65_535) }),
    ...(m.has("height") && { height: m.number("height", 1, 65_535) }),
    ...(m.has("thumb") && { thumb: m.bytes("thumb", 1, MAX_THUMB) }),
  };
}

/** The fields of a JSON object, each asked for by what it has to be. */
class Fields {
  readonly #o: Record<string, unknown>;
  readonly #what: string;

  constructor(o: unknown, what: string) {
    if (typeof o !== "object" || o === null || Array.isArray(o))
      throw new ContentError(`${what}: not an object`);
    this.#o = o as Record<string, unknown>;
    this.#what = what;
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#o, name);
  }

  text(name: string, min: number, max: number): string {
    const v = this.#own(name);
    if (typeof v !== "string" || v.length < min || v.length > max) {
      return this.#bad(name, `a text of ${min} to ${max}`);
    }
    return v;
  }

  match(name: string, form: RegExp): string {
    const v = this.#own(name);
    return typeof v === "string" && form.test(v) ? v : this.#bad(name, `of the form ${form}`);
  }

  number(name: string, min: number, max: number): number {
    const v = this.#own(name);
    return whole(v, min, max) ? v : this.#bad(name, `a whole number from ${min} to ${max}`);
  }

  numbers(name: string, most: number, min: number, max: number): number[] {
    const v = this.#own(name);
    if (!Array.isArray(v) || v.length > most || !v.every((n) => whole(n, min, max))) {
      return this.#bad(name, `at most ${most} numbers from ${min} to ${max}`);
    }
    return v as number[];
  }

  bytes(name: string, min: number, max: number): Bytes {
    const v = this.#own(name);
    try {
      if (typeof v === "string" && v.length <= max * 2 + 4) {
        const b = fromBase64(v);
        if (b.length >= min && b.length <= max) return b;
      }
    } catch {
      // Not base64: said below.
    }
    return this.#bad(name, `base64 of ${min} to ${max} bytes`);
  }

  fields(name: string): Fields {
    return new Fields(this.#own(name), `${this.#what}.${name}`);
  }

  #own(name: string): unknown {
    return Object.hasOwn(this.#o, name) ? this.#o[name] : undefined;
  }

  #bad(name: string, wanted: string): never {
    throw new ContentError(`${this.#what}.${name}: it must be ${wanted}`);
  }
}

function whole(v: unknown, min: number, max: number): v is number {
  return typeof v === "number" && Number.isInteger(v) && v >= min && v <= max;
}
