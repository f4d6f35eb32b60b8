import type { API } from "../api.ts";
import { Emitter } from "../emitter.ts";
import { codeOf, KinwireError } from "../errors.ts";
import type { Kinwire } from "../kinwire.ts";
import type { ChatInfo, MessageEvidence } from "../proto_gen.ts";
import { IndexedDBBackend, type Backend } from "./backend.ts";
import { sha256, toHex, utf8 } from "./bytes.ts";
import { Locks, Timers, wallClock, type ChatClock, type Core, type Pages, type Wire } from "./core.ts";
import { openDevice } from "./device.ts";
import { Engine } from "./engine.ts";
import { hold, type Hold } from "./tabs.ts";
import type {
  ChatEnd,
  ChatEvents,
  ConversationView,
  Message,
  MessageID,
  OutgoingContent,
  OwnDevice,
  Safety,
} from "./types.ts";
import { Vault } from "./vault.ts";

/** What Chat.open is given. */
export interface ChatOptions {
  /** The session; connected or not: Chat follows its connection. */
  kinwire: Pick<Kinwire, "me"> & { signaling: Wire };
  /** With the person's token. */
  api: Pages & Pick<API, "me">;
  /**
   * Whose messages; asked of the session or the server where it is not given. Give it to open without a
   * connection.
   */
  userID?: string;
  /** What this device is called in the person's list of devices. */
  deviceName?: string;
  /** Tell others what was opened. Default true. */
  receipts?: boolean;
  /** Where another tab of this browser has the device: take it over. */
  takeOver?: boolean;
  /** Where the vault lies. Default: IndexedDB. */
  storage?: Backend;
  clock?: ChatClock;
}

/** All that Chat does, for stand-ins in tests of screens. */
export type ChatLike = { [K in keyof Chat]: Chat[K] };

/**
 * A person's messages on this device: end-to-end encrypted, kept here, sent when there is a connection.
 *
 *     const { Chat } = await import("@kinwire/sdk/chat");
 *     const chat = await Chat.open({ kinwire, api, deviceName: "Mia's tablet" });
 *     chat.on("conversations", (list) => showList(list));
 *     chat.on("message", (m) => show(m));
 *     chat.on("changed", (m) => show(m));
 *     const c = await chat.startDirect(friend.id);
 *     await chat.send(c.id, { kind: "text", text: "hello" });
 *
 * send() resolves when the message is kept on this device; how far it gets is told by 'changed'. Everything
 * else that needs the server fails with a KinwireError "offline" where it cannot be reached.
 */
export class Chat extends Emitter<ChatEvents> {
  readonly #core: Core;
  readonly #engine: Engine;
  readonly #hold: { now: Hold | undefined };
  #ended: Promise<void> | undefined;

  private constructor(core: Core, engine: Engine, held: { now: Hold | undefined }) {
    super();
    this.#core = core;
    this.#engine = engine;
    this.#hold = held;
  }

  /**
   * Whether this browser can keep and encrypt messages: IndexedDB and WebCrypto, which a page has over https
   * only.
   */
  static supported(): boolean {
    return typeof indexedDB !== "undefined" && typeof crypto !== "undefined" && crypto.subtle !== undefined;
  }

  /**
   * Opens this browser's device of the person, or makes one, which needs a connection. A KinwireError
   * "other_tab" says that another tab has it.
   */
  static async open(o: ChatOptions): Promise<Chat> {
    const userID = o.userID ?? o.kinwire.me?.id ?? (await o.api.me()).id;
    const name = `kinwire-chat-${toHex(await sha256(utf8(userID))).slice(0, 24)}`;
    let chat: Chat | undefined;
    const lost = () => void chat?.end("other_tab");
    const held = {
      now: o.storage ? undefined : await hold(name, o.takeOver ?? false, { asked: lost, lost }),
    };
    let vault: Vault | undefined;
    try {
      vault = await Vault.open(o.storage ?? (await IndexedDBBackend.open(name)));
      await vault.claim();
      chat = await Chat.#assemble(o, userID, vault, held);
      return chat;
    } catch (e) {
      vault?.close();
      held.now?.release();
      throw e;
    }
  }

