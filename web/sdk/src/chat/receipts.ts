import type { Book } from "./book.ts";
import { Tx, type Core } from "./core.ts";
import type { ConversationRecord, MessageRecord } from "./records.ts";
import type { Signal, Signals } from "./signals.ts";
import type { MessageID } from "./types.ts";
import type { Vanishing } from "./vanishing.ts";

/** How often somebody who comes online is told again what was opened. Milliseconds. */
const AGAIN_EVERY = 30_000;
/** To how many conversations a device says that it is here when it comes online. */
const GREETED = 10;

/**
 * How far people have got: delivered, which the server says, and opened, which devices tell one another: by a
 * signal at once, when the other comes online, and with each message. It is nowhere but on the devices.
 */
export class Receipts {
  readonly #core: Core;
  readonly #book: Book;
  readonly #signals: Signals;
  readonly #vanishing: Vanishing;
  #told = new Map<string, number>();

  constructor(core: Core, book: Book, signals: Signals, vanishing: Vanishing) {
    this.#core = core;
    this.#book = book;
    this.#signals = signals;
    this.#vanishing = vanishing;
  }

  /** This person has read everything up to a message, or all there is. */
  async opened(id: string, upTo?: MessageID): Promise<void> {
    const told = await this.#core.locks.run(id, async () => {
      const c = this.#book.get(id);
      if (!c) return 0;
      const rows = await this.#book.page(id, Infinity, c.unread + 100);
      const last = upTo === undefined ? undefined : rows.find((m) => m.id === upTo);
      const read = rows.filter((m) => !m.mine && (!last || m.order <= last.order));
      const seq = Math.max(c.readSeq, ...read.map((m) => m.seq));
      await this.#read(c, seq, rows);
      return seq > c.readSeq ? seq : 0;
    });
    if (told > 0) await this.#tell(id, told);
  }

  /** Notes that everything up to seq was read: times begin to run, and fewer are unread. Under the lock. */
  async #read(c: ConversationRecord, seq: number, rows: MessageRecord[]): Promise<void> {
    const unread = Math.min(c.unread, rows.filter((m) => !m.mine && !m.line && m.seq > seq).length);
    if (seq === c.readSeq && unread === c.unread) return;
    const tx = new Tx();
    for (const m of rows) {
      if (m.mine || m.timer === 0 || m.seq > seq || m.disappearsAt !== undefined) continue;
      const now = { ...m };
      this.#vanishing.start(tx, now, this.#core.clock.now());
      this.#book.change(tx, now);
    }
    this.#book.save(tx, { ...this.#book.get(c.id, tx)!, readSeq: seq, unread });
    await tx.commit(this.#core.vault);
  }

  /** A signal goes to others and to one's own other devices alike: with receipts off neither is told. */
  async #tell(id: string, seq: number): Promise<void> {
    if (this.#core.receipts) await this.#signals.say(id, { k: "opened", seq });
  }

  /** A signal has come. */
  async heard(id: string, userID: string, s: Signal): Promise<void> {
    const mine = userID === this.#core.me.userID;
    if (s.k === "here" && !mine) await this.#again(id);
    if (s.k !== "opened") return;
    await this.#core.locks.run(id, async () => {
      const c = this.#book.get(id);
      // Nobody can have read what has not been sent.
      if (!c || s.seq > c.seq) return;
      if (mine && s.seq > c.readSeq) {
        await this.#read(c, s.seq, await this.#book.page(id, Infinity, c.unread + 100));
      }
      if (mine || s.seq <= (c.opened[userID] ?? 0)) return;
      const tx = new Tx();
      const now = { ...c, opened: { ...c.opened, [userID]: s.seq } };
      this.#book.save(tx, now);
      tx.then(() => void this.#book.marksMoved(c, now).catch((e) => this.#core.fail(e)));
      await tx.commit(this.#core.vault);
    });
  }

  async #again(id: string): Promise<void> {
    const now = this.#core.clock.now();
    const c = this.#book.get(id);
    if (!c || c.readSeq === 0 || now - (this.#told.get(id) ?? -Infinity) < AGAIN_EVERY) return;
    this.#told.set(id, now);
    await this.#tell(id, c.readSeq);
  }

  /** Says in the newest conversations that this person is here. */
  async greet(): Promise<void> {
    const open = this.#book.all().filter((c) => !c.out && c.shut === "" && c.lastID !== "");
    for (const c of open.slice(0, GREETED)) await this.#signals.say(c.id, { k: "here" });
  }

  /** The server says that somebody has everything up to a seq. */
  async delivered(id: string, userID: string, seq: number): Promise<void> {
    await this.#core.locks.run(id, async () => {
      const c = this.#book.get(id);
      if (!c || seq <= (c.delivered[userID] ?? 0)) return;
      const tx = new Tx();
      const now = { ...c, delivered: { ...c.delivered, [userID]: seq } };
      this.#book.save(tx, now);
      tx.then(() => void this.#book.marksMoved(c, now).catch((e) => this.#core.fail(e)));
      await tx.commit(this.#core.vault);
    });
  }
}
