import { backoff } from "../backoff.ts";
import type { Book } from "./book.ts";
import type { Core } from "./core.ts";
import type { Groups } from "./groups.ts";

interface Gate {
  shut: boolean;
  failures: number;
  /** How the conversation stood when what was refused had been made. */
  at: string;
}

/** The longest pause (ms). */
const LONGEST = 120_000;

/**
 * Conversations in which sending has to wait, because the server has refused something for now. A gate opens when its
 * time is over, each time a longer one, or when the conversation has changed since then; as long as it stands as it
 * did, trying sooner is of no use.
 */
export class Gates {
  readonly #core: Core;
  readonly #book: Book;
  readonly #groups: Groups;
  #gates = new Map<string, Gate>();
  /** A gate has opened by itself. */
  onOpen: () => void = () => undefined;

  constructor(core: Core, book: Book, groups: Groups) {
    this.#core = core;
    this.#book = book;
    this.#groups = groups;
  }

  shut(conversationID: string): boolean {
    return this.#gates.get(conversationID)?.shut ?? false;
  }

  /** How often in a row something was refused. */
  failures(conversationID: string): number {
    return this.#gates.get(conversationID)?.failures ?? 0;
  }

  /** How a conversation stands, as far as it matters for whether a message is taken. */
  standing(id: string): string {
    const c = this.#book.get(id);
    const group = this.#groups.peek(id);
    const devices = [c?.leaves, c?.remove, c?.shut].join(" ");
    return `${c?.generation} ${c?.epoch} ${group?.generation} ${group?.epoch} ${devices}`;
  }

  /** Something was refused that had been made when the conversation stood so. */
  close(conversationID: string, pause: number, at: string = this.standing(conversationID)): void {
    const failures = this.failures(conversationID) + 1;
    const random = () => this.#core.clock.random();
    const wait = backoff(failures - 1, random, { first: pause, factor: 1.7, max: LONGEST });
    const gate: Gate = { shut: at === this.standing(conversationID), failures, at };
    this.#gates.set(conversationID, gate);
    this.#core.timers.set(`gate ${conversationID}`, wait, () => {
      gate.shut = false;
      this.onOpen();
    });
  }

  /** A conversation was looked at. */
  looked(conversationID: string): void {
    const gate = this.#gates.get(conversationID);
    if (gate && gate.at !== this.standing(conversationID)) gate.shut = false;
  }

  /** Something was taken. */
  taken(conversationID: string): void {
    this.#gates.delete(conversationID);
  }

  /** A new session: all may be tried at once. */
  clear(): void {
    this.#gates.clear();
  }
}
