import { codeOf } from "@kinwire/sdk";
import type { ConversationView, Problem } from "@kinwire/sdk/chat";
import { errorText } from "../ui.ts";
import { say, words } from "../words.ts";
import { nameOf } from "./names.ts";

/** What went wrong with a message or a conversation, in words that fit it. */
export function chatError(
  e: unknown,
  c?: Pick<ConversationView, "kind" | "title" | "people">,
  maxBytes = 0,
): string {
  if (typeof e === "string") return e;
  const own = ownWords(c, maxBytes);
  return errorText(e, own);
}

/** Why a message waits or is refused. */
export function problemText(
  problem: Problem,
  c: Pick<ConversationView, "kind" | "title" | "people">,
): string {
  const own = ownWords(c, 0);
  const known: Partial<Record<string, string>> = words.errors;
  return own[problem.code] ?? known[problem.code] ?? words.errorElse;
}

/** The code, also where the SDK knows more codes than the app has words for. */
export function isCode(e: unknown, code: string): boolean {
  return (codeOf(e) as string) === code;
}

function ownWords(
  c: Pick<ConversationView, "kind" | "title" | "people"> | undefined,
  maxBytes: number,
): Partial<Record<string, string>> {
  const w = words.chat;
  const group = c?.kind === "group";
  const name = c ? nameOf(c) : "";
  return {
    too_large: maxBytes
      ? say(w.compose.tooLarge, { size: Math.floor(maxBytes / 1_048_576) })
      : w.compose.tooLong,
    bad_message: w.compose.unread,
    rate_limited: w.compose.tooFast,
    queue_full: group || !c ? w.compose.fullMany : say(w.compose.full, { name }),
    no_device: c && !group ? say(w.compose.noDevice, { name }) : w.compose.noDeviceMany,
    not_approved: group ? w.shut.group : w.shut.not_approved,
    needs_consent: w.shut.needs_consent,
    suspended: w.shut.suspended,
  };
}

/** Why nobody can write in a conversation; "": one can. */
export function shutText(c: Pick<ConversationView, "shut" | "out" | "kind">): string {
  const w = words.chat.shut;
  if (c.out) return w.left;
  if (!c.shut) return "";
  return c.shut === "not_approved" && c.kind === "group" ? w.group : w[c.shut];
}
