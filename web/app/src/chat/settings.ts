import type { ChatLike, OwnDevice } from "@kinwire/sdk/chat";
import type { Context } from "../context.ts";
import { h, type Screen } from "../dom.ts";
import { busy, button, confirm, errorLine, item, page, section, toggle } from "../ui.ts";
import { ago, date, say, words } from "../words.ts";
import { ChatsScreen } from "./list.ts";
import { whileOpen } from "./open.ts";
import { keepReceipts, receipts } from "./session.ts";

/** What one decides about messages for oneself: what others see, and which devices read them. */
export class ChatSettingsScreen implements Screen {
  readonly name = "chat-settings";
  readonly el: HTMLElement;
  readonly #chat: ChatLike;
  readonly #error = errorLine("chat-settings-error");
  readonly #off: () => void;
  readonly #devices = h("ul", { class: "list", testid: "chat-devices" });

  constructor(ctx: Context, chat: ChatLike) {
    this.#chat = chat;
    const w = words.chat.settings;
    const opened = toggle("chat-receipts", w.opened, receipts(ctx.me.id), (on) => {
      keepReceipts(ctx.me.id, on);
      chat.setReceipts(on);
    });
    this.el = page(
      {
        testid: "screen-chat-settings",
        class: "narrow",
        title: w.title,
        back: () => ctx.show(new ChatsScreen(ctx)),
      },
      this.#error,
      h("div", { class: "card form" }, opened),
      section(w.devices, {}, h("p", { class: "hint" }, w.devicesHint), this.#devices),
    );
    this.#off = whileOpen(ctx, chat);
    void this.#load();
  }

  focus(): void {
    this.el.focus({ preventScroll: true });
  }

  close(): void {
    this.#off();
  }

  async #load(): Promise<void> {
    try {
      this.#devices.replaceChildren(...(await this.#chat.devices()).map((d) => this.#device(d)));
    } catch (e) {
      this.#error.say(e);
    }
  }

  #device(d: OwnDevice): HTMLElement {
    const w = words.chat.settings;
    return item({
      testid: "chat-device",
      data: { id: d.id, current: String(d.current) },
      title: d.name,
      notes: [
        d.current && h("strong", {}, w.thisDevice),
        say(w.made, { date: date(d.createdAt) }),
        d.seenAt && !d.current ? say(w.seen, { when: ago(d.seenAt) }) : "",
      ],
      actions: d.current
        ? []
        : [
            button({
              testid: "chat-device-remove",
              class: "round quiet",
              icon: "trash",
              title: `${w.remove}: ${d.name}`,
              click: () => void this.#remove(d),
            }),
          ],
    });
  }

  async #remove(d: OwnDevice): Promise<void> {
    const w = words.chat.settings;
    const yes = words.common.remove;
    if (!(await confirm({ title: say(w.removeAsk, d), text: w.removeText, yes, danger: true }))) return;
    await busy(
      this.#devices,
      () => this.#chat.forgetDevice(d.id),
      (e) => this.#error.say(e),
    );
    await this.#load();
  }
}
