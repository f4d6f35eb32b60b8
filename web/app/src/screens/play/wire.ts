import { COLOURS, MAX_GONE, MAX_STROKE, SIDE, WIDTHS, type Name, type Piece } from "./board.ts";
import { standing, type Game } from "./game.ts";

/**
 * What those in a call tell one another about the board and the game: JSON texts on the line "play".
 * What comes from others is read strictly; what is not as it should be counts as not sent.
 */
export type Word =
  /** A piece of a stroke of the sender's. */
  | { type: "draw"; piece: Omit<Piece, "author"> }
  /** The sender takes back a stroke. */
  | { type: "undo"; sheet: number; id: string }
  /** The sender wipes the board: a new sheet. */
  | { type: "wipe"; sheet: number }
  /** The sender has begun a game, or made a move in it. */
  | { type: "game"; game: Game }
  /** The sender has come late and asks one person what there is. */
  | { type: "want"; of: string }
  /** The answer, in parts. */
  | {
      type: "have";
      to: string;
      sheet: number;
      gone: Name[];
      strokes: Piece[];
      game: Game | null;
      last: boolean;
    };

/** A message has at most that many coordinates, which is some 8 kB; a stroke's beginning counts as several. */
export const PART = 1_500;
export const STROKE_SIZE = 40;

/** How many strokes a message may have. */
const MAX_STROKES = PART / STROKE_SIZE + 1;

/** A stroke in pieces each of which goes into a message. */
export function parts(s: Readonly<Piece>): Piece[] {
  const list: Piece[] = [];
  for (let from = 0; from < s.points.length; from += PART - STROKE_SIZE)
    list.push({ ...s, from, points: s.points.slice(from, from + PART - STROKE_SIZE) });
  return list;
}

type Fields = Record<string, unknown>;

export function encode(w: Word): string {
  return JSON.stringify(w);
}

/** Reads what somebody else has sent; null if it is nothing that is known here. */
export function decode(text: string, from: string): Word | null {
  let v: unknown;
  try {
    v = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isFields(v) || typeof v["type"] !== "string" || !Object.hasOwn(READERS, v["type"])) return null;
  return READERS[v["type"] as Word["type"]](v, from);
}

const READERS: Record<Word["type"], (v: Fields, from: string) => Word | null> = {
  draw: (v, from) => {
    const piece = readPiece(v["piece"], from);
    return piece && { type: "draw", piece };
  },
  undo: ({ sheet, id }) => (isCount(sheet) && isID(id) ? { type: "undo", sheet, id } : null),
  wipe: ({ sheet }) => (isCount(sheet) ? { type: "wipe", sheet } : null),
  game: (v) => {
    const game = readGame(v["game"]);
    return game && { type: "game", game };
  },
  want: ({ of }) => (isID(of) ? { type: "want", of } : null),
  have: (v) => {
    const { to, sheet, gone, strokes, game, last } = v;
    if (!isID(to) || !isCount(sheet) || typeof last !== "boolean" || !Array.isArray(strokes)) return null;
    if (strokes.length > MAX_STROKES || !Array.isArray(gone) || gone.length > MAX_GONE || !gone.every(isName))
      return null;
    const read = strokes.map((s: unknown) => readPiece(s, isFields(s) ? s["author"] : null));
    if (!read.every((s) => s !== null)) return null;
    return { type: "have", to, sheet, gone, strokes: read, game: readGame(game), last };
  },
};

function readPiece(v: unknown, author: unknown): Piece | null {
  if (!isFields(v) || !isID(author)) return null;
  const { sheet, id, at, colour, width, from, points } = v;
  if (!isCount(sheet) || !isID(id) || !isCount(at) || !isCount(from) || from >= MAX_STROKE) return null;
  if (!isCount(colour) || colour >= COLOURS || !isCount(width) || width >= WIDTHS) return null;
  if (!Array.isArray(points) || points.length === 0 || points.length > MAX_STROKE) return null;
  if (points.length % 2 !== 0 || from % 2 !== 0) return null;
  if (!points.every((n): n is number => isCount(n) && n <= SIDE)) return null;
  return { sheet, author, id, at, colour, width, from, points };
}

function readGame(v: unknown): Game | null {
  if (!isFields(v)) return null;
  const { number, starter, players, moves } = v;
  if (!isCount(number) || !isID(starter) || !Array.isArray(players) || !Array.isArray(moves)) return null;
  if (!players.every(isID) || !moves.every(isCount)) return null;
  const game = { number, starter, players, moves };
  return standing(game) ? game : null;
}

function isFields(v: unknown): v is Fields {
  return typeof v === "object" && v !== null && !Array.isArray(v);
}

/** Names are those of participants and of strokes. */
function isID(v: unknown): v is string {
  return typeof v === "string" && v.length > 0 && v.length <= 127;
}

function isName(v: unknown): v is Name {
  return isFields(v) && isID(v["author"]) && isID(v["id"]);
}

function isCount(v: unknown): v is number {
  return typeof v === "number" && Number.isInteger(v) && v >= 0 && v <= 1e9;
}
