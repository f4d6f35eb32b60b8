import { backoff, DEFAULT_BACKOFF, type BackoffOptions } from "./backoff.ts";
import { Emitter } from "./emitter.ts";
import { browserClock, browserSocket, type Clock, type SocketLike } from "./environment.ts";
import { KinwireError } from "./errors.ts";
import { Inbox } from "./inbox.ts";
import { PROTOCOL_VERSION } from "./proto_gen.ts";
import type {
  Device,
  EventMap,
  Hello,
  NoticeMap,
  ProtoError,
  RequestMap,
  RequestType,
  Welcome,
} from "./proto_gen.ts";

/** online: said hello and was welcomed. reconnecting: will try again by itself. offline: closed for good. */
export type ConnectionState = "online" | "reconnecting" | "offline";

/** What the 'connection' event tells. */
export interface Connection {
  state: ConnectionState;
  /** While reconnecting: how many attempts have failed since the last time it was online. */
  attempt: number;
  /** While reconnecting: milliseconds until the next attempt. */
  retryInMS?: number;
  /** When offline: why. */
  error?: KinwireError;
}

/** The events of Signaling: those of the wire by their own names, and two of its own. */
export type SignalingEvents = EventMap & {
  /** The state of the connection changed. */
  connection: Connection;
  /** The server welcomed this client. resumed false: start from welcome.people and welcome.calls. */
  welcome: Welcome;
};

/** What Signaling needs. Durations are milliseconds. */
export interface SignalingOptions {
  url: string;
  token: string;
  device?: Device;
  clock?: Clock;
  openSocket?: (url: string) => SocketLike;
  backoff?: BackoffOptions;
  /** How often to ping. Default 5 s. */
  pingEvery?: number;
  /** A socket on which nothing arrived for so long is dead. Default 12 s. */
  deadAfter?: number;
  /** How long a new socket may take from opening to welcome. Default 10 s. */
  helloWithin?: number;
  /** Acknowledge at the latest after so long, or so many messages. Defaults 1 s, 16. */
  ackWithin?: number;
  ackEvery?: number;
}

/** Close codes of the server after which this session is nobody's to resume (signaling/proto, CloseCode). */
const FINAL_CLOSES: Record<number, KinwireError["code"]> = {
  4002: "closed", // another socket took the session over
  4004: "unauthenticated", // logged out
  4006: "closed", // a newer session of the same person took its place
};

const TIMERS = ["retry", "hello", "ping", "ack"] as const;
type TimerName = (typeof TIMERS)[number];

interface Pending {
  id: number;
  type: RequestType;
  data: unknown;
  resolve: (data: never) => void;
  reject: (e: Error) => void;
}

interface Incoming {
  seq?: number;
  re?: number;
  type?: string;
  data?: unknown;
  error?: ProtoError;
}

/** Hello was refused for a reason that another try would not change. */
const FINAL_CODES = new Set(["unauthenticated", "version_unsupported", "not_allowed", "bad_message"]);

/**
 * One session of Kinwire's WebSocket protocol over as many sockets as it takes.
 *
 * A dropped socket is replaced by itself. If the server still has the session, what was missed arrives
 * and what was asked is answered, once each; the caller of request() notices nothing but the delay. If
 * the session has ended, waiting requests fail with "resume_gone" and a 'welcome' says where things stand.
 */
export class Signaling extends Emitter<SignalingEvents> {
  readonly #o: Required<Omit<SignalingOptions, "device">> & { device: Device };
  readonly #inbox = new Inbox();
  #pending = new Map<number, Pending>();
  #socket: SocketLike | null = null;
  #nextID = 1;
  #helloID = 0;
  #resume = "";
  #hadSession = false;
  #state: ConnectionState = "reconnecting";
  #attempt = 0;
  #acked = 0;
  #heardAt = 0;
  #probing = false;
  #timers: Partial<Record<TimerName, unknown>> = {};

