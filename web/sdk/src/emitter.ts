/** A function that ends a subscription. */
export type Off = () => void;

/**
 * Typed events. M maps each event's name to its data. A listener that throws does not keep the others
 * from hearing the event: its error is reported as an uncaught one, as the browser does for DOM events.
 */
export class Emitter<M extends object> {
  #listeners = new Map<keyof M, Set<(data: never) => void>>();

  /** Subscribes to an event; call what it returns to stop. */
  on<K extends keyof M>(name: K, listener: (data: M[K]) => void): Off {
    const set = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, set);
    set.add(listener);
    return () => void set.delete(listener);
  }

  /** Subscribes to the next such event only. */
  once<K extends keyof M>(name: K, listener: (data: M[K]) => void): Off {
    const off = this.on(name, (data) => {
      off();
      listener(data);
    });
    return off;
  }

  protected emit<K extends keyof M>(name: K, data: M[K]): void {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) {
      try {
        (listener as (data: M[K]) => void)(data);
      } catch (e) {
        reportUncaught(e);
      }
    }
  }
}

function reportUncaught(e: unknown): void {
  if (typeof reportError === "function") reportError(e);
  else queueMicrotask(() => Promise.reject(e));
}
