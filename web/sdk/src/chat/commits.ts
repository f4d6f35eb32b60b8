import type { ClientState } from "ts-mls";
import { codeOf } from "../errors.ts";
import type { Commit, Conversation, ConversationNew } from "../proto_gen.ts";
import type { Book } from "./book.ts";
import { randomBase32, toBase64, wipe } from "./bytes.ts";
import { isUnsure, Tx, type Core } from "./core.ts";
import type { Groups } from "./groups.ts";
import { leaves } from "./leaves.ts";
import { decodeState, encodeState, rebased, type Committing } from "./mls.ts";
import type { People } from "./people.ts";
import type { PendingRecord } from "./records.ts";

/** What became of a commit that was offered to the server. */
export type Fate =
  /** It won: the state after it is this device's state. */
  | { won: true; conversation?: Conversation }
  /** Another was first. */
  | { won: false };

/**
 * Commits of this device's own, from making to winning or losing.
 *
 * A commit is kept with the state after it before it is sent, and asked about again under its own name until
 * the answer is known: one name is one commit at the server, so that a lost answer, or this program's end,
 * leaves no doubt. It is applied when the server says that it won, or when it comes out of this device's own
 * queue, whichever is first.
 */
export class Commits {
  readonly #core: Core;
  readonly #book: Book;
  readonly #groups: Groups;
  readonly #people: People;

  constructor(core: Core, book: Book, groups: Groups, people: People) {
    this.#core = core;
    this.#book = book;
    this.#groups = groups;
    this.#people = people;
  }

  pending(conversationID: string): Promise<PendingRecord | undefined> {
    return this.#core.vault.get<PendingRecord>("pending", conversationID);
  }

  /** Conversations with a commit whose fate is open. */
  async open(): Promise<string[]> {
    return (await this.#core.vault.list<PendingRecord>("pending")).map((e) => e.id);
  }

  /** Offers a commit of a group that goes on, or an external one. */
  async offer(
    conversationID: string,
    made: Committing,
    o: { generation: number; ends: number; adds: string[]; removes: string[]; external: boolean },
  ): Promise<Fate> {
    const body = this.#body(made, { ...o, epoch: o.ends });
    return this.#keepAndAsk(conversationID, made.state, {
      commitID: body.id,
      generation: o.generation,
      ends: o.ends,
      external: o.external,
      page: "POST /v1/chat/conversations/{id}/commits",
      body,
    });
  }

  /** Offers an MLS group anew, for the generation after the one that is in force. */
  async offerAnew(
    conversationID: string,
    made: Committing,
    o: { generation: number; epoch: number; adds: string[] },
  ): Promise<Fate> {
    const { commit: _, ...body } = this.#body(made, { ...o, removes: [], external: false });
    return this.#keepAndAsk(conversationID, made.state, {
      commitID: body.id,
      generation: o.generation + 1,
      ends: -1,
      external: false,
      page: "POST /v1/chat/conversations/{id}/commits",
      body,
    });
  }

  /** Offers a new conversation. */
  async offerNew(made: Committing, c: Omit<ConversationNew, "first">, adds: string[]): Promise<Fate> {
    const first = this.#body(made, { generation: 1, epoch: 0, adds, removes: [], external: false });
    return this.#keepAndAsk(c.id, made.state, {
      commitID: first.id,
      generation: 1,
      ends: -1,
      external: false,
      page: "POST /v1/chat/conversations",
      body: { ...c, first },
    });
  }

  #body(
    made: Committing,
    o: { generation: number; epoch: number; adds: string[]; removes: string[]; external: boolean },
  ): Commit {
    return {
      id: `c_${randomBase32(26)}`,
      device_id: this.#core.me.deviceID,
      generation: o.generation,
      epoch: o.epoch,
      commit: toBase64(made.commit),
      ...(made.welcome && { welcome: toBase64(made.welcome) }),
      group_info: toBase64(made.groupInfo),
      ...(o.adds.length > 0 && { adds: o.adds }),
      ...(o.removes.length > 0 && { removes: o.removes }),
      external: o.external,
    };
  }

  async #keepAndAsk(
    conversationID: string,
    state: ClientState,
    p: Omit<PendingRecord, "state">,
  ): Promise<Fate> {
    const record: PendingRecord = { ...p, state: await encodeState(state) };
    await this.#core.vault.writeSafely({ put: ["pending", conversationID], value: record });
    return this.ask(conversationID, record);
  }

  /** Asks the server about a kept commit: it is taken now, or was before. */
  async ask(conversationID: string, p: PendingRecord): Promise<Fate> {
    try {
      const conversation = await this.#post(conversationID, p);
      if (conversation && conversation.id !== conversationID) {
        // Two who have a conversation already: it is that one.
        await this.#forget(conversationID, p);
        return { won: false };
      }
      await this.#core.locks.run(conversationID, async () => {
        const tx = new Tx();
        if (conversation) this.#book.apply(tx, conversation);
        await this.apply(tx, conversationID, p);
        await tx.commit(this.#core.vault);
      });
      return { won: true, ...(conversation && { conversation }) };
    } catch (e) {
      if (isUnsure(e) || ["internal", "unavailable", "rate_limited"].includes(codeOf(e))) throw e;
      await this.#forget(conversationID, p);
      if (codeOf(e) === "epoch_taken") return { won: false };
      throw e;
    }
  }

  async #post(conversationID: string, p: PendingRecord): Promise<Conversation | undefined> {
    if (p.page === "POST /v1/chat/conversations") {
      return this.#core.pages.page(p.page, { body: p.body as ConversationNew });
    }
    await this.#core.pages.page(p.page, { path: { id: conversationID }, body: p.body as Commit });
    return undefined;
  }

  #forget(conversationID: string, p: PendingRecord): Promise<void> {
    return this.#core.locks.run(conversationID, async () => {
      const now = await this.pending(conversationID);
      if (now?.commitID === p.commitID) await this.#core.vault.write({ del: ["pending", conversationID] });
    });
  }

  /** Takes the state after a commit that won. Under the conversation's lock; doing it twice does nothing. */
  async apply(tx: Tx, conversationID: string, p: PendingRecord): Promise<void> {
    const still = await this.pending(conversationID);
    if (still?.commitID !== p.commitID) return;
    tx.del("pending", conversationID);
    const current = await this.#groups.get(conversationID, tx);
    const sameGroup = current?.generation === p.generation;
    const pending = await decodeState(p.state);
    const ahead = current && (sameGroup ? current.epoch > p.ends : current.generation > p.generation);
    if (ahead) return;
    const state = await rebased(pending, sameGroup && !p.external ? current.state : undefined);
    await this.#groups.put(tx, conversationID, p.generation, state);
    this.#book.keysChanged(tx, this.#people.check(tx, leaves(state)));
    if (current) tx.then(() => wipe([current.state.keySchedule.initSecret]));
  }

  /** A commit of another's won: one's own for the same epoch, or an earlier one, has lost. */
  async lost(tx: Tx, conversationID: string, generation: number, ended: number): Promise<void> {
    const p = await this.pending(conversationID);
    if (p && (p.generation < generation || (p.generation === generation && p.ends <= ended))) {
      tx.del("pending", conversationID);
    }
  }
}
