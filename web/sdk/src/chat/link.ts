import { backoff } from "../backoff.ts";
import { codeOf } from "../errors.ts";
import type { Off } from "../emitter.ts";
import type { Core } from "./core.ts";
import type { Inbox } from "./inbox.ts";
import type { Outbox } from "./outbox.ts";
import type { Signals } from "./signals.ts";

export interface LinkParts {
  inbox: Inbox;
  outbox: Outbox;
  signals: Signals;
}

/**
 * Keeps this device attached to the person's session: after each new session, and when another session of the
 * same device has let go. What the wire tells goes to the parts that it is for.
 */
export class Link {
  readonly #core: Core;
  readonly #p: LinkParts;
  #offs: Off[] = [];
  #attached = false;
  #attaching = false;
  #failures = 0;
  online = false;
  /** The device is attached; fresh: to a new session, so that things may have been missed. */
  onAttached: () => void = () => undefined;
  onChanged: (conversationID: string) => void = () => undefined;
  onDelivered: (e: { conversation_id: string; user_id: string; seq: number }) => void = () => undefined;
  onFriends: () => void = () => undefined;
  onRemoved: () => void = () => undefined;

  constructor(core: Core, parts: LinkParts) {
    this.#core = core;
    this.#p = parts;
  }

  start(): void {
    const { wire } = this.#core;
    this.#offs = [
      wire.on("connection", (c) => this.#setOnline(c.state === "online" && this.#attached)),
      wire.on("welcome", (w) => (w.resumed && this.#attached ? this.#resumed() : this.#fresh())),
      wire.on("chat.delivery", (d) => this.#p.inbox.receive(d)),
      wire.on("chat.signalled", (s) => void this.#p.signals.receive(s).catch((e) => this.#core.fail(e))),
      wire.on("chat.changed", (e) => this.onChanged(e.conversation_id)),
      wire.on("chat.delivered", (e) => this.onDelivered(e)),
      wire.on("chat.detached", () => this.#detached()),
      wire.on("friends.changed", () => this.onFriends()),
    ];
    if (wire.state === "online") this.#fresh();
  }

  stop(): void {
    for (const off of this.#offs) off();
    this.#offs = [];
    this.#p.outbox.attached = false;
    this.#setOnline(false);
  }

  #resumed(): void {
    this.#setOnline(true);
    this.#p.outbox.pump();
  }

  #fresh(): void {
    this.#attached = false;
    this.#p.outbox.attached = false;
    this.attach();
  }

  /** Attaches the device, as often as it takes. */
  attach(): void {
    if (this.#attaching || this.#core.wire.state !== "online") return;
    this.#attaching = true;
    this.#core.timers.clear("attach");
    this.#attach()
      .catch((e) => {
        if (codeOf(e) === "not_found") return this.onRemoved();
        const wait = backoff(this.#failures++, () => this.#core.clock.random());
        this.#core.timers.set("attach", wait, () => this.attach());
      })
      .finally(() => (this.#attaching = false));
  }

  async #attach(): Promise<void> {
    const { id, secret } = this.#core.device;
    this.#p.inbox.restart();
    const attached = await this.#core.wire.request("chat.attach", { device_id: id, secret });
    this.#failures = 0;
    this.#attached = true;
    this.#p.inbox.announced(attached.waiting);
    this.#p.outbox.attach(attached.last_n);
    this.#setOnline(this.#core.wire.state === "online");
    this.onAttached();
  }

  #detached(): void {
    this.#attached = false;
    this.#p.outbox.attached = false;
    this.#setOnline(false);
    // The device may have been removed: attaching finds out. Otherwise another session of it was newer; two that
    // take it from one another slow down.
    const wait = backoff(this.#failures++, () => this.#core.clock.random(), {
      first: 500,
      factor: 3,
      max: 60_000,
    });
    this.#core.timers.set("attach", wait, () => this.attach());
  }

  #setOnline(online: boolean): void {
    if (online === this.online) return;
    this.online = online;
    this.#core.emit("online", online);
  }
}
