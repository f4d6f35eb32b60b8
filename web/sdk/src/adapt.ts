/**
 * Whether the camera should give a large picture (1280×720) or a small one (640×360). It goes up only
 * after a while of plenty and down at the first sign of trouble, so that it does not swing.
 */
export interface CameraFacts {
  /** The browser's estimate of what can be sent, kbit/s; 0 when unknown. */
  availableKbps: number;
  /** Why the encoder holds back, as in getStats. */
  limitedBy: "none" | "cpu" | "bandwidth" | "other";
  /** How many people are in the call. */
  people: number;
  /** Processors of this machine. */
  processors: number;
}

const UP_KBPS = 2_500;
const DOWN_KBPS = 1_200;
const UP_AFTER_MS = 10_000;

export class CameraSize {
  #large = false;
  #plentySince: number | null = null;
  #never = false;

  get large(): boolean {
    return this.#large;
  }

  /** Takes a sample at time now (ms) and says whether the size is to change. */
  sample(f: CameraFacts, now: number): boolean {
    if (this.#large) return this.#mayShrink(f);
    const plenty =
      !this.#never &&
      f.availableKbps >= UP_KBPS &&
      f.limitedBy === "none" &&
      f.people <= 2 &&
      f.processors > 2;
    this.#plentySince = plenty ? (this.#plentySince ?? now) : null;
    if (this.#plentySince === null || now - this.#plentySince < UP_AFTER_MS) return false;
    this.#large = true;
    return true;
  }

  #mayShrink(f: CameraFacts): boolean {
    const short = f.availableKbps > 0 && f.availableKbps < DOWN_KBPS;
    if (!short && f.limitedBy !== "cpu" && f.people <= 2) return false;
    // A processor that was too slow once is too slow for the rest of the call.
    if (f.limitedBy === "cpu") this.#never = true;
    this.#large = false;
    this.#plentySince = null;
    return true;
  }
}
