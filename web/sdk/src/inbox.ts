/**
 * The receiving half of resume: which seqs of the session have arrived.
 *
 * seq counts from 1 without a gap. A seq that was seen before is a repetition after a resume and is
 * dropped; one that is too high means that something was lost on the way, and the socket must be
 * taken up afresh from the last good seq.
 */
export class Inbox {
  #last = 0;
  #early = new Set<number>();

  /** The highest seq up to which everything has arrived. */
  get last(): number {
    return this.#last;
  }

  /** Starts counting afresh, for a new session. */
  reset(): void {
    this.#last = 0;
    this.#early.clear();
  }

  /** Judges a message by its seq: handle it, drop it as a repetition, or resume because of a gap. */
  take(seq: number): "fresh" | "repeated" | "gap" {
    if (seq <= this.#last || this.#early.has(seq)) return "repeated";
    if (seq !== this.#last + 1) return "gap";
    this.#advance();
    return "fresh";
  }

  /** Notes a seq that may run ahead of the count: a welcome that precedes what is repeated after it. */
  takeEarly(seq: number): void {
    if (seq === this.#last + 1) this.#advance();
    else if (seq > this.#last) this.#early.add(seq);
  }

  #advance(): void {
    do this.#last++;
    while (this.#early.delete(this.#last + 1));
  }
}
