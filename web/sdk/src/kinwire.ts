import { Call } from "./call.ts";
import { Emitter } from "./emitter.ts";
import { browserClock, socketURL } from "./environment.ts";
import { KinwireError } from "./errors.ts";
import type { MediaOptions } from "./media.ts";
import type { CallEntered, CallView, CallWarning, Person, Presence, Welcome } from "./proto_gen.ts";
import { Signaling, type Connection, type SignalingOptions } from "./signaling.ts";

/** Settings of a session. url defaults to this page's server. */
export interface KinwireOptions extends Omit<SignalingOptions, "url"> {
  url?: string;
  media?: MediaOptions;
}

export interface KinwireEvents {
  /** The connection to the server changed. */
  connection: Connection;
  /** The first welcome: me, people and calls are known. */
  ready: Person;
  /** Somebody came, went, or started or ended a call; or there are others now. */
  people: Presence[];
  /** A call rings for this person. With call.view.waiting it does so while another call goes on. */
  incoming: Call;
  /** A call will be ended soon by a parent's rule. */
  warning: { call: Call; warning: CallWarning };
  /** Friends, requests or blocks of this person changed: ask for them again. People are asked for already. */
  friends: void;
  /** For a parent: children, approvals, rules or consents changed: ask for them again. */
  family: void;
  /** A call of this person came to be or ended. */
  calls: Call[];
}

/**
 * A person's session with Kinwire: who is there, calling and being called.
 *
 *     const kinwire = new Kinwire({ token });
 *     kinwire.on("incoming", (call) => call.accept());
 *     kinwire.connect();
 */
export class Kinwire extends Emitter<KinwireEvents> {
  /** The wire itself, for what has no method here. */
  readonly signaling: Signaling;
  readonly #o: KinwireOptions;
  readonly #people = new Map<string, Presence>();
  readonly #calls = new Map<string, Call>();
  #me: Person | null = null;
  #asked = 0;
  #offNetwork: () => void = () => undefined;

  constructor(o: KinwireOptions) {
    super();
    this.#o = o;
    this.signaling = new Signaling({ ...o, url: o.url ?? socketURL() });
    this.#listen();
  }

