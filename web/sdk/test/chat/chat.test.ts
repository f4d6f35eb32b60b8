import { expect, test } from "vitest";
import { concat, fromBase64, random, toBase64, toHex } from "../../src/chat/bytes.ts";
import { commitmentOf } from "../../src/chat/franking.ts";
import type { ChatSend } from "../../src/proto_gen.ts";
import { lines, pair, programs, reads, say, start, status, supplied } from "./helpers.ts";
import { Service } from "./service.ts";
import { fastClock, Program, until } from "./session.ts";

test("two write to one another; delivered and opened are told", async () => {
  const { mia, leo, id } = await pair();
  const m = await say(mia, id, "hello Leo");
  expect(m).toMatchObject({ status: "waiting", mine: true, senderID: "mia" });
  await reads(leo, id, "hello Leo");
  await status(mia, m.id, "delivered");
  expect(leo.chat.conversation(id)).toMatchObject({ unread: 1, kind: "direct", shut: undefined });
  await leo.chat.markOpened(id);
  expect(leo.chat.conversation(id)!.unread).toBe(0);
  await status(mia, m.id, "opened");
  expect((await mia.chat.message(m.id))!.openedBy).toEqual(["leo"]);
  leo.chat.setReceipts(false);
  const second = await say(mia, id, "secretly");
  await reads(leo, id, "secretly");
  await leo.chat.markOpened(id);
  await say(leo, id, "an answer");
  await reads(mia, id, "an answer");
  expect((await mia.chat.message(second.id))!.status).toBe("delivered");
  expect([mia.errors, leo.errors]).toEqual([[], []]);
});

test("the two who start a conversation at once have one", async () => {
  const service = new Service();
  const [mia, leo] = (await start(service, "mia", "leo")) as [Program, Program];
  const [a, b] = await Promise.all([mia.chat.startDirect("leo"), leo.chat.startDirect("mia")]);
  expect(a.id).toBe(b.id);
  expect(service.rooms.size).toBe(1);
  await say(mia, a.id, "one");
  await say(leo, a.id, "two");
  await reads(leo, a.id, "one");
  await reads(mia, a.id, "two");
});

test("what is said without a connection goes out later, in order, once", async () => {
  const { mia, leo, id } = await pair();
  mia.session.drop();
  for (const t of ["a", "b", "c"]) await say(mia, id, t);
  expect((await mia.chat.messages(id)).map((m) => m.status)).toEqual(["waiting", "waiting", "waiting"]);
  // The program ends before there is a connection again, and starts without one.
  await mia.chat.close();
  await mia.start({ online: false });
  expect(await mia.texts(id)).toEqual(["a", "b", "c"]);
  mia.session.online();
  await reads(leo, id, "c");
  expect(await leo.texts(id)).toEqual(["a", "b", "c"]);
});

test("a new device comes in by itself, and its person's friends are told of it", async () => {
  const { service, mia, leo, id } = await pair();
  await leo.chat.setVerified("mia", true);
  await until("verified", () => leo.chat.conversation(id)!.people[0]!.verified === "yes");
  const before = await leo.chat.safety("mia");
  const told: string[] = [];
  leo.chat.on("keys", (e) => told.push(`${e.userID} ${e.wasVerified}`));
  const [tablet] = (await start(service, "mia")) as [Program];
  await until("the tablet is in", () => tablet.chat.conversation(id)?.ready);
  await say(leo, id, "to both");
  await reads(tablet, id, "to both");
  await reads(mia, id, "to both");
  const own = await say(mia, id, "from the phone");
  await reads(tablet, id, "from the phone");
  expect((await tablet.chat.message(own.id))!.mine).toBe(true);
  await until("Leo is told", () => told.length > 0);
  expect(told).toEqual(["mia true"]);
  expect(await lines(leo, id)).toEqual([{ what: "keys_changed", userID: "mia", added: 1, removed: 0 }]);
  await until("the mark", () => leo.chat.conversation(id)!.people[0]!.verified === "changed");
  const after = await leo.chat.safety("mia");
  expect(after.digits).not.toEqual(before.digits);
  expect((await mia.chat.safety("leo")).digits).toEqual(after.digits);
  expect((await tablet.chat.safety("leo")).pictures).toEqual(after.pictures);
  // What is read on one device of a person's is read on the other.
  await say(leo, id, "news");
  await reads(mia, id, "news");
  await reads(tablet, id, "news");
  await mia.chat.markOpened(id);
  await until("read on the tablet, too", () => tablet.chat.conversation(id)!.unread === 0);
});

