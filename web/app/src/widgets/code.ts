import { encode } from "uqr";
import { h, setText } from "../dom.ts";
import { button } from "../ui.ts";
import { words } from "../words.ts";

const SVG = "http://www.w3.org/2000/svg";

/** A QR code of a text. It is drawn dark on white in both colour schemes: cameras want it so. */
export function qr(text: string, label: string): SVGSVGElement {
  const { data, size } = encode(text, { ecc: "M", border: 2 });
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${size} ${size}`);
  svg.setAttribute("class", "qr");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", label);
  svg.setAttribute("shape-rendering", "crispEdges");
  const ground = document.createElementNS(SVG, "rect");
  ground.setAttribute("width", String(size));
  ground.setAttribute("height", String(size));
  ground.setAttribute("fill", "#fff");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("fill", "#000");
  path.setAttribute("d", qrPath(data));
  svg.append(ground, path);
  return svg;
}

/** The dark squares as one outline, a run of them at a time. */
export function qrPath(rows: readonly (readonly boolean[])[]): string {
  let d = "";
  rows.forEach((row, y) => {
    for (let x = 0; x < row.length; x++) {
      if (!row[x]) continue;
      let end = x;
      while (row[end + 1]) end++;
      d += `M${x} ${y}h${end - x + 1}v1h-${end - x + 1}z`;
      x = end;
    }
  });
  return d;
}

export interface CodeProps {
  testid: string;
  code: string;
  /** What the QR code opens. */
  url: string;
  hint?: string;
}

/** A code to read out, to copy and to scan. */
export function codeCard(p: CodeProps): HTMLElement {
  const said = h("span", { class: "hint", attrs: { role: "status" } });
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(p.code);
      setText(said, words.common.copied);
    } catch {
      // The code stands there to be read.
    }
  };
  const picture = qr(p.url, words.common.qr);
  picture.dataset["testid"] = `${p.testid}-qr`;
  return h(
    "div",
    { class: "card code", testid: p.testid },
    picture,
    h(
      "div",
      { class: "code-side" },
      p.hint && h("p", { class: "hint" }, p.hint),
      h("p", { class: "code-text", testid: `${p.testid}-text` }, p.code),
      h(
        "div",
        { class: "row" },
        button({
          testid: `${p.testid}-copy`,
          class: "quiet small",
          icon: "copy",
          text: words.common.copy,
          click: () => void copy(),
        }),
        said,
      ),
    ),
  );
}
