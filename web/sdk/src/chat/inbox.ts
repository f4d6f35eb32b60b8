import type { ChatDelivery } from "../proto_gen.ts";
import { backoff } from "../backoff.ts";
import { codeOf } from "../errors.ts";
import { blank, type Book } from "./book.ts";
import { entry, fromBase64, text, type Bytes } from "./bytes.ts";
import type { Commits } from "./commits.ts";
import { ContentError, decodeLetter, type Letter } from "./content.ts";
import { isPassing, Tx, type Core } from "./core.ts";
import type { Epochs } from "./epochs.ts";
import { unfrank } from "./franking.ts";
import type { Group, Groups } from "./groups.ts";
import { leaves, type OwnKeyPackage } from "./leaves.ts";
import * as mls from "./mls.ts";
import type { Packages } from "./packages.ts";
import type { People } from "./people.ts";
import type { MessageRecord } from "./records.ts";

/** Acknowledge after so many deliveries, or when none has come for so long (ms). */
const ACK_EVERY = 16;
const ACK_WITHIN = 100;
/** When nothing has come for so long, what was announced does not come any more (ms). */
const WITHDRAWN_AFTER = 30_000;

/** What the other parts do with a letter that has come. */
export interface Letters {
  /** Reactions, titles, timers and so on. Returns false where the letter is no message to be shown. */
  effects(tx: Tx, m: MessageRecord, letter: Letter): Promise<boolean>;
}

/** The parts that deliveries are for. */
export interface InboxParts {
  book: Book;
  groups: Groups;
  people: People;
  commits: Commits;
  epochs: Epochs;
  packages: Packages;
  letters: Letters;
}

/**
 * What comes out of this device's queue, one after the other.
 *
 * Each delivery is one write to the vault: the state after it, what it said, and its pos. Only then is it
 * acknowledged, so that a crash at any point leads to its coming again, and a pos that was seen is passed
 * over. What cannot be read is noted and acknowledged as well: it would not become readable by coming again.
 */
export class Inbox {
  readonly #core: Core;
  readonly #p: InboxParts;
  #queue: ChatDelivery[] = [];
  #working: Promise<void> | undefined;
  #pos = 0;
  #acked = 0;
  /** How many have come on this session, and how many waited when it began. */
  #came = 0;
  #cameAt = 0;
  #announced = Infinity;
  #failures = 0;
  closed = false;
  /** A message of somebody's has come. */
  onArrived: (conversationID: string, userID: string) => void = () => undefined;

  constructor(core: Core, parts: InboxParts) {
    this.#core = core;
    this.#p = parts;
  }

  async load(): Promise<void> {
    this.#pos = (await this.#core.vault.get<number>("device", "pos")) ?? 0;
  }

  /**
   * Deliveries begin afresh, from the first that is not acknowledged. What has come already stays in line: it
   * is the beginning of that. To drop it could mean to take something later first, and what was before it
   * never.
   */
  restart(): void {
    this.#acked = 0;
    this.#came = 0;
    this.#announced = Infinity;
    this.#cameAt = this.#core.clock.now();
  }

  /** The session is attached, and so many deliveries waited then. */
  announced(waiting: number): void {
    this.#announced = waiting;
    this.#cameAt = this.#core.clock.now();
  }

  /** Whether there is more to come, or to work off. What was announced and does not come was withdrawn. */
  expecting(): boolean {
    const silent = this.#core.clock.now() - this.#cameAt > WITHDRAWN_AFTER;
    return (this.#came < this.#announced && !silent) || this.#queue.length > 0;
  }

  receive(d: ChatDelivery): void {
    if (this.closed) return;
    this.#p.epochs.heard();
    this.#came++;
    this.#cameAt = this.#core.clock.now();
    this.#queue.push(d);
    this.#work();
  }

  /** When everything that has come is worked off. */
  async idle(): Promise<void> {
    while (this.#working) await this.#working;
  }

  #work(): void {
    this.#working ??= this.#drain().finally(() => {
      this.#working = undefined;
      if (this.#queue.length > 0 && !this.closed && !this.#core.timers.has("inbox")) this.#work();
    });
  }

