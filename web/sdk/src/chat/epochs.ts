import { codeOf, KinwireError } from "../errors.ts";
import type { Conversation } from "../proto_gen.ts";
import { backoff } from "../backoff.ts";
import type { Book } from "./book.ts";
import { fromBase64 } from "./bytes.ts";
import type { Commits } from "./commits.ts";
import { isPassing, Tx, type Core } from "./core.ts";
import type { Group, Groups } from "./groups.ts";
import { leaves, type Leaf } from "./leaves.ts";
import * as mls from "./mls.ts";
import type { Packages } from "./packages.ts";
import type { People } from "./people.ts";

export interface EpochParts {
  book: Book;
  groups: Groups;
  people: People;
  commits: Commits;
  packages: Packages;
}

/** How often a race is run again before the conversation is looked at afresh, after a pause. */
const RACES = 8;
/** How long what is on its way to this device may take, before it counts as lost. Milliseconds. */
const GRACE = 4_000;

/**
 * Brings this device's MLS state of each conversation to where the server's roster is, and keeps it there.
 *
 * The server's word on a conversation (epoch, leaves, remove) is compared with the state, and what follows is
 * in the table below; each step ends with another look, until nothing is left to do.
 *
 *     not a member any more                      keep what was said, forget the state
 *     a commit whose fate is open                ask about it
 *     no state, not in the tree, or the state
 *       is broken or behind and nothing comes    come in by an external commit
 *     that fails twice                           start the MLS group anew
 *     leaves to remove                           commit the removal (whoever is first)
 *
 * Devices that might do the same at once wait a random moment first; the server takes one commit an epoch, and
 * who loses looks again and mostly finds the work done.
 */
export class Epochs {
  readonly #core: Core;
  readonly #p: EpochParts;
  /** Conversations whose state cannot go on, however it got so. */
  #broken = new Set<string>();
  #running = new Map<string, Promise<void>>();
  #again = new Set<string>();
  #failures = new Map<string, number>();
  /** When something last came from the server for this device, and until when more is expected. */
  #heardAt = 0;
  closed = false;
  /** Whether deliveries are known to be on their way to this device, or not worked off yet. */
  expecting: () => boolean = () => false;
  /** Called when a conversation may be written in again. */
  onReady: (conversationID: string) => void = () => undefined;

  constructor(core: Core, parts: EpochParts) {
    this.#core = core;
    this.#p = parts;
  }

  /** Deliveries come in: what a state lacks may be among the next. */
  heard(): void {
    this.#heardAt = this.#core.clock.now();
  }

  /** The state of this conversation cannot go on. */
  broken(conversationID: string): void {
    this.#broken.add(conversationID);
    this.behind(conversationID);
  }

  /** The state of this conversation is not that in which others write. */
  behind(conversationID: string): void {
    this.#set(conversationID, false);
    this.look(conversationID);
  }

  /** A new state has come by a Welcome. */
  joined(conversationID: string): void {
    this.#broken.delete(conversationID);
    this.look(conversationID);
  }

  /** Looks at a conversation soon, without waiting for it. */
  look(conversationID: string, delay = 0): void {
    if (this.closed) return;
    if (this.#running.has(conversationID)) {
      this.#again.add(conversationID);
      return;
    }
    this.#core.timers.set(`look ${conversationID}`, delay, () => void this.settle(conversationID));
  }

