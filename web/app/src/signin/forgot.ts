import { h, type Screen } from "../dom.ts";
import { button, errorLine, form, input, labelled, page } from "../ui.ts";
import { words } from "../words.ts";
import type { Door } from "./door.ts";
import { SentScreen } from "./sent.ts";

/** Asks for an e-mail with which to set a new password. */
export class ForgotScreen implements Screen {
  readonly name = "forgot";
  readonly el: HTMLElement;
  readonly #email = input({ testid: "forgot-email", type: "email", autocomplete: "email" });

  constructor(door: Door) {
    const w = words.signin.forgotPage;
    const error = errorLine("forgot-error");
    const send = async () => {
      const email = this.#email.value.trim();
      await door.api.page("POST /v1/password/forgot", { body: { email } });
      door.show(new SentScreen(door, email));
    };
    this.el = page(
      { testid: "screen-forgot", class: "narrow", title: w.title, back: () => door.start() },
      form(
        "forgot-form",
        send,
        (e) => error.say(e),
        labelled(w.email, this.#email, w.hint),
        error,
        button({ testid: "forgot-submit", class: "primary wide", text: w.submit, submit: true }),
      ),
      h("p", { class: "hint" }, w.child),
    );
  }

  focus(): void {
    this.#email.focus();
  }
}