  async #drain(): Promise<void> {
    for (let d = this.#queue[0]; d && !this.closed; d = this.#queue[0]) {
      try {
        if (d.pos > this.#pos) await this.#core.locks.run(d.conversation_id, () => this.#take(d!));
        this.#failures = 0;
      } catch (e) {
        if (this.closed) return;
        // The vault or the server did not answer: nothing may be passed over, so it is tried again.
        if (!isPassing(e)) this.#core.fail(e);
        const wait = backoff(this.#failures++, () => this.#core.clock.random());
        this.#core.timers.set("inbox", wait, () => this.#work());
        return;
      }
      if (this.#queue[0] === d) this.#queue.shift();
      this.#ackSoon();
    }
  }

  #ackSoon(): void {
    if (this.#pos - this.#acked >= ACK_EVERY) return this.#ack();
    if (!this.#core.timers.has("ack")) this.#core.timers.set("ack", ACK_WITHIN, () => this.#ack());
  }

  #ack(): void {
    this.#core.timers.clear("ack");
    const pos = this.#pos;
    if (pos === 0 || pos === this.#acked || this.closed) return;
    this.#acked = pos;
    this.#acknowledge(pos).catch((e) => {
      // It may have arrived or not; a session that is not attached (any more) gets all of it again anyway.
      this.#acked = 0;
      if (codeOf(e) === "no_device" || this.closed) return;
      if (!isPassing(e)) this.#core.fail(e);
      this.#core.timers.set("ack", 1_000, () => this.#ack());
    });
  }

  /** What is acknowledged is gone at the server: all that was written up to here has to be on the disk first. */
  async #acknowledge(pos: number): Promise<void> {
    await this.#core.vault.writeSafely({ put: ["device", "acked"], value: pos });
    await this.#core.wire.request("chat.ack", { pos });
  }

  async #take(d: ChatDelivery): Promise<void> {
    const tx = new Tx();
    if (await this.#know(tx, d.conversation_id)) await entry(this.#kinds, d.kind)?.(tx, d);
    tx.put("device", "pos", d.pos);
    await tx.commit(this.#core.vault);
    this.#pos = Math.max(this.#pos, d.pos);
  }

  readonly #kinds: Record<string, (tx: Tx, d: ChatDelivery) => Promise<void>> = {
    message: (tx, d) => this.#message(tx, d),
    commit: (tx, d) => this.#commit(tx, d),
    welcome: (tx, d) => this.#welcome(tx, d),
    notice: (tx, d) => this.#notice(tx, d),
  };

