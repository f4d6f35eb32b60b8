import type { Call } from "@kinwire/sdk";
import { h, setText } from "../../dom.ts";
import { button } from "../../ui.ts";
import { list, say, words } from "../../words.ts";
import { INKS } from "./canvas.ts";
import { standing, type Game, type Standing } from "./game.ts";
import type { Play } from "./play.ts";

/** The marks of the first, second … player on 24×24, and the index of their colour. */
const MARKS = [
  { path: "M6 6l12 12M18 6 6 18", ink: 0 },
  { path: "M12 5.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13z", ink: 3 },
  { path: "M12 5l7.5 13.5h-15z", ink: 2 },
  { path: "M6 6h12v12H6z", ink: 4 },
] as const;

const SVG = "http://www.w3.org/2000/svg";

/** Noughts and crosses: the fields, whose turn it is, who has won, and a button for another game. */
export class Noughts {
  readonly el: HTMLElement;
  readonly #call: Call;
  readonly #play: Play;
  readonly #status = h("p", { class: "turn", testid: "game-status", attrs: { role: "status" } });
  readonly #players = h("ul", { class: "pens", testid: "game-players" });
  readonly #fields = h("div", {
    class: "fields",
    testid: "fields",
    attrs: { role: "group", "aria-label": words.play.game },
  });
  readonly #start = button({
    testid: "game-start",
    class: "primary",
    icon: "grid",
    text: words.play.start,
    click: () => this.#play.start(),
  });
  readonly #off: () => void;

  constructor(call: Call, play: Play) {
    this.#call = call;
    this.#play = play;
    this.el = h(
      "div",
      { class: "noughts", testid: "noughts", attrs: { hidden: true } },
      this.#players,
      this.#status,
      h("div", { class: "square" }, this.#fields),
      this.#start,
    );
    this.#off = play.on("game", () => this.update());
    this.update();
  }

  close(): void {
    this.#off();
  }

  update(): void {
    const { game } = this.#play;
    const s = game && standing(game);
    const together = this.#play.players().length > 1;
    this.#start.disabled = !this.#play.ready || !together;
    setText(this.#start.querySelector("span")!, game ? words.play.again : words.play.start);
    this.#start.classList.toggle("primary", !s || s.turn === null);
    if (!game || !s) {
      this.#showFields(null, null);
      this.#players.replaceChildren();
      setText(this.#status, together ? words.play.rules : words.play.alone);
      return;
    }
    this.#showPlayers(game, s);
    this.#showFields(game, s);
    setText(this.#status, this.#tell(game, s));
  }

  #name(id: string): string {
    return id === this.#play.you ? words.call.you : (this.#call.participant(id)?.person.name ?? "?");
  }

  #tell(game: Game, s: Standing): string {
    const w = words.play;
    if (s.winner !== null) {
      const id = game.players[s.winner]!;
      return id === this.#play.you ? w.youWon : say(w.won, { name: this.#name(id) });
    }
    if (s.turn === null) return w.draw;
    const id = game.players[s.turn]!;
    if (id === this.#play.you) return w.yourTurn;
    const gone = this.#call.participant(id)?.phase === "left";
    return say(gone ? w.playerLeft : w.turn, { name: this.#name(id) });
  }

  #showPlayers(game: Game, s: Standing): void {
    const state = `${game.players.join()} ${s.turn} ${s.winner}`;
    if (this.#players.dataset["state"] === state) return;
    this.#players.dataset["state"] = state;
    this.#players.setAttribute("aria-label", list(game.players.map((id) => this.#name(id))));
    this.#players.replaceChildren(
      ...game.players.map((id, i) =>
        h(
          "li",
          { attrs: { "aria-current": i === (s.winner ?? s.turn) ? "true" : "false" } },
          mark(i),
          h("span", {}, this.#name(id)),
        ),
      ),
    );
  }

  /** The fields are buttons that stay the same as long as their number does, so that the focus stays. */
  #showFields(game: Game | null, s: Standing | null): void {
    const size = s?.size ?? 3;
    if (this.#fields.childElementCount !== size * size) {
      this.#fields.style.setProperty("--fields", String(size));
      this.#fields.replaceChildren(...Array.from({ length: size * size }, (_, i) => this.#field(i)));
    }
    const turn = s?.turn ?? null;
    const mine = game !== null && turn !== null && game.players[turn] === this.#play.you && this.#play.ready;
    for (const [i, el] of [...this.#fields.children].entries()) {
      const b = el as HTMLButtonElement;
      const who = s?.marks[i] ?? null;
      const place = { row: Math.floor(i / size) + 1, column: (i % size) + 1 };
      const holder = who === null ? words.play.free : this.#name(game!.players[who]!);
      b.setAttribute("aria-label", `${say(words.play.field, place)}: ${holder}`);
      // Not disabled: a field that has the focus keeps it when it is taken.
      b.setAttribute("aria-disabled", String(!mine || who !== null));
      b.classList.toggle("won", s?.line.includes(i) ?? false);
      if (b.dataset["mark"] === String(who)) continue;
      b.dataset["mark"] = String(who);
      b.replaceChildren(...(who === null ? [] : [mark(who)]));
    }
  }

  #field(i: number): HTMLButtonElement {
    return h("button", {
      class: "field",
      testid: `field-${i}`,
      attrs: { type: "button" },
      on: { click: () => this.#play.move(i) },
    });
  }
}

function mark(player: number): SVGSVGElement {
  const m = MARKS[player]!;
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", "sign");
  svg.style.setProperty("--blot", INKS[m.ink]);
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", m.path);
  svg.append(path);
  return svg;
}
