import { KinwireError } from "../errors.ts";
import type { Bytes } from "./bytes.ts";

/**
 * Where the vault's records lie. A backend sees names that are HMACs and contents that are ciphertext; it knows
 * how many records there are, their sizes, and their order within a collection.
 */
export interface Backend {
  /** The keys of the vault: made at the first time, and never readable. */
  keys(make: () => Promise<VaultKeys>): Promise<VaultKeys>;
  get(key: string): Promise<Row | undefined>;
  /** The rows of a group with an order below `before`, the highest first, at most `limit`. */
  list(group: string, before: number, limit: number): Promise<Row[]>;
  /**
   * All or nothing. Throws "other_tab" when another has claimed the vault since. safely: it, and all before it, is
   * on the disk when the promise resolves, and survives a loss of power.
   */
  write(puts: Row[], deletes: string[], groups: string[], safely: boolean): Promise<void>;
  /** From now on only this backend object may write. */
  claim(): Promise<void>;
  close(): void;
  /** Closes and deletes everything, keys first. */
  destroy(): Promise<void>;
}

export interface VaultKeys {
  /** AES-GCM, 256 bits, not extractable. */
  seal: CryptoKey;
  /** HMAC-SHA-256, not extractable. */
  name: CryptoKey;
}

export interface Row {
  key: string;
  group: string;
  order: number;
  data: Bytes;
}

const fenced = () =>
  new KinwireError("other_tab", "this device's messages are open in another tab of this browser");

/** Records in IndexedDB. The keys are CryptoKey objects: the browser keeps them, no script can read them. */
export class IndexedDBBackend implements Backend {
  readonly #db: IDBDatabase;
  readonly #name: string;
  readonly #fence = crypto.randomUUID();
  #claimed = false;

  private constructor(db: IDBDatabase, name: string) {
    this.#db = db;
    this.#name = name;
    // Another tab deletes this vault, or has a newer version of this program.
    db.onversionchange = () => db.close();
  }

  static async open(name: string): Promise<IndexedDBBackend> {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => {
      const db = request.result;
      db.createObjectStore("keys");
      db.createObjectStore("records", { keyPath: "key" }).createIndex("place", ["group", "order"]);
    };
    return new IndexedDBBackend(await settled(request), name);
  }

