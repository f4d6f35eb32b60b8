import type { Missing } from "@kinwire/sdk";
import { MissingScreen } from "../child/missing.ts";
import { missingText } from "../child/needs.ts";
import type { Context } from "../context.ts";
import { say, words } from "../words.ts";

/** What is missing between two people so that they may write to each other; me is who reads it. */
export function missingWrite(m: Missing, me: string): string {
  const w = words.chat.newGroup;
  const mine = m.a.id === me || m.b.id === me;
  const name = m.a.id === me ? m.b.name : m.a.name;
  if (m.need === "never")
    return mine ? say(w.neverMine, { name }) : say(w.never, { a: m.a.name, b: m.b.name });
  const own = (m.need === "consent_a" && m.a.id === me) || (m.need === "consent_b" && m.b.id === me);
  return own ? w.consentMine : missingText(m, me);
}

/** Why these people cannot write to one another yet, as the same is shown for a call. */
export function showMissing(
  ctx: Context,
  missing: readonly Missing[],
  people: readonly string[],
  back: () => void,
): void {
  const w = words.chat.newGroup;
  ctx.show(
    new MissingScreen(ctx, missing, people, {
      back,
      title: w.missing,
      text: people.length > 1 ? w.missingText : words.chat.shut.not_approved,
      line: (m) => missingWrite(m, ctx.me.id),
    }),
  );
}
