import type { Clock } from "./environment.ts";
import type { PeerEvents } from "./peer.ts";

/** How long a link may be shaky before ICE is restarted: shorter breaks mend by themselves. */
const SHAKY_MS = 2_000;
/** How long a restart may take before the next. */
const RESTART_MS = 6_000;
/** Networks change in several steps; wait for the last. */
const SETTLE_MS = 500;

/**
 * Decides when ICE is restarted: when the link is down, when it is shaky for more than two seconds, and
 * after the network changed. It goes on until the link is up.
 */
export class Restarter {
  readonly #clock: Clock;
  readonly #restart: () => Promise<void>;
  #timer: unknown;
  #link: PeerEvents["link"] | "new" = "new";
  #stopped = false;

  /** restart makes an offer with new ICE credentials; its failure counts as a restart that did not help. */
  constructor(clock: Clock, restart: () => Promise<void>) {
    this.#clock = clock;
    this.#restart = restart;
  }

  link(state: PeerEvents["link"]): void {
    this.#link = state;
    if (state === "up") this.#cancel();
    else this.#after(state === "down" ? 0 : SHAKY_MS);
  }

  /** The offer was answered: the link has to come up in time. */
  started(): void {
    if (this.#link === "new") this.#after(RESTART_MS);
  }

  /** The device has another network; even a link that looks up uses addresses that are gone. */
  networkChanged(): void {
    if (this.#link !== "new") this.#after(SETTLE_MS);
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  #after(ms: number): void {
    this.#cancel();
    if (this.#stopped) return;
    this.#timer = this.#clock.setTimeout(() => void this.#fire(), ms);
  }

  async #fire(): Promise<void> {
    try {
      await this.#restart();
    } catch {
      // Tried again below as long as the link is not up; the call ends it when it is over.
    }
    if (this.#link !== "up") this.#after(RESTART_MS);
  }

  #cancel(): void {
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
