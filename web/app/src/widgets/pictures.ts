import { h, setText } from "../dom.ts";
import { button } from "../ui.ts";
import { count, say, words } from "../words.ts";

/**
 * The pictures of which a picture password is made. They must stay: somebody's password may be of any. Each
 * is a single code point, so that every keyboard writes the same.
 */
export const PICTURES = [..."🐶🐱🐰🦊🐸🐝🍎🍌🍓🍕🌻🌈🚗🚀⚽🎈🎁🎸👑🔑"] as const;

/** How many pictures a password needs at least. */
export const ENOUGH = 4;
const MOST = 12;

/** Taps on pictures instead of letters. The value, which is the password, is the pictures in their order. */
export class PicturePassword {
  readonly el: HTMLElement;
  readonly #shown = h("p", { class: "picture-word", attrs: { "aria-hidden": "true" } });
  readonly #said = h("p", { class: "hint", attrs: { role: "status" } });
  readonly #open: boolean;
  #chosen: string[] = [];

  /** legend is its heading; show leaves the pictures readable, for a parent who makes the password. */
  constructor(testid: string, o: { legend?: string; show?: boolean } = {}) {
    this.#open = o.show ?? false;
    const pictures = PICTURES.map((picture) =>
      h(
        "button",
        {
          class: "picture",
          testid: `${testid}-picture`,
          data: { picture },
          attrs: { type: "button", "aria-label": picture },
          on: { click: () => this.#add(picture) },
        },
        h("span", { attrs: { "aria-hidden": "true" } }, picture),
      ),
    );
    this.el = h(
      "fieldset",
      { class: "grid-choice", testid },
      h("legend", {}, o.legend ?? words.common.pictures),
      h("div", { class: "emoji-grid" }, ...pictures),
      h(
        "div",
        { class: "row" },
        this.#shown,
        button({
          testid: `${testid}-back`,
          class: "quiet small",
          text: words.common.erase,
          click: () => this.#remove(),
        }),
      ),
      this.#said,
    );
    this.#show();
  }

  get value(): string {
    return this.#chosen.join("");
  }

  /** Enough pictures for a password. */
  get enough(): boolean {
    return this.#chosen.length >= ENOUGH;
  }

  clear(): void {
    this.#chosen = [];
    this.#show();
  }

  #add(picture: string): void {
    if (this.#chosen.length >= MOST) return;
    this.#chosen.push(picture);
    this.#show();
  }

  #remove(): void {
    this.#chosen.pop();
    this.#show();
  }

  #show(): void {
    const n = this.#chosen.length;
    const dots = "●".repeat(n) + "○".repeat(Math.max(0, ENOUGH - n));
    const open = this.#chosen.join(" ") + " ○".repeat(Math.max(0, ENOUGH - n));
    setText(this.#shown, this.#open ? open.trim() : dots);
    setText(
      this.#said,
      n === 0 ? say(words.common.picturesHint, { n: ENOUGH }) : count(words.common.picturesChosen, n),
    );
  }
}
