import type { API } from "../api.ts";
import { codeOf } from "../errors.ts";
import type { ChatInfo } from "../proto_gen.ts";
import type { Signaling } from "../signaling.ts";
import { wipe } from "./bytes.ts";
import type { Member } from "./leaves.ts";
import type { SignatureKeys } from "./suites.ts";
import type { ChatEvents } from "./types.ts";
import type { Change, Vault } from "./vault.ts";

/** The part of Signaling that messages need. */
export type Wire = Pick<Signaling, "state" | "request" | "notify" | "on">;

/** The part of API that messages need. */
export type Pages = Pick<API, "page">;

/** Time and chance. now is milliseconds since the Unix epoch. */
export interface ChatClock {
  now(): number;
  setTimeout(f: () => void, ms: number): unknown;
  clearTimeout(handle: unknown): void;
  random(): number;
}

export const wallClock: ChatClock = {
  now: () => Date.now(),
  setTimeout: (f, ms) => setTimeout(f, ms),
  clearTimeout: (h) => clearTimeout(h as ReturnType<typeof setTimeout>),
  random: Math.random,
};

/** This device, as the vault keeps it. */
export interface DeviceRecord {
  id: string;
  secret: string;
  keys: SignatureKeys;
  /** As the server last told them, for starting without a connection. */
  info: ChatInfo;
}

/** What all parts of a Chat share. */
export interface Core {
  readonly vault: Vault;
  readonly pages: Pages;
  readonly wire: Wire;
  readonly clock: ChatClock;
  readonly me: Member;
  readonly device: DeviceRecord;
  readonly locks: Locks;
  readonly timers: Timers;
  info: ChatInfo;
  /** Other people are told what was opened. */
  receipts: boolean;
  emit<K extends keyof ChatEvents>(name: K, data: ChatEvents[K]): void;
  /** Reports what no caller waits for. */
  fail(e: unknown): void;
}

/**
 * Changes that belong together: written at once or not at all, and what follows from them only after that.
 * Memory is changed in what follows, never before, so that a failed write leaves it as true as it was.
 */
export class Tx {
  #changes: Change[] = [];
  #after: (() => void)[] = [];
  #secrets: Uint8Array[] = [];
  /** What was read and changed in it, by the parts that do so, under names of their own. */
  readonly seen = new Map<string, unknown>();

  put(collection: string, id: string, value: unknown, at: { order?: number; group?: string } = {}): void {
    this.#changes.push({ put: [collection, id], value, ...at });
  }
  del(collection: string, id: string): void {
    this.#changes.push({ del: [collection, id] });
  }
  drop(group: string): void {
    this.#changes.push({ drop: group });
  }
  /** Once it is written. */
  then(f: () => void): void {
    this.#after.push(f);
  }
  /** Secrets to overwrite once it is written. */
  forget(secrets: Uint8Array[]): void {
    this.#secrets.push(...secrets);
  }

  async commit(vault: Vault, safely = false): Promise<void> {
    if (this.#changes.length > 0)
      await (safely ? vault.writeSafely(...this.#changes) : vault.write(...this.#changes));
    wipe(this.#secrets);
    for (const f of this.#after) f();
  }
}

/** One at a time for each name, in the order in which they come. */
export class Locks {
  #tails = new Map<string, Promise<unknown>>();

  run<T>(name: string, f: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(name) ?? Promise.resolve();
    const mine = before.then(f, f);
    const tail = mine.catch(() => undefined);
    this.#tails.set(name, tail);
    void tail.then(() => {
      if (this.#tails.get(name) === tail) this.#tails.delete(name);
    });
    return mine;
  }

  /** When nobody holds or waits for any. */
  async idle(): Promise<void> {
    while (this.#tails.size > 0) await Promise.all(this.#tails.values());
  }
}

/** Timers by name: a new one of the same name takes the place of the one before. */
export class Timers {
  readonly #clock: ChatClock;
  #handles = new Map<string, unknown>();
  #closed = false;

  constructor(clock: ChatClock) {
    this.#clock = clock;
  }

  set(name: string, ms: number, f: () => void): void {
    this.clear(name);
    if (this.#closed) return;
    const run = () => {
      this.#handles.delete(name);
      f();
    };
    // Longer than setTimeout can count (24.8 days): look again then.
    const most = 2 ** 31 - 1;
    this.#handles.set(
      name,
      this.#clock.setTimeout(ms > most ? () => this.set(name, ms - most, f) : run, Math.min(ms, most)),
    );
  }

  has(name: string): boolean {
    return this.#handles.has(name);
  }

  clear(name: string): void {
    if (this.#handles.has(name)) this.#clock.clearTimeout(this.#handles.get(name));
    this.#handles.delete(name);
  }

  close(): void {
    this.#closed = true;
    for (const name of [...this.#handles.keys()]) this.clear(name);
  }
}

/** Whether an error says nothing about what the server did: it may have, or not. */
export function isUnsure(e: unknown): boolean {
  const code = codeOf(e);
  return code === "offline" || code === "resume_gone" || code === "closed";
}

/** Whether trying the very same again later makes sense. */
export function isPassing(e: unknown): boolean {
  const code = codeOf(e);
  return isUnsure(e) || code === "rate_limited" || code === "unavailable" || code === "internal";
}