  static async #assemble(
    o: ChatOptions,
    userID: string,
    vault: Vault,
    held: { now: Hold | undefined },
  ): Promise<Chat> {
    const device = await openDevice(vault, o.api, o.deviceName ?? "Browser");
    const clock = o.clock ?? wallClock;
    let chat: Chat | undefined;
    const core: Core = {
      vault,
      pages: o.api,
      wire: o.kinwire.signaling,
      clock,
      me: { userID, deviceID: device.id },
      device,
      locks: new Locks(),
      timers: new Timers(clock),
      info: device.info,
      receipts: o.receipts ?? true,
      emit: (event, data) => chat?.emit(event, data),
      fail: (e) => chat?.fail(e),
    };
    const engine = new Engine(core);
    chat = new Chat(core, engine, held);
    const made = chat;
    engine.onRemoved = () => void made.end("device_removed");
    await engine.start();
    return made;
  }

  /** This person's user id. */
  get me(): string {
    return this.#core.me.userID;
  }
  /** This device's id. */
  get deviceID(): string {
    return this.#core.me.deviceID;
  }
  /** The server's limits, as it last told them. */
  get info(): ChatInfo {
    return this.#core.info;
  }
  /** Whether messages come and go at this moment. */
  get online(): boolean {
    return this.#engine.link.online;
  }

  /** All conversations, the one with the newest message first. */
  conversations(): ConversationView[] {
    return this.#engine.views();
  }

  conversation(id: string): ConversationView | undefined {
    return this.#engine.viewOf(id);
  }

  /** The conversation of two with somebody, if there is one. */
  withPerson(userID: string): ConversationView | undefined {
    return this.conversations().find(
      (c) => c.kind === "direct" && c.people.some((p) => p.person.id === userID),
    );
  }

  /** The conversation of two with somebody: the one there is, or a new one. */
  startDirect(userID: string): Promise<ConversationView> {
    return this.#engine.rosters.start("direct", [userID]).then((id) => this.#view(id));
  }

  /** A new group. Every two of all these people have to be approved friends. */
  async startGroup(userIDs: string[], title: string): Promise<ConversationView> {
    const id = await this.#engine.rosters.start("group", userIDs);
    if (title) await this.send(id, { kind: "title", title });
    return this.#view(id);
  }

  #view(id: string): ConversationView {
    const view = this.conversation(id);
    if (!view) throw new KinwireError("not_found", "the conversation is not there any more");
    return view;
  }

  /** The newest messages before a place, oldest first. */
  async messages(conversationID: string, o: { before?: number; limit?: number } = {}): Promise<Message[]> {
    const found = await this.#engine.book.page(conversationID, o.before, o.limit);
    return found.map((m) => this.#engine.book.view(m));
  }

  async message(id: MessageID): Promise<Message | undefined> {
    const m = await this.#engine.book.message(id);
    return m && !m.hidden ? this.#engine.book.view(m) : undefined;
  }

  /**
   * Keeps a message here and sends it when that is possible. ContentError where it is none that could be read.
   */
  async send(conversationID: string, content: OutgoingContent): Promise<Message> {
    return this.#engine.book.view(await this.#engine.outbox.send(conversationID, content));
  }

  /** Tries a refused message once more. */
  retry(id: MessageID): Promise<void> {
    return this.#engine.outbox.retry(id);
  }

  /** Deletes a message from this device. Others keep theirs. */
  remove(id: MessageID): Promise<void> {
    return this.#engine.remove(id);
  }

  /** This person has read everything up to a message, or all there is. */
  markOpened(conversationID: string, upTo?: MessageID): Promise<void> {
    return this.#engine.receipts.opened(conversationID, upTo);
  }

  /** This person types: call it with every key. It ends by itself after a few seconds. */
  typing(conversationID: string, on: boolean): void {
    this.#engine.signals.typing(conversationID, on);
  }

  /** From here on messages disappear so many seconds after they were read; 0: they stay. */
  setTimer(conversationID: string, seconds: number): Promise<Message> {
    return this.send(conversationID, { kind: "timer", seconds });
  }

  rename(conversationID: string, title: string): Promise<Message> {
    return this.send(conversationID, { kind: "title", title });
  }

  addPeople(conversationID: string, userIDs: string[]): Promise<void> {
    return this.#engine.rosters.add(conversationID, userIDs);
  }

  /** Takes somebody out of a group that this person made. */
  removePerson(conversationID: string, userID: string): Promise<void> {
    return this.#engine.rosters.remove(conversationID, userID);
  }

  leave(conversationID: string): Promise<void> {
    return this.#engine.rosters.leave(conversationID);
  }

  /** The bytes of a message's file. KinwireError "gone" where it was deleted or is not what was sent. */
  media(id: MessageID): Promise<Blob> {
    return this.#engine.media(id);
  }

  /** What to compare with somebody. With a connection it is made of what the server says now. */
  safety(userID: string): Promise<Safety> {
    return this.#engine.safety(userID);
  }

  /** Notes that this person has compared it, or takes that back. */
  setVerified(userID: string, verified: boolean): Promise<void> {
    return this.#engine.setVerified(userID, verified);
  }

  /** What a report of somebody else's message reveals: that message, and what proves who sent it. */
  async report(id: MessageID): Promise<MessageEvidence> {
    return this.#engine.evidence(id);
  }

  /** This person's devices that read messages. */
  async devices(): Promise<OwnDevice[]> {
    const { devices } = await this.#core.pages.page("GET /v1/chat/devices");
    return devices.map((d) => ({
      id: d.id,
      name: d.name ?? "",
      createdAt: d.created_at,
      seenAt: d.seen_at ?? 0,
      current: d.id === this.deviceID,
    }));
  }

  /**
   * Takes a device out of everything. This one (the default) is forgotten here even when the server cannot be
   * reached; it then takes the device for lost after a while.
   */
  async forgetDevice(id: string = this.deviceID): Promise<void> {
    try {
      await this.#core.pages.page("DELETE /v1/chat/devices/{id}", { path: { id } });
    } catch (e) {
      if (id !== this.deviceID && codeOf(e) !== "not_found") throw e;
    }
    if (id === this.deviceID) await this.end("device_removed");
  }

  /** Whether others are told what was opened. */
  setReceipts(on: boolean): void {
    this.#core.receipts = on;
  }

  /** Ends it; what is kept stays. */
  close(): Promise<void> {
    return this.end("closed");
  }

  /** Where this device's MLS state of a conversation stands; null: it has none. For tests and support. */
  mlsState(conversationID: string): Promise<{ generation: number; epoch: number; devices: string[] } | null> {
    return this.#engine.mlsState(conversationID);
  }

  /** When all that has come is worked off and nothing more can be sent at this moment. For tests. */
  idle(): Promise<void> {
    return this.#engine.idle();
  }

  /** Internal: ends it for a reason. */
  end(why: ChatEnd): Promise<void> {
    this.#ended ??= this.#end(why);
    return this.#ended;
  }

  async #end(why: ChatEnd): Promise<void> {
    await this.#engine.stop();
    if (why === "device_removed")
      await this.#core.vault.destroy().catch((e) => this.emit("error", asError(e)));
    else this.#core.vault.close();
    this.#hold.now?.release();
    this.emit("end", why);
  }

  /** Internal: what failed and no caller waits for. */
  fail(e: unknown): void {
    if (codeOf(e) === "other_tab") void this.end("other_tab");
    else if (!this.#ended) this.emit("error", asError(e));
  }
}

function asError(e: unknown): Error {
  return e instanceof Error ? e : new Error(String(e));
}
