import "fake-indexeddb/auto";
import { expect, test } from "vitest";
import { IndexedDBBackend, MemoryDisk, type Backend, type Row } from "../../src/chat/backend.ts";
import { random, toHex, utf8 } from "../../src/chat/bytes.ts";
import { Vault } from "../../src/chat/vault.ts";

let made = 0;
const kinds: [string, () => Promise<{ backend: () => Promise<Backend>; rows: () => Promise<Row[]> }>][] = [
  [
    "IndexedDB",
    async () => {
      const name = `vault-${++made}`;
      const rows = async () => {
        const db = await new Promise<IDBDatabase>((resolve) => {
          const r = indexedDB.open(name, 1);
          r.onsuccess = () => resolve(r.result);
        });
        const all = await new Promise<Row[]>((resolve) => {
          const r = db.transaction("records").objectStore("records").getAll();
          r.onsuccess = () => resolve(r.result as Row[]);
        });
        db.close();
        return all;
      };
      return { backend: () => IndexedDBBackend.open(name), rows };
    },
  ],
  [
    "memory",
    async () => {
      const disk = new MemoryDisk();
      return { backend: async () => disk.backend(), rows: async () => [...disk.rows.values()] };
    },
  ],
];

for (const [name, storage] of kinds) {
  test(`${name}: what is kept is there after opening again, in order, and gone when deleted`, async () => {
    const s = await storage();
    const v = await Vault.open(await s.backend());
    await v.claim();
    const state = random(5000);
    await v.write(
      ...[3, 1, 2].map((n) => ({
        put: ["message", `m${n}`] as [string, string],
        value: { n, state },
        order: n,
        group: "messages g_1",
      })),
      { put: ["media", "m1 0"], value: state, group: "media m1" },
      { put: ["device", "pos"], value: 7 },
    );
    v.close();
    const w = await Vault.open(await s.backend());
    expect((await w.list<{ n: number }>("messages g_1")).map((e) => [e.id, e.value.n])).toEqual([
      ["m3", 3],
      ["m2", 2],
      ["m1", 1],
    ]);
    expect((await w.list("messages g_1", { before: 3, limit: 1 })).map((e) => e.id)).toEqual(["m2"]);
    expect(toHex((await w.get<{ state: Uint8Array }>("message", "m1"))!.state)).toBe(toHex(state));
    expect(toHex((await w.get<Uint8Array>("media", "m1 0"))!)).toBe(toHex(state));
    await w.write({ del: ["message", "m2"] }, { drop: "media m1" }, { put: ["device", "pos"], value: 8 });
    expect(await w.get("message", "m2")).toBeUndefined();
    expect(await w.get("media", "m1 0")).toBeUndefined();
    expect(await w.get("device", "pos")).toBe(8);
    await w.destroy();
  });

  test(`${name}: what lies there tells neither names nor contents, and does not open elsewhere`, async () => {
    const s = await storage();
    const v = await Vault.open(await s.backend());
    await v.write(
      {
        put: ["message", "u_secret/name"],
        value: { text: "the plaintext" },
        order: 1,
        group: "messages g_conv",
      },
      { put: ["device", "self"], value: { secret: "the plaintext" } },
    );
    const rows = await s.rows();
    const raw = rows.map((r) => `${r.key} ${r.group} ${Buffer.from(r.data).toString("latin1")}`).join("\n");
    for (const word of ["plaintext", "secret", "g_conv", "message", "device", "self"])
      expect(raw).not.toContain(word);
    // Under another name, at another place, or changed, a record does not open.
    const backend = await s.backend();
    const message = rows.find((r) => r.order === 1)!;
    const self = rows.find((r) => r.order === 0)!;
    await backend.write([{ ...message, key: self.key }], [], [], false);
    await expect(v.get("device", "self")).rejects.toThrow();
    await backend.write([{ ...message, order: 2 }], [], [], false);
    await expect(v.get("message", "u_secret/name")).rejects.toThrow();
    const data = message.data.slice();
    data[20]! ^= 1;
    await backend.write([{ ...message, data }], [], [], false);
    await expect(v.get("message", "u_secret/name")).rejects.toThrow();
    backend.close();
    v.close();
  });

  test(`${name}: who has been overtaken by another tab can write nothing, whole or in part`, async () => {
    const s = await storage();
    const first = await Vault.open(await s.backend());
    await first.claim();
    await first.write({ put: ["device", "pos"], value: 1 });
    const second = await Vault.open(await s.backend());
    await second.claim();
    const late = first.write({ put: ["device", "pos"], value: 2 }, { put: ["device", "n"], value: 2 });
    await expect(late).rejects.toMatchObject({ code: "other_tab" });
    expect(await second.get("device", "pos")).toBe(1);
    expect(await second.get("device", "n")).toBeUndefined();
    await second.write({ put: ["device", "pos"], value: 3 });
    first.close();
    second.close();
  });
}

test("the keys cannot be read out, and two tabs that start at once have the same", async () => {
  const [a, b] = await Promise.all([IndexedDBBackend.open("keys"), IndexedDBBackend.open("keys")]);
  const make = async () => ({
    seal: await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]),
    name: await crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-256", length: 256 }, false, ["sign"]),
  });
  const [ka, kb] = await Promise.all([a.keys(make), b.keys(make)]);
  const iv = random(12);
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, ka.seal, utf8("x"));
  expect(await crypto.subtle.decrypt({ name: "AES-GCM", iv }, kb.seal, sealed)).toBeDefined();
  for (const key of [ka.seal, ka.name]) {
    expect(key.extractable).toBe(false);
    await expect(crypto.subtle.exportKey("raw", key)).rejects.toThrow();
  }
  const v = await Vault.open(a);
  await v.write({ put: ["device", "pos"], value: 1 });
  b.close();
  await v.destroy();
  const names = await indexedDB.databases();
  expect(names.map((d) => d.name)).not.toContain("keys");
});
declare const Buffer: { from(b: Uint8Array): { toString(encoding: string): string } };
