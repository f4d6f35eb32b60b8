import { Emitter, type DataLine, type Participant } from "@kinwire/sdk";
import { Board, MAX_STROKE, type Change, type Piece } from "./board.ts";
import { lastMover, MOST_PLAYERS, newer, standing, type Game } from "./game.ts";
import { decode, encode, PART, parts, STROKE_SIZE, type Word } from "./wire.ts";

/** How long somebody who was asked what there is may take to say it, ms. */
const ANSWER_MS = 2_000;

/** How often everybody is asked, until there is nothing to be told. */
const ROUNDS = 3;

/** How long until what could not be sent is tried again, ms. */
const AGAIN_MS = 100;

/** How much may wait to be sent before the oldest is given up: then the line is as good as closed. */
const MAX_WAITING = 2_000;

/** Who may have a board and a game to tell of. */
const HERE: ReadonlySet<Participant["phase"]> = new Set(["accepted", "joined", "reconnecting"]);

export interface PlayEvents {
  /** The board has changed. */
  board: Exclude<Change, null>;
  /** The game has. */
  game: void;
  /** Whether this side can be heard has changed. */
  ready: boolean;
  /** Somebody else has begun to draw, or a game. */
  news: { from: string; what: "draw" | "game" };
}

/** What is needed of a call. */
export interface Party {
  readonly view: { you: string };
  readonly others: Participant[];
  readonly data: { open(label: string): Pick<DataLine, "isOpen" | "send" | "on"> };
}

/**
 * The board and the game of one call, kept the same for all in it. What this person does is done here at
 * once and told the others; who comes late asks one after the other what there is, until somebody says.
 */
export class Play extends Emitter<PlayEvents> {
  readonly board = new Board();
  readonly #party: Party;
  readonly #line: Pick<DataLine, "isOpen" | "send" | "on">;
  readonly #off: (() => void)[];
  readonly #session = Math.floor(Math.random() * 36 ** 6).toString(36);
  readonly #asked = new Set<string>();
  readonly #askers = new Set<string>();
  #game: Game | null = null;
  #own: string[] = [];
  #count = 0;
  #rounds = 0;
  /** It is known what was there before: somebody has said it, or there is nobody to ask. */
  #sure = false;
  #waiting: string[] = [];
  #flush: ReturnType<typeof setTimeout> | undefined;
  #answer: ReturnType<typeof setTimeout> | undefined;

