import type { HistoryEntry } from "@kinwire/sdk";
import { lookOf } from "../widgets/history.ts";

const key = (me: string) => `kinwire.calls-seen.${me}`;

/** How many calls this person missed since they last looked at their calls on this device. */
export function countMissed(me: string, calls: readonly HistoryEntry[]): number {
  const seen = Number(kept()?.getItem(key(me)) ?? 0);
  return calls.filter((e) => lookOf(e) === "missed" && e.at > seen).length;
}

/** They have looked at their calls. */
export function sawCalls(me: string, calls: readonly HistoryEntry[]): void {
  const newest = Math.max(0, ...calls.map((e) => e.at));
  if (newest > 0) kept()?.setItem(key(me), String(newest));
}

/** localStorage throws where the browser keeps nothing. */
function kept(): Storage | null {
  try {
    return localStorage;
  } catch {
    return null;
  }
}
