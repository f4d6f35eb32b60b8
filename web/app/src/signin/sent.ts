import { h, type Screen } from "../dom.ts";
import { button, page } from "../ui.ts";
import { say, words } from "../words.ts";
import type { Door } from "./door.ts";

/** An e-mail is on its way. It says the same whether there is an account or not. */
export class SentScreen implements Screen {
  readonly name = "sent";
  readonly el: HTMLElement;

  constructor(door: Door, email: string) {
    const w = words.signin.sent;
    this.el = page(
      { testid: "screen-sent", class: "narrow", title: w.title, back: () => door.start() },
      h("p", { class: "big-emoji", attrs: { "aria-hidden": "true" } }, "💌"),
      h("p", { attrs: { role: "status" } }, say(w.text, { email })),
      h("p", { class: "hint" }, w.none),
      button({ testid: "sent-back", class: "primary", text: words.common.done, click: () => door.start() }),
    );
  }

  focus(): void {
    this.el.focus({ preventScroll: true });
  }
}