  /** This person; null before the first welcome. */
  get me(): Person | null {
    return this.#me;
  }
  /** Those whom this person may call, in the order in which the server gives them. */
  get people(): Presence[] {
    return [...this.#people.values()];
  }
  /** Calls that ring or go on. */
  get calls(): Call[] {
    return [...this.#calls.values()];
  }

  connect(): void {
    this.#offNetwork = watchNetwork(
      () => this.signaling.wake(),
      () => {
        this.signaling.wake();
        for (const call of this.#calls.values()) call.networkChanged();
      },
    );
    this.signaling.connect();
  }

  /** Hangs up, if there is a call, and ends the session. What rings goes on ringing on other devices. */
  close(): void {
    this.#offNetwork();
    for (const call of this.calls) {
      if (call.entered) void call.hangup().catch(() => undefined);
      else call.abandon("elsewhere");
    }
    this.signaling.close();
  }

  /** Calls people by their user ids. If one of them is calling us already, that call is answered instead. */
  async call(to: string[], o: { video: boolean }): Promise<Call> {
    const entered: CallEntered = await this.signaling.request("call.invite", { to, video: o.video });
    const call = this.#callFor(entered.call);
    call.enter(entered);
    return call;
  }

  #listen(): void {
    const s = this.signaling;
    s.on("connection", (c) => {
      this.emit("connection", c);
      if (c.state === "offline") for (const call of this.calls) call.abandon("lost");
    });
    s.on("welcome", (w) => this.#welcomed(w));
    s.on("presence", (p) => {
      this.#people.set(p.person.id, p);
      this.emit("people", this.people);
    });
    s.on("friends.changed", () => {
      void this.#askPeople();
      this.emit("friends", undefined);
    });
    s.on("family.changed", () => this.emit("family", undefined));
    s.on("call.incoming", ({ call }) => this.#incoming(call));
    s.on("call.warning", (warning) => {
      const call = this.#calls.get(warning.call_id);
      if (!call) return;
      call.warn(warning);
      this.emit("warning", { call, warning });
    });
    s.on("call.state", ({ call }) => this.#calls.get(call.call_id)?.update(call));
    s.on("call.participant", (e) => this.#calls.get(e.call_id)?.updateParticipant(e.participant));
    s.on("media.slots", (slots) => this.#calls.get(slots.call_id)?.updateSlots(slots));
    s.on("media.quality", (q) => this.#calls.get(q.call_id)?.updateQuality(q));
  }

  #welcomed(w: Welcome): void {
    const first = !this.#me;
    this.#me = w.me;
    if (!w.resumed) {
      this.#setPeople(w.people ?? []);
      this.#takeCalls(w.calls ?? []);
    }
    if (first) this.emit("ready", w.me);
    this.emit("people", this.people);
  }

  #setPeople(people: Presence[]): void {
    this.#people.clear();
    for (const p of people) this.#people.set(p.person.id, p);
  }

  /** Asks who there is; of several answers the one to the last question counts. */
  async #askPeople(): Promise<void> {
    const asked = ++this.#asked;
    try {
      const { people } = await this.signaling.request("people.list", {});
      if (asked !== this.#asked) return;
      this.#setPeople(people ?? []);
      this.emit("people", this.people);
    } catch {
      // A session that ended meanwhile: the next welcome brings them.
    }
  }

  /** A new session: what it lists is true, and what it does not list is over. */
  #takeCalls(views: CallView[]): void {
    const listed = new Set(views.map((v) => v.call_id));
    for (const call of this.calls) if (!listed.has(call.id)) call.abandon("lost");
    for (const view of views) {
      const known = this.#calls.get(view.call_id);
      if (known) known.rejoin(view);
      else this.#incoming(view);
    }
  }

  #incoming(view: CallView): void {
    if (view.phase === "ended" || this.#calls.has(view.call_id)) return;
    const own = view.participants?.find((p) => p.id === view.you);
    if (own?.phase !== "invited" && own?.phase !== "ringing") return;
    this.emit("incoming", this.#callFor(view));
    // The caller is told that it rings here.
    this.signaling.notify("call.ringing", { call_id: view.call_id });
  }

  #callFor(view: CallView): Call {
    const known = this.#calls.get(view.call_id);
    if (known) return known;
    if (!this.#me) throw new KinwireError("offline", "not connected yet: wait for 'ready'");
    const clock = this.#o.clock ?? browserClock;
    const call = new Call(view, this.#me.id, this.signaling, clock, this.#o.media);
    this.#calls.set(call.id, call);
    call.on("ended", () => {
      this.#calls.delete(call.id);
      this.emit("calls", this.calls);
    });
    this.emit("calls", this.calls);
    return call;
  }
}

/** Calls shown when the page is shown again, and changed when the device may have another network. */
function watchNetwork(shown: () => void, changed: () => void): () => void {
  if (typeof window === "undefined") return () => undefined;
  const connection = (navigator as { connection?: EventTarget }).connection;
  const visible = () => document.visibilityState === "visible" && shown();
  // Only a change of the kind of network counts: browsers revise their estimate of its speed all the time.
  let kind = kindOfNetwork();
  const revised = () => {
    const now = kindOfNetwork();
    if (now !== kind) changed();
    kind = now;
  };
  window.addEventListener("online", changed);
  document.addEventListener("visibilitychange", visible);
  connection?.addEventListener("change", revised);
  return () => {
    window.removeEventListener("online", changed);
    document.removeEventListener("visibilitychange", visible);
    connection?.removeEventListener("change", revised);
  };
}

function kindOfNetwork(): string {
  return (navigator as { connection?: { type?: string } }).connection?.type ?? "";
}
