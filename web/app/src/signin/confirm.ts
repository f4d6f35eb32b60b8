import { device } from "../device.ts";
import { h, type Screen } from "../dom.ts";
import { busy, button, errorLine, errorText, page } from "../ui.ts";
import { words } from "../words.ts";
import type { Door } from "./door.ts";

/**
 * Finishes a sign-up with the token of an e-mail. It wants a press of a button: programs that look into
 * e-mails open links, but press nothing.
 */
export class ConfirmScreen implements Screen {
  readonly name = "confirm";
  readonly el: HTMLElement;
  readonly #go: HTMLButtonElement;

  constructor(door: Door, token: string) {
    const w = words.signin.confirm;
    const error = errorLine("confirm-error");
    const enter = async () => {
      const body = { token, device: device() };
      door.enter(await door.api.page("POST /v1/signup/confirm", { body }), false);
    };
    const fail = (e: unknown) => error.say(errorText(e, { unauthenticated: w.gone, not_found: w.gone }));
    this.#go = button({
      testid: "confirm-go",
      class: "primary wide",
      text: w.submit,
      click: () => void busy(this.el, enter, fail),
    });
    this.el = page(
      { testid: "screen-confirm", class: "narrow", title: w.title, back: () => door.start() },
      h("p", { class: "big-emoji", attrs: { "aria-hidden": "true" } }, "🎉"),
      h("p", {}, w.text),
      error,
      this.#go,
    );
  }

  focus(): void {
    this.#go.focus();
  }
}
