import type { Book } from "./book.ts";
import { Tx, type Core } from "./core.ts";
import type { MessageRecord } from "./records.ts";

/** How many go at a time. */
const BATCH = 100;

/**
 * Disappearing messages: each device deletes its own copy, file included, when a message's time is over. It
 * runs from when the message was sent, for its sender, and from when it was read, for others. That is a
 * promise of the apps to each other; a changed app need not keep it.
 */
export class Vanishing {
  readonly #core: Core;
  readonly #book: Book;

  constructor(core: Core, book: Book) {
    this.#core = core;
    this.#book = book;
  }

  /** Starts a message's time; m is changed, and kept by whoever calls. */
  start(tx: Tx, m: MessageRecord, from: number): void {
    if (m.timer === 0 || m.disappearsAt !== undefined) return;
    m.disappearsAt = from + m.timer * 1000;
    // The list gives the highest order first: that is the one whose time is over first.
    tx.put("vanish", m.id, m.conversationID, { order: -m.disappearsAt });
    tx.then(() => void this.sweep().catch((e) => this.#core.fail(e)));
  }

  /** Deletes what is due and waits for the next. */
  sweep(): Promise<void> {
    return this.#core.locks.run("vanish", () => this.#sweep());
  }

  async #sweep(): Promise<void> {
    const rows = await this.#core.vault.list<string>("vanish", { limit: BATCH });
    const now = this.#core.clock.now();
    const due = rows.filter((r) => -r.order <= now);
    for (const { id, value: conversationID } of due) {
      await this.#core.locks.run(conversationID, async () => {
        const tx = new Tx();
        tx.del("vanish", id);
        const m = await this.#book.message(id);
        if (m) await this.#book.remove(tx, conversationID, [m]);
        await tx.commit(this.#core.vault);
      });
    }
    const next = due.length === BATCH ? now : rows[due.length] && -rows[due.length]!.order;
    if (next === undefined) return;
    this.#core.timers.set("vanish", Math.max(0, next - now), () => {
      void this.sweep().catch((e) => this.#core.fail(e));
    });
  }
}
