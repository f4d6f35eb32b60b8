import type { Book } from "./book.ts";
import { entry } from "./bytes.ts";
import type { About, Letter } from "./content.ts";
import type { Tx } from "./core.ts";
import type { MessageRecord } from "./records.ts";
import type { MessageID } from "./types.ts";
import type { Vanishing } from "./vanishing.ts";

type Effect = (tx: Tx, m: MessageRecord, content: never) => Promise<boolean>;

/**
 * What messages do besides being shown: a reaction goes to the message it is for, a title and a timer change
 * their conversation, and each tells how far its sender has read.
 */
export class LetterEffects {
  readonly #book: Book;
  readonly #vanishing: Vanishing;

  constructor(book: Book, vanishing: Vanishing) {
    this.#book = book;
    this.#vanishing = vanishing;
  }

  /** For a message that has come in. Returns whether it is shown. */
  async effects(tx: Tx, m: MessageRecord, letter: Letter): Promise<boolean> {
    const c = this.#book.get(m.conversationID, tx);
    if (c && letter.opened > (c.opened[m.sender] ?? 0)) {
      const now = { ...c, opened: { ...c.opened, [m.sender]: letter.opened } };
      this.#book.save(tx, now);
      tx.then(() => void this.#book.marksMoved(c, now));
    }
    // An own message, from another device, has been read by who wrote it.
    if (m.mine && m.timer > 0) this.#vanishing.start(tx, m, m.at);
    // Nothing can have been said later than this message: the server says when that was.
    const { title, timer } = letter.about;
    const titleAt = Math.min(letter.about.titleAt, m.at);
    const timerAt = Math.min(letter.about.timerAt, m.at);
    this.#learn(tx, m.conversationID, { title, titleAt, timer, timerAt });
    return this.apply(tx, m, letter.content);
  }

  /** For an own message that was sent: the server's time counts from now on. */
  async sent(tx: Tx, m: MessageRecord, content: { kind: string }): Promise<void> {
    if (content.kind === "title" || content.kind === "timer") await this.apply(tx, m, content);
  }

  /** For an own message that is on its way: what it says holds here at once, until anybody says otherwise. */
  begun(tx: Tx, m: MessageRecord, content: { kind: string }): Promise<boolean> {
    const about = this.#book.get(m.conversationID, tx)?.about;
    const at = content.kind === "title" ? about?.titleAt : about?.timerAt;
    return this.apply(tx, { ...m, at: (at ?? 0) + 1 }, content);
  }

  /** What a content does. Returns whether it is shown. */
  async apply(tx: Tx, m: MessageRecord, content: { kind: string }): Promise<boolean> {
    const effect = entry<Effect>(this.#effects, content.kind);
    return effect ? effect(tx, m, content as never) : true;
  }

  /** Of two things said about a conversation the later counts. */
  #learn(tx: Tx, id: string, said: Partial<About>): void {
    const c = this.#book.get(id, tx);
    if (!c) return;
    const about = { ...c.about };
    if ((said.titleAt ?? 0) > about.titleAt && c.kind === "group") {
      Object.assign(about, { title: said.title, titleAt: said.titleAt });
    }
    if ((said.timerAt ?? 0) > about.timerAt)
      Object.assign(about, { timer: said.timer, timerAt: said.timerAt });
    this.#book.save(tx, { ...c, about });
  }

  readonly #effects: Record<string, Effect> = {
    reaction: async (tx, { conversationID, sender }, content: { to: MessageID; emoji: string }) => {
      const m = await this.#book.message(content.to);
      if (m && m.conversationID === conversationID) {
        const { [sender]: _, ...others } = m.reactions;
        const reactions = content.emoji === "" ? others : { ...others, [sender]: content.emoji };
        this.#book.change(tx, { ...m, reactions });
      }
      return false;
    },
    title: async (tx, m, content: { title: string }) => {
      this.#learn(tx, m.conversationID, { title: content.title, titleAt: m.at });
      return true;
    },
    timer: async (tx, m, content: { seconds: number }) => {
      this.#learn(tx, m.conversationID, { timer: content.seconds, timerAt: m.at });
      return true;
    },
    about: async () => false,
  };
}