test("a group: people come and go, what it is called is known to who comes later", async () => {
  const service = new Service();
  const [mia, leo, ana, ben] = (await start(service, "mia", "leo", "ana", "ben")) as [
    Program,
    Program,
    Program,
    Program,
  ];
  const { id } = await mia.chat.startGroup(["leo", "ana"], "The three");
  await until("the name is there", () => leo.chat.conversation(id)?.title === "The three");
  await leo.chat.addPeople(id, ["ben"]);
  await until("Ben knows the name", () => ben.chat.conversation(id)?.title === "The three");
  await say(ben, id, "hi all");
  for (const p of [mia, leo, ana]) await reads(p, id, "hi all");
  expect(await lines(mia, id)).toEqual([{ what: "joined", userIDs: ["ben"] }]);
  await mia.chat.removePerson(id, "ana");
  await until("Ana is out", () => ana.chat.conversation(id)?.out);
  await ben.chat.leave(id);
  await say(mia, id, "without them");
  await reads(leo, id, "without them");
  for (const p of [ana, ben]) {
    expect(await p.texts(id)).not.toContain("without them");
    await expect(say(p, id, "let me in")).rejects.toMatchObject({ code: "not_found" });
    expect(await p.chat.mlsState(id)).toBeNull();
  }
  expect((await leo.chat.mlsState(id))!.devices).toHaveLength(2);
});

test("a report reveals one message, and its commitment is the one that the server saw", async () => {
  const { service, mia, leo, id } = await pair();
  let commitment = "";
  service.before = (what, data) => {
    if (what === "chat.send") commitment = (data as ChatSend).commitment;
  };
  const m = await say(mia, id, "something bad");
  await reads(leo, id, "something bad");
  const e = await leo.chat.report(m.id);
  expect(e).toMatchObject({ conversation_id: id, sender_id: "mia" });
  expect(toBase64(await commitmentOf(fromBase64(e.opening), fromBase64(e.content)))).toBe(commitment);
  expect(new TextDecoder().decode(fromBase64(e.content))).toContain("something bad");
  await expect(mia.chat.report(m.id)).rejects.toMatchObject({ code: "not_found" });
});

test("a file goes along, is fetched by every device, and is then gone from the server", async () => {
  const { service, mia, leo, id } = await pair();
  const file = concat(...Array.from({ length: 5 }, () => random(60_000)));
  const thumb = random(500);
  let broken = 2;
  service.before = (what) => {
    if (what.startsWith("PUT") && broken-- === 0) throw new Error("the connection broke");
  };
  const progress: number[] = [];
  mia.chat.on("progress", (p) => progress.push(p.done));
  const media = { data: file, type: "image/webp", width: 3, height: 4, thumb };
  const m = await mia.chat.send(id, { kind: "photo", media, caption: "us" });
  expect(m.content).toMatchObject({ kind: "photo", media: { state: "here", size: 300_000 } });
  const photo = await until("Leo has the photo's message", async () =>
    (await leo.chat.messages(id)).find((one) => one.content.kind === "photo" || mia.errors.length > 3),
  );
  expect(photo.content).toMatchObject({ media: { state: "there", width: 3 }, caption: "us" });
  expect(progress.at(-1)).toBeGreaterThan(300_000);
  const got = await Promise.all([leo.chat.media(photo.id), leo.chat.media(photo.id)]);
  expect(got[0]!.type).toBe("image/webp");
  expect(toHex(new Uint8Array(await got[1]!.arrayBuffer()))).toBe(toHex(file));
  expect(service.blobs.size).toBe(0);
  expect((await leo.chat.message(photo.id))!.content).toMatchObject({ media: { state: "here" } });
  expect((await (await leo.chat.media(photo.id)).arrayBuffer()).byteLength).toBe(300_000);
  expect((await (await mia.chat.media(m.id)).arrayBuffer()).byteLength).toBe(300_000);
  // Deleted, it takes its bytes along.
  const rows = leo.disk.rows.size;
  await leo.chat.remove(photo.id);
  expect(leo.disk.rows.size).toBeLessThan(rows - 3);
});

test("reactions, titles and timers do what they say; messages disappear on both sides", async () => {
  const { mia, leo, id } = await pair();
  const m = await say(mia, id, "funny");
  await reads(leo, id, "funny");
  await leo.chat.send(id, { kind: "reaction", to: m.id, emoji: "😂" });
  await until("Mia sees it", async () => (await mia.chat.message(m.id))!.reactions["leo"] === "😂");
  await leo.chat.send(id, { kind: "reaction", to: m.id, emoji: "" });
  await until("it is taken back", async () => !("leo" in (await mia.chat.message(m.id))!.reactions));
  expect((await leo.chat.messages(id)).length).toBe(1);

  await mia.chat.setTimer(id, 3600);
  await until("Leo has the timer", () => leo.chat.conversation(id)!.timer === 3600);
  const gone: string[] = [];
  for (const p of [mia, leo]) p.chat.on("removed", (e) => gone.push(...e.ids));
  const short = await say(mia, id, "for an hour");
  await reads(leo, id, "for an hour");
  expect((await leo.chat.message(short.id))!.disappearsAt).toBeUndefined();
  await leo.chat.markOpened(id);
  await until("its time runs", async () => (await leo.chat.message(short.id))!.disappearsAt);
  await until("the sender's time runs", async () => (await mia.chat.message(short.id))?.disappearsAt);
  for (const p of [mia, leo]) {
    p.clock.skip(3_700_000);
    // Looking is what time brings; here the clock has jumped.
    await p.chat.close();
    await p.start();
  }
  for (const p of [mia, leo]) {
    await until("it is gone", async () => (await p.chat.message(short.id)) === undefined);
    expect((await p.texts(id)).includes("funny")).toBe(true);
  }
});

