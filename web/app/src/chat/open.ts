import { missingOf, type Off, type Person } from "@kinwire/sdk";
import type { ChatLike } from "@kinwire/sdk/chat";
import type { Context } from "../context.ts";
import { chatError } from "./errors.ts";
import { ChatsScreen } from "./list.ts";
import { showMissing } from "./missing.ts";
import { ThreadScreen } from "./thread.ts";

/** Shows what two say to each other; what is not there yet is begun. What is in the way is told on a page. */
export async function openChatWith(ctx: Context, chat: ChatLike, person: Person): Promise<void> {
  const back = () => ctx.show(new ChatsScreen(ctx));
  try {
    const view = chat.withPerson(person.id) ?? (await chat.startDirect(person.id));
    ctx.show(new ThreadScreen(ctx, chat, view));
  } catch (e) {
    const missing = missingOf(e);
    if (missing.length) return showMissing(ctx, missing, [person.id], back);
    const people = [{ person, reachable: false, verified: "no" as const }];
    ctx.show(new ChatsScreen(ctx, chatError(e, { kind: "direct", title: "", people })));
  }
}

/** The same from anywhere in the app: where messages are not ready yet, their page says so and goes on. */
export function writeTo(ctx: Context, person: Person): void {
  const { chat } = ctx.messages;
  if (chat) void openChatWith(ctx, chat, person);
  else ctx.show(new ChatsScreen(ctx, "", person));
}

/**
 * Leaves a screen of these messages when they end here: another window has taken them, or this device was taken
 * out. The list says which.
 */
export function whileOpen(ctx: Context, chat: ChatLike): Off {
  return ctx.messages.on("changed", () => {
    if (ctx.messages.chat !== chat) ctx.show(new ChatsScreen(ctx));
  });
}
