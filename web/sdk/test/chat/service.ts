import { fromBase64, randomBase32, toBase64 } from "../../src/chat/bytes.ts";
import type { Pages } from "../../src/chat/core.ts";
import { blobPages } from "./blobs.ts";
import { LIMITS, outside, refuse, type Device, type Room } from "./parts.ts";
import type { Session } from "./session.ts";
import type {
  ChatDelivery,
  ChatSend,
  ChatSent,
  Commit,
  Conversation,
  ConversationNew,
  KeyPackagesNew,
  KeyPackagesTake,
  Person,
} from "../../src/proto_gen.ts";

/**
 * A delivery service in memory that keeps to the protocol as the server does: what devices see of it is the
 * same.
 */
export class Service {
  readonly devices = new Map<string, Device>();
  readonly rooms = new Map<string, Room>();
  readonly blobs = new Map<string, { chunks: Map<number, Uint8Array>; size: number; grants: Set<string> }>();
  readonly blocked = new Set<string>();
  suites = [1];
  epochsTaken = 0;
  /** Lets a test look at, change, or lose what comes. Throwing loses the request; what is returned is taken. */
  before: (what: string, data: never) => void | Promise<void> = () => undefined;
  /** After something was carried out and before the answer: throwing loses the answer. */
  after: (what: string) => void | Promise<void> = () => undefined;
  /** What comes out of a queue, on its way to a device. */
  tamper: (d: ChatDelivery, to: Device) => ChatDelivery = (d) => d;
  #at = Date.now();

  person(id: string): Person {
    return { id, name: id, avatar: "", role: "child" } as unknown as Person;
  }

  pages(user: string): Pages & { me(): Promise<Person> } {
    return {
      me: async () => this.person(user),
      page: (async (key: string, o: { path?: Record<string, string>; body?: unknown } = {}) => {
        await this.before(key, o.body as never);
        const f = this.#pages[key] ?? refuse("not_found", key);
        const out = f(user, o.path ?? {}, structuredClone(o.body) as never);
        await this.after(key);
        return structuredClone(out);
      }) as Pages["page"],
    };
  }

  own(user: string, id: string): Device {
    const d = this.devices.get(id);
    return d && d.user === user ? d : refuse("not_found", `device ${id}`);
  }
  room(user: string, id: string): Room {
    const r = this.rooms.get(id);
    return r && r.members.has(user) ? r : refuse("not_found", `conversation ${id}`);
  }
  of(user: string): Device[] {
    return [...this.devices.values()].filter((d) => d.user === user);
  }
  correspond(people: Iterable<string>): void {
    const all = [...people];
    for (const a of all)
      for (const b of all) if (this.blocked.has(`${a} ${b}`)) refuse("not_approved", `${a} and ${b}`);
  }

