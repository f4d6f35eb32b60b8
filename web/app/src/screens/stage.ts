import type { Call, RemoteTrack } from "@kinwire/sdk";
import { h } from "../dom.ts";
import { words } from "../words.ts";
import { columnsFor } from "./layout.ts";
import { watchQuality } from "./sign.ts";
import { PersonTile, ScreenTile } from "./tile.ts";

/** How loud somebody must be to be shown as speaking. */
const SPEAKING = 0.02;

/** The pictures of everybody else: one large, a grid of many, or a shared screen with a strip below. */
export class Stage {
  readonly el: HTMLElement;
  readonly #call: Call;
  readonly #grid = h("div", { class: "grid", testid: "grid" });
  readonly #screens = h("div", { class: "screens", attrs: { hidden: true } });
  readonly #hear: HTMLButtonElement;
  readonly #people = new Map<string, PersonTile>();
  readonly #shared = new Map<string, ScreenTile>();
  readonly #silent = new Set<HTMLMediaElement>();
  readonly #resized = new ResizeObserver(() => this.#layOut());
  readonly #meter = setInterval(() => this.#showSpeakers(), 200);
  readonly #off: (() => void)[];
  #pens = new Map<string, string>();

  constructor(call: Call) {
    this.#call = call;
    this.#hear = h(
      "button",
      {
        class: "button primary hear",
        testid: "hear",
        attrs: { type: "button", hidden: true },
        on: { click: () => this.#retry() },
      },
      words.call.hear,
    );
    this.el = h("div", { class: "stage", testid: "stage" }, this.#screens, this.#grid, this.#hear);
    this.#off = [
      call.on("state", () => this.#update()),
      call.on("track", (t) => this.#started(t)),
      call.on("trackended", (t) => this.#ended(t)),
      watchQuality(call, () => [...this.#people].map(([id, tile]) => [id, tile.sign])),
    ];
    this.#update();
    for (const t of call.tracks) this.#started(t);
    this.#resized.observe(this.#grid);
  }

  /** Shows our own picture: small in a corner beside one person, as one of many in a group. */
  placeSelf(el: HTMLElement): void {
    const parent = this.#people.size > 1 ? this.#grid : this.el;
    if (el.parentElement === parent && !el.nextElementSibling) return;
    parent.append(el);
    this.#layOut();
  }

  /** Makes it a row of small pictures beside something larger, or not. */
  strip(on: boolean): void {
    this.el.classList.toggle("strip", on);
    this.#layOut();
  }

  /** In which colours people draw, by participant. */
  pens(pens: Map<string, string>): void {
    this.#pens = pens;
    for (const [id, tile] of this.#people) drawsIn(tile.el, pens.get(id));
  }

  close(): void {
    for (const off of this.#off) off();
    this.#resized.disconnect();
    clearInterval(this.#meter);
    for (const tile of this.#people.values()) tile.sign.close();
  }

  #update(): void {
    const present = this.#call.others.filter((p) => p.phase !== "left");
    // Alone, one still sees who was there last and why not now.
    const here = present.length > 0 ? present : this.#call.others.slice(-1);
    const ids = new Set(here.map((p) => p.id));
    for (const [id, tile] of this.#people) {
      if (ids.has(id)) continue;
      tile.close();
      this.#people.delete(id);
    }
    for (const p of here) {
      const known = this.#people.get(p.id);
      if (known) known.update(p);
      else {
        const tile = new PersonTile(p, (el) => this.#play(el));
        this.#people.set(p.id, tile);
        tile.sign.quality = this.#call.quality.get(p.id);
        drawsIn(tile.el, this.#pens.get(p.id));
        this.#grid.append(tile.el);
        for (const t of this.#call.tracks) if (t.participantID === p.id) this.#started(t);
      }
    }
    this.#layOut();
  }

  #started(t: RemoteTrack): void {
    if (t.kind !== "screen") {
      this.#people.get(t.participantID)?.attach(t);
      return;
    }
    this.#shared.get(t.mid)?.close();
    const name = this.#call.participant(t.participantID)?.person.name ?? "";
    const tile = new ScreenTile(name, t, (el) => this.#play(el));
    this.#shared.set(t.mid, tile);
    this.#screens.append(tile.el);
    this.#layOut();
  }

  #ended(t: RemoteTrack): void {
    this.#people.get(t.participantID)?.detach(t);
    if (t.kind !== "screen") return;
    this.#shared.get(t.mid)?.close();
    this.#shared.delete(t.mid);
    this.#layOut();
  }

  #layOut(): void {
    const sharing = this.#shared.size > 0;
    this.#screens.hidden = !sharing;
    this.el.classList.toggle("sharing", sharing);
    this.el.dataset["people"] = String(this.#people.size);
    const n = this.#grid.childElementCount;
    const columns =
      sharing || this.el.classList.contains("strip")
        ? n
        : columnsFor(n, this.#grid.clientWidth, this.#grid.clientHeight);
    this.#grid.style.setProperty("--columns", String(Math.max(1, columns)));
  }

  #showSpeakers(): void {
    for (const [id, tile] of this.#people) tile.speaking = this.#call.level(id) > SPEAKING;
  }

  /** Some browsers play sound only after a tap on the page. */
  #play(el: HTMLMediaElement): void {
    el.play().catch((e: unknown) => {
      if (!(e instanceof DOMException) || e.name !== "NotAllowedError") return;
      this.#silent.add(el);
      this.#hear.hidden = false;
    });
  }

  #retry(): void {
    this.#hear.hidden = true;
    const silent = [...this.#silent];
    this.#silent.clear();
    for (const el of silent) this.#play(el);
  }
}

/** Shows at somebody's picture in which colour they draw; undefined: in none. */
export function drawsIn(el: HTMLElement, colour: string | undefined): void {
  el.classList.toggle("draws", colour !== undefined);
  if (colour) el.style.setProperty("--blot", colour);
}
