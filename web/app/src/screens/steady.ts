/** How long something worse must have held until it is shown, and something better or only different, ms. */
export const WORSE_MS = 2_000;
export const BETTER_MS = 6_000;

export interface SteadyOptions<T> {
  /** The larger, the worse. */
  rank: (value: T) => number;
  /** Values of the same rank and text look the same. */
  text: (value: T) => string;
  show: (value: T | null) => void;
  later?: (f: () => void, ms: number) => unknown;
  never?: (timer: unknown) => void;
}

/**
 * Keeps a sign from flickering: what is worse is shown once it has held for a moment, what is better or only
 * told in other words once it has held longer. The first value, and that there is none, are shown at once.
 */
export class Steady<T> {
  readonly #o: SteadyOptions<T>;
  #shown: T | null = null;
  #next: T | null = null;
  #timer: unknown = null;

  constructor(o: SteadyOptions<T>) {
    this.#o = o;
  }

  set(value: T | null): void {
    if (value === null || this.#shown === null) {
      this.#stop();
      if (value !== this.#shown) this.#show(value);
      return;
    }
    if (this.#same(value, this.#shown)) return this.#stop();
    // It has waited for its turn already: what waits with it only takes its place.
    const waits = this.#next !== null && this.#worse(this.#next) === this.#worse(value);
    this.#next = value;
    if (waits) return;
    this.#cancel();
    const ms = this.#worse(value) ? WORSE_MS : BETTER_MS;
    const later = this.#o.later ?? ((f, after) => setTimeout(f, after));
    this.#timer = later(() => {
      const next = this.#next;
      this.#stop();
      this.#show(next);
    }, ms);
  }

  close(): void {
    this.#stop();
  }

  #worse(value: T): boolean {
    return this.#shown !== null && this.#o.rank(value) > this.#o.rank(this.#shown);
  }

  #same(a: T, b: T): boolean {
    return this.#o.rank(a) === this.#o.rank(b) && this.#o.text(a) === this.#o.text(b);
  }

  #show(value: T | null): void {
    this.#shown = value;
    this.#o.show(value);
  }

  #stop(): void {
    this.#next = null;
    this.#cancel();
  }

  #cancel(): void {
    const never = this.#o.never ?? ((timer) => clearTimeout(timer as ReturnType<typeof setTimeout>));
    if (this.#timer !== null) never(this.#timer);
    this.#timer = null;
  }
}
