import { codeOf, createPasskey, passkeysSupported, type API } from "@kinwire/sdk";
import { h, type Screen } from "../dom.ts";
import { busy, button, errorLine, errorText, form, labelled, page } from "../ui.ts";
import { words } from "../words.ts";
import { newPassword } from "./signup_parent.ts";

/** Makes a passkey for the account whose token api has. */
export async function addPasskey(api: API, name: string): Promise<void> {
  const { ticket, options } = await api.page("POST /v1/passkeys/begin");
  const response = await createPasskey(options);
  await api.page("POST /v1/passkeys", { body: { ticket, name, response } });
}

/** A new account has no way to come in again yet: a passkey is made, or a password chosen. */
export class KeyScreen implements Screen {
  readonly name = "key";
  readonly el: HTMLElement;

  constructor(api: API, done: () => void) {
    const w = words.signin.key;
    const error = errorLine("key-error");
    const fail = (e: unknown) =>
      error.say(e === "" ? "" : codeOf(e) === "no_permission" ? w.cancelled : errorText(e));
    const passkey = async () => {
      await addPasskey(api, w.passkeyName);
      done();
    };
    const password = newPassword("key-password");
    const choose = async () => {
      await api.page("PUT /v1/password", { body: { old: "", new: password.value } });
      done();
    };
    this.el = page(
      { testid: "screen-key", class: "narrow", title: w.title },
      passkeysSupported() &&
        h(
          "section",
          { class: "card form" },
          h("p", {}, w.passkeyText),
          button({
            testid: "key-passkey",
            class: "primary wide",
            icon: "key",
            text: w.passkey,
            click: () => void busy(this.el, passkey, fail),
          }),
        ),
      error,
      form(
        "key-form",
        choose,
        fail,
        h("p", {}, w.or),
        labelled(w.password, password),
        button({ testid: "key-submit", class: "wide", text: w.submit, submit: true }),
      ),
    );
  }

  focus(): void {
    this.el.focus({ preventScroll: true });
  }
}
