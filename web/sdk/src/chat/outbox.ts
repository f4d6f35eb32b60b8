import { codeOf, KinwireError, missingOf } from "../errors.ts";
import type { ChatSent } from "../proto_gen.ts";
import { blank, type Book } from "./book.ts";
import { entry, fromBase64, toBase64, type Bytes } from "./bytes.ts";
import { encodeLetter, newContentID, type About } from "./content.ts";
import { isUnsure, Tx, type Core } from "./core.ts";
import { bytesOf, check, SILENT, wireContent, withoutBytes, type Outgoing } from "./drafts.ts";
import type { Epochs } from "./epochs.ts";
import { frank } from "./franking.ts";
import { Gates } from "./gates.ts";
import type { Groups } from "./groups.ts";
import type { LetterEffects } from "./letters.ts";
import type { Files } from "./media.ts";
import { encrypt } from "./mls.ts";
import type { Inflight, MessageRecord } from "./records.ts";
import { PASSING } from "./refusals.ts";
import type { MessageID, Problem } from "./types.ts";
import type { Vanishing } from "./vanishing.ts";

export interface OutboxParts {
  book: Book;
  groups: Groups;
  epochs: Epochs;
  files: Files;
  letters: LetterEffects;
  vanishing: Vanishing;
}

type Waiting = { id: MessageID; conversationID: string; order: number };

/** A message that has waited this long goes behind what has come in the meantime (ms). */
const LATE = 10_000;
/** After so many refusals in a row looking at a conversation does not help. */
const PATIENCE = 4;
/** What waits for somebody who is away is kept at least a day, however short its timer (s). */
const KEEP_AT_LEAST = 86_400;

/**
 * What this device sends, one message at a time.
 *
 * A message is kept here first, then encrypted; state, ciphertext and number n are kept in one write before
 * the ciphertext leaves, so that a crash at any point leads to the same bytes being sent again under the same
 * n, which the server takes once. A refusal means that the message was not taken: n is free for the next, and
 * the message is encrypted anew, with the same content, opening and id, when its conversation can go on.
 * Conversations do not hold back one another; within one, the order stays.
 */
export class Outbox {
  readonly #core: Core;
  readonly #p: OutboxParts;
  #queue: Waiting[] = [];
  #inflight: Inflight | undefined;
  #n = 0;
  #order = 1;
  readonly #gates: Gates;
  /** How the conversation was when what is in flight was encrypted. */
  #made = "";
  #uploads = new Set<MessageID>();
  #pumping: Promise<void> | undefined;
  #again = false;
  /** The session has this device attached. */
  attached = false;
  closed = false;
  /** The server knows another n: the device has to be attached again. */
  onLost: () => void = () => undefined;

  constructor(core: Core, parts: OutboxParts) {
    this.#core = core;
    this.#p = parts;
    this.#gates = new Gates(core, parts.book, parts.groups);
    this.#gates.onOpen = () => this.pump();
  }

  async load(): Promise<void> {
    const { vault } = this.#core;
    this.#n = (await vault.get<number>("device", "n")) ?? 0;
    this.#inflight = await vault.get<Inflight>("device", "inflight");
    const rows = await vault.list<string>("outbox");
    this.#queue = rows.reverse().map((r) => ({ id: r.id, conversationID: r.value, order: r.order }));
    this.#order = (this.#queue.at(-1)?.order ?? 0) + 1;
  }

