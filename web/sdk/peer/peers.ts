import { API, type PageKey } from "../src/api.ts";
import { Chat, MemoryDisk } from "../src/chat/index.ts";
import { entry, fromBase64, toBase64 } from "../src/chat/bytes.ts";
import type { ChatEvents, Message, OutgoingContent } from "../src/chat/types.ts";
import { socketURL } from "../src/environment.ts";
import { codeOf, KinwireError } from "../src/errors.ts";

import { Signaling } from "../src/signaling.ts";

/** A line that came in. What else it has depends on do. */
interface Command {
  id: number;
  peer: string;
  do: string;
  [argument: string]: unknown;
}

interface Peer {
  disk: MemoryDisk;
  api: API;
  signaling: Signaling | undefined;
  chat: Chat | undefined;
}

const EVENTS = ["message", "changed", "removed", "signal", "keys", "online", "error", "end"] as const;

/** The peers of this process, by name. */
export class Peers {
  readonly #write: (line: object) => void;
  #peers = new Map<string, Peer>();

  constructor(write: (line: object) => void) {
    this.#write = write;
  }

  take(line: string): void {
    let c: Command;
    try {
      c = JSON.parse(line) as Command;
    } catch {
      this.#write({ error: { code: "bad_message", message: "a line that is not JSON" } });
      return;
    }
    this.#carryOut(c).then(
      (out) => this.#write({ id: c.id, out: out ?? {} }),
      (e) =>
        this.#write({ id: c.id, error: { code: codeOf(e), message: String((e as Error).message ?? e) } }),
    );
  }

  async close(): Promise<void> {
    for (const name of this.#peers.keys()) await this.#stop(name);
  }

  async #carryOut(c: Command): Promise<unknown> {
    if (c.do === "start") return this.#start(c);
    if (c.do === "stop") return this.#stop(c.peer);
    const peer = this.#peers.get(c.peer);
    const run = entry(COMMANDS, c.do);
    if (!run)
      throw new KinwireError("unknown_type", `no command ${c.do}: ${Object.keys(COMMANDS).join(", ")}`);
    if (!peer?.chat) throw new KinwireError("not_found", `peer ${c.peer} is not started`);
    return run(peer.chat, c, peer);
  }

  /** start: url, and user with password, or token. */
  async #start(c: Command): Promise<unknown> {
    const base = text(c, "url").replace(/\/$/, "");
    const known = this.#peers.get(c.peer);
    if (known?.chat) throw new KinwireError("wrong_state", `peer ${c.peer} is started already`);
    const peer: Peer = {
      disk: known?.disk ?? new MemoryDisk(),
      api: new API(base),
      signaling: undefined,
      chat: undefined,
    };
    this.#peers.set(c.peer, peer);
    if (typeof c["token"] === "string") peer.api.token = c["token"];
    else await peer.api.login(text(c, "user"), text(c, "password"));
    const signaling = new Signaling({ url: socketURL(base), token: peer.api.token });
    peer.signaling = signaling;
    signaling.connect();
    const chat = await Chat.open({
      kinwire: { me: null, signaling },
      api: peer.api,
      deviceName: c.peer,
      storage: peer.disk.backend(),
    });
    peer.chat = chat;
    for (const event of EVENTS) chat.on(event, (data) => this.#tell(c.peer, event, data));
    await when(chat, "online", 20_000, () => chat.online);
    await this.#supplied(peer, chat);
    return { user_id: chat.me, device_id: chat.deviceID, info: chat.info };
  }

  /** Others can add this device: the server has its key packages of every suite. */
  async #supplied(peer: Peer, chat: Chat): Promise<void> {
    const path = { id: chat.deviceID };
    for (let i = 0; i < 400; i++) {
      const { left } = await peer.api.page("GET /v1/chat/devices/{id}/keys", { path });
      if (chat.info.suites.every((s) => left.some((l) => l.suite === s && l.last_resort_at > 0))) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new KinwireError("unavailable", "no key packages at the server within 20 s");
  }

  #tell<K extends keyof ChatEvents>(peer: string, event: K, data: ChatEvents[K]): void {
    this.#write({
      peer,
      event,
      data: data instanceof Error ? { code: codeOf(data), message: data.message } : shown(data),
    });
  }

  async #stop(name: string): Promise<void> {
    const peer = this.#peers.get(name);
    await peer?.chat?.close();
    peer?.signaling?.close();
    if (peer) peer.chat = peer.signaling = undefined;
  }
}