  readonly #pages: Record<string, (user: string, path: Record<string, string>, body: never) => unknown> = {
    "GET /v1/chat": () => ({ ...LIMITS, suites: this.suites }),
    "GET /v1/chat/devices": (user) => ({
      devices: this.of(user).map((d) => ({
        id: d.id,
        name: d.name,
        signature_key: d.key,
        created_at: 1,
        seen_at: 2,
      })),
    }),
    "POST /v1/chat/devices": (user, _, body: { name: string; signature_key: string }) => {
      const id = `md_${randomBase32(26)}`;
      const secret = randomBase32(26);
      this.devices.set(id, {
        id,
        user,
        name: body.name,
        key: body.signature_key,
        secret,
        packages: new Map(),
        last: new Map(),
        queue: [],
        nextPos: 1,
        lastN: 0,
        sent: new Map(),
        session: undefined,
      });
      this.#changedFor(user);
      return { id, secret };
    },
    "DELETE /v1/chat/devices/{id}": (user, { id }) => {
      const d = this.own(user, id!);
      this.devices.delete(d.id);
      for (const r of this.rooms.values()) if (r.leaves.has(d.id)) r.leaves.set(d.id, "out");
      this.#changedFor(user);
      d.session?.event("chat.detached", {});
    },
    "GET /v1/chat/devices/{id}/keys": (user, { id }) => this.#left(this.own(user, id!)),
    "POST /v1/chat/devices/{id}/keys": (user, { id }, body: KeyPackagesNew) => {
      const d = this.own(user, id!);
      d.packages.set(body.suite, [...(d.packages.get(body.suite) ?? []), ...(body.packages ?? [])]);
      if (body.last_resort) d.last.set(body.suite, body.last_resort);
      return this.#left(d);
    },
    "POST /v1/chat/people/{id}/keys": (user, { id }, body: KeyPackagesTake) => {
      this.correspond([user, id!]);
      const packages = this.of(id!)
        .filter((d) => !body.devices || body.devices.includes(d.id))
        .flatMap((d) => {
          const single = d.packages.get(body.suite)?.shift();
          const one = single ?? d.last.get(body.suite);
          return one ? [{ device_id: d.id, package: one, last_resort: !single }] : [];
        });
      return { packages };
    },
    "GET /v1/chat/conversations": (user) => ({
      conversations: [...this.rooms.values()].filter((r) => r.members.has(user)).map((r) => this.view(r)),
    }),
    "POST /v1/chat/conversations": (user, _, body: ConversationNew) => this.#start(user, body),
    "GET /v1/chat/conversations/{id}": (user, { id }) => this.view(this.room(user, id!)),
    "DELETE /v1/chat/conversations/{id}": (user, { id }) => this.takeOut(this.room(user, id!), user),
    "POST /v1/chat/conversations/{id}/commits": (user, { id }, body: Commit) =>
      this.#commit(user, this.room(user, id!), body),
    "GET /v1/chat/conversations/{id}/group-info": (user, { id }) => {
      const r = this.room(user, id!);
      this.correspond(r.members);
      return { generation: r.generation, epoch: r.epoch, group_info: r.groupInfo };
    },
    ...blobPages(this),
  };

  #left(d: Device) {
    return {
      left: this.suites.map((suite) => ({
        suite,
        count: d.packages.get(suite)?.length ?? 0,
        last_resort_at: d.last.has(suite) ? 1 : 0,
      })),
    };
  }

  view(r: Room): Conversation {
    const leaves = [...r.leaves];
    return {
      id: r.id,
      kind: r.kind,
      suite: r.suite,
      generation: r.generation,
      epoch: r.epoch,
      seq: r.seq,
      created_by: r.createdBy,
      members: [...r.members].map((user) => ({
        person: this.person(user),
        devices: this.of(user).map((d) => ({ id: d.id, signature_key: d.key, created_at: 1 })),
        delivered: r.delivered.get(user) ?? 0,
      })),
      leaves: leaves.filter(([, s]) => s === "in").map(([id]) => id),
      remove: leaves.filter(([, s]) => s === "out").map(([id]) => id),
      ...(r.members.size < 2 && { shut: "alone" as const }),
    };
  }

  #start(user: string, body: ConversationNew): Conversation {
    const people = [user, ...body.people];
    this.correspond(people);
    const known = this.rooms.get(body.id);
    if (known) return this.view(known);
    if (body.kind === "direct") {
      for (const r of this.rooms.values()) {
        if (r.kind === "direct" && people.every((p) => r.members.has(p))) return this.view(r);
      }
    }
    const room: Room = {
      id: body.id,
      kind: body.kind,
      suite: body.suite,
      generation: 1,
      epoch: 0,
      seq: 0,
      groupInfo: "",
      committer: "",
      committedID: "",
      createdBy: user,
      members: new Set(people),
      leaves: new Map(),
      delivered: new Map(),
    };
    this.rooms.set(room.id, room);
    this.#win(user, room, body.first, 1, 1);
    return this.view(room);
  }

  #commit(user: string, r: Room, c: Commit) {
    this.own(user, c.device_id);
    if (r.committer === c.device_id && r.committedID === c.id) return this.#committed(r);
    this.correspond(r.members);
    if (r.generation !== c.generation || r.epoch !== c.epoch) {
      this.epochsTaken++;
      refuse("epoch_taken", `at ${r.generation} ${r.epoch}`);
    }
    const there = r.leaves.has(c.device_id);
    if (c.external && (c.removes?.length ?? 0) !== (there ? 1 : 0)) refuse("bad_message", "removes");
    if (!c.external && c.commit && r.leaves.get(c.device_id) !== "in")
      refuse("wrong_state", "not in the group");
    if (!c.external && c.commit) {
      for (const [id, s] of r.leaves)
        if (s === "out" && !c.removes?.includes(id)) refuse("commit_needed", id);
    }
    for (const id of c.adds ?? []) if (!this.devices.has(id)) refuse("not_found", id);
    if (c.commit) this.#win(user, r, c, r.generation, r.epoch + 1);
    else this.#win(user, r, c, r.generation + 1, 1);
    return this.#committed(r);
  }

  #committed = ({ generation, epoch, seq }: Room) => ({ generation, epoch, seq });

  #win(user: string, r: Room, c: Commit, generation: number, epoch: number): void {
    const anew = generation !== c.generation;
    const made = anew ? { generation, epoch: 0 } : { generation: c.generation, epoch: c.epoch };
    if (anew) r.leaves.clear();
    const cut = new Set((c.removes ?? []).map((id) => this.devices.get(id)?.user ?? ""));
    for (const id of c.removes ?? []) {
      r.leaves.delete(id);
      if (id !== c.device_id) this.#drop(r, id);
    }
    for (const p of cut) {
      const left = [...r.leaves.keys()].some((id) => this.devices.get(id)?.user === p);
      if (p === "" || p === user || left || this.of(p).length === 0) continue;
      r.members.delete(p);
      for (const d of this.of(p)) d.session?.event("chat.changed", { conversation_id: r.id });
    }
    r.leaves.set(c.device_id, "in");
    for (const id of c.adds ?? []) {
      r.leaves.set(id, "in");
      r.members.add(this.devices.get(id)!.user);
    }
    Object.assign(r, {
      generation,
      epoch,
      groupInfo: c.group_info,
      committer: c.device_id,
      committedID: c.id,
    });
    const change = { id: c.id, adds: c.adds ?? [], removes: c.removes ?? [], external: c.external };
    const common = {
      conversation_id: r.id,
      sender_id: user,
      device_id: c.device_id,
      at: this.#at,
      commit: change,
    };
    const old = [...r.leaves].filter(([id, s]) => s === "in" && !c.adds?.includes(id)).map(([id]) => id);
    this.#queue(old, {
      ...common,
      seq: ++r.seq,
      kind: "commit",
      ...made,
      ...(c.commit && !anew && { body: c.commit }),
    });
    if (c.adds?.length) {
      this.#queue(c.adds, { ...common, seq: ++r.seq, kind: "welcome", generation, epoch, body: c.welcome! });
    }
    this.changed(r);
  }

  changed(r: Room): void {
    for (const user of r.members)
      for (const d of this.of(user)) d.session?.event("chat.changed", { conversation_id: r.id });
  }
  #changedFor(user: string): void {
    for (const r of this.rooms.values()) if (r.members.has(user)) this.changed(r);
  }

  /** A person is out: nothing is delivered any more, leaves have to be removed. */
  takeOut(r: Room, user: string): void {
    r.members.delete(user);
    for (const d of this.of(user)) {
      if (r.leaves.has(d.id)) r.leaves.set(d.id, "out");
      this.#drop(r, d.id);
      d.session?.event("chat.changed", { conversation_id: r.id });
    }
    this.changed(r);
  }

  #drop(r: Room, id: string): void {
    const d = this.devices.get(id);
    if (d) d.queue = d.queue.filter((q) => q.conversation_id !== r.id);
  }

  /** What waits for a device is gone, as after 15 days. */
  expire(id: string): void {
    this.devices.get(id)!.queue = [];
  }

  #queue(ids: string[], m: Omit<ChatDelivery, "pos">): void {
    for (const id of ids) {
      const d = this.devices.get(id);
      if (!d) continue;
      const delivery = { ...m, pos: d.nextPos++ };
      d.queue.push(delivery);
      d.session?.deliver(delivery);
    }
  }

  attach(user: string, session: Session, data: { device_id: string; secret: string }) {
    const d = this.own(user, data.device_id);
    if (d.secret !== data.secret) refuse("not_found", "secret");
    if (d.session && d.session !== session) d.session.event("chat.detached", {});
    d.session = session;
    session.device = d;
    for (const q of d.queue) session.deliver(q);
    return { waiting: d.queue.length, last_n: d.lastN };
  }

  send(session: Session, s: ChatSend): ChatSent {
    const d = session.device ?? refuse("no_device", "chat.attach comes first");
    const before = d.sent.get(s.n);
    if (before) return before;
    const r = this.room(d.user, s.conversation_id);
    if (r.leaves.get(d.id) !== "in") refuse("not_allowed", "not in the group");
    this.correspond(r.members);
    if ([...r.leaves.values()].includes("out")) refuse("commit_needed", "remove first");
    const frame = outside(fromBase64(s.body));
    if (frame.group !== `${r.id}:${r.generation}` || frame.epoch !== r.epoch) {
      this.epochsTaken++;
      refuse("epoch_taken", `at ${r.generation} ${r.epoch}`);
    }
    const others = [...r.leaves.keys()].filter((id) => id !== d.id);
    if (!others.some((id) => this.devices.get(id)?.user !== d.user))
      refuse("no_device", "nobody else has a device in it");
    if (s.n !== d.lastN + 1) refuse("wrong_state", `n ${d.lastN + 1}`);
    d.lastN = s.n;
    const sent = { n: s.n, seq: ++r.seq, at: ++this.#at, tag: toBase64(new Uint8Array(8)) };
    d.sent.set(s.n, sent);
    for (const n of d.sent.keys()) if (n <= s.settled) d.sent.delete(n);
    for (const id of s.attachments ?? []) for (const o of others) this.blobs.get(id)!.grants.add(o);
    this.#queue(others, {
      conversation_id: r.id,
      seq: sent.seq,
      kind: "message",
      generation: r.generation,
      epoch: r.epoch,
      sender_id: d.user,
      device_id: d.id,
      at: sent.at,
      body: s.body,
      commitment: s.commitment,
      tag: sent.tag,
    });
    return sent;
  }

  ack(session: Session, pos: number): void {
    const d = session.device ?? refuse("no_device", "attach");
    const gone = d.queue.filter((q) => q.pos <= pos);
    d.queue = d.queue.filter((q) => q.pos > pos);
    for (const q of gone) {
      const r = this.rooms.get(q.conversation_id);
      if (!r || (r.delivered.get(d.user) ?? 0) >= q.seq) continue;
      r.delivered.set(d.user, q.seq);
      const e = { conversation_id: r.id, user_id: d.user, seq: q.seq };
      for (const user of r.members)
        if (user !== d.user) for (const o of this.of(user)) o.session?.event("chat.delivered", e);
    }
  }

  signal(session: Session, s: { conversation_id: string; body: string }): void {
    const d = session.device;
    const r = this.rooms.get(s.conversation_id);
    if (!d || r?.leaves.get(d.id) !== "in") return;
    for (const [id, state] of r.leaves) {
      if (id === d.id || state !== "in") continue;
      const e = { ...s, sender_id: d.user, device_id: d.id };
      this.devices.get(id)?.session?.event("chat.signalled", e);
    }
  }

  notice(id: string, room: string, user_id: string, seqs: number[]): void {
    this.#queue([id], {
      conversation_id: room,
      seq: ++this.rooms.get(room)!.seq,
      kind: "notice",
      generation: 1,
      epoch: 0,
      at: this.#at,
      notice: { reason: "expired", user_id, seqs },
    });
  }
}
