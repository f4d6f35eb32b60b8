import type { ConversationView, Message } from "@kinwire/sdk/chat";
import { h } from "../dom.ts";
import { icon, type IconName } from "../icons.ts";
import { list, say, words } from "../words.ts";

export type Mark = keyof typeof words.chat.marks;

const ICONS: Record<Mark, IconName> = {
  queued: "clock",
  sending: "clock",
  sent: "sent",
  delivered: "delivered",
  opened: "eye",
  expired: "hourglass",
  stopped: "block",
  failed: "warning",
};

/** How far an own message has come; online tells one that goes out now from one that waits for a connection. */
export function markOf(m: Pick<Message, "status" | "problem">, online: boolean): Mark | "" {
  const table: Record<Message["status"], Mark | ""> = {
    waiting: online && !m.problem ? "sending" : "queued",
    sent: "sent",
    delivered: "delivered",
    opened: "opened",
    expired: "expired",
    stopped: "stopped",
    refused: "failed",
    received: "",
  };
  return table[m.status];
}

/** A mark as a picture, with its word for those who hear it. */
export function markEl(mark: Mark): HTMLElement {
  const text = words.chat.marks[mark];
  return h(
    "span",
    { class: `mark ${mark}`, testid: "chat-mark", data: { mark }, attrs: { title: text } },
    icon(ICONS[mark]),
    h("span", { class: "hidden-text" }, text),
  );
}

/** Who did not get a message, and why; "" where nothing is wrong. */
export function lostText(m: Message, c: ConversationView): string {
  if (m.status !== "expired" && m.status !== "stopped") return "";
  const without = c.people.filter((p) => !m.deliveredTo.includes(p.person.id)).map((p) => p.person.name);
  if (without.length === 0) return words.chat.marks[m.status];
  return say(words.chat.notArrived[m.status], { name: list(without) });
}
