/**
 * Something that is fetched, shown, and fetched again whenever it may have changed. An answer that a newer
 * one has overtaken, or that comes after close, is dropped; one that says nothing new is not shown again, so
 * that what is under somebody's finger or half filled in stays.
 */
export class Loading<T> {
  readonly #fetch: () => Promise<T>;
  readonly #show: (data: T) => void;
  readonly #fail: (e: unknown) => void;
  #newest = 0;
  #shown = "";

  constructor(fetch: () => Promise<T>, show: (data: T) => void, fail: (e: unknown) => void) {
    this.#fetch = fetch;
    this.#show = show;
    this.#fail = fail;
  }

  /** Fetches; the promise never fails, and is kept once the answer is shown. */
  async again(): Promise<void> {
    const own = ++this.#newest;
    try {
      const data = await this.#fetch();
      const text = JSON.stringify(data);
      if (own !== this.#newest || text === this.#shown) return;
      this.#shown = text;
      this.#show(data);
    } catch (e) {
      if (own === this.#newest) this.#fail(e);
    }
  }

  /** Shows the next answer whatever it is: what is on the screen is not what was fetched any more. */
  forget(): void {
    this.#shown = "";
  }

  close(): void {
    this.#newest = Infinity;
  }
}
