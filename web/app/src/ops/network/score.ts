import { h } from "../../dom.ts";
import { say, words } from "../../words.ts";
import { levelOf } from "./filters.ts";

const SVG = "http://www.w3.org/2000/svg";

/** The bar's length, and the scale of a mean opinion score. */
const LONG = 48;
const LEAST = 1;
const MOST = 5;

/** How much of the bar a score fills, 0 to LONG. */
export function fillOf(score: number): number {
  return (LONG * (Math.min(MOST, Math.max(LEAST, score)) - LEAST)) / (MOST - LEAST);
}

/** A score as a small bar with its number; a dash where nothing was measured. */
export function scoreBar(score: number | undefined): HTMLElement {
  const level = levelOf(score);
  if (!score || !level) return h("span", { class: "score", testid: "score" }, "–");
  const text = score.toFixed(1);
  const label = say(words.ops.calls.scoreOf, { score: text, level: words.ops.calls.levels[level] });
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${LONG} 8`);
  svg.append(bar("score-room", LONG), bar("score-fill", Math.max(3, fillOf(score))));
  return h(
    "span",
    {
      class: "score",
      testid: "score",
      data: { level },
      attrs: { role: "img", "aria-label": label, title: label },
    },
    svg,
    h("b", {}, text),
  );
}

function bar(name: string, width: number): SVGRectElement {
  const rect = document.createElementNS(SVG, "rect");
  rect.setAttribute("class", name);
  rect.setAttribute("width", String(width));
  rect.setAttribute("height", "8");
  rect.setAttribute("rx", "4");
  return rect;
}
