import { expect, test } from "vitest";
import {
  ContentError,
  decodeLetter,
  encodeLetter,
  newContentID,
  NOTHING_SAID,
  type Letter,
  type WireContent,
} from "../../src/chat/content.ts";
import { random, text, utf8 } from "../../src/chat/bytes.ts";
import { padded } from "../../src/chat/mls.ts";

const letter = (content: WireContent): Letter => ({
  id: newContentID(),
  content,
  timer: 0,
  opened: 7,
  about: NOTHING_SAID,
});
const media = {
  id: "at_1",
  key: random(32),
  prefix: random(7),
  sha256: random(32),
  size: 10,
  sealed: 26,
  chunk: 1024,
  type: 'audio/webm;codecs="opus"',
  thumb: random(100),
};
const to = `u_1/${newContentID()}`;
const ALL: WireContent[] = [
  { kind: "text", text: "Grüße 👋", replyTo: to },
  { kind: "sticker", pack: "cats", sticker: "wave-1" },
  { kind: "gif", media, caption: "look" },
  { kind: "photo", media: { ...media, width: 640, height: 480 } },
  { kind: "voice", media, duration: 1500, waveform: [0, 50, 100] },
  { kind: "video", media, duration: 3000 },
  { kind: "score", game: "snake", points: -3, note: "oh" },
  { kind: "reaction", to, emoji: "❤️" },
  { kind: "title", title: "" },
  { kind: "timer", seconds: 3600 },
  { kind: "about" },
];

test("every kind is read as it was written", () => {
  for (const content of ALL) {
    const l = letter(content);
    expect(decodeLetter(encodeLetter(l))).toEqual(l);
  }
});

test("a kind or a version that is not known is shown as such", () => {
  const o = JSON.parse(text(encodeLetter(letter(ALL[0]!)))) as object;
  expect(decodeLetter(utf8(JSON.stringify({ ...o, kind: "hologram" }))).content).toEqual({
    kind: "unknown",
    name: "hologram",
  });
  expect(decodeLetter(utf8(JSON.stringify({ ...o, v: 2 }))).content.kind).toBe("unknown");
  // Names out of the prototype of objects are kinds like any other.
  expect(decodeLetter(utf8(JSON.stringify({ ...o, kind: "constructor" }))).content.kind).toBe("unknown");
  expect(decodeLetter(utf8(JSON.stringify({ ...o, more: 1 }))).content).toEqual(ALL[0]);
});

test("what is out of bounds is refused, when it is sent and when it is read", () => {
  const bad: [string, object][] = [
    ["text", { kind: "text", text: "" }],
    ["text", { kind: "text", text: "x".repeat(4001) }],
    ["pack", { kind: "sticker", pack: "a b", sticker: "x" }],
    ["waveform", { kind: "voice", media, duration: 1, waveform: [101] }],
    ["waveform", { kind: "voice", media, duration: 1, waveform: Array(129).fill(1) }],
    ["duration", { kind: "voice", media, duration: 1.5, waveform: [] }],
    ["media.key", { kind: "photo", media: { ...media, key: random(31) } }],
    ["media.type", { kind: "photo", media: { ...media, type: "image/<script>" } }],
    ["media.thumb", { kind: "photo", media: { ...media, thumb: random(16_385) } }],
    ["media", { kind: "photo" }],
    ["to", { kind: "reaction", to: "nobody", emoji: "x" }],
    ["seconds", { kind: "timer", seconds: -1 }],
    ["replyTo", { kind: "text", text: "x", replyTo: 3 }],
  ];
  for (const [field, content] of bad) {
    expect(() => encodeLetter(letter(content as WireContent)), JSON.stringify(content)).toThrow(ContentError);
    expect(() => encodeLetter(letter(content as WireContent))).toThrow(field);
  }
});

test("whatever comes in, reading ends with a letter or a ContentError", () => {
  const seed = encodeLetter(letter(ALL[4]!));
  for (let i = 0; i < 3000; i++) {
    const bytes = seed.slice();
    const [at, to, by] = random(3);
    for (let k = 0; k < 1 + (by! % 4); k++) bytes[(at! * 7 + k * to!) % bytes.length] = random(1)[0]!;
    try {
      decodeLetter(bytes.slice(0, by! < 40 ? at! % bytes.length : bytes.length));
    } catch (e) {
      expect(e).toBeInstanceOf(ContentError);
    }
  }
  for (const junk of ["", "[]", "null", "1", '{"v":1}', '{"__proto__":{"v":1}}']) {
    expect(() => decodeLetter(utf8(junk))).toThrow(ContentError);
  }
});

test("padding hides lengths: short texts are alike, and longer ones grow by a quarter at most", () => {
  expect(new Set([0, 1, 100, 352].map(padded))).toEqual(new Set([512]));
  for (let n = 353; n < 45_000; n += 97) {
    expect(padded(n)).toBeGreaterThanOrEqual(n + 160);
    expect(padded(n)).toBeLessThanOrEqual((n + 160) * 1.25);
  }
});