  /** The session is attached: lastN is the highest n that the server took from this device. */
  attach(lastN: number): void {
    this.attached = true;
    // What is in flight is sent again, and answered as before; without one, the server's count is right.
    if (!this.#inflight) this.#n = Math.max(this.#n, lastN);
    this.#gates.clear();
    this.pump();
  }

  /** Conversations in which something waits. */
  waiting(): string[] {
    return [...new Set(this.#queue.map((w) => w.conversationID))];
  }

  /** Keeps a message, to be sent as soon as that is possible. */
  async send(conversationID: string, content: Outgoing): Promise<MessageRecord> {
    const { me, clock, vault } = this.#core;
    const file = "media" in content ? await bytesOf(content.media) : undefined;
    check(content);
    const id = `${me.userID}/${newContentID()}`;
    const sent = await this.#core.locks.run(conversationID, async () => {
      const c = this.#p.book.get(conversationID);
      if (!c || c.out) throw new KinwireError("not_found", "this person is not in the conversation");
      const tx = new Tx();
      const m: MessageRecord = {
        ...blank(conversationID, id, clock.now()),
        sender: me.userID,
        device: me.deviceID,
        mine: true,
        timer: SILENT.has(content.kind) ? 0 : c.about.timer,
        draft: withoutBytes(content),
      };
      if (file) m.media = { id: "", sealing: await this.#p.files.keep(tx, id, file), done: false };
      const shown = await this.#p.letters.begun(tx, m, content);
      if (!shown) m.hidden = true;
      const kept = this.#p.book.add(tx, m);
      this.#enqueue(tx, kept);
      await tx.commit(vault);
      return kept;
    });
    this.pump();
    return sent;
  }

  #enqueue(tx: Tx, m: MessageRecord): void {
    const w: Waiting = { id: m.id, conversationID: m.conversationID, order: this.#order++ };
    tx.put("outbox", w.id, w.conversationID, { order: w.order });
    tx.then(() => this.#queue.push(w));
  }

  /** Tries a refused message once more. */
  async retry(id: MessageID): Promise<void> {
    await this.#change(id, (tx, m) => {
      if (!m.refused) return undefined;
      this.#enqueue(tx, m);
      const { problem: _, refused: __, ...rest } = m;
      return rest;
    });
    this.pump();
  }

  /** A message is deleted: it is not sent any more, where that is not under way. */
  forget(tx: Tx, id: MessageID): void {
    if (this.#inflight?.messageID === id) return;
    tx.del("outbox", id);
    tx.then(() => (this.#queue = this.#queue.filter((w) => w.id !== id)));
  }

  /** A conversation was looked at: it may be that it can go on. */
  kick(conversationID: string): void {
    this.#gates.looked(conversationID);
    this.pump();
  }

  pump(): void {
    if (this.closed) return;
    this.#again = true;
    this.#pumping ??= this.#pump().finally(() => {
      this.#pumping = undefined;
      if (this.#again) this.pump();
    });
  }

  /** When nothing more can be sent at this moment. */
  async idle(): Promise<void> {
    while (this.#pumping) await this.#pumping;
  }

  async #pump(): Promise<void> {
    this.#again = false;
    while (!this.closed && this.attached && this.#core.wire.state === "online") {
      try {
        if (!this.#inflight && !(await this.#prepareNext())) return;
        await this.#transmit(this.#inflight!);
      } catch (e) {
        if (this.closed) return;
        if (!isUnsure(e)) this.#core.fail(e);
        this.#core.timers.set("outbox", 2_000, () => this.pump());
        return;
      }
    }
  }

  /** Encrypts the first message that can be sent. False: there is none now. */
  async #prepareNext(): Promise<boolean> {
    const seen = new Set<string>();
    for (const w of [...this.#queue]) {
      if (seen.has(w.conversationID)) continue;
      seen.add(w.conversationID);
      if (this.#gates.shut(w.conversationID) || this.#uploads.has(w.id)) continue;
      const m = await this.#p.book.message(w.id);
      if (!m) {
        const tx = new Tx();
        this.forget(tx, w.id);
        await tx.commit(this.#core.vault);
        return this.#prepareNext();
      }
      if (m.media && !m.media.done) this.#upload(m);
      else if (await this.#prepare(m)) return true;
    }
    return false;
  }

  #upload(m: MessageRecord): void {
    this.#uploads.add(m.id);
    this.#p.files
      .send(m)
      .catch((e) =>
        isUnsure(e) ? this.#gates.close(m.conversationID, 1_000) : this.#refused(m.conversationID, m.id, e),
      )
      .catch((e) => this.#core.fail(e))
      .finally(() => {
        this.#uploads.delete(m.id);
        this.pump();
      });
  }

  async #prepare(known: MessageRecord): Promise<boolean> {
    const id = known.conversationID;
    return this.#core.locks.run(id, async () => {
      const group = await this.#p.groups.get(id);
      const m = await this.#p.book.message(known.id);
      const c = this.#p.book.get(id);
      if (!group || !m || !c) {
        this.#gates.close(id, 2_000);
        this.#p.epochs.look(id);
        return false;
      }
      const raw = m.raw ?? this.#letter(m, c.about, this.#core.receipts ? c.readSeq : 0);
      const franked = await frank(raw, m.opening);
      const made = await encrypt(group.state, franked.plaintext, franked.commitment);
      const inflight: Inflight = {
        n: this.#n + 1,
        messageID: m.id,
        conversationID: id,
        generation: group.generation,
        epoch: group.epoch,
        body: made.body,
        commitment: franked.commitment,
        attachments: m.media ? [m.media.id] : [],
        expireS: m.timer > 0 ? Math.max(m.timer, KEEP_AT_LEAST) : 0,
      };
      const tx = new Tx();
      await this.#p.groups.put(tx, id, group.generation, made.state);
      this.#p.book.put(tx, {
        ...m,
        raw,
        opening: franked.opening,
        ...(m.media && { file: "here" as const }),
      });
      tx.put("device", "inflight", inflight);
      tx.forget(made.consumed);
      tx.then(() => (this.#inflight = inflight));
      this.#made = this.#gates.standing(id);
      await tx.commit(this.#core.vault, true);
      return true;
    });
  }

  #letter(m: MessageRecord, about: About, opened: number): Bytes {
    const id = m.id.slice(m.id.indexOf("/") + 1);
    return encodeLetter({ id, content: wireContent(m), timer: m.timer, opened, about });
  }

  async #transmit(f: Inflight): Promise<void> {
    let sent: ChatSent;
    try {
      sent = await this.#core.wire.request("chat.send", {
        conversation_id: f.conversationID,
        n: f.n,
        settled: f.n - 1,
        body: toBase64(f.body),
        commitment: toBase64(f.commitment),
        ...(f.attachments.length > 0 && { attachments: f.attachments }),
        ...(f.expireS > 0 && { expire_s: f.expireS }),
      });
    } catch (e) {
      if (isUnsure(e)) throw e;
      if (codeOf(e) === "wrong_state") await this.#resync(f);
      else await this.#refused(f.conversationID, f.messageID, e, f);
      return;
    }
    await this.#settled(f, sent);
  }

  async #settled(f: Inflight, sent: ChatSent): Promise<void> {
    await this.#change(
      f.messageID,
      async (tx, m) => {
        tx.put("device", "n", f.n);
        tx.del("device", "inflight");
        tx.del("outbox", f.messageID);
        tx.then(() => {
          this.#n = f.n;
          this.#inflight = undefined;
          this.#queue = this.#queue.filter((w) => w.id !== f.messageID);
        });
        this.#gates.taken(f.conversationID);
        return m && this.#sentRecord(tx, m, sent);
      },
      f.conversationID,
    );
  }

  async #sentRecord(tx: Tx, m: MessageRecord, sent: ChatSent): Promise<MessageRecord> {
    if (m.draft) await this.#p.letters.sent(tx, { ...m, at: sent.at }, m.draft);
    const c = this.#p.book.get(m.conversationID, tx)!;
    const { problem: _, draft: __, ...rest } = m;
    const others = c.members.map((p) => p.person.id).filter((id) => id !== this.#core.me.userID);
    const now: MessageRecord = { ...rest, seq: sent.seq, at: sent.at, tag: fromBase64(sent.tag), to: others };
    const late = sent.at - m.at > LATE && m.order < c.nextOrder - 1;
    if (late) now.order = c.nextOrder;
    this.#p.book.save(tx, {
      ...c,
      seq: Math.max(c.seq, sent.seq),
      lastAt: Math.max(c.lastAt, sent.at),
      ...(late && !m.hidden && { nextOrder: c.nextOrder + 1, lastID: m.id }),
      ...(late && m.hidden && { nextOrder: c.nextOrder + 1 }),
    });
    this.#p.vanishing.start(tx, now, sent.at);
    return now;
  }

  /** The server counts otherwise: the number is given up, and learnt again by attaching. */
  async #resync(f: Inflight): Promise<void> {
    await this.#core.vault.write({ del: ["device", "inflight"] });
    if (this.#inflight === f) this.#inflight = undefined;
    this.#lost();
  }

  #lost(): void {
    this.attached = false;
    this.onLost();
  }

  /** The server has not taken it: for now, or for good. */
  async #refused(conversationID: string, id: MessageID, e: unknown, f?: Inflight): Promise<void> {
    const problem: Problem = {
      code: codeOf(e),
      message: e instanceof Error ? e.message : String(e),
      missing: missingOf(e),
    };
    const passing = entry(PASSING, problem.code);
    const failures = this.#gates.failures(conversationID);
    // Not in the group, although the roster was looked at several times: it will not become better by itself.
    const hopeless = problem.code === "not_allowed" && failures >= PATIENCE;
    await this.#change(
      id,
      (tx, m) => {
        if (f) {
          tx.del("device", "inflight");
          tx.then(() => this.#inflight === f && (this.#inflight = undefined));
        }
        if (passing && !hopeless) return m && passing.tell ? { ...m, problem } : undefined;
        tx.del("outbox", id);
        tx.then(() => (this.#queue = this.#queue.filter((w) => w.id !== id)));
        return m && { ...m, problem, refused: true };
      },
      conversationID,
    );
    if (!passing || hopeless) return;
    this.#gates.close(conversationID, passing.pause, f && this.#made);
    if (problem.code === "no_device" && /attach/.test(problem.message)) this.#lost();
    if (passing.look) this.#p.epochs.look(conversationID);
  }

  async #change(
    id: MessageID,
    f: (tx: Tx, m: MessageRecord) => MessageRecord | undefined | Promise<MessageRecord | undefined>,
    conversationID?: string,
  ): Promise<void> {
    const of = conversationID ?? (await this.#p.book.message(id))?.conversationID;
    if (of === undefined) return;
    await this.#core.locks.run(of, async () => {
      const tx = new Tx();
      const m = await this.#p.book.message(id);
      const now = await f(tx, m as MessageRecord);
      if (now) this.#p.book.change(tx, now);
      await tx.commit(this.#core.vault);
    });
  }
}