/** What a started peer can do. Arguments are strings where nothing else is said. */
const COMMANDS: Record<string, (chat: Chat, c: Command, peer: Peer) => unknown> = {
  /** The conversations as apps see them. */
  conversations: (chat) => shown(chat.conversations()),
  conversation: (chat, c) => shown(chat.conversation(text(c, "conversation")) ?? null),
  /** user: with whom. */
  direct: (chat, c) => chat.startDirect(text(c, "user")).then(shown),
  /** users: list of user ids; title. */
  group: (chat, c) => chat.startGroup(list(c, "users"), text(c, "title")).then(shown),
  /** conversation, content; the bytes of content.media.data and .thumb are base64. */
  send: (chat, c) => chat.send(text(c, "conversation"), content(c["content"])).then(shown),
  /** conversation: all its messages, oldest first. */
  read: (chat, c) => chat.messages(text(c, "conversation"), { limit: 1_000_000 }).then(shown),
  /** message: its id. */
  message: (chat, c) => chat.message(text(c, "message")).then((m) => shown(m ?? null)),
  retry: (chat, c) => chat.retry(text(c, "message")),
  opened: (chat, c) => chat.markOpened(text(c, "conversation")),
  typing: (chat, c) => chat.typing(text(c, "conversation"), c["on"] !== false),
  /** conversation, users. */
  add: (chat, c) => chat.addPeople(text(c, "conversation"), list(c, "users")),
  remove: (chat, c) => chat.removePerson(text(c, "conversation"), text(c, "user")),
  leave: (chat, c) => chat.leave(text(c, "conversation")),
  /** message: the bytes of its file, in base64. */
  media: async (chat, c) => {
    const blob = await chat.media(text(c, "message"));
    return { type: blob.type, data: toBase64(new Uint8Array(await blob.arrayBuffer())) };
  },
  safety: (chat, c) => chat.safety(text(c, "user")),
  verify: (chat, c) => chat.setVerified(text(c, "user"), c["on"] !== false),
  /** message: what a report of it would reveal. */
  report: (chat, c) => chat.report(text(c, "message")),
  devices: (chat) => chat.devices(),
  /** device: its id; none: this one. */
  forget: (chat, c) => chat.forgetDevice(typeof c["device"] === "string" ? c["device"] : undefined),
  /** The MLS state: {generation, epoch, devices}, or null. */
  state: (chat, c) => chat.mlsState(text(c, "conversation")),
  /** When all that has come is worked off. */
  idle: (chat) => chat.idle(),
  /** page, path, body: any page of the API, as this person. */
  page: (_, c, peer) => (peer.api.page as unknown as AnyPage)(text(c, "page") as PageKey, c as never),
  /** The socket is cut; the session goes on by itself. */
  drop: (_, __, peer) => peer.signaling?.dropSocket(),
  /**
   * Waits until the conversation's texts include all of texts (list), or a message of its has a status, or it
   * is ready. timeout_ms: default 20,000.
   */
  wait: async (chat, c) => {
    const of = text(c, "conversation");
    const most = typeof c["timeout_ms"] === "number" ? c["timeout_ms"] : 20_000;
    const end = Date.now() + most;
    for (;;) {
      const view = chat.conversation(of);
      const all = view ? await chat.messages(of, { limit: 1_000_000 }) : [];
      if (view && fulfilled(c, all, view.ready)) return shown(all);
      if (Date.now() > end) {
        const said = all.map((m) => [m.senderID, m.status, m.content]);
        throw new KinwireError(
          "unavailable",
          `not within ${most} ms; ready ${view?.ready}, there is ${JSON.stringify(shown(said))}`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  },
};

type AnyPage = (key: PageKey, o: never) => Promise<unknown>;

function fulfilled(c: Command, all: Message[], ready: boolean): boolean {
  const texts = all.flatMap((m) => (m.content.kind === "text" ? [m.content.text] : []));
  if (Array.isArray(c["texts"]) && !(c["texts"] as string[]).every((t) => texts.includes(t))) return false;
  const m = all.find((one) => one.id === c["message"]);
  if (typeof c["status"] === "string" && m?.status !== c["status"]) return false;
  return c["ready"] !== true || ready;
}

async function when(chat: Chat, what: keyof ChatEvents, ms: number, f: () => boolean): Promise<void> {
  if (f()) return;
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new KinwireError("unavailable", `not ${what} within ${ms} ms`)),
      ms,
    );
    const off = chat.on(what, () => {
      if (!f()) return;
      off();
      clearTimeout(timer);
      resolve();
    });
  });
}

function text(c: Command, name: string): string {
  const v = c[name];
  if (typeof v !== "string") throw new KinwireError("bad_message", `${c.do}: ${name} must be a text`);
  return v;
}

function list(c: Command, name: string): string[] {
  const v = c[name];
  if (!Array.isArray(v)) throw new KinwireError("bad_message", `${c.do}: ${name} must be a list`);
  return v as string[];
}

function content(given: unknown): OutgoingContent {
  const o = structuredClone(given) as { media?: { data: unknown; thumb?: unknown } };
  if (o?.media) {
    o.media.data = fromBase64(String(o.media.data));
    if (o.media.thumb !== undefined) o.media.thumb = fromBase64(String(o.media.thumb));
  }
  return o as unknown as OutgoingContent;
}

/** As JSON can have it: bytes in base64. */
function shown<T>(v: T): unknown {
  return JSON.parse(JSON.stringify(v, (_, x) => (x instanceof Uint8Array ? toBase64(x) : x)));
}
