/**
 * What is on a drawing board that several people share: strokes, by whom and in which order.
 *
 * Everybody keeps a board of their own and tells the others of each change. So that all come to see the
 * same picture, whatever order changes arrive in, nothing here depends on that order: strokes lie above
 * one another by the counter of their author (at) and not by when they came; wiping begins a new sheet
 * with a higher number, and what belongs to a lower one is void; what was taken back stays taken back.
 */

/** The board's width and height in its own units. */
export const SIDE = 1000;

/** How many colours and widths of pens there are. */
export const COLOURS = 6;
export const WIDTHS = 2;

/** The most that is kept, in coordinates (two a point): of a stroke, and of the whole board. */
export const MAX_STROKE = 4_000;
export const MAX_BOARD = 40_000;

/** The highest place and sheet there are. */
const MAX_COUNT = 1e9;

/** How many pieces wait for what comes before them, and how many strokes taken back are remembered. */
const MAX_EARLY = 256;
export const MAX_GONE = 100;

/** A stroke, or a piece of one that begins at coordinate number from. */
export interface Piece {
  /** The sheet's number. */
  sheet: number;
  author: string;
  /** One of the author's strokes. */
  id: string;
  /** Its place above and below others. */
  at: number;
  /** 0 to COLOURS - 1, 0 to WIDTHS - 1. */
  colour: number;
  width: number;
  from: number;
  /** x, y, x, y … whole numbers from 0 to SIDE. */
  points: number[];
}

/** What a stroke is known by. */
export type Name = Pick<Piece, "author" | "id">;

/** What has to be drawn: all of it anew, or one stroke from a coordinate on; null for nothing. */
export type Change = "all" | { stroke: Readonly<Piece>; from: number } | null;

/** A shared board as one of those who share it knows it. */
export class Board {
  #sheet = 0;
  #clock = 0;
  #size = 0;
  #strokes: Piece[] = [];
  readonly #early = new Map<string, Piece[]>();
  readonly #gone = new Map<string, Name>();

  /** The present sheet's number. */
  get sheet(): number {
    return this.#sheet;
  }

  /** The strokes, from the lowest to the highest. */
  get strokes(): readonly Readonly<Piece>[] {
    return this.#strokes;
  }

  /** Those that were taken back from this sheet, the last of them. */
  get gone(): Name[] {
    return [...this.#gone.values()];
  }

  /** The place of a stroke that is begun now: above all that is known. */
  next(): number {
    return Math.min(this.#clock + 1, MAX_COUNT);
  }

  /** Adds a piece of a stroke, one that is new or goes on. */
  add(p: Piece): Change {
    const turned = this.#turn(p.sheet);
    if (p.sheet < this.#sheet || this.#gone.has(key(p))) return turned;
    const at = this.#strokes.findIndex((s) => s.author === p.author && s.id === p.id);
    const stroke = this.#strokes[at];
    if (p.from > (stroke?.points.length ?? 0)) {
      this.#wait(p);
      return turned;
    }
    if (!stroke) {
      const inserted = this.#insert(p);
      return turned ?? inserted;
    }
    const had = stroke.points.length;
    const more = p.points.slice(had - p.from, MAX_STROKE - p.from);
    if (more.length === 0) return null;
    stroke.points.push(...more);
    this.#size += more.length;
    this.#catchUp(stroke);
    const top = at === this.#strokes.length - 1;
    return this.#shrink() || !top ? "all" : { stroke, from: had };
  }

  /** Takes a stroke back; its author does. */
  remove(sheet: number, author: string, id: string): Change {
    const turned = this.#turn(sheet);
    if (sheet < this.#sheet) return turned;
    const name = key({ author, id });
    this.#gone.set(name, { author, id });
    if (this.#gone.size > MAX_GONE) this.#gone.delete(this.#gone.keys().next().value!);
    this.#early.delete(name);
    const at = this.#strokes.findIndex((s) => s.author === author && s.id === id);
    if (at < 0) return turned;
    this.#size -= this.#strokes[at]!.points.length;
    this.#strokes.splice(at, 1);
    return "all";
  }

  /** Begins the sheet with that number, unless there is a newer one. */
  wipe(sheet: number): Change {
    return this.#turn(sheet);
  }

  #turn(sheet: number): Change {
    if (sheet <= this.#sheet) return null;
    this.#sheet = sheet;
    this.#strokes = [];
    this.#size = 0;
    this.#early.clear();
    this.#gone.clear();
    return "all";
  }

  #insert(p: Piece): Change {
    const stroke = { ...p, from: 0, points: p.points.slice(0, MAX_STROKE) };
    this.#clock = Math.max(this.#clock, stroke.at);
    let at = this.#strokes.length;
    while (at > 0 && above(this.#strokes[at - 1]!, stroke)) at--;
    this.#strokes.splice(at, 0, stroke);
    this.#size += stroke.points.length;
    this.#catchUp(stroke);
    const top = at === this.#strokes.length - 1;
    return this.#shrink() || !top ? "all" : { stroke, from: 0 };
  }

  /** Keeps a piece whose beginning has not come yet. */
  #wait(p: Piece): void {
    let n = 0;
    for (const list of this.#early.values()) n += list.length;
    if (n >= MAX_EARLY) return;
    this.#early.set(key(p), [...(this.#early.get(key(p)) ?? []), p]);
  }

  /** Adds what has waited for this stroke's beginning. */
  #catchUp(stroke: Piece): void {
    const list = this.#early.get(key(stroke)) ?? [];
    this.#early.delete(key(stroke));
    for (const p of list.sort((a, b) => a.from - b.from)) {
      if (p.from > stroke.points.length) this.#wait(p);
      else {
        const more = p.points.slice(stroke.points.length - p.from, MAX_STROKE - p.from);
        stroke.points.push(...more);
        this.#size += more.length;
      }
    }
  }

  /** Lets go of the lowest strokes when there are too many. */
  #shrink(): boolean {
    let n = 0;
    while (this.#size > MAX_BOARD && n < this.#strokes.length - 1)
      this.#size -= this.#strokes[n++]!.points.length;
    this.#strokes.splice(0, n);
    return n > 0;
  }
}

function key(p: Name): string {
  return `${p.author} ${p.id}`;
}

function above(a: Piece, b: Piece): boolean {
  if (a.at !== b.at) return a.at > b.at;
  return key(a) > key(b);
}
