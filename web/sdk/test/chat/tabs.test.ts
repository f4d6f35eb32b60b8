import { afterEach, expect, test, vi } from "vitest";
import { hold, type Hold } from "../../src/chat/tabs.ts";

/** Web Locks as tabs of one browser have them: one holder a name, others wait, or steal. */
class Locks {
  #held: { reject: (e: Error) => void } | undefined;
  #waiting: (() => void)[] = [];

  request(_: string, o: LockOptions, f: (lock: Lock | null) => unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const take = () => {
        const mine = { reject };
        this.#held = mine;
        void Promise.resolve(f({ name: "x", mode: "exclusive" })).then((v) => {
          if (this.#held === mine) this.#held = undefined;
          resolve(v);
          if (!this.#held) this.#waiting.shift()?.();
        });
      };
      if (!this.#held) return take();
      if (o.ifAvailable) return void Promise.resolve(f(null)).then(resolve);
      if (o.steal) {
        this.#held.reject(new DOMException("stolen", "AbortError"));
        return take();
      }
      this.#waiting.push(take);
      o.signal?.addEventListener("abort", () => {
        this.#waiting = this.#waiting.filter((w) => w !== take);
        reject(o.signal!.reason);
      });
    });
  }
}

const holds: Hold[] = [];
afterEach(() => {
  for (const h of holds.splice(0)) h.release();
  vi.unstubAllGlobals();
});

let names = 0;
function browser() {
  vi.stubGlobal("navigator", { locks: new Locks() });
  const name = `tabs-${++names}`;
  return async (takeOver: boolean, on: { asked?: () => void; lost?: () => void } = {}) => {
    const h = await hold(name, takeOver, { asked: () => undefined, lost: () => undefined, ...on });
    holds.push(h);
    return h;
  };
}

test("one tab has it; a second is told so, and gets it when the first lets go", async () => {
  const tab = browser();
  const first = await tab(false);
  await expect(tab(false)).rejects.toMatchObject({ code: "other_tab" });
  first.release();
  await vi.waitFor(() => tab(false));
});

test("a tab that takes over asks first, and has it once the other has let go", async () => {
  const tab = browser();
  const said: string[] = [];
  const first = await tab(false, {
    asked: () => {
      said.push("asked");
      first.release();
    },
    lost: () => said.push("lost"),
  });
  await tab(true);
  expect(said).toEqual(["asked"]);
});

test("from a tab that does not answer it is taken", async () => {
  const tab = browser();
  const lost = vi.fn();
  await tab(false, { lost });
  await tab(true);
  expect(lost).toHaveBeenCalledOnce();
}, 10_000);
