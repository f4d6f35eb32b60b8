import type { ChatSignalled } from "../proto_gen.ts";
import { concat, fromBase64, random, text, toBase64, uint64, utf8, type Bytes } from "./bytes.ts";
import type { Core } from "./core.ts";
import type { Group, Groups } from "./groups.ts";
import { exportSecret } from "./mls.ts";

/**
 * What is true for a moment only. It is never kept anywhere, and may get lost.
 *
 * A signal is sealed with a key that MLS exports for the epoch (RFC 9420, section 8.5) and the sending device,
 * so that it takes nothing from the ratchets of messages, and losing or repeating one does no harm:
 *
 *     1 (version) | epoch, 8 bytes | nonce, 12 random bytes | AES-256-GCM of JSON, filled up to 64 bytes
 *
 * with the MLS group id and the sender's device id as associated data. Whoever is in the group could make one
 * in another member's name if the server helped; nothing rests on it but three dots and a tick.
 */
export type Signal =
  | { k: "typing"; on: boolean }
  | { k: "here" }
  /** Everything up to this seq was read by the sender. */
  | { k: "opened"; seq: number };

const LABEL = "kinwire signal";
const LENGTH = 64;

/** While somebody types: how often that is said, and after how long it counts as over. Milliseconds. */
const TYPING_EVERY = 4_000;
const TYPING_FOR = 6_000;

export class Signals {
  readonly #core: Core;
  readonly #groups: Groups;
  #keys = new Map<string, Promise<CryptoKey>>();
  #typing = new Map<string, Set<string>>();
  #saidAt = new Map<string, number>();
  /** A signal has come. */
  onSignal: (conversationID: string, userID: string, deviceID: string, s: Signal) => void = () => undefined;
  /** Who types where has changed. */
  onTyping: (conversationID: string, userID: string, on: boolean) => void = () => undefined;

  constructor(core: Core, groups: Groups) {
    this.#core = core;
    this.#groups = groups;
  }

  /** Says something to those who are there. Without a connection nothing is said. */
  async say(conversationID: string, s: Signal): Promise<void> {
    if (this.#core.wire.state !== "online") return;
    const group = await this.#groups.get(conversationID);
    if (!group) return;
    const body = await this.#seal(conversationID, group, s);
    this.#core.wire.notify("chat.signal", { conversation_id: conversationID, body: toBase64(body) });
  }

  /** This person types, or has stopped. May be called with every key. */
  typing(conversationID: string, on: boolean): void {
    const { clock, timers } = this.#core;
    const name = `typing ${conversationID}`;
    const said = this.#saidAt.get(conversationID) ?? -Infinity;
    if (!on) {
      timers.clear(name);
      if (this.#saidAt.delete(conversationID)) this.#quietly(conversationID, { k: "typing", on: false });
      return;
    }
    timers.set(name, TYPING_FOR, () => this.typing(conversationID, false));
    if (clock.now() - said < TYPING_EVERY) return;
    this.#saidAt.set(conversationID, clock.now());
    this.#quietly(conversationID, { k: "typing", on: true });
  }

  /** Says something; that it could not be said is of no consequence. */
  #quietly(conversationID: string, s: Signal): void {
    this.say(conversationID, s).catch((e) => this.#core.fail(e));
  }

  /** Who types in a conversation at this moment. */
  typers(conversationID: string): string[] {
    return [...(this.#typing.get(conversationID) ?? [])];
  }

  async receive(e: ChatSignalled): Promise<void> {
    const s = await this.#open(e);
    if (!s) return;
    if (s.k === "typing" && e.sender_id !== this.#core.me.userID) {
      this.#types(e.conversation_id, e.sender_id, s.on);
    }
    this.onSignal(e.conversation_id, e.sender_id, e.device_id, s);
  }

  /** A message has come from somebody: they do not type it any more. */
  arrived(conversationID: string, userID: string): void {
    this.#types(conversationID, userID, false);
  }

  #types(conversationID: string, userID: string, on: boolean): void {
    const who = this.#typing.get(conversationID) ?? new Set();
    this.#typing.set(conversationID, who);
    const name = `types ${conversationID} ${userID}`;
    if (on) {
      // A little longer than it takes the next signal to come.
      this.#core.timers.set(name, TYPING_FOR + 2_000, () => this.#types(conversationID, userID, false));
    } else this.#core.timers.clear(name);
    if (who.has(userID) === on) return;
    if (on) who.add(userID);
    else who.delete(userID);
    this.onTyping(conversationID, userID, on);
  }

  async #seal(conversationID: string, group: Group, s: Signal): Promise<Bytes> {
    const device = this.#core.me.deviceID;
    const nonce = random(12);
    const plain = utf8(JSON.stringify(s).padEnd(LENGTH));
    const sealed = await crypto.subtle.encrypt(
      { name: "AES-GCM", iv: nonce, additionalData: bound(conversationID, group, device) },
      await this.#key(conversationID, group, device),
      plain,
    );
    return concat(new Uint8Array([1]), uint64(group.epoch), nonce, new Uint8Array(sealed));
  }

  /** What a signal says; undefined where it is none of this epoch, or none at all. */
  async #open(e: ChatSignalled): Promise<Signal | undefined> {
    const group = await this.#groups.get(e.conversation_id);
    if (!group) return undefined;
    try {
      const body = fromBase64(e.body);
      const epoch = new DataView(body.buffer).getBigUint64(1);
      if (body[0] !== 1 || Number(epoch) !== group.epoch) return undefined;
      const plain = await crypto.subtle.decrypt(
        {
          name: "AES-GCM",
          iv: body.subarray(9, 21),
          additionalData: bound(e.conversation_id, group, e.device_id),
        },
        await this.#key(e.conversation_id, group, e.device_id),
        body.subarray(21),
      );
      return read(JSON.parse(text(new Uint8Array(plain))));
    } catch {
      return undefined;
    }
  }

  #key(conversationID: string, group: Group, device: string): Promise<CryptoKey> {
    const name = `${conversationID} ${group.generation} ${group.epoch} ${device}`;
    const known = this.#keys.get(name);
    if (known) return known;
    if (this.#keys.size > 200) this.#keys.clear();
    const made = exportSecret(group.state, LABEL, utf8(device), 32).then((secret) =>
      crypto.subtle.importKey("raw", secret, "AES-GCM", false, ["encrypt", "decrypt"]),
    );
    this.#keys.set(name, made);
    return made;
  }
}

function bound(conversationID: string, group: Group, device: string): Bytes {
  return utf8(`${conversationID}:${group.generation} ${device}`);
}

function read(o: unknown): Signal | undefined {
  const s = o as Record<string, unknown> | null;
  if (typeof s !== "object" || !s) return undefined;
  if (s["k"] === "typing" && typeof s["on"] === "boolean") return { k: "typing", on: s["on"] };
  if (s["k"] === "here") return { k: "here" };
  if (s["k"] === "opened" && Number.isSafeInteger(s["seq"])) return { k: "opened", seq: s["seq"] as number };
  return undefined;
}
