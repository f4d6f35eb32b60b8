import type { Screen } from "../dom.ts";
import { button, errorLine, errorText, form, input, labelled, page } from "../ui.ts";
import { words } from "../words.ts";
import type { Door } from "./door.ts";

/** Sets a new password with the token of an e-mail. */
export class ResetScreen implements Screen {
  readonly name = "reset";
  readonly el: HTMLElement;
  readonly #password = input({
    testid: "reset-password",
    type: "password",
    autocomplete: "new-password",
    attrs: { minlength: "10", maxlength: "256" },
  });

  constructor(door: Door, token: string) {
    const w = words.signin.reset;
    const error = errorLine("reset-error");
    const { gone } = words.signin.confirm;
    const save = async () => {
      const body = { token, password: this.#password.value };
      door.enter(await door.api.page("POST /v1/password/reset", { body }), false);
    };
    this.el = page(
      { testid: "screen-reset", class: "narrow", title: w.title, back: () => door.start() },
      form(
        "reset-form",
        save,
        (e) => error.say(e === "" ? "" : errorText(e, { unauthenticated: gone, not_found: gone })),
        labelled(words.signin.signup.password, this.#password, w.hint),
        error,
        button({ testid: "reset-submit", class: "primary wide", text: w.submit, submit: true }),
      ),
    );
  }

  focus(): void {
    this.#password.focus();
  }
}
