import { expect, test } from "vitest";
import { fromBase64, random, toBase64 } from "../../src/chat/bytes.ts";
import type { ChatSend } from "../../src/proto_gen.ts";
import { lines, pair, reads, say, start, status } from "./helpers.ts";
import { Service } from "./service.ts";
import { type Program, until } from "./session.ts";

test("a lost device is taken out before anything else is said", async () => {
  const { service, mia, leo, id } = await pair();
  const [tablet] = (await start(service, "mia")) as [Program];
  await until("the tablet is in", () => tablet.chat.conversation(id)?.ready);
  const ended = new Promise((resolve) => tablet.chat.on("end", resolve));
  await mia.chat.forgetDevice(tablet.chat.deviceID);
  expect(await ended).toBe("device_removed");
  expect(tablet.disk.rows.size).toBe(0);
  await say(leo, id, "without the tablet");
  await reads(mia, id, "without the tablet");
  expect([...service.rooms.get(id)!.leaves.keys()].sort()).toEqual(
    [mia.chat.deviceID, leo.chat.deviceID].sort(),
  );
  expect((await leo.chat.mlsState(id))!.devices).toHaveLength(2);
});

test("after a long absence a device comes in again, and says that something was missed", async () => {
  const { service, mia, leo, id } = await pair();
  leo.session.drop();
  await start(service, "mia");
  await until("the second device is in", () => service.rooms.get(id)!.leaves.size === 3);
  await say(mia, id, "expired");
  await until("it is sent", () => service.devices.get(leo.chat.deviceID)!.queue.length >= 2);
  service.expire(leo.chat.deviceID);
  leo.session.online();
  await say(mia, id, "while coming back");
  const epoch = async () => (await leo.chat.mlsState(id))!.epoch;
  await until("Leo is in again", async () => (await epoch()) === service.rooms.get(id)!.epoch);
  await say(mia, id, "after");
  await reads(leo, id, "after");
  expect(await leo.texts(id)).not.toContain("expired");
});

test("who is cut off in the middle reads nothing that is said later", async () => {
  const service = new Service();
  const all = (await start(service, "mia", "leo", "ana", "ben")) as [Program, Program, Program, Program];
  const [mia, leo, ana, ben] = all;
  const { id } = await mia.chat.startGroup(["leo", "ana", "ben"], "");
  await until("all are in", () => all.every((p) => p.chat.conversation(id)?.ready));
  const bodies: string[] = [];
  service.before = (what, data) => {
    if (what === "chat.send") bodies.push((data as ChatSend).body);
  };
  service.takeOut(service.rooms.get(id)!, "ben");
  const sent = await Promise.all([mia, leo, ana].map((p) => say(p, id, `from ${p.user}`)));
  for (const m of sent) for (const p of [mia, leo, ana]) await reads(p, id, `from ${m.senderID}`);
  expect(await ben.texts(id)).toEqual([]);
  expect((await mia.chat.mlsState(id))!.devices).not.toContain(ben.chat.deviceID);
  expect(bodies.length).toBeGreaterThanOrEqual(3);
});

test("two commits at once: one wins, both are carried out, all are in one epoch", async () => {
  const service = new Service();
  const all = (await start(service, "mia", "leo", "ana", "ben", "cem")) as Program[];
  const [mia, leo, ana] = all as [Program, Program, Program];
  const { id } = await mia.chat.startGroup(["leo", "ana"], "");
  await until("all are in", () => [mia, leo, ana].every((p) => p.chat.conversation(id)?.ready));
  await Promise.all([mia.chat.addPeople(id, ["ben"]), leo.chat.addPeople(id, ["cem"])]);
  expect(service.epochsTaken).toBeGreaterThan(0);
  await until("all five are in", () => all.every((p) => p.chat.conversation(id)?.ready));
  const states = await Promise.all(all.map((p) => p.chat.mlsState(id)));
  expect(new Set(states.map((s) => `${s!.generation} ${s!.epoch} ${[...s!.devices].sort()}`)).size).toBe(1);
  for (const p of all) await say(p, id, `by ${p.user}`);
  for (const p of all) for (const q of all) await reads(p, id, `by ${q.user}`);
});

