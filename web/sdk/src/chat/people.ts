import { fromBase64, toBase64, toHex } from "./bytes.ts";
import type { Core, Tx } from "./core.ts";
import type { Leaf } from "./leaves.ts";
import type { MemberRecord, PersonRecord } from "./records.ts";
import { fingerprint, safetyNumber } from "./safety.ts";
import type { ChatPerson, Safety } from "./types.ts";

/** What became of a person's devices. */
export interface KeysChanged {
  userID: string;
  added: number;
  removed: number;
  wasVerified: boolean;
}

/**
 * Whose devices have which keys: what the server's directory said when a person was first seen is remembered,
 * and every change after that is shown. A server that slips a device of its own in between is seen by that,
 * and by the safety number, which is another then.
 */
export class People {
  readonly #core: Core;
  #known = new Map<string, PersonRecord>();
  #fingerprints = new Map<string, Promise<string>>();

  constructor(core: Core) {
    this.#core = core;
  }

  async load(): Promise<void> {
    for (const { id, value } of await this.#core.vault.list<PersonRecord>("person"))
      this.#known.set(id, value);
  }

  /** Compares a directory's list with what is known, and takes it over. */
  see(tx: Tx, members: MemberRecord[]): KeysChanged[] {
    const changed: KeysChanged[] = [];
    for (const { person, devices } of members) {
      const now = Object.fromEntries(devices.map((d) => [d.id, d.signature_key]));
      const change = this.#take(tx, person.id, now);
      if (change) changed.push(change);
    }
    return changed;
  }

  /**
   * Compares the leaves of a tree with what is known. Throws where a device that is known has another key;
   * devices that are not known yet are taken over.
   */
  check(tx: Tx, leaves: Leaf[]): KeysChanged[] {
    const byPerson = new Map<string, Record<string, string>>();
    for (const leaf of leaves) {
      const known = this.#of(tx, leaf.userID)?.devices ?? {};
      const key = toBase64(leaf.signatureKey);
      if (known[leaf.deviceID] !== undefined && known[leaf.deviceID] !== key) {
        throw new Error(`device ${leaf.deviceID} has another key in the group than in the directory`);
      }
      const all = byPerson.get(leaf.userID) ?? { ...known };
      all[leaf.deviceID] = key;
      byPerson.set(leaf.userID, all);
    }
    return [...byPerson].flatMap(([id, devices]) => this.#take(tx, id, devices) ?? []);
  }

  #of(tx: Tx | undefined, userID: string): PersonRecord | undefined {
    return (tx?.seen.get(`person ${userID}`) as PersonRecord | undefined) ?? this.#known.get(userID);
  }

  #take(tx: Tx, userID: string, now: Record<string, string>): KeysChanged | undefined {
    const before = this.#of(tx, userID);
    const old = before?.devices ?? {};
    const added = Object.keys(now).filter((id) => old[id] !== now[id]).length;
    const removed = Object.keys(old).filter((id) => old[id] !== now[id]).length;
    if (before && added + removed === 0) return undefined;
    this.#put(tx, userID, { ...before, devices: now });
    // A person without any device so far is met for the first time in this sense, too.
    if (Object.keys(old).length === 0) return undefined;
    return { userID, added, removed, wasVerified: before?.verified !== undefined };
  }

  #put(tx: Tx, userID: string, record: PersonRecord): void {
    tx.put("person", userID, record);
    tx.seen.set(`person ${userID}`, record);
    tx.then(() => {
      this.#known.set(userID, record);
      this.#fingerprints.clear();
    });
  }

  /** Whether a person's present keys were compared. Known without computing unless they were. */
  async verified(userID: string): Promise<ChatPerson["verified"]> {
    const mark = this.#known.get(userID)?.verified;
    if (!mark) return "no";
    return mark === (await this.#both(userID)) ? "yes" : "changed";
  }

  async safety(userID: string): Promise<Safety> {
    const [mine, theirs] = await Promise.all([this.#print(this.#core.me.userID), this.#print(userID)]);
    const shown = safetyNumber(hex(mine), hex(theirs));
    return { userID, ...shown, verified: await this.verified(userID) };
  }

  async setVerified(tx: Tx, userID: string, on: boolean): Promise<void> {
    const { verified: _, ...rest } = this.#known.get(userID) ?? { devices: {} };
    this.#put(tx, userID, on ? { ...rest, verified: await this.#both(userID) } : rest);
  }

  async #both(userID: string): Promise<string> {
    return (await Promise.all([this.#print(this.#core.me.userID), this.#print(userID)])).join(" ");
  }

  #print(userID: string): Promise<string> {
    const known = this.#fingerprints.get(userID);
    if (known) return known;
    const own =
      userID === this.#core.me.userID
        ? { [this.#core.me.deviceID]: toBase64(this.#core.device.keys.publicKey) }
        : {};
    const keys = Object.values({ ...own, ...this.#known.get(userID)?.devices }).map(fromBase64);
    const made = fingerprint(userID, keys).then(toHex);
    this.#fingerprints.set(userID, made);
    return made;
  }
}

function hex(s: string) {
  return Uint8Array.from(s.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}
