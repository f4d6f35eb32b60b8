import type { Call } from "@kinwire/sdk";
import { h } from "../../dom.ts";
import { icon, type IconName } from "../../icons.ts";
import { confirm } from "../../ui.ts";
import { words } from "../../words.ts";
import { Canvas, INKS } from "./canvas.ts";
import { COLOURS, WIDTHS } from "./board.ts";
import type { Play } from "./play.ts";

/** The board, and below it pens, an eraser for one's last line, and one for everything. */
export class Doodle {
  readonly el: HTMLElement;
  readonly #play: Play;
  readonly #canvas: Canvas;
  readonly #inks: HTMLButtonElement[];
  readonly #widths: HTMLButtonElement[];
  readonly #undo: HTMLButtonElement;
  readonly #wipe: HTMLButtonElement;
  readonly #pens: (pens: Map<string, string>) => void;
  readonly #off: () => void;
  #colour: number;
  #width = 0;

  /** pens is told, by participant, in which colour they draw. */
  constructor(call: Call, play: Play, pens: (pens: Map<string, string>) => void) {
    this.#play = play;
    this.#pens = pens;
    const w = words.play;
    // Everybody begins with a colour of their own, as far as there are enough.
    this.#colour =
      Math.max(
        0,
        call.view.participants.findIndex((p) => p.id === call.view.you),
      ) % COLOURS;
    this.#canvas = new Canvas(play, w.board, () => ({ colour: this.#colour, width: this.#width }));
    this.#inks = Array.from({ length: COLOURS }, (_, i) => this.#ink(i));
    this.#widths = Array.from({ length: WIDTHS }, (_, i) =>
      tool(`width-${i}`, i === 0 ? "penThin" : "penThick", i === 0 ? w.thin : w.thick, () =>
        this.#choose(this.#colour, i),
      ),
    );
    this.#undo = tool("undo", "undo", w.undo, () => play.undo());
    this.#wipe = tool("wipe", "trash", w.wipe, () => void this.#ask());
    const group = (name: string, title: string, ...children: HTMLElement[]) =>
      h("div", { class: name, attrs: { role: "group", "aria-label": title } }, ...children);
    this.el = h(
      "div",
      { class: "doodle", testid: "doodle" },
      h("div", { class: "square" }, this.#canvas.el),
      h(
        "div",
        { class: "tools" },
        group("inks", w.colours, ...this.#inks),
        group("pencils", w.tools, ...this.#widths, this.#undo, this.#wipe),
      ),
    );
    this.#off = play.on("board", () => this.#showPens());
    this.#choose(this.#colour, this.#width);
    this.update();
  }

  /** Who is in the call, or whether one is heard, has changed. */
  update(): void {
    this.el.dataset["ready"] = String(this.#play.ready);
    for (const b of [...this.#inks, ...this.#widths, this.#undo, this.#wipe]) b.disabled = !this.#play.ready;
    this.#showPens();
  }

  close(): void {
    this.#off();
    this.#canvas.close();
  }

  #ink(i: number): HTMLButtonElement {
    const title = words.play.inks[i as 0 | 1 | 2 | 3 | 4 | 5];
    const b = h(
      "button",
      { class: "ink", testid: `ink-${i}`, attrs: { type: "button", title, "aria-label": title } },
      h("span", { class: "blot" }),
    );
    b.style.setProperty("--blot", INKS[i]!);
    b.addEventListener("click", () => this.#choose(i, this.#width));
    return b;
  }

  #choose(colour: number, width: number): void {
    this.#colour = colour;
    this.#width = width;
    for (const [i, b] of this.#inks.entries()) b.setAttribute("aria-pressed", String(i === colour));
    for (const [i, b] of this.#widths.entries()) {
      b.setAttribute("aria-pressed", String(i === width));
      b.style.setProperty("--pen", INKS[colour]!);
    }
    this.#showPens();
  }

  async #ask(): Promise<void> {
    const w = words.play;
    if (await confirm({ title: w.wipeAll, yes: w.wipe, danger: true })) this.#play.wipe();
  }

  /** Who draws in which colour: this person, and whoever else has drawn, by their last line. */
  #showPens(): void {
    const pens = new Map(this.#play.board.strokes.map((s) => [s.author, INKS[s.colour]!]));
    pens.set(this.#play.you, INKS[this.#colour]!);
    this.#pens(pens);
  }
}

function tool(testid: string, symbol: IconName, title: string, click: () => void): HTMLButtonElement {
  const attrs = { type: "button", title, "aria-label": title };
  return h("button", { class: "tool", testid, attrs, on: { click } }, icon(symbol));
}
