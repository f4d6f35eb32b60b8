import type { Backend, Row, VaultKeys } from "./backend.ts";
import { concat, fromBase64, random, text, toBase64, toName, utf8, type Bytes } from "./bytes.ts";

/**
 * What this device keeps, encrypted.
 *
 * Each record is sealed with AES-256-GCM under a key that no script can read out (a non-extractable
 * CryptoKey), with a fresh random nonce, and bound to its place: a record that was moved, or put back under
 * another name, does not open. Names of records are HMACs and so tell nothing; only how many there are, how
 * long and in which order shows. A profile that is copied as files brings the browser's own protection of
 * CryptoKey with it, no more: this guards against reading the disk, not against running code in the page.
 *
 * write() is all or nothing, and everything that keeps a ratchet safe rests on that:
 *   - the state after encrypting is written before the ciphertext leaves, so that no generation is used twice;
 *   - a message that was read is written with the state after it before it is acknowledged.
 * writeSafely() waits for the disk as well; it is for what is told to somebody right after.
 */
export class Vault {
  readonly #backend: Backend;
  readonly #keys: VaultKeys;
  #names = new Map<string, string>();

  private constructor(backend: Backend, keys: VaultKeys) {
    this.#backend = backend;
    this.#keys = keys;
  }

  static async open(backend: Backend): Promise<Vault> {
    return new Vault(backend, await backend.keys(makeKeys));
  }

  /** A record, or undefined. */
  async get<T>(collection: string, id: string): Promise<T | undefined> {
    const row = await this.#backend.get(await this.#nameOf(collection, id));
    return row ? (await this.#open<T>(row)).value : undefined;
  }

  /** Records of a group (by default: a collection) with an order below `before`, the highest first. */
  async list<T>(of: string, o: { before?: number; limit?: number } = {}): Promise<Entry<T>[]> {
    const group = await this.#nameOf(of);
    const rows = await this.#backend.list(group, o.before ?? Infinity, o.limit ?? Infinity);
    return Promise.all(rows.map((row) => this.#open<T>(row)));
  }

  /**
   * Carries out all changes, or none. Of several with the same name the last counts. It survives the end of the
   * program, and a loss of power once anything was written safely after it.
   */
  write(...changes: Change[]): Promise<void> {
    return this.#write(changes, false);
  }

  /** The same, and it survives a loss of power, as does all that was written before: for what must not be undone. */
  writeSafely(...changes: Change[]): Promise<void> {
    return this.#write(changes, true);
  }

  async #write(changes: Change[], safely: boolean): Promise<void> {
    const puts = new Map<string, Row>();
    const deletes = new Set<string>();
    const groups: string[] = [];
    for (const c of changes) {
      if ("drop" in c) groups.push(await this.#nameOf(c.drop));
      else {
        const [collection, id] = "put" in c ? c.put : c.del;
        const key = await this.#nameOf(collection, id);
        puts.delete(key);
        deletes.delete(key);
        if ("put" in c) {
          const group = await this.#nameOf(c.group ?? collection);
          puts.set(key, await this.#seal(key, group, id, c.order ?? 0, c.value));
        } else deletes.add(key);
      }
    }
    await this.#backend.write([...puts.values()], [...deletes], groups, safely);
  }

  claim(): Promise<void> {
    return this.#backend.claim();
  }

  close(): void {
    this.#backend.close();
  }

  destroy(): Promise<void> {
    return this.#backend.destroy();
  }

  async #seal(key: string, group: string, id: string, order: number, value: unknown): Promise<Row> {
    const iv = random(12);
    const plain = encode(id, value);
    const sealed = await crypto.subtle.encrypt(
      { name: "AES-GCM", iv, additionalData: place(key, group, order) },
      this.#keys.seal,
      plain,
    );
    return { key, group, order, data: concat(iv, new Uint8Array(sealed)) };
  }

  async #open<T>(row: Row): Promise<Entry<T>> {
    const plain = await crypto.subtle.decrypt(
      {
        name: "AES-GCM",
        iv: row.data.subarray(0, 12),
        additionalData: place(row.key, row.group, row.order),
      },
      this.#keys.seal,
      row.data.subarray(12),
    );
    return { order: row.order, ...decode<T>(new Uint8Array(plain)) };
  }

  async #nameOf(collection: string, id?: string): Promise<string> {
    const name = id === undefined ? `c ${collection}` : `r ${collection.length} ${collection}${id}`;
    const known = this.#names.get(name);
    if (known) return known;
    const mac = await crypto.subtle.sign("HMAC", this.#keys.name, utf8(name));
    const made = toName(new Uint8Array(mac, 0, 18));
    if (this.#names.size > 2000) this.#names.clear();
    this.#names.set(name, made);
    return made;
  }
}

/** A record as it was kept. */
export interface Entry<T> {
  id: string;
  order: number;
  value: T;
}

/**
 * put: [collection, id] and what is kept there, to be listed in `group` (by default: the collection) by
 * `order`. del: no longer. drop: all that a group lists; it comes after the puts of the same write.
 */
export type Change =
  | { put: [string, string]; value: unknown; order?: number; group?: string }
  | { del: [string, string] }
  | { drop: string };

async function makeKeys(): Promise<VaultKeys> {
  return {
    seal: await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]),
    name: await crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-256", length: 256 }, false, ["sign"]),
  };
}

function place(key: string, group: string, order: number): Bytes {
  return utf8(`${key} ${group} ${order}`);
}

/**
 * A record's plaintext: a byte that says how the value is written (0 JSON, 1 bytes as they are), the length of
 * the id, the id, the value. Bytes inside JSON stand as {"$b": base64}.
 */
function encode(id: string, value: unknown): Bytes {
  const name = utf8(id);
  const raw = value instanceof Uint8Array;
  const body = raw ? value : utf8(JSON.stringify(value, bytesToText));
  return concat(new Uint8Array([raw ? 1 : 0, name.length >> 8, name.length & 255]), name, body);
}

function decode<T>(plain: Bytes): { id: string; value: T } {
  const end = 3 + (plain[1]! << 8) + plain[2]!;
  const body = plain.subarray(end);
  const value = plain[0] === 1 ? body.slice() : JSON.parse(text(body), textToBytes);
  return { id: text(plain.subarray(3, end)), value: value as T };
}

function bytesToText(_: string, v: unknown): unknown {
  return v instanceof Uint8Array ? { $b: toBase64(v) } : v;
}

function textToBytes(_: string, v: unknown): unknown {
  const held = (v as { $b?: unknown } | null)?.$b;
  return typeof held === "string" ? fromBase64(held) : v;
}
