import { expect, test } from "vitest";
import { KinwireError } from "../../src/errors.ts";
import type { Message } from "../../src/chat/index.ts";
import { Service } from "./service.ts";
import { Program, fastClock, until } from "./session.ts";

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
class World {
  readonly service = new Service();
  readonly programs: Program[];
  /** The devices that are there all the time. */
  readonly residents: Program[];
  readonly seed: number;
  readonly #pick: (n: number) => number;
  #crashing = new Map<Program, "before" | "after">();
  #begun = new Map<Program, Promise<void>>();
  #faults = false;
  #count = 0;
  #id = "";
  #calmAt = -1;
  /** What was kept, by those who said it. */
  readonly sent = new Set<string>();

  constructor(seed: number) {
    this.seed = seed;
    this.#pick = seeded(seed);
    const clock = fastClock(20);
    // Each in two hundred requests is lost, each in two hundred answers.
    const lose = () => {
      if (this.#faults && this.#pick(200) === 0) throw new KinwireError("offline", "lost by the test");
    };
    this.service.before = lose;
    this.service.after = lose;
    this.programs = [...PEOPLE, "ana", ...GUESTS].map((user) => new Program(this.service, user, clock));
    this.residents = this.programs.slice(0, 4);
  }

  async #begin(p: Program): Promise<void> {
    const pull = (when: "before" | "after") => () => {
      if (this.#crashing.get(p) !== when) return;
      this.#crashing.delete(p);
      p.crash();
      this.#begun.set(p, this.#begin(p));
      throw new Error("the plug was pulled by the test");
    };
    await p.start({ plug: { beforeWrite: pull("before"), afterWrite: pull("after") } }).catch((e) => {
      // It may have crashed while it was starting: then another was begun.
      if (!String(e).includes("plug") && !String(e).includes("another tab")) throw e;
    });
  }

  async start(): Promise<void> {
    for (const p of this.programs) await this.#begin(p);
    const device = (p: Program) => this.service.devices.get(p.chat.deviceID);
    await until("key packages", () => this.programs.every((p) => device(p)?.last.has(1)));
    this.#id = (await this.residents[0]!.chat.startGroup(PEOPLE.slice(1), "all")).id;
    await until("all are in", () => this.residents.every((p) => p.chat.conversation(this.#id)?.ready));
  }

  #say = (): Promise<unknown> => {
    const text = `m${this.#count++}`;
    // What a crash took before it was kept was never said to be kept.
    return this.residents[this.#pick(4)]!.chat.send(this.#id, { kind: "text", text }).then(
      (m) => this.sent.add(m.id),
      () => undefined,
    );
  };

  readonly #actions: (() => unknown)[] = [
    ...Array.from({ length: 8 }, () => this.#say),
    () => void this.#crashing.set(this.residents[this.#pick(4)]!, this.#pick(2) === 0 ? "before" : "after"),
    () => {
      const p = this.residents[this.#pick(4)]!;
      p.session.drop();
      setTimeout(() => p.session.state !== "online" && p.session.online(), this.#pick(20));
    },
    () => {
      const guest = GUESTS[this.#pick(2)]!;
      void this.residents[0]!.chat.addPeople(this.#id, [guest]).catch(() => undefined);
    },
    () => {
      const room = this.service.rooms.get(this.#id)!;
      const guest = GUESTS[this.#pick(2)]!;
      if (room.members.has(guest)) this.service.takeOut(room, guest);
    },
  ];

  async live(steps: number): Promise<void> {
    this.#faults = true;
    for (let i = 0; i < steps; i++) {
      await this.#actions[this.#pick(this.#actions.length)]!();
      if (this.#pick(3) === 0) await new Promise((resolve) => setTimeout(resolve, this.#pick(15)));
      await Promise.all(this.#begun.values());
    }
    this.#faults = false;
    this.#crashing.clear();
    await Promise.all(this.#begun.values());
    for (const p of this.programs) if (p.session.state !== "online") p.session.online();
  }

  all(p: Program): Promise<Message[]> {
    return p.chat.messages(this.#id, { limit: 10_000 });
  }

  /** Calm is when two looks in a row find nothing on its way, and nothing new between them. */
  async calm(): Promise<boolean> {
    const room = this.service.rooms.get(this.#id)!;
    const before = room.seq;
    if ([...room.leaves.values()].includes("out")) return false;
    for (const p of this.residents) {
      await p.chat.idle();
      if (!p.chat.conversation(this.#id)?.ready) return false;
      if ((await this.all(p)).some((m) => m.mine && m.status === "waiting")) return false;
      if (this.service.devices.get(p.chat.deviceID)!.queue.length > 0) return false;
    }
    const twice = this.#calmAt === before && room.seq === before;
    this.#calmAt = room.seq;
    return twice;
  }

  /** Where each device stands, for when something is wrong. */
  async stands(): Promise<string> {
    const { generation, epoch, leaves } = this.service.rooms.get(this.#id)!;
    const each = await Promise.all(
      this.residents.map(async (p) => ({
        ready: p.chat.conversation(this.#id)?.ready,
        online: p.chat.online,
        state: await p.chat.mlsState(this.#id),
        queue: this.service.devices.get(p.chat.deviceID)?.queue.map((d) => `${d.pos} ${d.kind}`),
        messages: (await this.all(p)).map((m) => [m.order, m.content, m.status, m.problem?.code]),
        errors: p.errors.slice(-3).map(String),
      })),
    );
    return `seed ${this.seed}: ${JSON.stringify({ generation, epoch, leaves: [...leaves], each })}`;
  }

  /** Which states there are: one, if all is well. */
  async states(): Promise<Set<string>> {
    const all = await Promise.all(this.residents.map((p) => p.chat.mlsState(this.#id)));
    return new Set(all.map((s) => `${s!.generation} ${s!.epoch} ${[...s!.devices].sort()}`));
  }
}

async function run(seed: number, steps: number): Promise<void> {
  const world = new World(seed);
  await world.start();
  await world.live(steps);
  await until("all is calm", () => world.calm(), 60_000).catch(async (e) => {
    throw new Error(`${e}: ${await world.stands()}`);
  });
  const wrong = await world.stands();
  expect(await world.states(), wrong).toHaveProperty("size", 1);
  const seen: string[][] = [];
  for (const p of world.residents) {
    const texts = (await world.all(p)).filter((m) => m.content.kind === "text");
    expect(
      texts.filter((m) => m.status === "refused"),
      wrong,
    ).toEqual([]);
    seen.push(texts.map((m) => m.id).sort());
  }
  const everything = [...new Set(seen.flat())].sort();
  for (const ids of seen) expect(ids, wrong).toEqual(everything);
  for (const id of world.sent) expect(everything, wrong).toContain(id);
  for (const p of world.programs) await p.chat.close();
}

const seeds = process.env["CHAT_SEEDS"]?.split(",").map(Number) ?? [1, 2, 3];
declare const process: { env: Record<string, string | undefined> };

for (const seed of seeds) {
  test(`whatever happens, everybody reads everything once (seed ${seed})`, () => run(seed, 60), 120_000);
}