  constructor(party: Party) {
    super();
    this.#party = party;
    this.#line = party.data.open("play");
    this.#off = [
      this.#line.on("open", () => this.#opened()),
      this.#line.on("closed", () => this.#closed()),
      this.#line.on("message", (m) => {
        const word = typeof m.data === "string" ? decode(m.data, m.from) : null;
        if (word) this.#hear(word, m.from);
      }),
    ];
    if (this.#line.isOpen) this.#opened();
  }

  get game(): Game | null {
    return this.#game;
  }

  /** What this person does reaches the others. */
  get ready(): boolean {
    return this.#line.isOpen;
  }

  /** This person's participant id. */
  get you(): string {
    return this.#party.view.you;
  }

  close(): void {
    for (const off of this.#off) off();
    this.#closed();
  }

  /** Begins a stroke of this person's; what it gives is called with each piece more. */
  stroke(colour: number, width: number): (points: number[]) => void {
    const begin = (): Piece => {
      const id = `${this.#session}.${this.#count++}`;
      this.#own.push(id);
      return {
        sheet: this.board.sheet,
        author: this.you,
        id,
        at: this.board.next(),
        colour,
        width,
        from: 0,
        points: [],
      };
    };
    let s: Piece | null = null;
    return (points) => {
      // A sheet that was wiped meanwhile, and a stroke that is full, are left for a new one.
      const corner = s && s.points.length >= MAX_STROKE ? s.points.slice(-2) : [];
      if (!s || s.sheet !== this.board.sheet || corner.length > 0) s = begin();
      const piece = { ...s, from: s.points.length, points: [...corner, ...points].slice(0, MAX_STROKE) };
      s.points = [...s.points, ...piece.points].slice(0, MAX_STROKE);
      this.#drawn(this.board.add(piece));
      this.#say({ type: "draw", piece });
    };
  }

  /** Takes this person's last stroke back. */
  undo(): void {
    for (let id = this.#own.pop(); id; id = this.#own.pop()) {
      if (!this.board.strokes.some((s) => s.author === this.you && s.id === id)) continue;
      const sheet = this.board.sheet;
      this.#drawn(this.board.remove(sheet, this.you, id));
      this.#say({ type: "undo", sheet, id });
      return;
    }
  }

  /** Wipes the board for everybody. */
  wipe(): void {
    const sheet = this.board.sheet + 1;
    this.#own = [];
    this.#drawn(this.board.wipe(sheet));
    this.#say({ type: "wipe", sheet });
  }

  /** Who would play if a game began now: this person and the next in the call. */
  players(): string[] {
    const here = this.#party.others.filter((p) => p.phase === "joined").map((p) => p.id);
    return [this.you, ...here].slice(0, MOST_PLAYERS);
  }

  /** Begins a game in place of the one there is. False when there is nobody to play with. */
  start(): boolean {
    const players = this.players();
    if (players.length < 2) return false;
    this.#take({ number: (this.#game?.number ?? 0) + 1, starter: this.you, players, moves: [] });
    return true;
  }

  /** Takes a field, if it is free and this person's turn. */
  move(field: number): boolean {
    const g = this.#game;
    const turn = g && standing(g)?.turn;
    if (!g || turn === null || turn === undefined || g.players[turn] !== this.you) return false;
    const next = { ...g, moves: [...g.moves, field] };
    if (!standing(next)) return false;
    this.#take(next);
    return true;
  }

  #take(game: Game): void {
    this.#game = game;
    this.emit("game", undefined);
    this.#say({ type: "game", game });
  }

  #drawn(change: Change): void {
    if (change) this.emit("board", change);
  }

  #hear(word: Word, from: string): void {
    switch (word.type) {
      case "draw":
        this.#drawn(this.board.add({ ...word.piece, author: from }));
        if (word.piece.from === 0) this.emit("news", { from, what: "draw" });
        return;
      case "undo":
        return this.#drawn(this.board.remove(word.sheet, from, word.id));
      case "wipe":
        return this.#drawn(this.board.wipe(word.sheet));
      case "game":
        if (lastMover(word.game) === from) this.#hearGame(word.game, from);
        return;
      case "want":
        if (word.of !== this.you) return;
        if (this.#sure) this.#tell(from);
        else this.#askers.add(from);
        return;
      case "have":
        if (word.to === this.you) this.#told(word);
    }
  }

  #hearGame(game: Game, from: string): void {
    const before = this.#game;
    this.#game = newer(before, game);
    if (this.#game === before) return;
    this.emit("game", undefined);
    if (game.moves.length === 0) this.emit("news", { from, what: "game" });
  }

  /** Asks for what was before, and says what others may have missed of this person. */
  #opened(): void {
    this.#sure = false;
    this.#rounds = 0;
    this.#asked.clear();
    this.#ask();
    for (const s of this.board.strokes)
      if (s.author === this.you) for (const piece of parts(s)) this.#say({ type: "draw", piece });
    if (this.#game && lastMover(this.#game) === this.you) this.#say({ type: "game", game: this.#game });
    this.emit("ready", true);
  }

  #closed(): void {
    clearTimeout(this.#flush);
    clearTimeout(this.#answer);
    this.#flush = undefined;
    this.#waiting = [];
    this.emit("ready", false);
  }

  #ask(): void {
    clearTimeout(this.#answer);
    const here = this.#party.others.filter((p) => HERE.has(p.phase));
    let next = here.find((p) => !this.#asked.has(p.id));
    if (!next && ++this.#rounds < ROUNDS) {
      this.#asked.clear();
      next = here[0];
    }
    if (!next) return this.#nowSure();
    this.#asked.add(next.id);
    this.#say({ type: "want", of: next.id });
    this.#answer = setTimeout(() => this.#ask(), ANSWER_MS);
  }

  #nowSure(): void {
    this.#sure = true;
    for (const id of this.#askers) this.#tell(id);
    this.#askers.clear();
  }

  /** Answers somebody who has asked. */
  #tell(to: string): void {
    const { sheet } = this.board;
    let { gone } = this.board;
    let strokes: Piece[] = [];
    let size = 0;
    const part = (last: boolean) => {
      this.#say({ type: "have", to, sheet, gone, strokes, game: last ? this.#game : null, last });
      [gone, strokes, size] = [[], [], 0];
    };
    for (const piece of this.board.strokes.flatMap(parts)) {
      const more = piece.points.length + STROKE_SIZE;
      if (size > 0 && size + more > PART) part(false);
      strokes.push(piece);
      size += more;
    }
    part(true);
  }

  #told(w: Extract<Word, { type: "have" }>): void {
    this.#drawn(this.board.wipe(w.sheet));
    for (const g of w.gone) this.#drawn(this.board.remove(w.sheet, g.author, g.id));
    for (const s of w.strokes) this.#drawn(this.board.add(s));
    if (w.game) this.#hearGame(w.game, w.game.starter);
    clearTimeout(this.#answer);
    if (w.last) this.#nowSure();
    else this.#answer = setTimeout(() => this.#ask(), ANSWER_MS);
  }

  /** Sends when there is room. What is said while the line is closed is said again when it opens. */
  #say(word: Word): void {
    if (!this.#line.isOpen) return;
    this.#waiting.push(encode(word));
    if (this.#waiting.length > MAX_WAITING) this.#waiting.shift();
    if (this.#flush === undefined) this.#send();
  }

  #send(): void {
    this.#flush = undefined;
    while (this.#waiting.length > 0 && this.#line.send(this.#waiting[0]!)) this.#waiting.shift();
    if (this.#waiting.length > 0) this.#flush = setTimeout(() => this.#send(), AGAIN_MS);
  }
}