test("typing shows, ends by itself, and ends with the message", async () => {
  const { mia, leo, id } = await pair();
  const seen: boolean[] = [];
  leo.chat.on("signal", (e) => e.kind === "typing" && seen.push(e.on));
  mia.chat.typing(id, true);
  mia.chat.typing(id, true);
  await until("Leo sees it", () => leo.chat.conversation(id)!.typing.includes("mia"));
  await until("it ends by itself", () => leo.chat.conversation(id)!.typing.length === 0);
  mia.chat.typing(id, true);
  await until("again", () => seen.length === 3);
  await say(mia, id, "there");
  await until("it ends with the message", () => leo.chat.conversation(id)!.typing.length === 0);
  expect(seen.slice(0, 4)).toEqual([true, false, true, false]);
});

test("what the server refuses for good stands at the message, and can be tried again", async () => {
  const { service, mia, leo, id } = await pair();
  service.blocked.add("mia leo");
  const m = await say(mia, id, "may I?");
  await status(mia, m.id, "refused");
  expect((await mia.chat.message(m.id))!.problem).toMatchObject({ code: "not_approved" });
  service.blocked.clear();
  await mia.chat.retry(m.id);
  await reads(leo, id, "may I?");
  await status(mia, m.id, "delivered");
  expect((await mia.chat.message(m.id))!.problem).toBeUndefined();
});

test("somebody without a device: messages wait until there is one", async () => {
  const service = new Service();
  const [mia] = (await start(service, "mia")) as [Program];
  const { id } = await mia.chat.startDirect("leo");
  const m = await say(mia, id, "are you there?");
  await until("it says why", async () => (await mia.chat.message(m.id))!.problem?.code === "no_device");
  expect((await mia.chat.message(m.id))!.status).toBe("waiting");
  const [leo] = (await start(service, "leo")) as [Program];
  await reads(leo, id, "are you there?");
});

test("X-Wing, where everybody has it", async () => {
  const service = new Service();
  service.suites = [83, 1];
  const { mia, leo, id } = await pair(service);
  expect(service.rooms.get(id)!.suite).toBe(83);
  await say(mia, id, "safe for long");
  await reads(leo, id, "safe for long");
}, 30_000);

test("X-Wing also with somebody who has no device yet, and a weaker suite only for one who has nothing better", async () => {
  const service = new Service();
  service.suites = [83, 1];
  const [mia] = (await start(service, "mia")) as [Program];
  const later = await mia.chat.startDirect("leo");
  expect(service.rooms.get(later.id)!.suite).toBe(83);
  const [ana] = (await start(service, "ana")) as [Program];
  const device = service.devices.get(ana.chat.deviceID)!;
  device.packages.delete(83);
  device.last.delete(83);
  const old = await mia.chat.startDirect("ana");
  expect(service.rooms.get(old.id)!.suite).toBe(1);
}, 30_000);

test("what goes over the wire and lies on the disk tells nothing", async () => {
  const service = new Service();
  const passed: string[] = [];
  service.before = (_, data) => {
    passed.push(JSON.stringify(data) ?? "");
  };
  const { mia, leo, id } = await pair(service);
  await say(mia, id, "xylophone-canary");
  await reads(leo, id, "xylophone-canary");
  const all = passed.join("\n");
  for (const text of ["xylophone-canary", btoa("xylophone-canary").slice(0, 18)])
    expect(all).not.toContain(text);
  // A base64 text may begin at any of three places of the plaintext.
  expect(all.match(/phone-can/)).toBeNull();
  const lengths = passed.flatMap((p) =>
    p.includes('"commitment"') ? [(JSON.parse(p) as ChatSend).body.length] : [],
  );
  const again = passed.length;
  await say(mia, id, "x");
  await reads(leo, id, "x");
  const short = passed
    .slice(again)
    .flatMap((p) => (p.includes('"commitment"') ? [(JSON.parse(p) as ChatSend).body.length] : []));
  expect(short[0]).toBe(lengths[0]);
  for (const p of [mia, leo]) {
    for (const row of p.disk.rows.values()) {
      expect(new TextDecoder("latin1").decode(row.data)).not.toContain("xylophone");
    }
  }
});

test("a conversation's clock does not matter: a title said by a device with a wrong clock can be changed", async () => {
  const service = new Service();
  const [mia, leo, ana] = ["mia", "leo", "ana"].map((u) => new Program(service, u, fastClock())) as [
    Program,
    Program,
    Program,
  ];
  programs.push(mia, leo, ana);
  mia.clock.skip(400 * 86_400_000);
  for (const p of [mia, leo, ana]) {
    await p.start();
    await supplied(service, p);
  }
  const { id } = await mia.chat.startGroup(["leo", "ana"], "first");
  await until("named", () => leo.chat.conversation(id)?.title === "first");
  await leo.chat.rename(id, "second");
  for (const p of [mia, ana]) await until("renamed", () => p.chat.conversation(id)?.title === "second");
  await say(mia, id, "hello");
  await reads(leo, id, "hello");
  expect(leo.chat.conversation(id)!.title).toBe("second");
});
