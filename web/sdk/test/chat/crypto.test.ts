import { expect, test } from "vitest";
import {
  chunksOf,
  download,
  sealChunk,
  sealingFor,
  upload,
  type BlobPages,
} from "../../src/chat/attachments.ts";
import { random, toHex, utf8, type Bytes } from "../../src/chat/bytes.ts";
import type { Attached } from "../../src/chat/content.ts";
import { commitmentOf, frank, unfrank } from "../../src/chat/franking.ts";
import { leaves, makeKeyPackage, readKeyPackage } from "../../src/chat/leaves.ts";
import * as mls from "../../src/chat/mls.ts";
import { fingerprint, safetyNumber } from "../../src/chat/safety.ts";
import { makeSignatureKeys, signingFor, usable } from "../../src/chat/suites.ts";

const CHUNK = 1024;

/** A blob store that can lose its connection after so many chunks. */
function blobs(): { pages: BlobPages; chunks: Map<number, Bytes>; puts: number[]; failAfter: number } {
  const chunks = new Map<number, Bytes>();
  const store = {
    chunks,
    puts: [] as number[],
    failAfter: Infinity,
    pages: undefined as unknown as BlobPages,
  };
  store.pages = {
    begin: async () => ({ id: "a", chunkBytes: CHUNK, have: [] }),
    have: async () => [...chunks.keys()],
    put: async (_, i, chunk) => {
      if (store.failAfter-- <= 0) throw new Error("the connection broke");
      store.puts.push(i);
      chunks.set(i, chunk);
    },
    get: async (_, i) => chunks.get(i)!.slice(),
  };
  return store;
}

const nothing = async () => undefined;
const fetchAll = (b: ReturnType<typeof blobs>, a: Attached) =>
  download(
    b.pages,
    a,
    nothing,
    async () => undefined,
    () => undefined,
  );

test("files of all lengths around a chunk come out as they went in", async () => {
  for (const n of [0, 1, CHUNK - 17, CHUNK - 16, CHUNK - 15, 3 * (CHUNK - 16), 5000]) {
    const file = random(n);
    const s = await sealingFor(file, CHUNK);
    const b = blobs();
    await upload(b.pages, s, "a", file, () => undefined);
    expect([...b.chunks.values()].reduce((sum, c) => sum + c.length, 0)).toBe(s.sealed);
    expect(b.chunks.size).toBe(chunksOf(s));
    expect(toHex(await fetchAll(b, { ...s, id: "a", type: "x/y" }))).toBe(toHex(file));
  }
});

test("an upload and a download go on where they stopped", async () => {
  const file = random(5000);
  const s = await sealingFor(file, CHUNK);
  const b = blobs();
  b.failAfter = 2;
  await expect(upload(b.pages, s, "a", file, () => undefined)).rejects.toThrow("broke");
  b.failAfter = Infinity;
  await upload(b.pages, s, "a", file, () => undefined);
  expect(b.puts).toEqual([0, 1, 2, 3, 4]);
  const kept = new Map<number, Bytes>();
  const asked: number[] = [];
  const pages = {
    ...b.pages,
    get: async (_: string, i: number) => {
      asked.push(i);
      if (asked.length === 3) throw new Error("the connection broke");
      return b.chunks.get(i)!.slice();
    },
  };
  const a = { ...s, id: "a", type: "x/y" };
  const go = () =>
    download(
      pages,
      a,
      async (i) => kept.get(i),
      async (i, c) => void kept.set(i, c),
      () => undefined,
    );
  await expect(go()).rejects.toThrow("broke");
  expect(toHex(await go())).toBe(toHex(file));
  expect(asked).toEqual([0, 1, 2, 2, 3, 4]);
});

test("a chunk that was changed, swapped, left out or repeated is refused", async () => {
  const file = random(5000);
  const s = await sealingFor(file, CHUNK);
  const a = { ...s, id: "a", type: "x/y" };
  const whole = blobs();
  await upload(whole.pages, s, "a", file, () => undefined);
  const spoil: ((c: Map<number, Bytes>) => void)[] = [
    (c) => (c.get(2)![5]! ^= 1),
    (c) => c.set(1, c.get(2)!.slice()),
    (c) => c.set(4, c.get(3)!.slice()),
    (c) => c.set(0, c.get(0)!.slice(0, -1)),
  ];
  for (const f of spoil) {
    const b = blobs();
    for (const [i, c] of whole.chunks) b.chunks.set(i, c.slice());
    f(b.chunks);
    await expect(fetchAll(b, a)).rejects.toMatchObject({ code: "gone" });
  }
  // A message that claims fewer chunks than there are, so that the file would end early.
  const shorter = { ...a, size: 4032, sealed: 4096 };
  await expect(fetchAll(whole, shorter)).rejects.toMatchObject({ code: "gone" });
  const other = { ...a, sha256: random(32) };
  await expect(fetchAll(whole, other)).rejects.toMatchObject({ code: "gone" });
  // The last chunk as one in the middle, by a sender who plays foul.
  const sealed = await sealChunk({ ...s, sealed: 2 * CHUNK }, file, 1);
  whole.chunks.set(1, sealed);
  await expect(fetchAll(whole, a)).rejects.toMatchObject({ code: "gone" });
});

