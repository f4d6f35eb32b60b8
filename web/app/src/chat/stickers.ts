import { h } from "../dom.ts";
import { words } from "../words.ts";
import { drawing, DRAWINGS, isDrawing } from "./drawings.ts";

/** A sticker as it travels: names of letters, digits, dots and dashes alone. */
export interface StickerRef {
  pack: string;
  sticker: string;
}

/** What is drawn here; and emoji, by their code points in hexadecimal: "1f600", "2764-fe0f". */
const DRAWN = "kinwire";
const EMOJI = "emoji";

/** A sticker's name on the wire, by what the board shows: a drawing's name, or an emoji. */
export function refOf(shown: string): StickerRef {
  if (isDrawing(shown)) return { pack: DRAWN, sticker: shown };
  const points = [...shown].map((c) => c.codePointAt(0)!.toString(16));
  return { pack: EMOJI, sticker: points.join("-") };
}

/** What to show for a sticker; "" for one of a newer app's. */
export function shownOf({ pack, sticker }: StickerRef): string {
  if (pack === DRAWN) return isDrawing(sticker) ? sticker : "";
  if (pack !== EMOJI || !/^[0-9a-f]{2,6}(-[0-9a-f]{2,6}){0,9}$/.test(sticker)) return "";
  const points = sticker.split("-").map((p) => parseInt(p, 16));
  if (points.some((p) => p > 0x10ffff)) return "";
  const emoji = String.fromCodePoint(...points);
  return /^(\p{Emoji}|\p{Emoji_Component})+$/u.test(emoji) ? emoji : "";
}

/** What a sticker is called: an emoji by itself. */
export function stickerName(ref: StickerRef): string {
  const shown = shownOf(ref);
  if (!shown) return words.chat.stickers.unknown;
  return isDrawing(shown) ? words.chat.stickers[shown] : shown;
}

/** A sticker, drawn or as a large emoji; for one of a newer app's a star. */
export function stickerEl(ref: StickerRef): HTMLElement {
  const shown = shownOf(ref);
  return h(
    "p",
    {
      class: "chat-sticker",
      testid: "chat-sticker",
      data: { sticker: ref.sticker },
      attrs: { role: "img", "aria-label": stickerName(ref) },
    },
    isDrawing(shown) ? drawing(shown) : shown || "⭐",
  );
}

type Shelf = keyof Pick<typeof words.chat.board, "drawn" | "faces" | "animals" | "things">;

/** What is on the board: names of drawings, and emoji. */
export const SHELVES: Record<Shelf, readonly string[]> = {
  drawn: DRAWINGS,
  faces: [..."😀😂🥰😎🤩😜🤗😴😢😡😱🤔🥳🤒🙈🤪"],
  animals: [..."🐶🐱🐰🦊🐼🐯🦁🐸🐵🐧🦄🐝🦋🐢🐙🐬🦖🐘"],
  things: [..."⚽🎈🎁🎂🍕🍦🍓🍎🌈🌞⭐🔥🚀🚲🎮🎸📚🏆👍👏🙏💪👋🎉"],
};

/** Stickers to tap, each large enough for a small finger. What is tapped is sent at once. */
export class StickerBoard {
  readonly el: HTMLElement;

  constructor(choose: (ref: StickerRef) => void) {
    const w = words.chat.board;
    this.el = h(
      "div",
      {
        class: "sticker-board",
        testid: "chat-board",
        attrs: { role: "group", "aria-label": w.title, hidden: true },
      },
      ...(Object.keys(SHELVES) as Shelf[]).map((shelf) =>
        h(
          "section",
          {},
          h("h3", {}, w[shelf]),
          h(
            "div",
            { class: `sticker-grid ${shelf}` },
            ...SHELVES[shelf].map((shown) => stickerButton(refOf(shown), choose)),
          ),
        ),
      ),
    );
  }

  get open(): boolean {
    return !this.el.hidden;
  }
  set open(on: boolean) {
    this.el.hidden = !on;
    if (on) this.el.scrollTop = 0;
  }

  focus(): void {
    this.el.querySelector("button")?.focus({ preventScroll: true });
  }
}

function stickerButton(ref: StickerRef, choose: (ref: StickerRef) => void): HTMLElement {
  const name = stickerName(ref);
  const shown = shownOf(ref);
  return h(
    "button",
    {
      class: "picture sticker",
      testid: "chat-board-sticker",
      data: { sticker: ref.sticker },
      attrs: { type: "button", "aria-label": name, title: name },
      on: { click: () => choose(ref) },
    },
    isDrawing(shown) ? drawing(shown) : h("span", { attrs: { "aria-hidden": "true" } }, shown),
  );
}
