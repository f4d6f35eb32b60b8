/**
 * Noughts and crosses for two to four: who gets three of their marks in a row first has won. Two play on
 * three by three fields, more on five by five.
 *
 * A game is told as a whole, each time: who plays, and which fields were taken so far. Whoever hears of
 * two keeps the newer one, by rules that give the same answer to everybody.
 */

/** The most who can play; all others look on. */
export const MOST_PLAYERS = 4;

export interface Game {
  /** Games are counted; of two with the same number the one of the lower starter counts. */
  number: number;
  /** Who began it. */
  starter: string;
  /** Participant ids, in the order of their turns. */
  players: string[];
  /** The fields taken, in order: row × size + column. */
  moves: number[];
}

/** How a game stands. */
export interface Standing {
  /** Fields in a row. */
  size: number;
  /** Whose mark each field has: an index of players, or null. */
  marks: (number | null)[];
  /** Whose turn it is: an index of players; null when it is over. */
  turn: number | null;
  /** Who has won; null while it goes on and when nobody has. */
  winner: number | null;
  /** The fields with which it was won. */
  line: number[];
}

/** In a row one has won. */
const ROW = 3;

export function sizeFor(players: number): number {
  return players === 2 ? 3 : 5;
}

/** How a game stands; null if it is none: it has too few or too many players, or moves against the rules. */
export function standing(g: Game): Standing | null {
  const n = g.players.length;
  if (n < 2 || n > MOST_PLAYERS || new Set(g.players).size !== n) return null;
  const size = sizeFor(n);
  const s: Standing = { size, marks: Array<null>(size * size).fill(null), turn: 0, winner: null, line: [] };
  for (const [i, field] of g.moves.entries()) {
    if (s.turn === null || s.marks[field] !== null) return null;
    s.marks[field] = s.turn;
    s.line = rowThrough(s.marks, size, field);
    if (s.line.length > 0) s.winner = s.turn;
    s.turn = s.winner !== null || i + 1 === s.marks.length ? null : (s.turn + 1) % n;
  }
  return s;
}

/** Who made the last move; the starter before the first. */
export function lastMover(g: Game): string {
  const n = g.moves.length;
  return n === 0 ? g.starter : g.players[(n - 1) % g.players.length]!;
}

/** The one of two games that counts, both of which are by the rules. */
export function newer(a: Game | null, b: Game): Game {
  if (!a) return b;
  if (a.number !== b.number) return a.number > b.number ? a : b;
  if (a.starter !== b.starter) return a.starter < b.starter ? a : b;
  const goesOn = b.moves.length > a.moves.length && a.moves.every((m, i) => m === b.moves[i]);
  return goesOn ? b : a;
}

const DIRECTIONS = [
  [0, 1],
  [1, 0],
  [1, 1],
  [1, -1],
] as const;

/** The fields in a row through field that have its mark, if they are enough to win; else none. */
function rowThrough(marks: (number | null)[], size: number, field: number): number[] {
  const [row, column] = [Math.floor(field / size), field % size];
  for (const [dr, dc] of DIRECTIONS) {
    const line = [field];
    for (const way of [1, -1]) {
      let [r, c] = [row + way * dr, column + way * dc];
      while (r >= 0 && r < size && c >= 0 && c < size && marks[r * size + c] === marks[field]) {
        line.push(r * size + c);
        [r, c] = [r + way * dr, c + way * dc];
      }
    }
    if (line.length >= ROW) return line.sort((a, b) => a - b);
  }
  return [];
}