test("a commitment opens for one content and one opening alone", async () => {
  const content = utf8("I did not say that");
  const f = await frank(content);
  expect(await unfrank(f.plaintext, f.commitment, f.commitment)).toEqual({ opening: f.opening, content });
  const forged = [
    [await frank(content), f.commitment],
    [await frank(utf8("I said that"), f.opening), f.commitment],
    [{ plaintext: f.plaintext.slice(0, -1) }, f.commitment],
    [{ plaintext: f.plaintext.slice(0, 31) }, f.commitment],
  ] as const;
  for (const [made, commitment] of forged) {
    await expect(unfrank(made.plaintext, commitment)).rejects.toThrow();
  }
  // Either of the two commitments, from MLS or from the server, may be the false one.
  await expect(unfrank(f.plaintext, f.commitment, random(32))).rejects.toThrow();
  await expect(unfrank(f.plaintext, random(32), f.commitment)).rejects.toThrow();
  await expect(unfrank(f.plaintext)).rejects.toThrow();
  // HMAC fills short keys with zeros: an opening of another length would not be binding.
  await expect(commitmentOf(f.opening.slice(0, 31), content)).rejects.toThrow("32 bytes");
});

test("the commitment is HMAC-SHA-256, as the server computes it", async () => {
  const opening = Uint8Array.from({ length: 32 }, (_, i) => i);
  expect(toHex(await commitmentOf(opening, utf8("kinwire")))).toBe(
    "68ad3a9c5751fb58ca3da05b22f2a788402abec80d8c14af38b0c5334fe94daa", // by Python's hmac
  );
});

test("safety numbers are the same on both sides, and others with any other key", async () => {
  const [a1, a2, b1] = [random(32), random(32), random(32)];
  const ana = await fingerprint("ana", [a1, a2]);
  const ben = await fingerprint("ben", [b1]);
  const shown = safetyNumber(ana, ben);
  expect(safetyNumber(ben, ana)).toEqual(shown);
  expect(toHex(await fingerprint("ana", [a2, a1]))).toBe(toHex(ana));
  expect(shown.digits.every((d) => /^\d{5}$/.test(d))).toBe(true);
  expect([shown.digits.length, shown.pictures.length]).toEqual([12, 12]);
  for (const other of [await fingerprint("ana", [a1]), await fingerprint("eve", [a1, a2])]) {
    expect(safetyNumber(other, ben)).not.toEqual(shown);
  }
});

for (const suite of [1, 2, 3, 83]) {
  test(`suite ${suite}: a group of three adds, writes, removes, and is joined from outside`, async () => {
    const keys = await makeSignatureKeys(signingFor([suite]));
    const device = async (userID: string) => {
      const me = { userID, deviceID: `md_${userID}` };
      const own = userID === "ana" ? keys : await makeSignatureKeys(signingFor([suite]));
      return { me, keys: own, kp: await makeKeyPackage(suite, me, own) };
    };
    const [ana, ben, cem] = [await device("ana"), await device("ben"), await device("cem")];
    const read = await Promise.all([ben, cem].map((d) => readKeyPackage(d.kp.message, suite)));
    expect(read[0]).toMatchObject(ben.me);
    const alone = await mls.create(mls.groupID("g_1", 1), suite, ana.me, ana.keys);
    const made = await mls.commit(
      alone,
      read.map((l) => l.package),
      [],
    );
    let a = made.state;
    expect(await mls.welcomeRefs(made.welcome!)).toContain(ben.kp.ref);
    let b = await mls.join(made.welcome!, ben.kp, ben.keys);
    const c = await mls.join(made.welcome!, cem.kp, cem.keys);
    expect(mls.place(c)).toEqual({ group: "g_1:1", epoch: 1, suite });

    const sent = await mls.encrypt(a, utf8("hello"), utf8("bound"));
    a = sent.state;
    const got = await mls.open(await mls.decodeState(await mls.encodeState(b)), sent.body);
    expect([toHex(got.plaintext), toHex(got.authenticated)]).toEqual([
      toHex(utf8("hello")),
      toHex(utf8("bound")),
    ]);
    expect(got.sender).toEqual(ana.me);
    b = got.state;
    await expect(mls.open(b, sent.body)).rejects.toThrow();
    const spoilt = sent.body.slice();
    spoilt[spoilt.length - 1]! ^= 1;
    await expect(mls.open(c, spoilt)).rejects.toThrow();

    const out = await mls.commit(a, [], ["md_ben"]);
    const done = await mls.processCommit(c, out.commit);
    expect(done.change).toEqual({ committer: ana.me, adds: [], removes: ["md_ben"], external: false });
    expect((await mls.processCommit(b, out.commit)).removed).toBe(true);

    const back = await mls.joinExternal(out.groupInfo, ben.me, ben.keys);
    const seen = await mls.processCommit(done.state, back.commit);
    expect(seen.change).toEqual({ committer: ben.me, adds: ["md_ben"], removes: [], external: true });
    expect(
      leaves(seen.state)
        .map((l) => l.deviceID)
        .sort(),
    ).toEqual(["md_ana", "md_ben", "md_cem"]);
    const again = await mls.joinExternal(back.groupInfo, ben.me, ben.keys);
    expect(again.replaced).toBe(true);
    const resynced = await mls.processCommit(seen.state, again.commit);
    expect(resynced.change).toEqual({
      committer: ben.me,
      adds: ["md_ben"],
      removes: ["md_ben"],
      external: true,
    });
    const label = (s: typeof a) => mls.exportSecret(s, "test", utf8("x"), 16).then(toHex);
    expect(await label(again.state)).toBe(await label(resynced.state));
    expect(await label(again.state)).not.toBe(await label(seen.state));
  }, 30_000);
}

test("which suites fit", () => {
  expect(signingFor([83, 1])).toBe("ed25519");
  expect(signingFor([9, 2, 1])).toBe("p256");
  expect(usable([83, 2, 1, 9], "ed25519")).toEqual([83, 1]);
  expect(() => signingFor([9])).toThrow("cipher suites");
});