  /** A conversation that is new here is asked for. False: this person is not in it (any more). */
  async #know(tx: Tx, id: string): Promise<boolean> {
    const known = this.#p.book.get(id);
    if (known && !known.out) return true;
    try {
      const c = await this.#core.pages.page("GET /v1/chat/conversations/{id}", { path: { id } });
      this.#p.book.apply(tx, c);
      return true;
    } catch (e) {
      if (codeOf(e) === "not_found") return false;
      throw e;
    }
  }

  async #message(tx: Tx, d: ChatDelivery): Promise<void> {
    const id = d.conversation_id;
    const group = await this.#p.groups.get(id, tx);
    const ahead =
      !group ||
      d.generation > group.generation ||
      (d.generation === group.generation && d.epoch > group.epoch);
    if (!group || ahead || d.generation < group.generation) {
      this.#p.book.line(tx, id, { what: "missed" });
      if (ahead) tx.then(() => this.#p.epochs.behind(id));
      return;
    }
    let opened: mls.Opened;
    let franked: { opening: Bytes; content: Bytes };
    try {
      opened = await mls.open(group.state, fromBase64(d.body ?? ""));
      if (opened.sender.userID !== d.sender_id || opened.sender.deviceID !== d.device_id) {
        throw new Error(`signed by ${opened.sender.deviceID}, not by ${d.device_id}`);
      }
      franked = await unfrank(opened.plaintext, opened.authenticated, fromBase64(d.commitment ?? ""));
    } catch (e) {
      // Of an epoch before this device came in, the reason is simply that.
      const old = d.epoch < group.epoch;
      this.#p.book.line(tx, id, old ? { what: "missed" } : { what: "refused", userID: d.sender_id ?? "" });
      if (!old) tx.then(() => this.#core.fail(new Error(`a message was refused: ${String(e)}`)));
      return;
    }
    await this.#p.groups.put(tx, id, group.generation, opened.state);
    tx.forget(opened.consumed);
    await this.#letter(tx, d, franked.content, franked.opening);
  }

  async #letter(tx: Tx, d: ChatDelivery, raw: Bytes, opening: Bytes): Promise<void> {
    const { book, letters } = this.#p;
    const id = d.conversation_id;
    const sender = d.sender_id!;
    let letter: Letter;
    try {
      letter = decodeLetter(raw);
    } catch (e) {
      if (!(e instanceof ContentError)) throw e;
      book.line(tx, id, { what: "refused", userID: sender });
      return;
    }
    const messageID = `${sender}/${letter.id}`;
    if (await book.message(messageID)) return; // The sender encrypted it twice, and both were taken.
    const mine = sender === this.#core.me.userID;
    const c = book.get(id, tx)!;
    const m: MessageRecord = {
      ...blank(id, messageID, d.at),
      sender,
      device: d.device_id!,
      mine,
      seq: d.seq,
      timer: letter.timer,
      raw,
      opening,
      tag: fromBase64(d.tag ?? ""),
      to: mine ? c.members.map((p) => p.person.id).filter((p) => p !== sender) : [],
    };
    if (await letters.effects(tx, m, letter)) book.add(tx, m, !mine);
    tx.then(() => this.onArrived(id, sender));
  }

  async #commit(tx: Tx, d: ChatDelivery): Promise<void> {
    const { groups, commits, epochs } = this.#p;
    const id = d.conversation_id;
    const pending = await commits.pending(id);
    if (pending && d.commit?.id === pending.commitID && d.device_id === this.#core.me.deviceID) {
      await commits.apply(tx, id, pending);
      tx.then(() => epochs.look(id));
      return;
    }
    const group = await groups.get(id, tx);
    if (group && (d.generation < group.generation || d.epoch < group.epoch)) return;
    if (!group || d.generation > group.generation || d.epoch > group.epoch || !d.body) {
      tx.then(() => epochs.behind(id));
      return;
    }
    await this.#process(tx, d, group);
  }

  async #process(tx: Tx, d: ChatDelivery, group: Group): Promise<void> {
    const { book, groups, people, commits, epochs } = this.#p;
    const id = d.conversation_id;
    try {
      const done = await mls.processCommit(group.state, fromBase64(d.body!));
      const wrong = mismatch(done.change, d);
      if (wrong) throw new Error(wrong);
      if (done.removed) groups.drop(tx, id);
      else {
        const now = leaves(done.state);
        book.keysChanged(tx, people.check(tx, now));
        await groups.put(tx, id, group.generation, done.state);
      }
      tx.forget(done.consumed);
      await commits.lost(tx, id, group.generation, group.epoch);
      tx.then(() => epochs.look(id));
    } catch (e) {
      tx.then(() => {
        this.#core.fail(new Error(`a commit was refused: ${String(e)}`));
        epochs.broken(id);
      });
    }
  }

  async #welcome(tx: Tx, d: ChatDelivery): Promise<void> {
    const { book, groups, people, commits, epochs, packages } = this.#p;
    const id = d.conversation_id;
    const group = await groups.get(id, tx);
    if (group && group.generation > d.generation) return;
    let kept: OwnKeyPackage | undefined;
    try {
      const body = fromBase64(d.body ?? "");
      kept = await packages.find(await mls.welcomeRefs(body));
      if (!kept) throw new Error("for a key package that is not kept");
      const state = await mls.join(body, kept, this.#core.device.keys);
      const at = mls.place(state);
      if (group?.generation === d.generation && group.epoch >= at.epoch) return;
      if (at.group !== text(mls.groupID(id, d.generation))) throw new Error(`into ${at.group}`);
      book.keysChanged(tx, people.check(tx, leaves(state)));
      await groups.put(tx, id, d.generation, state);
      await commits.lost(tx, id, d.generation, at.epoch);
      await packages.used(tx, kept.ref);
      tx.then(() => epochs.joined(id));
    } catch (e) {
      tx.then(() => {
        this.#core.fail(new Error(`a welcome was refused: ${String(e)}`));
        epochs.broken(id);
      });
    }
  }

  async #notice(tx: Tx, d: ChatDelivery): Promise<void> {
    const { book } = this.#p;
    if (!d.notice) return;
    for (const seq of d.notice.seqs) {
      const m = await book.bySeq(d.conversation_id, seq);
      if (m?.mine) book.change(tx, { ...m, lost: { ...m.lost, [d.notice.user_id]: d.notice.reason } });
    }
  }
}

/** What a commit does otherwise than the server says; empty: nothing. */
function mismatch(change: mls.Change, d: ChatDelivery): string {
  const said = { adds: new Set(d.commit?.adds ?? []), removes: new Set(d.commit?.removes ?? []) };
  const { committer, external } = change;
  if (committer.deviceID !== d.device_id || committer.userID !== d.sender_id)
    return "by another than was said";
  if (external !== (d.commit?.external ?? false)) return "external or not, otherwise than was said";
  if (external) said.adds.add(committer.deviceID);
  const removesOthers = external && change.removes.some((id) => id !== committer.deviceID);
  if (removesOthers) return "somebody who comes in takes others out";
  const same = (a: Set<string>, b: string[]) => a.size === b.length && b.every((id) => a.has(id));
  return same(said.adds, change.adds) && same(said.removes, change.removes)
    ? ""
    : "adds or removes otherwise than was said";
}