  async keys(make: () => Promise<VaultKeys>): Promise<VaultKeys> {
    const kept = await this.#readKeys();
    if (kept) return kept;
    const made = await make();
    const t = this.#db.transaction("keys", "readwrite", { durability: "strict" });
    const store = t.objectStore("keys");
    // Two tabs may come here at once: whichever is first makes the keys of both.
    const there = store.count("vault");
    there.onsuccess = () => {
      if (there.result === 0) store.put(made, "vault");
    };
    await done(t);
    return (await this.#readKeys())!;
  }

  #readKeys(): Promise<VaultKeys | undefined> {
    return settled(this.#db.transaction("keys").objectStore("keys").get("vault") as IDBRequest<VaultKeys>);
  }

  get(key: string): Promise<Row | undefined> {
    return settled(this.#db.transaction("records").objectStore("records").get(key) as IDBRequest<Row>);
  }

  async list(group: string, before: number, limit: number): Promise<Row[]> {
    const index = this.#db.transaction("records").objectStore("records").index("place");
    const range = IDBKeyRange.bound([group, -Infinity], [group, before], false, true);
    const rows: Row[] = [];
    return new Promise((resolve, reject) => {
      const request = index.openCursor(range, "prev");
      request.onerror = () => reject(request.error);
      request.onsuccess = () => {
        const cursor = request.result;
        if (!cursor || rows.length >= limit) return resolve(rows);
        rows.push(cursor.value as Row);
        cursor.continue();
      };
    });
  }

  async write(puts: Row[], deletes: string[], groups: string[], safely: boolean): Promise<void> {
    const durability = safely ? "strict" : "relaxed";
    const t = this.#db.transaction(["keys", "records"], "readwrite", { durability });
    const finished = done(t);
    const records = t.objectStore("records");
    let stolen = false;
    const change = () => {
      for (const row of puts) records.put(row);
      for (const key of deletes) records.delete(key);
      for (const group of groups) dropGroup(records, group);
    };
    const holder = t.objectStore("keys").get("fence");
    holder.onsuccess = () => {
      stolen = this.#claimed && holder.result !== this.#fence;
      if (stolen) t.abort();
      else change();
    };
    try {
      await finished;
    } catch (e) {
      throw stolen ? fenced() : e;
    }
  }

  async claim(): Promise<void> {
    const t = this.#db.transaction("keys", "readwrite", { durability: "strict" });
    t.objectStore("keys").put(this.#fence, "fence");
    await done(t);
    this.#claimed = true;
  }

  close(): void {
    this.#db.close();
  }

  async destroy(): Promise<void> {
    const t = this.#db.transaction(["keys", "records"], "readwrite", { durability: "strict" });
    t.objectStore("keys").clear();
    t.objectStore("records").clear();
    await done(t);
    this.#db.close();
    await settled(indexedDB.deleteDatabase(this.#name));
  }
}

function dropGroup(records: IDBObjectStore, group: string): void {
  const range = IDBKeyRange.bound([group, -Infinity], [group, Infinity]);
  const request = records.index("place").openCursor(range);
  request.onsuccess = () => {
    request.result?.delete();
    request.result?.continue();
  };
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function done(t: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    t.oncomplete = () => resolve();
    t.onabort = () => reject(t.error ?? new Error("the transaction was aborted"));
    t.onerror = () => reject(t.error);
  });
}

/**
 * Records in memory, for Node processes and tests: what is on it outlives the backends that are made of it, as
 * a disk outlives the processes that use it.
 */
export class MemoryDisk {
  readonly rows = new Map<string, Row>();
  keys: VaultKeys | undefined;
  fence: unknown;

  /** A backend on this disk. beforeWrite and afterWrite let a test pull the plug there, by throwing. */
  backend(plug: { beforeWrite?: () => void; afterWrite?: () => void } = {}): Backend {
    return new MemoryBackend(this, plug);
  }
}

class MemoryBackend implements Backend {
  readonly #disk: MemoryDisk;
  readonly #plug: { beforeWrite?: () => void; afterWrite?: () => void };
  #claimed = false;

  constructor(disk: MemoryDisk, plug: { beforeWrite?: () => void; afterWrite?: () => void }) {
    this.#disk = disk;
    this.#plug = plug;
  }

  async keys(make: () => Promise<VaultKeys>): Promise<VaultKeys> {
    const made = this.#disk.keys ?? (await make());
    return (this.#disk.keys ??= made);
  }

  async get(key: string): Promise<Row | undefined> {
    return this.#disk.rows.get(key);
  }

  async list(group: string, before: number, limit: number): Promise<Row[]> {
    return [...this.#disk.rows.values()]
      .filter((r) => r.group === group && r.order < before)
      .sort((a, b) => b.order - a.order)
      .slice(0, limit);
  }

  async write(puts: Row[], deletes: string[], groups: string[]): Promise<void> {
    if (this.#claimed && this.#disk.fence !== this) throw fenced();
    this.#plug.beforeWrite?.();
    for (const row of puts) this.#disk.rows.set(row.key, row);
    for (const key of deletes) this.#disk.rows.delete(key);
    const gone = new Set(groups);
    if (gone.size > 0) {
      for (const row of [...this.#disk.rows.values()])
        if (gone.has(row.group)) this.#disk.rows.delete(row.key);
    }
    this.#plug.afterWrite?.();
  }

  async claim(): Promise<void> {
    this.#disk.fence = this;
    this.#claimed = true;
  }

  close(): void {}

  async destroy(): Promise<void> {
    this.#disk.rows.clear();
    this.#disk.keys = undefined;
  }
}
