import type { Conversation } from "../proto_gen.ts";
import { decodeLetter, NOTHING_SAID, type Letter } from "./content.ts";
import type { Core, Tx } from "./core.ts";
import type { KeysChanged, People } from "./people.ts";
import {
  mediaOf,
  messagesOf,
  seqsOf,
  type ConversationRecord,
  type MemberRecord,
  type MessageRecord,
} from "./records.ts";
import type { Message, MessageID, SystemLine } from "./types.ts";
import { messageView, statusOf } from "./views.ts";

/**
 * The conversations and messages that this device keeps, and what is told of them. Conversations are in
 * memory, too; messages are read from the vault when they are asked for. Changes are made in a Tx under the
 * conversation's lock.
 */
export class Book {
  readonly #core: Core;
  readonly #people: People;
  #known = new Map<string, ConversationRecord>();
  #told = new Set<string>();
  /** Called when a conversation changed, once for all that changed at the same moment. */
  onChange: (ids: string[]) => void = () => undefined;

  constructor(core: Core, people: People) {
    this.#core = core;
    this.#people = people;
  }

  async load(): Promise<void> {
    for (const { id, value } of await this.#core.vault.list<ConversationRecord>("conversation")) {
      this.#known.set(id, value);
    }
  }

  all(): ConversationRecord[] {
    return [...this.#known.values()].sort((a, b) => b.lastAt - a.lastAt);
  }

  get(id: string, tx?: Tx): ConversationRecord | undefined {
    return (tx?.seen.get(`conversation ${id}`) as ConversationRecord | undefined) ?? this.#known.get(id);
  }

  save(tx: Tx, record: ConversationRecord): void {
    tx.put("conversation", record.id, record);
    const name = `conversation ${record.id}`;
    tx.seen.set(name, record);
    tx.then(() => {
      if (tx.seen.get(name) !== record) return;
      this.#known.set(record.id, record);
      this.touch(record.id);
    });
  }

  /** Tells that a conversation is shown differently now. */
  touch(id: string): void {
    if (this.#told.size === 0) {
      queueMicrotask(() => {
        const ids = [...this.#told];
        this.#told.clear();
        this.onChange(ids);
      });
    }
    this.#told.add(id);
  }

  /**
   * Takes over what the server says of a conversation, with lines for who came and went and whose keys
   * changed.
   */
  apply(tx: Tx, c: Conversation): ConversationRecord {
    const before = this.get(c.id, tx);
    const members = c.members.map((m): MemberRecord => ({
      person: m.person,
      devices: m.devices.map((d) => ({ id: d.id, signature_key: d.signature_key })),
    }));
    // Of people to whom one may not write just now the server shows no devices: what is known of them stays.
    const hidden = (c.shut ?? "") !== "" && c.shut !== "alone";
    const seen = members.filter((m) => !hidden || m.person.id === this.#core.me.userID);
    for (const m of members) {
      if (!seen.includes(m))
        m.devices = before?.members.find((b) => b.person.id === m.person.id)?.devices ?? [];
    }
    const record = merged(before, c, members, this.#core.clock.now());
    if (JSON.stringify(record) !== JSON.stringify(before)) this.save(tx, record);
    if (before) this.#comings(tx, before, record);
    this.keysChanged(tx, this.#people.see(tx, seen));
    return this.get(c.id, tx)!;
  }

  #comings(tx: Tx, before: ConversationRecord, now: ConversationRecord): void {
    const ids = (r: ConversationRecord) =>
      r.members.map((m) => m.person.id).filter((id) => id !== this.#core.me.userID);
    const joined = ids(now).filter((id) => !ids(before).includes(id));
    const left = ids(before).filter((id) => !ids(now).includes(id));
    if (joined.length > 0) this.line(tx, now.id, { what: "joined", userIDs: joined });
    if (left.length > 0) this.line(tx, now.id, { what: "left", userIDs: left });
  }

  /** Notes changed keys in every conversation with that person. Own devices are told of by the event alone. */
  keysChanged(tx: Tx, changes: KeysChanged[]): void {
    for (const { userID, added, removed, wasVerified } of changes) {
      const ids = this.all()
        .map((c) => c.id)
        .concat([...tx.seen.keys()].filter((k) => k.startsWith("conversation ")).map((k) => k.slice(13)));
      const met = [...new Set(ids)].filter((id) =>
        this.get(id, tx)?.members.some((m) => m.person.id === userID),
      );
      if (userID !== this.#core.me.userID) {
        for (const id of met) this.line(tx, id, { what: "keys_changed", userID, added, removed });
      }
      tx.then(() => this.#core.emit("keys", { userID, conversationIDs: met, wasVerified }));
    }
  }

  /** This device has nothing to do with a conversation any more, but keeps what was said. */
  leave(tx: Tx, id: string): void {
    const c = this.get(id, tx);
    if (c && !c.out) this.save(tx, { ...c, out: true, shut: "" });
  }

  /** A line of this device's own. One of messages that were missed is not repeated. */
  line(tx: Tx, conversationID: string, line: SystemLine): void {
    const c = this.get(conversationID, tx);
    if (!c) return;
    const id = `-/${conversationID}.${c.nextOrder}`;
    const last = line.what === "missed" && c.lastID.startsWith("-/") && c.lastID.endsWith(".missed");
    if (last) return;
    this.add(tx, {
      ...blank(conversationID, line.what === "missed" ? `${id}.missed` : id, this.#core.clock.now()),
      line,
    });
  }

  /** Keeps a new message at the end of its conversation. Returns it with its place. */
  add(tx: Tx, m: MessageRecord, unread = false): MessageRecord {
    const c = this.get(m.conversationID, tx)!;
    const record: MessageRecord = { ...m, order: c.nextOrder };
    this.put(tx, record);
    const shown = !m.hidden;
    this.save(tx, {
      ...c,
      nextOrder: c.nextOrder + 1,
      seq: Math.max(c.seq, m.seq),
      ...(shown && { lastID: m.id, lastAt: Math.max(c.lastAt, m.at) }),
      ...(shown && unread && { unread: c.unread + 1 }),
    });
    if (shown) tx.then(() => void this.#tell("message", record));
    return record;
  }

  /** Keeps a message as it is now, without telling. */
  put(tx: Tx, m: MessageRecord): void {
    tx.put("message", m.id, m, { order: m.order, group: messagesOf(m.conversationID) });
    if (m.seq > 0) {
      tx.put("seq", `${m.conversationID} ${m.seq}`, m.id, { order: m.seq, group: seqsOf(m.conversationID) });
    }
  }

  /** Keeps a changed message, and tells. */
  change(tx: Tx, m: MessageRecord): void {
    this.put(tx, m);
    if (!m.hidden) {
      tx.then(() => void this.#tell("changed", m));
      if (this.get(m.conversationID, tx)?.lastID === m.id) tx.then(() => this.touch(m.conversationID));
    }
  }

  async message(id: MessageID): Promise<MessageRecord | undefined> {
    return this.#core.vault.get<MessageRecord>("message", id);
  }

  async bySeq(conversationID: string, seq: number): Promise<MessageRecord | undefined> {
    const id = await this.#core.vault.get<string>("seq", `${conversationID} ${seq}`);
    return id === undefined ? undefined : this.message(id);
  }

  /** Shown messages before a place, oldest first. */
  async page(conversationID: string, before = Infinity, limit = 50): Promise<MessageRecord[]> {
    const found: MessageRecord[] = [];
    for (let at = before; found.length < limit;) {
      const rows = await this.#core.vault.list<MessageRecord>(messagesOf(conversationID), {
        before: at,
        limit,
      });
      found.push(...rows.map((r) => r.value).filter((m) => !m.hidden));
      if (rows.length < limit) break;
      at = rows.at(-1)!.order;
    }
    return found.slice(0, limit).reverse();
  }

  /** Deletes messages from this device, files included. */
  async remove(tx: Tx, conversationID: string, records: MessageRecord[]): Promise<void> {
    const ids = records.map((m) => m.id);
    for (const m of records) {
      tx.del("message", m.id);
      if (m.seq > 0) tx.del("seq", `${conversationID} ${m.seq}`);
      tx.drop(mediaOf(m.id));
    }
    const c = this.get(conversationID, tx);
    if (c && ids.includes(c.lastID)) {
      const rest = await this.page(conversationID, Infinity, ids.length + 1);
      this.save(tx, { ...c, lastID: rest.filter((m) => !ids.includes(m.id)).at(-1)?.id ?? "" });
    }
    tx.then(() => this.#core.emit("removed", { conversationID, ids }));
  }

  view(m: MessageRecord): Message {
    return messageView(m, this.get(m.conversationID), this.#core.me.userID);
  }

  async #tell(name: "message" | "changed", m: MessageRecord): Promise<void> {
    this.#core.emit(name, this.view(m));
  }

  /**
   * Delivered or opened marks moved on: own messages that are shown differently by that are told of.
   * before and now are the conversation's record then and now.
   */
  async marksMoved(before: ConversationRecord, now: ConversationRecord): Promise<void> {
    for (const m of await this.page(now.id, Infinity, 100)) {
      if (!m.mine || m.seq === 0) continue;
      const was = statusOf(m, before);
      const is = statusOf(m, now);
      if (JSON.stringify(was) !== JSON.stringify(is)) await this.#tell("changed", m);
    }
  }
}

/** The letter of a message, where it has one that can be read. */
export function letterOf(m: MessageRecord): Letter | undefined {
  return m.raw && decodeLetter(m.raw);
}

export function blank(conversationID: string, id: MessageID, at: number): MessageRecord {
  return {
    id,
    conversationID,
    sender: "",
    device: "",
    mine: false,
    at,
    order: 0,
    seq: 0,
    timer: 0,
    to: [],
    lost: {},
    reactions: {},
  };
}

function merged(
  before: ConversationRecord | undefined,
  c: Conversation,
  members: MemberRecord[],
  now: number,
): ConversationRecord {
  const delivered = { ...before?.delivered };
  for (const m of c.members) delivered[m.person.id] = Math.max(delivered[m.person.id] ?? 0, m.delivered);
  return {
    about: NOTHING_SAID,
    nextOrder: 1,
    lastAt: now,
    lastID: "",
    unread: 0,
    seq: 0,
    readSeq: 0,
    opened: {},
    ...before,
    id: c.id,
    kind: c.kind,
    createdBy: c.created_by ?? "",
    suite: c.suite,
    generation: c.generation,
    epoch: c.epoch,
    members,
    leaves: c.leaves,
    remove: c.remove,
    shut: c.shut ?? "",
    out: false,
    delivered,
  };
}
