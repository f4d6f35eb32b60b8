import { Emitter, type DataLineEvents, type Participant } from "@kinwire/sdk";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Board, MAX_BOARD, MAX_STROKE, type Piece } from "../src/screens/play/board.ts";
import { newer, standing, type Game } from "../src/screens/play/game.ts";
import { Play } from "../src/screens/play/play.ts";
import { decode, encode, parts } from "../src/screens/play/wire.ts";

/** Numbers that look random and are the same each time. */
function dice(seed: number): (below: number) => number {
  return (below) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
}

/** The server: everybody else hears what one says, and all in one order. */
class Hub {
  readonly seats: Seat[] = [];
  readonly #under: { from: Seat; data: string }[] = [];

  sit(id: string): Seat {
    const seat = new Seat(this, id);
    this.seats.push(seat);
    return seat;
  }
  say(from: Seat, data: string): void {
    this.#under.push({ from, data });
  }
  /** Lets the server take the next message; what it brings about comes after what waits. */
  step(): boolean {
    const next = this.#under.shift();
    if (!next) return false;
    for (const s of this.seats)
      if (s !== next.from && s.line.isOpen) s.inbox.push({ from: next.from.id, data: next.data });
    return true;
  }
  /** Lets everything arrive. */
  settle(): void {
    while (this.step() || this.seats.some((s) => s.hear())) void 0;
  }
}

class Line extends Emitter<DataLineEvents> {
  isOpen = false;
  full = false;
  readonly #seat: Seat;
  constructor(seat: Seat) {
    super();
    this.#seat = seat;
  }
  send(data: string | Uint8Array): boolean {
    if (!this.isOpen || this.full || data.length > 16_384) return false;
    this.#seat.hub.say(this.#seat, data as string);
    return true;
  }
  open(): void {
    this.isOpen = true;
    this.emit("open", undefined);
  }
  shut(): void {
    this.isOpen = false;
    this.#seat.inbox.length = 0;
    this.emit("closed", undefined);
  }
  hear(m: { from: string; data: string }): void {
    this.emit("message", m);
  }
}

