import { device } from "../device.ts";
import { h, type Screen } from "../dom.ts";
import { button, errorLine, errorText, form, input, labelled, page } from "../ui.ts";
import { words } from "../words.ts";
import type { Door } from "./door.ts";

/**
 * Finishes a sign-up with the token of an e-mail and the password once more: somebody else may have begun it
 * with the reader's address. It wants a press of a button: programs that look into e-mails open links, but
 * press nothing.
 */
export class ConfirmScreen implements Screen {
  readonly name = "confirm";
  readonly el: HTMLElement;
  readonly #password = input({
    testid: "confirm-password",
    type: "password",
    autocomplete: "current-password",
    required: false,
  });

  constructor(door: Door, token: string) {
    const w = words.signin.confirm;
    const error = errorLine("confirm-error");
    const enter = async () => {
      const password = this.#password.value;
      const body = { token, device: device(), ...(password && { password }) };
      door.enter(await door.api.page("POST /v1/signup/confirm", { body }), false);
    };
    const own = { unauthenticated: w.gone, not_found: w.gone, not_allowed: w.wrong };
    const fail = (e: unknown) => error.say(typeof e === "string" ? e : errorText(e, own));
    this.el = page(
      { testid: "screen-confirm", class: "narrow", title: w.title, back: () => door.start() },
      h("p", { class: "big-emoji", attrs: { "aria-hidden": "true" } }, "🎉"),
      h("p", {}, w.text),
      form(
        "confirm-form",
        enter,
        fail,
        labelled(w.password, this.#password, w.passwordHint),
        error,
        button({ testid: "confirm-go", class: "primary wide", text: w.submit, submit: true }),
      ),
    );
  }

  focus(): void {
    this.#password.focus();
  }
}
