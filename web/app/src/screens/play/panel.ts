import type { Call } from "@kinwire/sdk";
import { h } from "../../dom.ts";
import { button, tabs } from "../../ui.ts";
import { say, words } from "../../words.ts";
import { Doodle } from "./doodle.ts";
import { Noughts } from "./noughts.ts";
import { Play } from "./play.ts";

export interface PlayActions {
  close(): void;
  /** Somebody else draws or plays while this is closed; null: seen. */
  news(text: string | null): void;
  /** In which colours people draw, by participant. */
  pens(pens: Map<string, string>): void;
}

/** Drawing and playing together, in place of the large picture. */
export class PlayPanel {
  readonly el: HTMLElement;
  readonly #call: Call;
  readonly #play: Play;
  readonly #doodle: Doodle;
  readonly #noughts: Noughts;
  readonly #tabs: ReturnType<typeof tabs<"draw" | "game">>;
  readonly #actions: PlayActions;
  readonly #off: (() => void)[];

  constructor(call: Call, actions: PlayActions) {
    this.#call = call;
    this.#actions = actions;
    this.#play = new Play(call);
    this.#doodle = new Doodle(call, this.#play, actions.pens);
    this.#noughts = new Noughts(call, this.#play);
    const w = words.play;
    this.#tabs = tabs(
      w.title,
      [
        { name: "draw", text: w.drawing, icon: "pencil" },
        { name: "game", text: w.playing, icon: "grid" },
      ],
      "draw",
      (name) => this.#choose(name),
    );
    this.el = h(
      "section",
      { class: "play", testid: "play", attrs: { id: "play", hidden: true, "aria-label": w.title } },
      h(
        "header",
        { class: "play-bar" },
        this.#tabs,
        button({
          testid: "play-close",
          class: "round quiet",
          icon: "close",
          title: words.common.close,
          click: actions.close,
        }),
      ),
      this.#doodle.el,
      this.#noughts.el,
    );
    this.#off = [
      this.#play.on("ready", () => this.update()),
      this.#play.on("news", (n) => this.#news(n.from, n.what)),
    ];
  }

  get open(): boolean {
    return !this.el.hidden;
  }

  toggle(open: boolean): void {
    const opens = open && !this.open;
    this.el.hidden = !open;
    if (!opens) return;
    this.#actions.news(null);
    this.el.querySelector<HTMLElement>('[aria-current="page"]')?.focus({ preventScroll: true });
  }

  /** Who is in the call has changed. */
  update(): void {
    this.#doodle.update();
    this.#noughts.update();
  }

  close(): void {
    for (const off of this.#off) off();
    this.#play.close();
    this.#doodle.close();
    this.#noughts.close();
  }

  #choose(name: "draw" | "game"): void {
    this.#doodle.el.hidden = name !== "draw";
    this.#noughts.el.hidden = name !== "game";
  }

  #news(from: string, what: "draw" | "game"): void {
    if (this.open) {
      // A game that begins is shown; a line that is drawn calls nobody away from a game.
      if (what === "game") this.#show("game");
      return;
    }
    this.#show(what);
    const person = this.#call.participant(from)?.person;
    if (person) this.#actions.news(say(what === "draw" ? words.play.draws : words.play.plays, person));
  }

  #show(name: "draw" | "game"): void {
    this.#tabs.mark(name);
    this.#choose(name);
  }
}