test("a commit that does something else than it says is refused, and the device comes in again", async () => {
  const { service, mia, leo, id } = await pair();
  service.tamper = (d, to) => {
    if (d.kind !== "commit" || to.user !== "leo" || d.sender_id !== "mia") return d;
    return { ...d, commit: { ...d.commit!, adds: [...(d.commit!.adds ?? []), "md_other"] } };
  };
  await start(service, "mia");
  await until("it was refused", () => leo.errors.some((e) => /a commit was refused/.test(e.message)));
  service.tamper = (d) => d;
  await until("Leo is in again", () => leo.chat.conversation(id)?.ready);
  await say(mia, id, "still here?");
  await reads(leo, id, "still here?");
});

test("where even coming in fails, the group is started anew", async () => {
  const { service, mia, leo, id } = await pair();
  const room = service.rooms.get(id)!;
  service.tamper = (d, to) =>
    d.kind === "commit" && to.user === "leo" ? { ...d, body: toBase64(random(200)) } : d;
  const [tablet] = (await start(service, "mia")) as [Program];
  await until("the tablet is in", () => room.epoch > 1);
  room.groupInfo = toBase64(random(300));
  service.tamper = (d) => d;
  await until("a new generation", () => room.generation === 2, 30_000);
  await until("all are in", () => [mia, leo, tablet].every((p) => p.chat.conversation(id)?.ready), 30_000);
  await say(leo, id, "a new start");
  for (const p of [mia, tablet]) await reads(p, id, "a new start");
}, 60_000);

test("what was changed on its way is refused, and what comes after it is read", async () => {
  const { service, mia, leo, id } = await pair();
  const [ana] = (await start(service, "ana")) as [Program];
  let n = 0;
  const spoil: ((d: {
    body?: string;
    commitment?: string;
    sender_id?: string;
    device_id?: string;
  }) => void)[] = [
    (d) => {
      const body = fromBase64(d.body!);
      body[body.length - 20]! ^= 1;
      d.body = toBase64(body);
    },
    (d) => (d.commitment = toBase64(random(32))),
    (d) => Object.assign(d, { sender_id: "ana", device_id: ana.chat.deviceID }),
    (d) => (d.body = toBase64(random(100))),
  ];
  service.tamper = (d, to) => {
    if (d.kind === "message" && to.user === "leo") spoil[n++]?.(d);
    return d;
  };
  for (const i of spoil.keys()) await say(mia, id, `spoilt ${i}`);
  await say(mia, id, "whole");
  await reads(leo, id, "whole");
  expect(await leo.texts(id)).toEqual(["whole"]);
  expect((await lines(leo, id)).map((l) => l.what)).toEqual(["refused", "refused", "refused", "refused"]);
});

test("what did not reach somebody in time is told", async () => {
  const { service, mia, leo, id } = await pair();
  leo.session.drop();
  const m = await say(mia, id, "too late");
  await status(mia, m.id, "sent");
  const seq = service.devices.get(leo.chat.deviceID)!.queue.at(-1)!.seq;
  service.expire(leo.chat.deviceID);
  service.notice(mia.chat.deviceID, id, "leo", [seq]);
  await status(mia, m.id, "expired");
});

test("a supply of key packages is kept up, a last resort is replaced once it was used", async () => {
  const service = new Service();
  const [leo] = (await start(service, "leo")) as [Program];
  const d = service.devices.get(leo.chat.deviceID)!;
  const first = d.last.get(1);
  d.packages.set(1, []);
  const [mia] = (await start(service, "mia")) as [Program];
  const { id } = await mia.chat.startDirect("leo");
  await until("Leo is in by the last resort", () => leo.chat.conversation(id)?.ready);
  await until(
    "it was replaced, and the supply filled up",
    () => d.last.get(1) !== first && d.packages.get(1)!.length === 4,
  );
});

test("another tab takes over: the first ends and says so", async () => {
  const { mia, id } = await pair();
  const first = mia.chat;
  const ended = new Promise((resolve) => first.on("end", resolve));
  await mia.start();
  await first.send(id, { kind: "text", text: "too late" }).catch((e) => first.fail(e));
  expect(await ended).toBe("other_tab");
  expect(await mia.texts(id)).toEqual([]);
});
