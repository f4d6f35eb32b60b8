import type { MediaSlots, Slot } from "./proto_gen.ts";

/** What changed from one mapping to the next. */
export interface SlotChange {
  added: Slot[];
  removed: Slot[];
}

/**
 * Which participant's source each of our receive slots carries: the latest media.slots, by mid.
 */
export class SlotMap {
  #rev = -1;
  #slots = new Map<string, Slot>();

  /** Takes a mapping; null when it is no newer than the present one. */
  apply(m: Pick<MediaSlots, "rev" | "slots">): SlotChange | null {
    if (m.rev <= this.#rev) return null;
    this.#rev = m.rev;
    const next = new Map((m.slots ?? []).map((s) => [s.mid, s]));
    const removed = [...this.#slots.values()].filter((s) => !same(s, next.get(s.mid)));
    const added = [...next.values()].filter((s) => !same(s, this.#slots.get(s.mid)));
    this.#slots = next;
    return { added, removed };
  }

  /** Forgets everything, for a media connection made anew; gives what was mapped. */
  clear(): Slot[] {
    const removed = [...this.#slots.values()];
    this.#slots.clear();
    this.#rev = -1;
    return removed;
  }

  get(mid: string): Slot | undefined {
    return this.#slots.get(mid);
  }

  all(): Slot[] {
    return [...this.#slots.values()];
  }
}

function same(a: Slot, b: Slot | undefined): boolean {
  return !!b && a.participant_id === b.participant_id && a.kind === b.kind;
}
