import type { NodeCount, NodeState } from "@kinwire/sdk";

/** How many looks at the node are kept: two minutes at one each two seconds. */
export const KEPT = 60;

/** Figures of the node that are drawn over time. */
export const FIGURES = [
  "cpu",
  "memory",
  "heap",
  "goroutines",
  "files",
  "sessions",
  "calls",
  "peers",
  "relays",
] as const;

export type Figure = (typeof FIGURES)[number];

const OF: Record<Exclude<Figure, "cpu">, (n: NodeState) => number> = {
  memory: (n) => n.memory_bytes,
  heap: (n) => n.heap_bytes,
  goroutines: (n) => n.goroutines,
  files: (n) => n.open_files,
  sessions: (n) => n.sessions,
  calls: (n) => n.calls,
  peers: (n) => n.participants,
  relays: (n) => n.turn_allocations,
};

/** What was seen of the node in the last minutes, the oldest first. */
export class Looks {
  #seen: NodeState[] = [];

  /** Adds a look. A server that was started anew begins anew here too. */
  add(n: NodeState): void {
    const last = this.#seen.at(-1);
    if (last && last.started_at !== n.started_at) this.#seen = [];
    if (last && last.started_at === n.started_at && n.now <= last.now) return;
    this.#seen = [...this.#seen, n].slice(-KEPT);
  }

  get last(): NodeState | undefined {
    return this.#seen.at(-1);
  }

  /** A figure over time; null where it cannot be told, such as the first share of the processors. */
  figure(f: Figure): (number | null)[] {
    if (f !== "cpu") return this.#seen.map(OF[f]);
    return this.#pairs((a, b, s) =>
      Math.max(0, (b.cpu_seconds - a.cpu_seconds) / s / Math.max(1, b.processors)),
    );
  }

  /** A counter's growth over time, per second. */
  rate(list: "counters" | "drops", of: NodeCount): (number | null)[] {
    const value = (n: NodeState) => (n[list] ?? []).find((c) => keyOf(c) === keyOf(of))?.value ?? 0;
    return this.#pairs((a, b, s) => Math.max(0, value(b) - value(a)) / s);
  }

  #pairs(f: (before: NodeState, now: NodeState, seconds: number) => number): (number | null)[] {
    return this.#seen.map((n, i) => {
      const before = this.#seen[i - 1];
      return before ? f(before, n, (n.now - before.now) / 1000) : null;
    });
  }
}

export function keyOf(c: NodeCount): string {
  return `${c.plane} ${c.name}`;
}

/** The outline of a small curve over `wide` by `tall`, from 0 to somewhat above the largest value; "" without two values. */
export function sparkPath(values: readonly (number | null)[], wide: number, tall: number): string {
  const most = Math.max(0, ...values.filter((v) => v !== null));
  const last = values.length - 1;
  let path = "";
  let pen = false;
  values.forEach((v, i) => {
    if (v === null) {
      pen = false;
      return;
    }
    const x = last > 0 ? (wide * (KEPT - 1 - last + i)) / (KEPT - 1) : wide;
    const y = tall - 1 - (most > 0 ? (v / (most * 1.15)) * (tall - 2) : 0);
    path += `${pen ? "L" : "M"}${round(x)} ${round(y)}`;
    pen = true;
  });
  return path.includes("L") ? path : "";
}

function round(n: number): number {
  return Math.round(n * 10) / 10;
}