  /** Looks at a conversation until nothing is left to do for it. Fails only by an event. */
  settle(conversationID: string): Promise<void> {
    const running = this.#running.get(conversationID);
    if (running) {
      this.#again.add(conversationID);
      return running;
    }
    this.#core.timers.clear(`look ${conversationID}`);
    const run = this.#settle(conversationID).finally(() => {
      this.#running.delete(conversationID);
      if (this.#again.delete(conversationID)) this.look(conversationID);
    });
    this.#running.set(conversationID, run);
    return run;
  }

  /** Looks until this device's state is the conversation's; throws where that does not come about. */
  async settled(conversationID: string): Promise<void> {
    for (let i = 0; i < RACES; i++) {
      await this.settle(conversationID);
      if (this.fit(conversationID)) return;
      await this.#pause(GRACE / 2);
    }
    throw new KinwireError("unavailable", "this device is not in the conversation yet: try again");
  }

  /** Whether this device's state was the conversation's when it was last looked at. */
  fit(conversationID: string): boolean {
    return this.#fit.has(conversationID);
  }
  #fit = new Set<string>();

  /** Asks for all conversations, and looks at those that need it. */
  async list(): Promise<void> {
    const { conversations } = await this.#core.pages.page("GET /v1/chat/conversations");
    const listed = new Set(conversations.map((c) => c.id));
    for (const c of conversations) {
      await this.#core.locks.run(c.id, async () => {
        const tx = new Tx();
        this.#p.book.apply(tx, c);
        await tx.commit(this.#core.vault);
      });
      const group = await this.#p.groups.get(c.id);
      const idle = !this.#unfit(c.id, c, group) && c.remove.length === 0;
      if (idle && sameDevices(leaves(group!.state), c.leaves)) this.#set(c.id, true);
      else this.look(c.id);
    }
    // What is not listed may be newer than the list: asking for it tells.
    for (const c of this.#p.book.all()) if (!listed.has(c.id) && !c.out) this.look(c.id);
  }

  #set(id: string, fit: boolean): void {
    if (this.#fit.has(id) === fit) return;
    if (fit) this.#fit.add(id);
    else this.#fit.delete(id);
    if (fit) this.onReady(id);
    else this.#p.book.touch(id);
  }

  async #settle(conversationID: string): Promise<void> {
    if (this.#core.wire.state !== "online" || this.closed) return;
    try {
      for (let i = 0; i < RACES; i++) {
        const wait = await this.#step(conversationID);
        if (wait === "done") {
          this.#failures.delete(conversationID);
          this.#set(conversationID, true);
          return this.onReady(conversationID);
        }
        if (wait === "later") return this.look(conversationID, GRACE / 2);
        if (wait === "stop") return;
      }
      this.#later(conversationID);
    } catch (e) {
      if (this.closed) return;
      if (!isPassing(e)) this.#core.fail(e);
      this.#later(conversationID);
    }
  }

  #later(conversationID: string): void {
    const failures = (this.#failures.get(conversationID) ?? 0) + 1;
    this.#failures.set(conversationID, failures);
    this.look(
      conversationID,
      backoff(failures, () => this.#core.clock.random(), {
        first: 500,
        factor: 2,
        max: 120_000,
      }),
    );
  }

  /**
   * One look and what follows from it. done: all is well. later: something may be on its way. stop: no more to
   * do now.
   */
  async #step(id: string): Promise<"again" | "done" | "later" | "stop"> {
    const pending = await this.#p.commits.pending(id);
    if (pending) {
      await this.#p.commits.ask(id, pending);
      return "again";
    }
    const c = await this.ask(id);
    if (!c) return "stop";
    const group = await this.#p.groups.get(id);
    if (this.#unfit(id, c, group)) {
      this.#set(id, false);
      if (c.shut && c.shut !== "alone") return "stop";
      if (this.#maybeOnItsWay(id, c)) return "later";
      await this.#comeIn(id, c);
      return "again";
    }
    if (!group || group.epoch > c.epoch || group.generation > c.generation) return "again";
    if (!sameDevices(leaves(group.state), [...c.leaves, ...c.remove])) {
      await this.#anew(id, c);
      return "again";
    }
    if (c.remove.length > 0) {
      await this.#pause(1_000);
      await this.#remove(id, c);
      return "again";
    }
    return "done";
  }

  /** Whether the state is none that this device could take part with. */
  #unfit(id: string, c: Conversation, group: Group | undefined): boolean {
    if (!group || this.#broken.has(id) || !c.leaves.includes(this.#core.me.deviceID)) return true;
    return group.generation < c.generation || (group.generation === c.generation && group.epoch < c.epoch);
  }

  /**
   * A device in the tree gets every commit and Welcome by its queue. To take another way earlier would be to
   * lose the messages that are queued in between: it waits until all that was announced is worked off, and
   * nothing has come for a while.
   */
  #maybeOnItsWay(id: string, c: Conversation): boolean {
    if (this.#broken.has(id) || !c.leaves.includes(this.#core.me.deviceID)) return false;
    const name = `${c.generation} ${c.epoch}`;
    const waiting = this.#waits.get(id);
    const now = this.#core.clock.now();
    if (this.expecting()) this.#heardAt = now;
    if (waiting?.name !== name) {
      this.#waits.set(id, { name, since: now });
      return true;
    }
    return now - Math.max(waiting.since, this.#heardAt) < GRACE;
  }
  #waits = new Map<string, { name: string; since: number }>();

  /** What the server says of a conversation; undefined when this person is in it no more. */
  async ask(id: string): Promise<Conversation | undefined> {
    let c: Conversation | undefined;
    try {
      c = await this.#core.pages.page("GET /v1/chat/conversations/{id}", { path: { id } });
    } catch (e) {
      if (codeOf(e) !== "not_found") throw e;
    }
    const mine = c?.members.some((m) => m.person.id === this.#core.me.userID);
    await this.#core.locks.run(id, async () => {
      const tx = new Tx();
      if (c && mine) this.#p.book.apply(tx, c);
      else {
        this.#p.book.leave(tx, id);
        this.#p.groups.drop(tx, id);
        tx.del("pending", id);
      }
      await tx.commit(this.#core.vault);
    });
    return mine ? c : undefined;
  }

  /** Comes in by an external commit; where that does not work, with a new group. */
  async #comeIn(id: string, c: Conversation): Promise<void> {
    const { me, device } = this.#core;
    await this.#pause(300);
    let made: Awaited<ReturnType<typeof mls.joinExternal>>;
    let info: { generation: number; epoch: number };
    try {
      const got = await this.#core.pages.page("GET /v1/chat/conversations/{id}/group-info", { path: { id } });
      info = got;
      made = await mls.joinExternal(fromBase64(got.group_info), me, device.keys);
      const at = mls.place(made.state);
      if (at.group !== `${id}:${got.generation}` || at.epoch !== got.epoch + 1) {
        throw new Error(`a group info of ${at.group}, epoch ${at.epoch - 1}`);
      }
      this.#p.people.check(new Tx(), leaves(made.state));
    } catch (e) {
      if (e instanceof KinwireError) throw e;
      const name = `${c.generation} ${c.epoch}`;
      if (this.#unjoinable.get(id) !== name) {
        this.#unjoinable.set(id, name);
        return;
      }
      await this.#anew(id, c);
      return;
    }
    const { won } = await this.#p.commits.offer(id, made, {
      generation: info.generation,
      ends: info.epoch,
      adds: [],
      removes: made.replaced ? [me.deviceID] : [],
      external: true,
    });
    if (won) this.#broken.delete(id);
  }
  #unjoinable = new Map<string, string>();

  /** Starts the MLS group anew, with all devices of all members that have key packages. */
  async #anew(id: string, c: Conversation): Promise<void> {
    await this.#pause(2_000);
    const { me, device } = this.#core;
    const people = c.members.map((m) => m.person.id);
    const taken = await this.#p.packages.take(people, [c.suite], new Set());
    const state = await mls.create(mls.groupID(id, c.generation + 1), c.suite, me, device.keys);
    const made = await mls.commit(
      state,
      taken.leaves.map((l) => l.package),
      [],
    );
    const { won } = await this.#p.commits.offerAnew(id, made, {
      generation: c.generation,
      epoch: c.epoch,
      adds: taken.leaves.map((l) => l.deviceID),
    });
    if (won) this.#broken.delete(id);
  }

  /** Commits the removal of the leaves that the server has taken out. */
  async #remove(id: string, c: Conversation): Promise<void> {
    const now = await this.ask(id);
    const group = await this.#p.groups.get(id);
    if (!now || !group || now.remove.length === 0 || now.epoch !== c.epoch) return;
    await this.change(id, [], now.remove);
  }

  /**
   * Offers one commit with these changes on top of the state; false if another was first. adds are key
   * packages as they were taken, removes device ids.
   */
  async change(
    id: string,
    adds: Awaited<ReturnType<Packages["take"]>>["leaves"],
    removes: string[],
  ): Promise<boolean> {
    const group = await this.#p.groups.get(id);
    if (!group) return false;
    const made = await this.#core.locks.run(id, () =>
      mls.commit(
        group.state,
        adds.map((l) => l.package),
        removes,
      ),
    );
    const { won } = await this.#p.commits.offer(id, made, {
      generation: group.generation,
      ends: group.epoch,
      adds: adds.map((l) => l.deviceID),
      removes,
      external: false,
    });
    return won;
  }

  /** A random moment, so that of several devices that see the same work one does it. */
  #pause(most: number): Promise<void> {
    const ms = this.#core.clock.random() * most;
    return new Promise((resolve) => this.#core.clock.setTimeout(resolve, ms));
  }
}

function sameDevices(tree: Leaf[], roster: string[]): boolean {
  const a = new Set(tree.map((l) => l.deviceID));
  return a.size === tree.length && a.size === new Set(roster).size && roster.every((id) => a.has(id));
}
