import type { Evidence } from "@kinwire/sdk";
import { shownOf, stickerEl } from "../chat/stickers.ts";
import { h, type Child } from "../dom.ts";
import { date, dateTime, duration, say, words } from "../words.ts";

/** A message that a report has revealed, read from what its sender's device wrote. */
export interface Revealed {
  kind: string;
  text: string;
  sticker: { pack: string; sticker: string } | null;
  /** A data: address of the small picture within the message. */
  thumb: string;
  /** Of a voice or a video, ms; 0: it has none. */
  length: number;
}

/**
 * Reads what was revealed: base64 of JSON. It is somebody's message, so nothing in it is trusted to have any form;
 * null where it is not JSON of an object. The file of a photo or a voice is not revealed, only what stands in the
 * message itself.
 */
export function readEvidence(content: string): Revealed | null {
  let o: unknown;
  try {
    o = JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(content), (c) => c.charCodeAt(0))));
  } catch {
    return null;
  }
  if (typeof o !== "object" || o === null || Array.isArray(o)) return null;
  const f = o as Record<string, unknown>;
  const text = (v: unknown) => (typeof v === "string" ? v : "");
  const media = typeof f["media"] === "object" && f["media"] !== null ? f["media"] : {};
  const pack = text(f["pack"]);
  const sticker = text(f["sticker"]);
  const length = f["duration"];
  const said = ["text", "caption", "title", "emoji", "note"].map((name) => text(f[name])).filter(Boolean);
  if (f["kind"] === "score") said.unshift(`${text(f["game"])}: ${String(f["points"])}`);
  return {
    kind: text(f["kind"]),
    text: said.join("\n"),
    sticker: sticker ? { pack, sticker } : null,
    thumb: thumbOf(text((media as Record<string, unknown>)["thumb"])),
    length: typeof length === "number" && length > 0 ? length : 0,
  };
}

/** Only what really is a small JPEG, PNG or WebP is shown as one. */
function thumbOf(base64: string): string {
  const kinds: [string, string][] = [
    ["/9j/", "image/jpeg"],
    ["iVBORw0KGgo", "image/png"],
    ["UklGR", "image/webp"],
  ];
  const type = kinds.find(([start]) => base64.startsWith(start))?.[1];
  if (!type || !/^[A-Za-z0-9+/]+=*$/.test(base64) || base64.length > 24_000) return "";
  return `data:${type};base64,${base64}`;
}

/** The message itself, for whoever has to decide; that the reported person sent it has been verified. */
export function evidenceCard(e: Evidence): HTMLElement {
  const w = words.ops.evidence;
  const r = readEvidence(e.content);
  const kinds: Partial<Record<string, string>> = w.kinds;
  return h(
    "section",
    { class: "card form proof", testid: "case-evidence", data: { kind: r?.kind ?? "" } },
    h("h3", {}, w.title),
    h("p", { class: "hint" }, w.verified),
    h("p", {}, say(w.line, { kind: kinds[r?.kind ?? ""] ?? w.kinds.other, when: dateTime(e.at) })),
    ...(r ? shown(r) : [h("p", { testid: "case-evidence-raw" }, w.unreadable)]),
    h("p", { class: "hint" }, say(w.place, { id: e.conversation_id, seq: e.seq })),
    e.until
      ? h("p", { class: "hint", testid: "case-evidence-until" }, say(w.until, { date: date(e.until) }))
      : null,
  );
}

function shown(r: Revealed): Child[] {
  const w = words.ops.evidence;
  const sticker = r.sticker && (shownOf(r.sticker) ? stickerEl(r.sticker) : h("p", {}, r.sticker.sticker));
  return [
    r.text && h("blockquote", { class: "said", testid: "case-evidence-text" }, r.text),
    sticker,
    r.thumb &&
      h("img", {
        class: "proof-picture",
        testid: "case-evidence-picture",
        attrs: { src: r.thumb, alt: w.picture },
      }),
    r.length > 0 && h("p", {}, say(w.length, { time: duration(r.length) })),
    (r.thumb || r.length > 0) && h("p", { class: "hint" }, w.small),
  ];
}