  constructor(o: SignalingOptions) {
    super();
    this.#o = {
      device: {},
      clock: browserClock,
      openSocket: browserSocket,
      backoff: DEFAULT_BACKOFF,
      pingEvery: 5_000,
      deadAfter: 12_000,
      helloWithin: 10_000,
      ackWithin: 1_000,
      ackEvery: 16,
      ...o,
    };
  }

  get state(): ConnectionState {
    return this.#state;
  }

  /** The last seq seen, for diagnosis. */
  get lastSeq(): number {
    return this.#inbox.last;
  }

  /** Opens the first socket. 'welcome' follows, or 'connection' with the reason why not. */
  connect(): void {
    if (this.#socket || this.#state === "offline") return;
    this.#open();
  }

  /** Sends a request and waits for its reply, across dropped sockets if need be. */
  request<T extends RequestType>(type: T, data: RequestMap[T]["data"]): Promise<RequestMap[T]["reply"]> {
    if (this.#state === "offline") {
      return Promise.reject(new KinwireError("closed", `${type}: the session is closed`));
    }
    return new Promise((resolve, reject) => {
      const p: Pending = { id: this.#nextID++, type, data, resolve, reject };
      this.#pending.set(p.id, p);
      if (this.#state === "online") this.#send({ id: p.id, type, data });
    });
  }

  /** Sends a request that gets no reply. It is dropped when there is no connection just then. */
  notify<T extends keyof NoticeMap>(type: T, data: NoticeMap[T]): void {
    if (this.#state === "online") this.#send(data === undefined ? { type } : { type, data });
  }

  /** Tries at once instead of waiting: the network is back, or the page is shown again. */
  wake(): void {
    if (this.#state === "reconnecting" && !this.#socket) {
      this.#clear("retry");
      this.#open();
    } else if (this.#state === "online") {
      this.#probe();
    }
  }

  /** Cuts the socket as a broken network would; the session is then resumed. For tests and support. */
  dropSocket(): void {
    this.#lost("dropped on purpose");
  }

  /** Ends it. Waiting requests fail with "closed". */
  close(): void {
    this.#finish(new KinwireError("closed", "closed by this program"));
  }

  #open(): void {
    this.#heardAt = this.#o.clock.now();
    let socket: SocketLike;
    try {
      socket = this.#o.openSocket(this.#o.url);
    } catch (e) {
      this.#finish(new KinwireError("offline", `cannot open ${this.#o.url}`, { cause: e }));
      return;
    }
    this.#socket = socket;
    socket.onopen = () => this.#hello();
    socket.onmessage = (e) => this.#receive(e.data);
    socket.onclose = (e) => {
      const why = `closed by the server (${e.code} ${e.reason})`;
      const final = FINAL_CLOSES[e.code];
      if (final) this.#finish(new KinwireError(final, why));
      else this.#lost(why);
    };
    this.#timer("hello", this.#o.helloWithin, () => this.#lost("no welcome in time"));
  }

  #hello(): void {
    this.#helloID = this.#nextID++;
    const data: Hello = { version: PROTOCOL_VERSION, token: this.#o.token, device: this.#o.device };
    if (this.#resume) Object.assign(data, { resume: this.#resume, last_seq: this.#inbox.last });
    this.#send({ id: this.#helloID, type: "hello", data });
  }

  #receive(text: unknown): void {
    this.#heardAt = this.#o.clock.now();
    this.#probing = false;
    let m: Incoming;
    try {
      m = JSON.parse(String(text)) as Incoming;
    } catch {
      this.#lost("a message that is not JSON");
      return;
    }
    if (m.re !== undefined && m.re === this.#helloID) {
      this.#welcomed(m);
      return;
    }
    if (m.seq) {
      const verdict = this.#inbox.take(m.seq);
      if (verdict === "gap") return this.#lost(`seq ${m.seq} after ${this.#inbox.last}`);
      this.#ackSoon();
      if (verdict === "repeated") return;
    }
    if (m.re !== undefined) this.#settle(m);
    else if (m.type && m.type !== "pong") this.emit(m.type as keyof EventMap, m.data as never);
  }

  #settle(m: Incoming): void {
    const p = this.#pending.get(m.re!);
    if (!p) return;
    this.#pending.delete(p.id);
    if (m.error) p.reject(KinwireError.from(m.error));
    else p.resolve((m.data ?? {}) as never);
  }

  #welcomed(m: Incoming): void {
    this.#helloID = 0;
    if (m.error) return this.#refused(KinwireError.from(m.error), m.seq);
    const welcome = m.data as Welcome;
    this.#resume = welcome.resume;
    let gone: Pending[] = [];
    if (!welcome.resumed) {
      gone = this.#startAfresh();
    }
    if (m.seq) {
      this.#inbox.takeEarly(m.seq);
      this.#ackSoon();
    }
    this.#clear("hello");
    this.#attempt = 0;
    for (const p of [...this.#pending.values()].sort((a, b) => a.id - b.id)) {
      this.#send({ id: p.id, type: p.type, data: p.data });
    }
    this.#setState({ state: "online", attempt: 0 });
    for (const p of gone) {
      p.reject(new KinwireError("resume_gone", `${p.type}: the session ended before the answer`));
    }
    this.emit("welcome", welcome);
    this.#pingLater();
  }

  /** A new session: nothing of the old one counts. Requests that never had a session go on. */
  #startAfresh(): Pending[] {
    const hadSession = this.#hadSession;
    this.#hadSession = true;
    this.#inbox.reset();
    this.#acked = 0;
    if (!hadSession) return [];
    const gone = [...this.#pending.values()];
    this.#pending.clear();
    return gone;
  }

  #refused(e: KinwireError, seq?: number): void {
    if (seq) this.#inbox.takeEarly(seq);
    if (e.code === "resume_gone" && this.#resume) {
      this.#resume = "";
      this.#hello();
    } else if (FINAL_CODES.has(e.code)) {
      this.#finish(e);
    } else {
      this.#lost(e.message);
    }
  }

  #send(m: unknown): void {
    try {
      this.#socket?.send(JSON.stringify(m));
    } catch {
      // The socket is closing: its close event follows and the session is resumed.
    }
  }

  #ackSoon(): void {
    if (this.#inbox.last - this.#acked >= this.#o.ackEvery) return this.#ack();
    if (this.#timers.ack === undefined) this.#timer("ack", this.#o.ackWithin, () => this.#ack());
  }

  #ack(): void {
    this.#clear("ack");
    if (this.#state !== "online" || this.#inbox.last === this.#acked) return;
    this.#acked = this.#inbox.last;
    this.#send({ type: "ack", data: { seq: this.#acked } });
  }

  #pingLater(): void {
    this.#timer("ping", this.#o.pingEvery, () => {
      const silent = this.#o.clock.now() - this.#heardAt;
      if (silent >= this.#o.deadAfter) return this.#lost(`nothing heard for ${Math.round(silent)} ms`);
      this.#send({ type: "ping" });
      this.#pingLater();
    });
  }

  /** Finds out soon whether a socket that may be dead still lives. */
  #probe(): void {
    if (this.#probing) return;
    this.#probing = true;
    this.#send({ type: "ping" });
    this.#timer("ping", 2_000, () => {
      if (this.#probing) this.#lost("no answer to a ping after the network changed");
      else this.#pingLater();
    });
  }

  #lost(why: string): void {
    if (this.#state === "offline") return;
    this.#abandon(why);
    const retryInMS = backoff(this.#attempt, () => this.#o.clock.random(), this.#o.backoff);
    this.#timer("retry", retryInMS, () => this.#open());
    this.#setState({ state: "reconnecting", attempt: this.#attempt++, retryInMS });
  }

  #finish(error: KinwireError): void {
    if (this.#state === "offline") return;
    this.#abandon("done", 1000);
    this.#setState({ state: "offline", attempt: this.#attempt, error });
    const waiting = [...this.#pending.values()];
    this.#pending.clear();
    for (const p of waiting) p.reject(error);
  }

  /** Lets go of the socket so that nothing it still says is heard. */
  #abandon(why: string, code = 4000): void {
    for (const name of TIMERS) this.#clear(name);
    const socket = this.#socket;
    this.#socket = null;
    this.#helloID = 0;
    this.#probing = false;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    try {
      socket.close(code, why.slice(0, 100));
    } catch {
      // It was closed already.
    }
  }

  #setState(c: Connection): void {
    this.#state = c.state;
    this.emit("connection", c as never);
  }

  #timer(name: TimerName, ms: number, f: () => void): void {
    this.#clear(name);
    this.#timers[name] = this.#o.clock.setTimeout(() => {
      this.#timers[name] = undefined;
      f();
    }, ms);
  }

  #clear(name: TimerName): void {
    if (this.#timers[name] !== undefined) this.#o.clock.clearTimeout(this.#timers[name]);
    this.#timers[name] = undefined;
  }
}