class Seat {
  readonly line = new Line(this);
  readonly inbox: { from: string; data: string }[] = [];
  readonly data = { open: () => this.line };
  readonly play: Play;
  constructor(
    readonly hub: Hub,
    readonly id: string,
  ) {
    this.play = new Play(this);
  }
  get view(): { you: string } {
    return { you: this.id };
  }
  get others(): Participant[] {
    return this.hub.seats
      .filter((s) => s !== this)
      .map((s) => ({ id: s.id, phase: "joined" }) as Participant);
  }
  hear(): boolean {
    const m = this.inbox.shift();
    if (m) this.line.hear(m);
    return m !== undefined;
  }
  picture(): unknown {
    return [this.play.board.sheet, this.play.board.strokes.map((s) => [s.author, s.id, s.colour, s.points])];
  }
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function table(...names: string[]): { hub: Hub; seats: Seat[] } {
  const hub = new Hub();
  const seats = names.map((n) => hub.sit(n));
  for (const s of seats) {
    s.line.open();
    hub.settle();
  }
  vi.advanceTimersByTime(20_000);
  hub.settle();
  return { hub, seats };
}

describe("a board", () => {
  const piece = (author: string, at: number, from = 0, points = [1, 2, 3, 4], sheet = 0): Piece => ({
    sheet,
    author,
    id: "s",
    at,
    colour: 0,
    width: 0,
    from,
    points,
  });

  it("has the same order of strokes whatever order they came in", () => {
    const pieces = [
      piece("a", 1),
      piece("b", 1),
      piece("c", 2),
      piece("a", 1, 4, [5, 6]),
      piece("b", 1, 4, [7, 8]),
    ];
    const look = (order: number[]) => {
      const b = new Board();
      for (const i of order) b.add(pieces[i]!);
      return b.strokes.map((s) => [s.author, s.points]);
    };
    const first = look([0, 1, 2, 3, 4]);
    expect(first.map((s) => s[0])).toEqual(["a", "b", "c"]);
    for (const order of [
      [4, 3, 2, 1, 0],
      [2, 3, 0, 4, 1],
      [3, 4, 1, 0, 2],
    ])
      expect(look(order)).toEqual(first);
  });

  it("says what has to be drawn, and takes what comes twice once", () => {
    const b = new Board();
    expect(b.add(piece("a", 1))).toMatchObject({ from: 0 });
    expect(b.add(piece("a", 1, 4, [5, 6]))).toMatchObject({
      from: 4,
      stroke: { points: [1, 2, 3, 4, 5, 6] },
    });
    expect(b.add(piece("a", 1, 2, [3, 4, 5, 6]))).toBeNull();
    expect(b.add(piece("b", 2))).toMatchObject({ from: 0 });
    expect(b.add(piece("a", 1, 6, [7, 8]))).toBe("all");
    expect(b.add(piece("c", 0))).toBe("all");
    expect(b.remove(0, "b", "s")).toBe("all");
    expect(b.add(piece("b", 2))).toBeNull();
    expect(b.wipe(1)).toBe("all");
    expect(b.wipe(1)).toBeNull();
    expect(b.add(piece("a", 9))).toBeNull();
    expect(b.strokes).toHaveLength(0);
    expect(b.add(piece("a", 9, 0, [1, 1], 2))).toBe("all");
    expect(b.strokes).toHaveLength(1);
  });

  it("is bounded", () => {
    const b = new Board();
    const long = Array<number>(1_000).fill(5);
    for (let n = 0; n < 100; n++) b.add({ ...piece("a", n, 0, long), id: String(n) });
    expect(b.strokes).toHaveLength(MAX_BOARD / 1_000);
    expect(b.strokes[0]!.at).toBe(100 - MAX_BOARD / 1_000);
    for (let n = 0; n < 10; n++) b.add({ ...piece("b", 200, n * 1_000, long) });
    expect(b.strokes.at(-1)!.points).toHaveLength(MAX_STROKE);
    for (let n = 1; n < 1_000; n++) b.add({ ...piece("c", 300, n * 2, [1, 1]), id: String(n) });
  });
});

describe("noughts and crosses", () => {
  const game = (players: string[], moves: number[], number = 1, starter = players[0]!): Game => ({
    number,
    starter,
    players,
    moves,
  });

  it("is won by three in a row, across, down and aslant", () => {
    for (const [moves, line] of [
      [
        [0, 3, 1, 4, 2],
        [0, 1, 2],
      ],
      [
        [0, 1, 3, 2, 6],
        [0, 3, 6],
      ],
      [
        [0, 1, 4, 2, 8],
        [0, 4, 8],
      ],
      [
        [2, 0, 4, 1, 6],
        [2, 4, 6],
      ],
      [
        [0, 2, 8, 1, 4],
        [0, 4, 8],
      ],
    ] as const)
      expect(standing(game(["a", "b"], [...moves]))).toMatchObject({ winner: 0, turn: null, line });
    expect(standing(game(["a", "b"], [2, 3, 4]))).toMatchObject({ winner: null, turn: 1 });
    expect(standing(game(["a", "b"], [0, 1, 2, 4, 3, 5, 7, 6, 8]))).toMatchObject({
      winner: null,
      turn: null,
    });
    expect(standing(game(["a", "b", "c"], [0, 5, 10, 1, 6, 11, 2]))).toMatchObject({ size: 5, winner: 0 });
    // A row does not go round the edge.
    expect(standing(game(["a", "b", "c"], [3, 10, 20, 4, 12, 22, 5]))).toMatchObject({ winner: null });
  });

  it("knows what is against the rules", () => {
    expect(standing(game(["a"], []))).toBeNull();
    expect(standing(game(["a", "a"], []))).toBeNull();
    expect(standing(game(["a", "b", "c", "d", "e"], []))).toBeNull();
    expect(standing(game(["a", "b"], [0, 0]))).toBeNull();
    expect(standing(game(["a", "b"], [9]))).toBeNull();
    expect(standing(game(["a", "b"], [0, 3, 1, 4, 2, 5]))).toBeNull();
  });

  it("keeps one of two games, the same for everybody", () => {
    const a = game(["a", "b"], [0, 1]);
    expect(newer(a, game(["b", "a"], [], 2))).toMatchObject({ number: 2 });
    expect(newer(game(["b", "a"], [4]), a)).toBe(a);
    expect(newer(a, game(["b", "a"], [4]))).toBe(a);
    expect(newer(a, game(["a", "b"], [0, 1, 5]))).toMatchObject({ moves: [0, 1, 5] });
    expect(newer(a, game(["a", "b"], [0, 2, 5]))).toBe(a);
  });
});

describe("what is said", () => {
  const stroke = { sheet: 1, id: "x.1", at: 3, colour: 2, width: 1, from: 0, points: [0, 1_000] };

  it("is read as it was written", () => {
    const long = { ...stroke, author: "a", points: Array<number>(MAX_STROKE).fill(1_000) };
    const pieces = parts(long);
    expect(pieces.flatMap((p) => p.points)).toEqual(long.points);
    for (const p of pieces) expect(encode({ type: "draw", piece: p }).length).toBeLessThan(16_384);
    expect(decode(encode({ type: "draw", piece: stroke }), "p2")).toEqual({
      type: "draw",
      piece: { ...stroke, author: "p2" },
    });
  });

  it("counts as not said when it is wrong", () => {
    const bad: unknown[] = [
      null,
      [],
      {},
      { type: "toString" },
      { type: "draw" },
      ...[
        { sheet: -1 },
        { sheet: 1.5 },
        { id: "" },
        { id: "x".repeat(200) },
        { colour: 6 },
        { width: 2 },
        { from: 1 },
        { from: MAX_STROKE },
        { points: [] },
        { points: [1] },
        { points: [1, 1_001] },
        { points: [1, "2"] },
        { points: Array(MAX_STROKE + 2).fill(1) },
        { at: 2e9 },
      ].map((x) => ({ type: "draw", piece: { ...stroke, ...x } })),
      { type: "undo", sheet: 1 },
      { type: "wipe" },
      { type: "want" },
      { type: "game", game: { number: 1, starter: "a", players: ["a"], moves: [] } },
      { type: "have", to: "a", sheet: 1, gone: [], strokes: [{}], game: null, last: true },
      { type: "have", to: "a", sheet: 1, gone: [], strokes: [], game: null },
      { type: "have", to: "a", sheet: 1, gone: [1], strokes: [], game: null, last: true },
    ];
    for (const b of bad) expect(decode(JSON.stringify(b), "p2")).toBeNull();
    expect(decode("{", "p2")).toBeNull();
  });
});

describe("together", () => {
  it("all see what one draws, takes back and wipes", () => {
    const { hub, seats } = table("p1", "p2", "p3");
    const [a, b, c] = seats as [Seat, Seat, Seat];
    const draw = a.play.stroke(2, 0);
    draw([1, 1]);
    draw([2, 2, 3, 3]);
    hub.settle();
    expect(b.play.board.strokes).toMatchObject([{ author: "p1", colour: 2, points: [1, 1, 2, 2, 3, 3] }]);
    b.play.stroke(1, 1)([9, 9]);
    a.play.undo();
    hub.settle();
    expect(c.play.board.strokes).toMatchObject([{ author: "p2" }]);
    a.play.undo();
    expect(a.play.board.strokes).toHaveLength(1);
    c.play.wipe();
    draw([4, 4]);
    hub.settle();
    // p1's went on below a sheet that p3 had taken away.
    for (const s of seats) expect(s.picture()).toEqual([1, []]);
    draw([5, 5]);
    hub.settle();
    expect(c.play.board.strokes).toMatchObject([{ author: "p1", points: [5, 5], sheet: 1 }]);
  });

  it("a very long stroke goes on as another", () => {
    const { hub, seats } = table("p1", "p2");
    const draw = seats[0]!.play.stroke(0, 0);
    for (let i = 0; i < MAX_STROKE; i++) draw([i % 1_000, 7]);
    hub.settle();
    expect(seats[1]!.picture()).toEqual(seats[0]!.picture());
    expect(seats[1]!.play.board.strokes.length).toBeGreaterThan(1);
  });

  it("who comes late is told, also when another latecomer is asked first", () => {
    const { hub, seats } = table("p2", "p3");
    const [a, b] = seats as [Seat, Seat];
    for (let n = 0; n < 300; n++) {
      const draw = a.play.stroke(n % 6, 0);
      draw([n, n]);
      for (let i = 0; i < 20; i++) draw([(n * i) % 1_000, 999]);
      hub.settle();
    }
    expect(b.play.start()).toBe(true);
    hub.settle();
    expect(b.play.move(4)).toBe(true);
    hub.settle();
    const early = hub.sit("p1");
    const late = hub.sit("p4");
    hub.seats.sort((x, y) => x.id.localeCompare(y.id));
    early.line.open();
    late.line.open();
    hub.step();
    a.play.stroke(5, 1)([500, 500]);
    hub.settle();
    vi.advanceTimersByTime(20_000);
    hub.settle();
    for (const s of [b, early, late]) {
      expect(s.picture()).toEqual(a.picture());
      expect(s.play.game).toEqual({ number: 1, starter: "p3", players: ["p3", "p2"], moves: [4] });
    }
  });

  it("nobody moves out of turn or for somebody else", () => {
    const { hub, seats } = table("p1", "p2", "p3");
    const [a, b, c] = seats as [Seat, Seat, Seat];
    a.play.start();
    hub.settle();
    expect(b.play.move(0)).toBe(false);
    hub.say(
      c,
      encode({ type: "game", game: { number: 1, starter: "p1", players: ["p1", "p2", "p3"], moves: [3] } }),
    );
    hub.say(
      c,
      encode({ type: "game", game: { number: 9, starter: "p1", players: ["p1", "p2", "p3"], moves: [] } }),
    );
    hub.settle();
    expect(b.play.game!.moves).toEqual([]);
    expect(a.play.move(3)).toBe(true);
    expect(a.play.move(4)).toBe(false);
    hub.settle();
    expect(b.play.move(3)).toBe(false);
    expect(b.play.move(5)).toBe(true);
    hub.settle();
    for (const s of seats) expect(s.play.game!.moves).toEqual([3, 5]);
  });

  it("two who begin a game at once come to play the same", () => {
    const { hub, seats } = table("p1", "p2");
    seats[1]!.play.start();
    seats[0]!.play.start();
    hub.settle();
    for (const s of seats) expect(s.play.game!.starter).toBe("p1");
    expect(seats[0]!.play.move(0)).toBe(true);
    hub.settle();
    expect(seats[1]!.play.game!.moves).toEqual([0]);
  });

  it("what cannot be sent at once is sent later, in order", () => {
    const { hub, seats } = table("p1", "p2");
    const [a, b] = seats as [Seat, Seat];
    a.line.full = true;
    const draw = a.play.stroke(0, 0);
    for (let i = 0; i < 50; i++) draw([i, i]);
    hub.settle();
    expect(b.play.board.strokes).toHaveLength(0);
    a.line.full = false;
    vi.advanceTimersByTime(100);
    hub.settle();
    expect(b.picture()).toEqual(a.picture());
  });

  it.each(Array.from({ length: 60 }, (_, i) => i + 1))(
    "all come to see the same, whatever happens (%i)",
    (seed) => {
      const roll = dice(seed);
      const { hub, seats } = table("p1", "p2", "p3");
      const drawing = new Map<Seat, (points: number[]) => void>();
      const acts: ((s: Seat) => void)[] = [
        (s) => drawing.set(s, s.play.stroke(roll(6), roll(2))),
        ...Array.from(
          { length: 8 },
          () => (s: Seat) => s.line.isOpen && drawing.get(s)?.([roll(1_001), roll(1_001)]),
        ),
        (s) => s.line.isOpen && s.play.undo(),
        (s) => roll(4) === 0 && s.line.isOpen && s.play.wipe(),
        (s) => roll(3) === 0 && s.play.start(),
        (s) => void s.play.move(roll(25)),
        // What is under way to somebody is lost when the line is closed; what he has said is not.
        (s) => roll(6) === 0 && s.line.isOpen && s.line.shut(),
        (s) => !s.line.isOpen && s.line.open(),
        () => hub.seats.length < 5 && roll(10) === 0 && hub.sit(`p${hub.seats.length + 1}`).line.open(),
        () => void vi.advanceTimersByTime(roll(100)),
      ];
      for (let i = 0; i < 400; i++) {
        acts[roll(acts.length)]!(hub.seats[roll(hub.seats.length)]!);
        for (let n = roll(4); n > 0; n--) if (roll(2) === 0) hub.step();
        for (let n = roll(6); n > 0; n--) hub.seats[roll(hub.seats.length)]!.hear();
      }
      for (const s of hub.seats) if (!s.line.isOpen) s.line.open();
      for (let i = 0; i < 20; i++) {
        hub.settle();
        vi.advanceTimersByTime(2_000);
      }
      for (const s of hub.seats) {
        expect(s.picture()).toEqual(seats[0]!.picture());
        expect(s.play.game).toEqual(seats[0]!.play.game);
      }
    },
  );
});
