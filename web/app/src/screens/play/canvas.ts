import { h } from "../../dom.ts";
import { SIDE, type Change, type Piece } from "./board.ts";
import type { Play } from "./play.ts";

/** The pens' colours, on white paper. */
export const INKS = ["#d92b2b", "#f08c00", "#1d9148", "#1f5fd0", "#8f3fd0", "#241a22"] as const;

/** How wide the pens draw, in the board's units. */
const LINE = [14, 40] as const;

const PAPER = "#ffffff";

/** How long points are gathered before they are drawn and sent, ms. */
const GATHER_MS = 33;

/** Points that are nearer to the last one are left out, in the board's units. */
const NEAR = 3;

interface Finger {
  draw(points: number[]): void;
  x: number;
  y: number;
  points: number[];
}

/** The board to see and to draw on, with a mouse, a pen or fingers. */
export class Canvas {
  readonly el: HTMLCanvasElement;
  readonly #play: Play;
  readonly #pen: () => { colour: number; width: number };
  readonly #paint: CanvasRenderingContext2D;
  readonly #fingers = new Map<number, Finger>();
  readonly #off: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #frame = 0;

  constructor(play: Play, title: string, pen: () => { colour: number; width: number }) {
    this.#play = play;
    this.#pen = pen;
    this.el = h("canvas", {
      class: "board",
      testid: "board",
      attrs: { role: "img", "aria-label": title, width: String(SIDE), height: String(SIDE) },
      on: {
        pointerdown: (e) => this.#down(e),
        pointermove: (e) => this.#move(e),
        pointerup: (e) => this.#up(e),
        pointercancel: (e) => this.#up(e),
      },
    });
    this.#paint = this.el.getContext("2d")!;
    this.#paint.lineCap = this.#paint.lineJoin = "round";
    this.#all();
    this.#off = play.on("board", (c) => this.#changed(c));
  }

  close(): void {
    this.#off();
    clearTimeout(this.#timer);
    cancelAnimationFrame(this.#frame);
  }

  #down(e: PointerEvent): void {
    if (e.button !== 0 || !this.#play.ready) return;
    e.preventDefault();
    this.el.setPointerCapture(e.pointerId);
    const { colour, width } = this.#pen();
    const [x, y] = this.#place(e);
    this.#fingers.set(e.pointerId, { draw: this.#play.stroke(colour, width), x, y, points: [x, y] });
    this.#flush();
  }

  #move(e: PointerEvent): void {
    const f = this.#fingers.get(e.pointerId);
    if (!f) return;
    const way = e.getCoalescedEvents?.() ?? [];
    for (const p of way.length > 0 ? way : [e]) {
      const [x, y] = this.#place(p);
      if (Math.hypot(x - f.x, y - f.y) < NEAR) continue;
      [f.x, f.y] = [x, y];
      f.points.push(x, y);
    }
    this.#timer ??= setTimeout(() => this.#flush(), GATHER_MS);
  }

  #up(e: PointerEvent): void {
    this.#move(e);
    this.#flush();
    this.#fingers.delete(e.pointerId);
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const f of this.#fingers.values()) {
      if (f.points.length > 0 && this.#play.ready) f.draw(f.points);
      f.points = [];
    }
  }

  #place(e: { clientX: number; clientY: number }): [x: number, y: number] {
    const box = this.el.getBoundingClientRect();
    const on = (at: number, from: number, size: number) =>
      Math.min(SIDE, Math.max(0, Math.round(((at - from) / size) * SIDE)));
    return [on(e.clientX, box.left, box.width), on(e.clientY, box.top, box.height)];
  }

  #changed(c: Exclude<Change, null>): void {
    if (c !== "all") return this.#stroke(c.stroke, c.from);
    // Several changes make one picture.
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.#all());
  }

  #all(): void {
    this.#paint.fillStyle = PAPER;
    this.#paint.fillRect(0, 0, SIDE, SIDE);
    for (const s of this.#play.board.strokes) this.#stroke(s, 0);
  }

  #stroke(s: Readonly<Piece>, from: number): void {
    const p = this.#paint;
    p.strokeStyle = INKS[s.colour] ?? INKS[0];
    p.lineWidth = LINE[s.width] ?? LINE[0];
    p.beginPath();
    const begin = Math.max(0, from - 2);
    const [x, y] = [s.points[begin]!, s.points[begin + 1]!];
    p.moveTo(x, y);
    // A line of no length would leave no dot.
    p.lineTo(x, y + 0.01);
    for (let i = begin + 2; i < s.points.length; i += 2) p.lineTo(s.points[i]!, s.points[i + 1]!);
    p.stroke();
  }
}
