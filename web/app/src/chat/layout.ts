import type { Message } from "@kinwire/sdk/chat";

/** One thing in the list of messages. */
export type Row =
  /** A day begins. */
  | { kind: "day"; key: string; at: number }
  /** Something that happened: told across the whole width. */
  | { kind: "event"; key: string; message: Message }
  | {
      kind: "message";
      key: string;
      message: Message;
      /** The first and the last of several that the same person said one after the other. */
      first: boolean;
      last: boolean;
    };

/** Further apart than this, ms, what one person says is not one run any more. */
const RUN_MS = 10 * 60_000;

const EVENTS: ReadonlySet<string> = new Set(["system", "title", "timer"]);

/** Puts days between messages, and what one says in a row together. Messages come in their order. */
export function layout(messages: readonly Message[]): Row[] {
  const shown = messages.filter((m) => m.content.kind !== "reaction");
  const rows: Row[] = [];
  shown.forEach((message, i) => {
    const before = shown[i - 1];
    const after = shown[i + 1];
    const day = dayOf(message.at);
    // Two clocks may differ: the same day is not begun twice in a row, but again if it comes back.
    if (!before || dayOf(before.at) !== day)
      rows.push({ kind: "day", key: `day/${message.id}`, at: message.at });
    if (EVENTS.has(message.content.kind)) rows.push({ kind: "event", key: message.id, message });
    else
      rows.push({
        kind: "message",
        key: message.id,
        message,
        first: !before || !together(before, message),
        last: !after || !together(message, after),
      });
  });
  return rows;
}

function together(a: Message, b: Message): boolean {
  return (
    a.senderID === b.senderID &&
    !EVENTS.has(a.content.kind) &&
    !EVENTS.has(b.content.kind) &&
    dayOf(a.at) === dayOf(b.at) &&
    Math.abs(b.at - a.at) < RUN_MS
  );
}

/** The day by the clock of this device. */
export function dayOf(ms: number): string {
  const d = new Date(ms);
  return `${d.getFullYear()}-${d.getMonth() + 1}-${d.getDate()}`;
}

/** How many days before now a time was, by the calendar: 0 today, 1 yesterday. */
export function daysAgo(ms: number, now: number): number {
  const midnight = (t: number) => {
    const d = new Date(t);
    return Date.UTC(d.getFullYear(), d.getMonth(), d.getDate());
  };
  return Math.round((midnight(now) - midnight(ms)) / 86_400_000);
}

/** Adds or replaces messages in a list that is in order; none is in it twice. */
export function merge(list: readonly Message[], more: readonly Message[]): Message[] {
  const all = new Map(list.map((m) => [m.id, m]));
  for (const m of more) all.set(m.id, m);
  return [...all.values()].sort((a, b) => a.order - b.order);
}
