import { passkeysSupported } from "@kinwire/sdk";
import { h, type Screen } from "../dom.ts";
import { button, errorLine, form, input, labelled, page, toggle } from "../ui.ts";
import { avatarPicker } from "../widgets/avatars.ts";
import { language, words } from "../words.ts";
import type { Door } from "./door.ts";
import { SentScreen } from "./sent.ts";

/** A parent makes an account: with a password, or with a passkey that is made once the e-mail is confirmed. */
export class SignUpParentScreen implements Screen {
  readonly name = "signup-parent";
  readonly el: HTMLElement;
  readonly #name = input({ testid: "signup-name", autocomplete: "nickname", attrs: { maxlength: "40" } });

  constructor(door: Door) {
    const w = words.signin.signup;
    const error = errorLine("signup-error");
    const avatar = avatarPicker("signup-avatar", "🦉");
    const email = input({ testid: "signup-email", type: "email", autocomplete: "username" });
    const password = newPassword("signup-password");
    const passwordLabel = labelled(w.password, password);
    const passkey = toggle("signup-passkey", w.usePasskey, false, (on) => {
      passwordLabel.hidden = on;
      password.required = !on;
    });
    passkey.hidden = !passkeysSupported();
    const send = async () => {
      const body = {
        email: email.value.trim(),
        name: this.#name.value.trim(),
        avatar: avatar.value,
        language: language(),
        ...(!passkey.input.checked && { password: password.value }),
      };
      await door.api.page("POST /v1/signup/parent", { body });
      door.show(new SentScreen(door, body.email));
    };
    this.el = page(
      { testid: "screen-signup-parent", class: "narrow", title: w.parentTitle, back: () => door.start() },
      h("p", { class: "hint" }, w.parentHint),
      form(
        "signup-form",
        send,
        (e) => error.say(e),
        labelled(w.name, this.#name),
        avatar.el,
        labelled(w.email, email),
        passkey,
        passwordLabel,
        error,
        button({ testid: "signup-submit", class: "primary wide", text: w.submit, submit: true }),
      ),
    );
  }

  focus(): void {
    this.#name.focus();
  }
}

/** A field for a password that is new. */
export function newPassword(testid: string): HTMLInputElement {
  return input({
    testid,
    type: "password",
    autocomplete: "new-password",
    attrs: { minlength: "10", maxlength: "256" },
  });
}
