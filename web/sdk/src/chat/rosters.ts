import { KinwireError } from "../errors.ts";
import type { ConversationKind } from "../proto_gen.ts";
import type { Book } from "./book.ts";
import { randomBase32 } from "./bytes.ts";
import type { Commits } from "./commits.ts";
import { Tx, type Core } from "./core.ts";
import type { Epochs } from "./epochs.ts";
import type { Groups } from "./groups.ts";
import { leaves } from "./leaves.ts";
import * as mls from "./mls.ts";
import type { Outbox } from "./outbox.ts";
import type { Packages } from "./packages.ts";
import { usable } from "./suites.ts";

export interface RosterParts {
  book: Book;
  groups: Groups;
  commits: Commits;
  packages: Packages;
  epochs: Epochs;
  outbox: Outbox;
}

/** How often a change is offered again because somebody else's commit came first. */
const RACES = 8;

/** What a person does about who is in a conversation. */
export class Rosters {
  readonly #core: Core;
  readonly #p: RosterParts;

  constructor(core: Core, parts: RosterParts) {
    this.#core = core;
    this.#p = parts;
  }

  /** Starts a conversation, or finds the one that two have already. Returns its id. */
  async start(kind: ConversationKind, people: string[]): Promise<string> {
    return kind === "direct"
      ? this.#core.locks.run(`start ${people[0]}`, () => this.#startDirect(people[0]!))
      : this.#make(kind, people);
  }

  async #startDirect(userID: string): Promise<string> {
    const known = this.#direct(userID);
    if (known) return known;
    const id = await this.#make("direct", [userID]);
    return this.#p.book.get(id) ? id : (this.#direct(userID) ?? id);
  }

  #direct(userID: string): string | undefined {
    return this.#p.book
      .all()
      .find((c) => c.kind === "direct" && c.members.some((m) => m.person.id === userID))?.id;
  }

  async #make(kind: ConversationKind, people: string[]): Promise<string> {
    const { me, device, info } = this.#core;
    const suites = usable(info.suites, device.keys.signing);
    const taken = await this.#p.packages.take([...people, me.userID], suites, new Set());
    const id = `g_${randomBase32(26)}`;
    const state = await mls.create(mls.groupID(id, 1), taken.suite, me, device.keys);
    const made = await mls.commit(
      state,
      taken.leaves.map((l) => l.package),
      [],
    );
    const adds = taken.leaves.map((l) => l.deviceID);
    const fate = await this.#p.commits.offerNew(made, { id, kind, people, suite: taken.suite }, adds);
    if (fate.won) return id;
    await this.#p.epochs.list();
    return id;
  }

  /**
   * Brings people into a group, with all their devices that have key packages; others of theirs come in by
   * themselves.
   */
  async add(conversationID: string, people: string[]): Promise<void> {
    const c = this.#p.book.get(conversationID);
    if (!c || c.out) throw new KinwireError("not_found", "this person is not in the conversation");
    let taken = await this.#p.packages.take(people, [c.suite], new Set());
    const without = people.filter((p) => !taken.leaves.some((l) => l.userID === p));
    if (without.length > 0) {
      throw new KinwireError("no_device", "somebody has no device yet that could read messages");
    }
    for (let i = 0; i < RACES; i++) {
      await this.#ready(conversationID);
      const group = await this.#p.groups.get(conversationID);
      const there = new Set(group ? leaves(group.state).map((l) => l.deviceID) : []);
      taken = { ...taken, leaves: taken.leaves.filter((l) => !there.has(l.deviceID)) };
      if (taken.leaves.length === 0 || (await this.#p.epochs.change(conversationID, taken.leaves, []))) {
        await this.#p.epochs.settle(conversationID);
        const said = this.#p.book.get(conversationID)?.about;
        if (said?.titleAt || said?.timerAt) await this.#p.outbox.send(conversationID, { kind: "about" });
        return;
      }
    }
    throw new KinwireError("epoch_taken", "others change the conversation all the time: try again");
  }

  async remove(conversationID: string, userID: string): Promise<void> {
    for (let i = 0; i < RACES; i++) {
      await this.#ready(conversationID);
      const group = await this.#p.groups.get(conversationID);
      const theirs = group ? leaves(group.state).filter((l) => l.userID === userID) : [];
      if (theirs.length === 0) return;
      const ids = theirs.map((l) => l.deviceID);
      if (await this.#p.epochs.change(conversationID, [], ids)) return this.#p.epochs.settle(conversationID);
    }
    throw new KinwireError("epoch_taken", "others change the conversation all the time: try again");
  }

  /** Waits until this device's state is the conversation's. */
  async #ready(conversationID: string): Promise<void> {
    await this.#p.epochs.settled(conversationID);
  }

  async leave(conversationID: string): Promise<void> {
    await this.#core.pages.page("DELETE /v1/chat/conversations/{id}", { path: { id: conversationID } });
    await this.#core.locks.run(conversationID, async () => {
      const tx = new Tx();
      this.#p.book.leave(tx, conversationID);
      this.#p.groups.drop(tx, conversationID);
      tx.del("pending", conversationID);
      await tx.commit(this.#core.vault);
    });
  }
}
