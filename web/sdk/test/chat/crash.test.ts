import { decodeMlsMessage } from "ts-mls";
import { decryptSenderData } from "ts-mls/privateMessage.js";
import { expect, test } from "vitest";
import { fromBase64, toHex } from "../../src/chat/bytes.ts";
import { decodeState } from "../../src/chat/mls.ts";
import type { GroupRecord } from "../../src/chat/records.ts";
import { suiteOf } from "../../src/chat/suites.ts";
import { Vault } from "../../src/chat/vault.ts";
import type { ChatSend } from "../../src/proto_gen.ts";
import { Service } from "./service.ts";
import { fastClock, Program, until } from "./session.ts";

/** Which key of which sender a message was encrypted with, as whoever can read it sees. */
async function keyOf(reader: Program, id: string, body: string): Promise<string> {
  const vault = await Vault.open(reader.disk.backend());
  const kept = await vault.get<GroupRecord>("group", id);
  const state = await decodeState(kept!.state);
  const message = decodeMlsMessage(fromBase64(body), 0)![0];
  if (message.wireformat !== "mls_private_message") throw new Error("not a private message");
  expect(message.privateMessage.epoch).toBe(state.groupContext.epoch);
  const secret = state.keySchedule.senderDataSecret;
  const data = (await decryptSenderData(message.privateMessage, secret, await suiteOf(1)))!;
  return `leaf ${data.leafIndex}, generation ${data.generation}`;
}

/**
 * Mia's program crashes at its k-th write, before or after it reaches the disk, while she sends two messages
 * and gets one. Started again, everything that was kept is on both sides once, and no key has encrypted two
 * different messages. Returns whether there was a k-th write.
 */
async function crashAt(k: number, when: "beforeWrite" | "afterWrite"): Promise<boolean> {
  const service = new Service();
  const clock = fastClock();
  const mia = new Program(service, "mia", clock);
  const leo = new Program(service, "leo", clock);
  let left = Infinity;
  let crashed = false;
  const plug = {
    [when]: () => {
      if (left-- !== 0) return;
      crashed = true;
      mia.crash();
      throw new Error("the plug was pulled by the test");
    },
  };
  await leo.start();
  await until("key packages", () => service.devices.get(leo.chat.deviceID)!.last.has(1));
  await mia.start({ plug });
  await until("key packages", () => service.devices.get(mia.chat.deviceID)!.last.has(1));
  const { id } = await mia.chat.startDirect("leo");
  await until("Leo is in", () => leo.chat.conversation(id)?.ready);
  await Promise.all([mia.chat.idle(), leo.chat.idle()]);
  const bodies = new Set<string>();
  service.before = (what, data) => {
    if (what === "chat.send") bodies.add((data as ChatSend).body);
  };

  left = k;
  const kept: string[] = [];
  const send = (p: Program, text: string) =>
    p.chat.send(id, { kind: "text", text }).then(
      () => kept.push(text),
      () => undefined,
    );
  await send(mia, "one");
  await send(leo, "from Leo");
  await send(mia, "two");
  await until("it crashed, or all went well", async () => {
    return crashed || ((await mia.texts(id)).length === 3 && (await leo.texts(id)).length === 3);
  });
  if (crashed) await mia.start();
  left = Infinity;
  await until("all is there", async () => {
    const all = await mia.chat.messages(id);
    return kept.includes("from Leo") && all.length >= kept.length && all.every((m) => m.status !== "waiting");
  });
  await until(
    "Leo has what Mia has",
    async () => (await leo.texts(id)).length === (await mia.texts(id)).length,
  );
  const [mine, his] = [await mia.texts(id), await leo.texts(id)];
  expect([...his].sort()).toEqual([...mine].sort());
  expect(new Set(mine).size).toBe(mine.length);
  // What comes once more after the crash is passed over, and is not taken for a forgery.
  for (const p of [mia, leo]) {
    const lines = (await p.chat.messages(id)).filter((m) => m.content.kind === "system");
    expect(lines, `write ${k}, ${when}`).toEqual([]);
  }
  for (const text of kept) expect(mine, `kept at write ${k}, ${when}`).toContain(text);
  expect(mine.indexOf("two") === -1 || mine.indexOf("one") < mine.indexOf("two")).toBe(true);
  await until("all is acknowledged", () => [...service.devices.values()].every((d) => d.queue.length === 0));

  const keys = new Map<string, string>();
  for (const body of bodies) {
    const key = await keyOf(leo, id, body);
    expect(keys.has(key), `${key} was used twice (write ${k}, ${when})`).toBe(false);
    keys.set(key, toHex(fromBase64(body)));
  }
  await Promise.all([mia.chat.close(), leo.chat.close()]);
  return crashed;
}

for (const when of ["beforeWrite", "afterWrite"] as const) {
  test(`a crash ${when === "beforeWrite" ? "before" : "after"} any write loses and doubles nothing`, async () => {
    let k = 0;
    while (await crashAt(k, when)) k++;
    // Two messages out (kept, encrypted, settled) and one in make seven writes at least.
    expect(k).toBeGreaterThanOrEqual(7);
  }, 120_000);
}
