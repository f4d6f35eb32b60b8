import { KinwireError } from "../errors.ts";
import type { MessageEvidence } from "../proto_gen.ts";
import { Book, letterOf } from "./book.ts";
import { toBase64 } from "./bytes.ts";
import { Commits } from "./commits.ts";
import { isPassing, Tx, type Core } from "./core.ts";
import { refreshInfo } from "./device.ts";
import { Epochs } from "./epochs.ts";
import { Groups } from "./groups.ts";
import { Inbox } from "./inbox.ts";
import { LetterEffects } from "./letters.ts";
import { Link } from "./link.ts";
import { Files } from "./media.ts";
import { leaves } from "./leaves.ts";
import { Outbox } from "./outbox.ts";
import { Packages } from "./packages.ts";
import { People } from "./people.ts";
import { Receipts } from "./receipts.ts";
import type { ConversationRecord } from "./records.ts";
import { Rosters } from "./rosters.ts";
import { Signals } from "./signals.ts";
import type { ConversationView, MessageID, Safety } from "./types.ts";
import { Vanishing } from "./vanishing.ts";

const DAY = 86_400_000;

/** The parts of a Chat, put together. */
export class Engine {
  readonly #core: Core;
  readonly people: People;
  readonly book: Book;
  readonly groups: Groups;
  readonly vanishing: Vanishing;
  readonly packages: Packages;
  readonly commits: Commits;
  readonly epochs: Epochs;
  readonly signals: Signals;
  readonly receipts: Receipts;
  readonly files: Files;
  readonly outbox: Outbox;
  readonly inbox: Inbox;
  readonly rosters: Rosters;
  readonly link: Link;
  #last = new Map<string, ConversationView["last"]>();
  #marks = new Map<string, ConversationView["people"][number]["verified"]>();
  #stopped = false;
  onRemoved: () => void = () => undefined;

  constructor(core: Core) {
    this.#core = core;
    const people = (this.people = new People(core));
    const book = (this.book = new Book(core, people));
    const groups = (this.groups = new Groups(core));
    const vanishing = (this.vanishing = new Vanishing(core, book));
    const packages = (this.packages = new Packages(core, people));
    const commits = (this.commits = new Commits(core, book, groups, people));
    const epochs = (this.epochs = new Epochs(core, { book, groups, people, commits, packages }));
    const signals = (this.signals = new Signals(core, groups));
    this.receipts = new Receipts(core, book, signals, vanishing);
    const files = (this.files = new Files(core, book));
    const letters = new LetterEffects(book, vanishing);
    const outbox = (this.outbox = new Outbox(core, { book, groups, epochs, files, letters, vanishing }));
    const inbox = (this.inbox = new Inbox(core, {
      book,
      groups,
      people,
      commits,
      epochs,
      packages,
      letters,
    }));
    this.rosters = new Rosters(core, { book, groups, commits, packages, epochs, outbox });
    this.link = new Link(core, { inbox, outbox, signals });
    this.#wire();
  }

