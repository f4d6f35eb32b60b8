/** How many bars a voice message is drawn with. */
export const BARS = 48;

/** The highest value of a bar. */
export const TOP = 100;

/**
 * The bars of a voice message from its levels (0 to 1, in the order of time): each the loudest of its share,
 * the loudest of all at TOP, so that a quiet voice has a shape, too. Of fewer levels than bars, each stands
 * for several; silence is a row of zeros.
 */
export function barsOf(levels: readonly number[], bars = BARS): number[] {
  if (levels.length === 0) return new Array<number>(bars).fill(0);
  const peaks = Array.from({ length: bars }, (_, i) => {
    const from = Math.floor((i * levels.length) / bars);
    const to = Math.max(from + 1, Math.floor(((i + 1) * levels.length) / bars));
    return Math.max(...levels.slice(from, to));
  });
  const most = Math.max(...peaks);
  // Below this it is the noise of the microphone, which must not be blown up.
  const scale = TOP / Math.max(most, 0.05);
  return peaks.map((p) => Math.round(p * scale));
}

/** The bars that came with a message, as many as are drawn here: other apps may have sent more or fewer. */
export function fitBars(bars: readonly number[]): number[] {
  if (bars.length === 0) return new Array<number>(BARS).fill(0);
  return Array.from({ length: BARS }, (_, i) => {
    const bar = bars[Math.floor((i * bars.length) / BARS)] ?? 0;
    return Math.min(TOP, Math.max(0, Math.round(bar) || 0));
  });
}

/** How loud samples around zero (-1 to 1) are, 0 to 1: their root mean square, stretched so that speech fills it. */
export function loudness(samples: Float32Array): number {
  if (samples.length === 0) return 0;
  let sum = 0;
  for (const s of samples) sum += s * s;
  return Math.min(1, Math.sqrt(sum / samples.length) * 3);
}

/** How high the drawing is, in its own units. */
const HEIGHT = 36;

const SVG = "http://www.w3.org/2000/svg";

/** Bars that are drawn, and filled as far as a message has been played. */
export class Wave {
  readonly el: SVGSVGElement;
  readonly #bars: SVGRectElement[];

  constructor(bars: readonly number[]) {
    this.el = document.createElementNS(SVG, "svg");
    this.el.setAttribute("class", "wave");
    this.el.setAttribute("aria-hidden", "true");
    this.el.setAttribute("preserveAspectRatio", "none");
    this.el.setAttribute("viewBox", `0 0 ${bars.length * 4} ${HEIGHT}`);
    this.#bars = bars.map((_, i) => {
      const bar = document.createElementNS(SVG, "rect");
      bar.setAttribute("x", String(i * 4 + 0.5));
      bar.setAttribute("width", "3");
      bar.setAttribute("rx", "1.5");
      return bar;
    });
    this.el.append(...this.#bars);
    this.draw(bars);
  }

  draw(bars: readonly number[]): void {
    this.#bars.forEach((bar, i) => {
      const height = 3 + ((HEIGHT - 3) * Math.min(TOP, bars[i] ?? 0)) / TOP;
      bar.setAttribute("height", height.toFixed(1));
      bar.setAttribute("y", ((HEIGHT - height) / 2).toFixed(1));
    });
  }

  /** part is 0 to 1. */
  played(part: number): void {
    const to = part * this.#bars.length;
    this.#bars.forEach((bar, i) => bar.setAttribute("class", i < to ? "played" : ""));
  }
}
