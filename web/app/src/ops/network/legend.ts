import { h, setText } from "../../dom.ts";
import { say, words } from "../../words.ts";
import { METRIC, type Line, type Metric, type TimeLine } from "./series.ts";

/** Colours that can be told apart on a light and on a dark ground, each of at least 3:1 on both. */
export const COLOURS = [
  "#c8553d",
  "#3d7fc8",
  "#2f8f5b",
  "#a261c7",
  "#b07d12",
  "#128a9e",
  "#d0518e",
  "#6f7d1c",
  "#7a6ff0",
  "#8a6a52",
];

/** How a line is drawn: what the server measured solid, what the device did dashed. */
export function dashOf(l: Line): number[] {
  return l.view === "client" ? [6, 4] : [];
}

export function colourOf(l: Line): string {
  return COLOURS[l.colour % COLOURS.length]!;
}

/** "P1 ↑ camera", "P2 ↓ sound from P1", "P1 path" */
export function lineName(l: Line, names: ReadonlyMap<string, string>): string {
  const w = words.ops.calls;
  const who = names.get(l.participant) ?? l.participant;
  if (l.what === "path") return say(w.line.path, { who });
  const kind = w.kinds[l.kind as keyof typeof w.kinds] ?? l.kind;
  if (l.direction === "up") return say(w.line.up, { who, kind });
  return say(w.line.down, { who, kind, from: names.get(l.from) ?? l.from });
}

/** Which lines are of interest; "" is all. */
export interface Choice {
  participant: string;
  direction: string;
  kind: string;
  view: string;
}

/**
 * Whether a line is shown. Paths have neither direction nor kind: any of those hides them. They are few, and each
 * side tells something else of them, so they are shown whoever measured.
 */
export function chosen(l: Line, c: Choice): boolean {
  const fits = (k: keyof Choice) => !c[k] || c[k] === l[k];
  return fits("participant") && fits("direction") && fits("kind") && (l.what === "path" || fits("view"));
}

const SVG = "http://www.w3.org/2000/svg";

/** A bit of the line as it is drawn. */
function swatch(l: Line): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 28 8");
  svg.setAttribute("class", "swatch");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", "M0 4h28");
  path.setAttribute("stroke", colourOf(l));
  if (dashOf(l).length > 0) path.setAttribute("stroke-dasharray", dashOf(l).join(" "));
  svg.append(path);
  return svg;
}

/**
 * The one legend of all plots: a line for each stream, to be switched on and off, with its values at the cursor
 * in a column for each metric.
 */
export class Legend {
  readonly el: HTMLElement;
  readonly #at = h("span", { class: "legend-at", testid: "legend-at" });
  readonly #rows = new Map<
    string,
    { line: Line; row: HTMLElement; box: HTMLInputElement; cells: Map<Metric, HTMLElement> }
  >();
  readonly #off: Set<string>;
  readonly #changed: () => void;

  /** off holds the keys of lines that are switched off; it is kept up to date. */
  constructor(t: TimeLine, names: ReadonlyMap<string, string>, off: Set<string>, changed: () => void) {
    const w = words.ops.calls;
    this.#off = off;
    this.#changed = changed;
    const heads = t.metrics.map((m) => h("th", { attrs: { scope: "col" } }, w.metrics[m]));
    this.el = h(
      "div",
      {
        class: "card scroll-x legend",
        testid: "call-legend",
        attrs: { tabindex: "0", role: "region", "aria-label": w.legend },
      },
      h(
        "table",
        { class: "log" },
        h("thead", {}, h("tr", {}, h("th", { attrs: { scope: "col" } }, this.#at), ...heads)),
        h("tbody", {}, ...t.lines.map((l) => this.#row(l, t.metrics, names))),
      ),
    );
  }

  /** Shows the lines that fit the choice, and hides the others' rows. */
  choose(c: Choice): void {
    for (const { line, row } of this.#rows.values()) row.hidden = !chosen(line, c);
  }

  /** Which lines are drawn. */
  shown(l: Line): boolean {
    const r = this.#rows.get(l.key);
    return !!r && !r.row.hidden && r.box.checked;
  }

  /** The values of step i, or the last there are (null). */
  at(t: TimeLine, i: number | null, text: string): void {
    setText(this.#at, text);
    for (const l of t.lines) {
      const r = this.#rows.get(l.key);
      if (!r) continue;
      for (const [m, cell] of r.cells) {
        const list = l.values[m];
        const v = i === null ? list?.findLast((x) => x !== null) : list?.[i];
        setText(cell, v === null || v === undefined ? "–" : METRIC[m].text(v));
      }
    }
  }

  #row(l: Line, metrics: readonly Metric[], names: ReadonlyMap<string, string>): HTMLElement {
    const w = words.ops.calls;
    const box = h("input", { testid: "legend-line", data: { key: l.key }, attrs: { type: "checkbox" } });
    box.checked = !this.#off.has(l.key);
    box.addEventListener("change", () => {
      if (box.checked) this.#off.delete(l.key);
      else this.#off.add(l.key);
      this.#changed();
    });
    const cells = new Map(metrics.map((m) => [m, h("td", {}, "–")]));
    const view = l.view === "client" ? h("small", { class: "hint" }, w.views.client) : null;
    const name = h("label", {}, box, swatch(l), h("span", {}, lineName(l, names)), view);
    const row = h("tr", {}, h("th", { attrs: { scope: "row" } }, name), ...cells.values());
    this.#rows.set(l.key, { line: l, row, box, cells });
    return row;
  }
}
