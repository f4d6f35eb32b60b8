import type { Call, ConnectionQuality } from "@kinwire/sdk";
import { h, setText } from "../dom.ts";
import { say, words } from "../words.ts";
import { Steady } from "./steady.ts";

type Level = "good" | "fair" | "poor" | "lost";

const SVG = "http://www.w3.org/2000/svg";

/** How many of the three bars are full. Lost has none, and a cross. */
const FULL: Record<Level, number> = { good: 3, fair: 2, poor: 1, lost: 0 };

/** The reasons, as the words have them. */
type Trouble = keyof typeof words.sign.you;

/** Which words fit: by the reason, where it is the network's; a device or the server that cannot keep up is told as such. */
const WHY: Partial<Record<string, Trouble>> = {
  loss: "wobbly",
  jitter: "wobbly",
  delay: "late",
  bandwidth: "slow",
  freezes: "stuck",
  silence: "silent",
  load: "busy",
};

/** What is wrong with a connection; null while nothing is, or nothing that has a name. */
export function troubleOf(q: ConnectionQuality): Trouble | "server" | null {
  if (q.level === "good" || (q.level === "fair" && !q.why)) return null;
  if (q.where === "server") return "server";
  if (q.level === "lost") return "gone";
  if (q.where === "device") return q.why === "silence" ? "silent" : "busy";
  if (q.where === "downlink" && q.why === "silence") return "empty";
  return WHY[q.why ?? ""] ?? "wobbly";
}

/** A connection's trouble in words for a child: "Your internet is slow"; "" while there is none. */
export function troubleText(q: ConnectionQuality, name: string | null): string {
  const trouble = troubleOf(q);
  if (!trouble) return "";
  if (trouble === "server") return words.sign.server;
  return name === null ? words.sign.you[trouble] : say(words.sign.them[trouble], { name });
}

/** What is read out and shown as a tooltip. */
export function signLabel(q: ConnectionQuality, name: string | null): string {
  const trouble = troubleText(q, name);
  if (trouble) return trouble;
  const w = words.sign;
  if (q.level === "fair") return name === null ? w.youFair : say(w.themFair, { name });
  return name === null ? w.youGood : say(w.themGood, { name });
}

/**
 * The small sign of one person's connection: three bars, told apart by their number and form as much as by colour,
 * and, where there is trouble, a word for it. name is null for this person's own.
 */
export class Sign {
  /** Beside the name. */
  readonly el = h(
    "span",
    { class: "line-sign", testid: "sign", attrs: { role: "img", hidden: true } },
    bars(),
  );
  /** Over the picture. */
  readonly note = h("p", { class: "sign-note", testid: "sign-note", attrs: { hidden: true } });
  readonly #name: string | null;
  readonly #steady: Steady<ConnectionQuality>;

  constructor(name: string | null) {
    this.#name = name;
    this.#steady = new Steady({
      rank: (q) => 3 - FULL[levelOf(q)],
      text: (q) => troubleOf(q) ?? "",
      show: (q) => this.#show(q),
    });
  }

  /** What the server says now; undefined: nothing is measured (yet, or any more). */
  set quality(q: ConnectionQuality | undefined) {
    this.#steady.set(q ?? null);
  }

  close(): void {
    this.#steady.close();
  }

  #show(q: ConnectionQuality | null): void {
    this.el.hidden = !q;
    if (!q) {
      this.note.hidden = true;
      return;
    }
    const label = signLabel(q, this.#name);
    this.el.dataset["level"] = levelOf(q);
    this.el.setAttribute("aria-label", label);
    this.el.title = label;
    const trouble = q.level === "fair" ? "" : troubleText(q, this.#name);
    setText(this.note, trouble);
    this.note.hidden = !trouble;
  }
}

/** Keeps people's signs as the call's quality changes; the function ends it. */
export function watchQuality(call: Call, signs: () => Iterable<[participantID: string, Sign]>): () => void {
  const show = () => {
    for (const [id, sign] of signs()) sign.quality = call.quality.get(id);
  };
  show();
  return call.on("quality", show);
}

function levelOf(q: ConnectionQuality): Level {
  return q.level in FULL ? (q.level as Level) : "lost";
}

/** Three bars of growing height, and a cross that only shows where everything is lost. */
function bars(): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 20 16");
  svg.setAttribute("aria-hidden", "true");
  for (let i = 0; i < 3; i++) {
    const height = 5 + 5 * i;
    const bar = document.createElementNS(SVG, "rect");
    const box = { x: 1 + 7 * i, y: 15.5 - height, width: 4.5, height: height - 0.5, rx: 1.2 };
    for (const [name, value] of Object.entries(box)) bar.setAttribute(name, String(value));
    bar.setAttribute("class", `sign-bar-${i + 1}`);
    svg.append(bar);
  }
  const cross = document.createElementNS(SVG, "path");
  cross.setAttribute("d", "M2 2l7 7M9 2l-7 7");
  cross.setAttribute("class", "sign-cross");
  svg.append(cross);
  return svg;
}
