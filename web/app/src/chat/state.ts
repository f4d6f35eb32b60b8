import type { ChatLike } from "@kinwire/sdk/chat";
import type { Context } from "../context.ts";
import { h } from "../dom.ts";
import { button } from "../ui.ts";
import { words } from "../words.ts";
import { chatError } from "./errors.ts";
import type { MessagesState } from "./session.ts";

/** What stands in place of messages while there are none to show; ready tells with what they can be shown. */
export class StateNote {
  readonly el = h("div", { class: "part", testid: "chat-state" });
  readonly #ctx: Context;
  readonly #ready: (chat: ChatLike) => void;
  readonly #off: () => void;
  #shown: MessagesState | "" = "";

  constructor(ctx: Context, ready: (chat: ChatLike) => void) {
    this.#ctx = ctx;
    this.#ready = ready;
    this.#off = ctx.messages.watch(() => this.#show());
  }

  close(): void {
    this.#off();
  }

  #show(): void {
    const { messages } = this.#ctx;
    const { state, chat } = messages;
    if (chat) this.#ready(chat);
    if (state === this.#shown) return;
    this.#shown = state;
    this.el.dataset["state"] = state;
    this.el.hidden = state === "ready";
    this.el.replaceChildren(...this.#parts(state));
  }

  #parts(state: MessagesState): Node[] {
    const w = words.chat.list;
    const { messages } = this.#ctx;
    const said = (text: string) => h("p", { class: "card callout", attrs: { role: "status" } }, text);
    const again = (testid: string, text: string, takeOver: boolean) =>
      button({ testid, class: "primary", text, click: () => void messages.open(takeOver) });
    const parts: Record<MessagesState, () => Node[]> = {
      ready: () => [],
      opening: () => [h("p", { class: "hint", attrs: { role: "status" } }, w.setting)],
      elsewhere: () => [said(w.elsewhere), again("chat-take-over", w.here, true)],
      removed: () => [said(w.removed), again("chat-start-again", w.startAgain, false)],
      unable: () => [said(w.unable)],
      absent: () => [said(w.absent)],
      broken: () => [said(chatError(messages.error)), again("chat-again", words.common.again, false)],
    };
    return parts[state]();
  }
}