  #wire(): void {
    const quietly = (p: Promise<unknown>) => void p.catch((e) => this.#stopped || this.#core.fail(e));
    this.book.onChange = (ids) => quietly(this.#tellConversations(ids));
    this.epochs.expecting = () => this.inbox.expecting();
    this.epochs.onReady = (id) => {
      this.outbox.kick(id);
      this.book.touch(id);
    };
    this.signals.onTyping = (id, userID, on) => {
      this.#core.emit("signal", { conversationID: id, userID, kind: "typing", on });
      this.book.touch(id);
    };
    this.signals.onSignal = (id, userID, _, s) => {
      if (s.k === "here") this.#core.emit("signal", { conversationID: id, userID, kind: "here", on: true });
      quietly(this.receipts.heard(id, userID, s));
    };
    this.inbox.onArrived = (id, userID) => this.signals.arrived(id, userID);
    this.outbox.onLost = () => this.link.attach();
    this.link.onAttached = () => quietly(this.#caughtUp());
    this.link.onChanged = (id) => this.epochs.look(id);
    this.link.onDelivered = (e) => quietly(this.receipts.delivered(e.conversation_id, e.user_id, e.seq));
    this.link.onFriends = () => this.#core.timers.set("list", 500, () => quietly(this.epochs.list()));
    this.link.onRemoved = () => this.onRemoved();
  }

  async start(): Promise<void> {
    await Promise.all([this.people.load(), this.book.load(), this.inbox.load(), this.outbox.load()]);
    for (const c of this.book.all()) await this.#refreshLast(c.id);
    await this.#refreshMarks();
    await this.vanishing.sweep();
    this.link.start();
  }

  /** Attached to a new session: what may have been missed is asked for. */
  async #caughtUp(): Promise<void> {
    try {
      this.#core.info = await refreshInfo(this.#core.vault, this.#core.pages, this.#core.device);
      await this.packages.upkeep();
      await this.epochs.list();
      for (const id of await this.commits.open()) this.epochs.look(id);
      await this.receipts.greet();
      this.#core.timers.set("upkeep", DAY / 4, () => void this.#caughtUp());
    } catch (e) {
      if (this.#stopped) return;
      if (!isPassing(e)) this.#core.fail(e);
      this.#core.timers.set("upkeep", 10_000, () => void this.#caughtUp());
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.link.stop();
    this.inbox.closed = this.outbox.closed = this.epochs.closed = true;
    this.#core.timers.close();
    await Promise.all([this.inbox.idle(), this.outbox.idle()]);
    await this.#core.locks.idle();
  }

  async idle(): Promise<void> {
    await this.inbox.idle();
    await this.outbox.idle();
    await this.#core.locks.idle();
  }

  async mlsState(id: string): Promise<{ generation: number; epoch: number; devices: string[] } | null> {
    const group = await this.groups.get(id);
    if (!group) return null;
    const devices = leaves(group.state).map((l) => l.deviceID);
    return { generation: group.generation, epoch: group.epoch, devices };
  }

  views(): ConversationView[] {
    return this.book.all().map((c) => this.#view(c));
  }

  viewOf(id: string): ConversationView | undefined {
    const c = this.book.get(id);
    return c && this.#view(c);
  }

  #view(c: ConversationRecord): ConversationView {
    const others = c.members.filter((m) => m.person.id !== this.#core.me.userID);
    return {
      id: c.id,
      kind: c.kind,
      title: c.about.title,
      people: others.map((m) => ({
        person: m.person,
        reachable: m.devices.length > 0,
        verified: this.#marks.get(m.person.id) ?? "no",
      })),
      createdBy: c.createdBy,
      shut: c.shut === "" ? undefined : c.shut,
      out: c.out,
      ready: !c.out && this.epochs.fit(c.id),
      last: this.#last.get(c.id),
      lastAt: c.lastAt,
      unread: c.unread,
      timer: c.about.timer,
      typing: this.signals.typers(c.id),
    };
  }

  async #tellConversations(ids: string[]): Promise<void> {
    await this.#refreshMarks();
    for (const id of ids) {
      await this.#refreshLast(id);
      const view = this.viewOf(id);
      if (view) this.#core.emit("conversation", view);
    }
    this.#core.emit("conversations", this.views());
  }

  async #refreshLast(id: string): Promise<void> {
    const lastID = this.book.get(id)?.lastID;
    const m = lastID ? await this.book.message(lastID) : undefined;
    this.#last.set(id, m && this.book.view(m));
  }

  async #refreshMarks(): Promise<void> {
    for (const id of new Set(this.book.all().flatMap((c) => c.members.map((m) => m.person.id)))) {
      this.#marks.set(id, await this.people.verified(id));
    }
  }

  async remove(id: MessageID): Promise<void> {
    const known = await this.book.message(id);
    if (!known) return;
    await this.#core.locks.run(known.conversationID, async () => {
      const m = await this.book.message(id);
      if (!m) return;
      const tx = new Tx();
      this.outbox.forget(tx, id);
      await this.book.remove(tx, m.conversationID, [m]);
      await tx.commit(this.#core.vault);
    });
  }

  async media(id: MessageID): Promise<Blob> {
    const m = await this.book.message(id);
    const content = m && letterOf(m)?.content;
    const file = content && "media" in content ? content.media : undefined;
    const draft = m?.draft && "media" in m.draft ? m.draft.media : undefined;
    if (!m || (!file && !draft)) throw new KinwireError("not_found", "there is no such file");
    const bytes = await this.files.get(m, file);
    return new Blob([bytes], { type: (file ?? draft)!.type });
  }

  async safety(userID: string): Promise<Safety> {
    const shared = this.book.all().find((c) => !c.out && c.members.some((m) => m.person.id === userID));
    if (!shared) throw new KinwireError("not_found", "there is no conversation with this person");
    if (this.#core.wire.state === "online") await this.epochs.ask(shared.id);
    return this.people.safety(userID);
  }

  async setVerified(userID: string, on: boolean): Promise<void> {
    const tx = new Tx();
    await this.people.setVerified(tx, userID, on);
    await tx.commit(this.#core.vault);
    for (const c of this.book.all()) {
      if (c.members.some((m) => m.person.id === userID)) this.book.touch(c.id);
    }
  }

  async evidence(id: MessageID): Promise<MessageEvidence> {
    const m = await this.book.message(id);
    if (!m || m.mine || !m.raw || !m.opening || !m.tag) {
      throw new KinwireError(
        "not_found",
        "only a message of somebody else's that this device has can be reported",
      );
    }
    return {
      conversation_id: m.conversationID,
      seq: m.seq,
      sender_id: m.sender,
      at: m.at,
      content: toBase64(m.raw),
      opening: toBase64(m.opening),
      tag: toBase64(m.tag),
    };
  }
}
