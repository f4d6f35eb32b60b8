import { Emitter } from "../../src/emitter.ts";
import { KinwireError } from "../../src/errors.ts";
import { Chat, MemoryDisk, type ChatOptions } from "../../src/chat/index.ts";
import type { ChatClock, Wire } from "../../src/chat/core.ts";
import type { ChatDelivery, Welcome } from "../../src/proto_gen.ts";
import type { SignalingEvents } from "../../src/signaling.ts";
import type { Device } from "./parts.ts";
import type { Service } from "./service.ts";

/** The clock, many times faster, so that pauses of seconds take milliseconds. */
export function fastClock(factor = 40): ChatClock & { skip(ms: number): void } {
  const start = performance.now();
  const epoch = Date.now();
  let skipped = 0;
  return {
    now: () => Math.round(epoch + skipped + (performance.now() - start) * factor),
    setTimeout: (f, ms) => setTimeout(f, ms / factor),
    clearTimeout: (h) => clearTimeout(h as never),
    random: Math.random,
    skip: (ms) => (skipped += ms),
  };
}

/** A person's session with the service, as Signaling shows it. */
export class Session extends Emitter<SignalingEvents> {
  state: Wire["state"] = "reconnecting";
  device: Device | undefined;
  readonly #service: Service;
  readonly #user: string;
  #pending = new Set<(e: Error) => void>();
  #life = 0;
  #tail: Promise<void> = Promise.resolve();

  constructor(service: Service, user: string) {
    super();
    this.#service = service;
    this.#user = user;
  }

  online(): void {
    this.#life++;
    this.state = "online";
    this.emit("connection", { state: "online", attempt: 0 });
    this.emit("welcome", { resumed: false } as Welcome);
  }

  /** The session ends as a dropped one does that the server forgot. */
  drop(): void {
    if (this.device?.session === this) this.device.session = undefined;
    this.device = undefined;
    this.state = "reconnecting";
    this.#life++;
    this.emit("connection", { state: "reconnecting", attempt: 0 });
    for (const reject of [...this.#pending]) reject(new KinwireError("resume_gone", "dropped"));
  }

  event(type: keyof SignalingEvents, data: unknown): void {
    const life = this.#life;
    const copy = structuredClone(data);
    this.#tail = this.#tail.then(hop).then(() => {
      if (life === this.#life && this.state === "online") this.emit(type as never, copy as never);
    });
  }

  deliver(d: ChatDelivery): void {
    this.event("chat.delivery", this.#service.tamper(structuredClone(d), this.device!));
  }

  request(type: string, data: never): Promise<never> {
    if (this.state !== "online") return Promise.reject(new KinwireError("closed", "not connected"));
    return new Promise((resolve, reject) => {
      this.#pending.add(reject);
      const end = () => this.#pending.delete(reject);
      void this.#carryOut(type, data).then(
        (out) => {
          end();
          resolve(out as never);
        },
        (e) => {
          end();
          reject(e);
        },
      );
    });
  }

  async #carryOut(type: string, data: never): Promise<unknown> {
    const life = this.#life;
    await hop();
    await this.#service.before(type, data);
    if (life !== this.#life) throw new KinwireError("resume_gone", "dropped");
    const copy = structuredClone(data) as never;
    let out: unknown = {};
    if (type === "chat.attach") out = this.#service.attach(this.#user, this, copy);
    else if (type === "chat.send") out = this.#service.send(this, copy);
    else if (type === "chat.ack") this.#service.ack(this, (copy as { pos: number }).pos);
    await this.#service.after(type);
    await hop();
    if (life !== this.#life) throw new KinwireError("resume_gone", "dropped");
    return structuredClone(out);
  }

  notify(_: string, data: never): void {
    if (this.state === "online") this.#service.signal(this, structuredClone(data));
  }
}

function hop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
declare function setImmediate(f: () => void): void;

/** A program on a device: it can crash and be started again on the same disk. */
export class Program {
  readonly disk = new MemoryDisk();
  readonly user: string;
  readonly #service: Service;
  readonly clock: ChatClock & { skip(ms: number): void };
  session!: Session;
  chat!: Chat;
  errors: Error[] = [];
  #life = 0;

  constructor(service: Service, user: string, clock = fastClock()) {
    this.#service = service;
    this.user = user;
    this.clock = clock;
  }

  async start(
    o: { plug?: { beforeWrite?: () => void; afterWrite?: () => void }; online?: boolean } = {},
  ): Promise<Chat> {
    const life = ++this.#life;
    this.session = new Session(this.#service, this.user);
    if (o.online !== false) this.session.online();
    const options: ChatOptions = {
      kinwire: { me: null, signaling: this.session as unknown as Wire },
      api: this.#service.pages(this.user),
      userID: this.user,
      storage: this.disk.backend(o.plug),
      clock: this.clock,
    };
    const chat = await Chat.open(options);
    // It crashed while it was starting, and another has been started since.
    if (life !== this.#life) return chat;
    this.chat = chat;
    chat.on("error", (e) => this.errors.push(e));
    return chat;
  }

  /** The process is gone: nothing it still does reaches disk or server. */
  crash(): void {
    this.#life++;
    this.session.drop();
    this.disk.fence = {};
    void this.chat.close().catch(() => undefined);
  }

  async texts(conversationID: string): Promise<string[]> {
    const all = await this.chat.messages(conversationID, { limit: 10_000 });
    return all.flatMap((m) => (m.content.kind === "text" ? [m.content.text] : []));
  }
}

/** Waits until something is so. */
export async function until<T>(what: string, f: () => T | Promise<T>, ms = 15_000): Promise<NonNullable<T>> {
  const end = performance.now() + ms;
  for (;;) {
    const v = await f();
    if (v) return v as NonNullable<T>;
    if (performance.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
