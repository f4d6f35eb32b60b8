import { decodeLetter, type Attached, type WireContent } from "./content.ts";
import type { ConversationRecord, MessageRecord } from "./records.ts";
import type { Content, ContentWith, Media, Message, MessageStatus } from "./types.ts";

/** How far an own message has come, who has it and who has read it. */
export function statusOf(
  m: MessageRecord,
  c: ConversationRecord | undefined,
): { status: MessageStatus; deliveredTo: string[]; openedBy: string[] } {
  if (!m.mine) return { status: "received", deliveredTo: [], openedBy: [] };
  if (m.refused) return { status: "refused", deliveredTo: [], openedBy: [] };
  if (m.seq === 0) return { status: "waiting", deliveredTo: [], openedBy: [] };
  const reached = (marks: Record<string, number> | undefined) =>
    m.to.filter((id) => !m.lost[id] && (marks?.[id] ?? 0) >= m.seq);
  const openedBy = reached(c?.opened);
  const deliveredTo = [...new Set([...reached(c?.delivered), ...openedBy])];
  return { status: overall(m, deliveredTo, openedBy), deliveredTo, openedBy };
}

/** What did not reach somebody is said before how far it has come with others. */
function overall(m: MessageRecord, deliveredTo: string[], openedBy: string[]): MessageStatus {
  const lost = Object.values(m.lost);
  if (lost.includes("stopped")) return "stopped";
  if (lost.includes("expired")) return "expired";
  const all = (ids: string[]) => m.to.length > 0 && ids.length === m.to.length;
  return all(openedBy) ? "opened" : all(deliveredTo) ? "delivered" : "sent";
}

/** A message as apps see it. */
export function messageView(m: MessageRecord, c: ConversationRecord | undefined, me: string): Message {
  return {
    id: m.id,
    conversationID: m.conversationID,
    senderID: m.sender,
    mine: m.mine || m.sender === me,
    at: m.at,
    order: m.order,
    content: contentOf(m),
    ...statusOf(m, c),
    ...(m.problem && { problem: m.problem }),
    reactions: m.reactions,
    ...(m.disappearsAt !== undefined && { disappearsAt: m.disappearsAt }),
  };
}

function contentOf(m: MessageRecord): Content {
  if (m.line) return { kind: "system", line: m.line };
  if (m.draft?.kind === "about") return { kind: "unknown", name: "about" };
  if (m.raw) return withoutKeys(decodeLetter(m.raw).content, m);
  if (!m.draft) return { kind: "unknown", name: "" };
  if (!("media" in m.draft)) return m.draft;
  const { type, width, height, thumb } = m.draft.media;
  return {
    ...m.draft,
    media: {
      type,
      size: m.media?.sealing.size ?? 0,
      ...(width && { width }),
      ...(height && { height }),
      ...(thumb && { thumb }),
      state: "here",
    },
  } as ContentWith<Media>;
}

function withoutKeys(content: WireContent | { kind: "unknown"; name: string }, m: MessageRecord): Content {
  if (content.kind === "about") return { kind: "unknown", name: "about" };
  if (!("media" in content)) return content;
  return { ...content, media: mediaView(content.media, m) } as ContentWith<Media>;
}

function mediaView(a: Attached, m: MessageRecord): Media {
  return {
    type: a.type,
    size: a.size,
    ...(a.width && { width: a.width }),
    ...(a.height && { height: a.height }),
    ...(a.thumb && { thumb: a.thumb }),
    state: m.file ?? "there",
  };
}
