import { expect, test } from "vitest";
import { KinwireError } from "../../src/errors.ts";
import { Program, Service, fastClock, until } from "./service.ts";

/** A small generator of random numbers with a seed (mulberry32), so that a run can be repeated. */
function seeded(seed: number): (n: number) => number {
  let a = seed;
  return (n) => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % n;
  };
}

const PEOPLE = ["ana", "ben", "cem"];
const GUESTS = ["dia", "eli"];

/**
 * Devices of three people (one of them with two) send, commit, lose connections and answers, crash before and
 * after writing to their vaults, while guests come and go. At the end all are in one epoch, and every message
 * is on every device that was there all the time: once.
 */
async function run(seed: number, steps: number): Promise<void> {
  const pick = seeded(seed);
  const service = new Service();
  const clock = fastClock(20);
  // Each in two hundred requests is lost, each in two hundred answers.
  let faults = false;
  const lose = () => {
    if (faults && pick(200) === 0) throw new KinwireError("offline", "lost by the test");
  };
  service.before = lose;
  service.after = lose;
  const programs = [...PEOPLE, "ana", ...GUESTS].map((user) => new Program(service, user, clock));
  const crashing = new Map<Program, "before" | "after">();
  const begin = async (p: Program) => {
    const pull = (when: "before" | "after") => () => {
      if (crashing.get(p) !== when) return;
      crashing.delete(p);
      p.crash();
      begun.set(p, begin(p));
      throw new Error("the plug was pulled by the test");
    };
    await p.start({ plug: { beforeWrite: pull("before"), afterWrite: pull("after") } }).catch((e) => {
      // It may have crashed while it was starting: then another was begun.
      if (!String(e).includes("plug") && !String(e).includes("another tab")) throw e;
    });
  };
  const begun = new Map<Program, Promise<void>>();
  for (const p of programs) await begin(p);
  const residents = programs.slice(0, 4);
  await until("key packages", () => programs.every((p) => service.devices.get(p.chat.deviceID)?.last.has(1)));
  const c = await residents[0]!.chat.startGroup(PEOPLE.slice(1), "all");
  await until("all are in", () => residents.every((p) => p.chat.conversation(c.id)?.ready));

  faults = true;
  let count = 0;
  const actions: (() => Promise<unknown> | void)[] = [
    ...Array.from({ length: 8 }, () => () => {
      const p = residents[pick(4)]!;
      return p.chat.send(c.id, { kind: "text", text: `m${count++}` });
    }),
    () => void crashing.set(residents[pick(4)]!, pick(2) === 0 ? "before" : "after"),
    () => {
      const p = residents[pick(4)]!;
      p.session.drop();
      setTimeout(() => p.session.state !== "online" && p.session.online(), pick(20));
    },
    () => void residents[0]!.chat.addPeople(c.id, [GUESTS[pick(2)]!]).catch(() => undefined),
    () => {
      const room = service.rooms.get(c.id)!;
      const guest = GUESTS[pick(2)]!;
      if (room.members.has(guest)) service.takeOut(room, guest);
    },
  ];
  const sent = new Set<string>();
  for (let i = 0; i < steps; i++) {
    const done = actions[pick(actions.length)]!();
    // What a crash took before it was kept was never said to be kept.
    if (done) await done.then((m) => m && sent.add((m as { id: string }).id)).catch(() => undefined);
    if (pick(3) === 0) await new Promise((resolve) => setTimeout(resolve, pick(15)));
    await Promise.all(begun.values());
  }
  faults = false;
  crashing.clear();
  await Promise.all(begun.values());
  for (const p of programs) if (p.session.state !== "online") p.session.online();

  // Calm is when two looks in a row find nothing on its way, and nothing new between them.
  let calmAt = -1;
  const calm = async () => {
    const room = service.rooms.get(c.id)!;
    const before = room.seq;
    if ([...room.leaves.values()].includes("out")) return false;
    for (const p of residents) {
      await p.chat.idle();
      if (!p.chat.conversation(c.id)?.ready) return false;
      const mine = await p.chat.messages(c.id, { limit: 10_000 });
      if (mine.some((m) => m.mine && m.status === "waiting")) return false;
      if (service.devices.get(p.chat.deviceID)!.queue.length > 0) return false;
    }
    const twice = calmAt === before && room.seq === before;
    calmAt = room.seq;
    return twice;
  };
  await until("all is calm", calm, 60_000).catch(async (e) => {
    const room = service.rooms.get(c.id)!;
    const each = await Promise.all(
      residents.map(async (p, i) => ({
        i,
        ready: p.chat.conversation(c.id)?.ready,
        online: p.chat.online,
        state: await p.chat.mlsState(c.id),
        queue: service.devices.get(p.chat.deviceID)?.queue.map((d) => `${d.pos} ${d.kind}`),
        waiting: (await p.chat.messages(c.id, { limit: 10_000 })).flatMap((m) =>
          m.status === "waiting" ? [m.problem?.code ?? "no problem"] : [],
        ),
        errors: p.errors.slice(-3).map(String),
      })),
    );
    const { generation, epoch, leaves } = room;
    throw new Error(
      `seed ${seed}: ${e}: ${JSON.stringify({ generation, epoch, leaves: [...leaves], each })}`,
    );
  });
  const seen = await Promise.all(
    residents.map(async (p) => {
      const all = await p.chat.messages(c.id, { limit: 10_000 });
      const texts = all.filter((m) => m.content.kind === "text");
      expect(texts.filter((m) => m.mine && m.status === "refused")).toEqual([]);
      return texts.map((m) => m.id);
    }),
  );
  const everything = [...new Set(seen.flat())].sort();
  const from = new Map<string, string>();
  for (const [i, p] of residents.entries()) {
    for (const m of await p.chat.messages(c.id, { limit: 10_000 })) {
      if (!seen.every((ids) => ids.includes(m.id)) && m.content.kind === "text") {
        from.set(m.id, `${from.get(m.id) ?? ""} ${i}:${m.content.text}:${m.status}:${m.order}`);
      }
    }
  }
  for (const [i, ids] of seen.entries()) {
    const lines = (await residents[i]!.chat.messages(c.id, { limit: 10_000 })).flatMap((m) =>
      m.content.kind === "system" ? [JSON.stringify(m.content.line)] : [],
    );
    const said = `seed ${seed}, device ${i}: ${lines}; ${residents[i]!.errors}; ${[...from.values()]}`;
    expect([...ids].sort(), said).toEqual(everything);
  }
  for (const id of sent) expect(everything, `seed ${seed}`).toContain(id);
  for (const p of programs) await p.chat.close();
}

const seeds = process.env["CHAT_SEEDS"]?.split(",").map(Number) ?? [1, 2, 3];
declare const process: { env: Record<string, string | undefined> };

for (const seed of seeds) {
  test(`whatever happens, everybody reads everything once (seed ${seed})`, () => run(seed, 60), 120_000);
}
