import type { Clock, SocketLike } from "../src/environment.ts";

/** A clock that moves only when told. */
export class FakeClock implements Clock {
  #now = 0;
  #next = 1;
  #timers = new Map<number, { at: number; f: () => void }>();

  now(): number {
    return this.#now;
  }
  setTimeout(f: () => void, ms: number): unknown {
    this.#timers.set(this.#next, { at: this.#now + ms, f });
    return this.#next++;
  }
  clearTimeout(handle: unknown): void {
    this.#timers.delete(handle as number);
  }
  random(): number {
    return 0.5;
  }

  /** Lets ms pass and runs what falls due, in order; promises settle in between. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (;;) {
      const due = [...this.#timers].filter(([, t]) => t.at <= end).sort((a, b) => a[1].at - b[1].at)[0];
      if (!due) break;
      this.#timers.delete(due[0]);
      this.#now = Math.max(this.#now, due[1].at);
      due[1].f();
      await settle();
    }
    this.#now = end;
  }
}

/** Lets everything that waits on settled promises run. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

export interface Sent {
  id?: number;
  type: string;
  data?: Record<string, unknown>;
}

/** The client's end of one socket, with what it sent. */
export class FakeSocket implements SocketLike {
  onopen: (() => void) | null = null;
  onmessage: ((e: { data: unknown }) => void) | null = null;
  onclose: ((e: { code: number; reason: string }) => void) | null = null;
  readonly sent: Sent[] = [];
  closedWith: number | null = null;
  onsend: (m: Sent) => void = () => undefined;

  send(text: string): void {
    const m = JSON.parse(text) as Sent;
    this.sent.push(m);
    this.onsend(m);
  }
  close(code = 1005): void {
    this.closedWith = code;
  }
  /** The server says something. */
  say(m: unknown): void {
    this.onmessage?.({ data: JSON.stringify(m) });
  }
  /** The network or the server cuts it. */
  cut(code = 1006): void {
    this.onclose?.({ code, reason: "" });
  }
}

/**
 * A server for one client by the rules of the protocol: it numbers what it sends, keeps it until it is
 * acknowledged, repeats it after a resume, and carries out each request id once.
 */
export class FakeServer {
  readonly sockets: FakeSocket[] = [];
  /** What it does with a request; the value is the reply's data, an Error-shaped object refuses. */
  handlers: Record<string, (data: never) => unknown> = {};
  /** Requests carried out, in order. */
  readonly done: Sent[] = [];
  /** Requests whose reply is held back. */
  readonly silent = new Set<string>();
  alive = true;
  welcome: Record<string, unknown> = {};
  #session = 0;
  #seq = 0;
  #kept: { seq: number }[] = [];
  #ids = new Set<number>();
  #token = "";

  open = (): FakeSocket => {
    const socket = new FakeSocket();
    this.sockets.push(socket);
    socket.onsend = (m) => this.#receive(socket, m);
    queueMicrotask(() => this.alive && socket.onopen?.());
    return socket;
  };

  get socket(): FakeSocket {
    return this.sockets.at(-1)!;
  }

  /** Every message that the server still keeps. */
  get kept(): number[] {
    return this.#kept.map((m) => m.seq);
  }

  event(type: string, data: unknown): void {
    this.#push({ type, data });
  }

  reply(id: number, data: unknown): void {
    this.#push({ re: id, data });
  }

  /** Forgets the session, as after the resume window. */
  forget(): void {
    this.#token = "";
  }

  #push(m: object): void {
    const numbered = { seq: ++this.#seq, ...m };
    this.#kept.push(numbered);
    this.socket.say(numbered);
  }

  #receive(socket: FakeSocket, m: Sent): void {
    if (m.type === "ping") return this.alive ? socket.say({ type: "pong" }) : undefined;
    if (m.type === "ack") return this.#drop((m.data as { seq: number }).seq);
    if (m.type === "hello") return this.#hello(socket, m);
    if (!m.id) {
      this.done.push(m);
      return;
    }
    if (this.#ids.has(m.id)) return;
    this.#ids.add(m.id);
    this.done.push(m);
    if (this.silent.has(m.type)) return;
    const out = this.handlers[m.type]?.(m.data as never) ?? {};
    if (typeof out === "object" && out && "code" in out) this.#push({ re: m.id, error: out });
    else this.#push({ re: m.id, data: out });
  }

  #hello(socket: FakeSocket, m: Sent): void {
    const resume = m.data?.["resume"];
    if (resume && resume !== this.#token) {
      socket.say({ re: m.id, error: { code: "resume_gone", message: "say hello afresh" } });
      return;
    }
    if (!resume) {
      this.#session++;
      this.#seq = 0;
      this.#kept = [];
      this.#ids.clear();
    } else {
      this.#drop(m.data?.["last_seq"] as number);
    }
    this.#token = `r${this.#session}-${this.sockets.length}`;
    for (const k of this.#kept) socket.say(k);
    const data = { version: 1, resume: this.#token, resume_ms: 30000, resumed: !!resume, ...this.welcome };
    this.#push({ re: m.id, data });
  }

  #drop(seq: number): void {
    this.#kept = this.#kept.filter((m) => m.seq > seq);
  }
}
