/** How long to wait before trying again. Times are milliseconds. */
export interface BackoffOptions {
  first: number;
  factor: number;
  max: number;
}

/** Quick at first, as most drops are a phone changing networks; never slower than 15 s. */
export const DEFAULT_BACKOFF: BackoffOptions = { first: 300, factor: 2, max: 15_000 };

/**
 * The wait before attempt n (0 is the first): exponential, and between half of it and all of it by
 * chance, so that a thousand clients of a server that restarted do not come back in one instant.
 */
export function backoff(n: number, random: () => number, o: BackoffOptions = DEFAULT_BACKOFF): number {
  const full = Math.min(o.max, o.first * o.factor ** Math.min(n, 32));
  return Math.round(full / 2 + (full / 2) * random());
}
