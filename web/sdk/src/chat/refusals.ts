/** What becomes of a message that the server has refused. */
export interface Passing {
  /** How long it waits the first time (ms). */
  pause: number;
  /** The conversation's roster has to be looked at first. */
  look?: boolean;
  /** The reason stands at the message meanwhile. */
  tell?: boolean;
}

/** Refusals, by code, after which a message waits and is tried again. All others are for good. */
export const PASSING: Record<string, Passing> = {
  epoch_taken: { pause: 1_000, look: true },
  commit_needed: { pause: 1_000, look: true },
  not_allowed: { pause: 2_000, look: true },
  no_device: { pause: 15_000, look: true, tell: true },
  queue_full: { pause: 10_000, tell: true },
  rate_limited: { pause: 1_000 },
  unavailable: { pause: 2_000 },
  internal: { pause: 5_000, tell: true },
};
