import { device } from "../device.ts";
import { h, type Screen } from "../dom.ts";
import { button, errorLine, errorText, form, input, labelled, page, toggle } from "../ui.ts";
import { Scanner } from "../widgets/scanner.ts";
import { words } from "../words.ts";
import type { Door } from "./door.ts";

/** Comes in with the one-time code that a parent shows: typed, scanned, or from the link in the QR code. */
export class CodeScreen implements Screen {
  readonly name = "code";
  readonly el: HTMLElement;
  readonly #input = input({
    testid: "code-input",
    autocomplete: "one-time-code",
    attrs: { class: "code-input", maxlength: "64" },
  });
  readonly #scanner: Scanner;
  readonly #submit: HTMLButtonElement;

  constructor(door: Door, code = "") {
    const w = words.signin.code;
    const error = errorLine("code-error");
    const stay = toggle("code-stay", words.signin.keep, true);
    this.#input.value = code;
    this.#submit = button({
      testid: "code-submit",
      class: "primary wide",
      text: words.signin.submit,
      submit: true,
    });
    const enter = async () => {
      const body = { code: this.#input.value.trim(), device: device() };
      door.enter(await door.api.page("POST /v1/login/code", { body }), stay.input.checked);
    };
    const wrong = { unauthenticated: w.wrong, not_found: w.wrong, bad_message: w.wrong };
    const sent = form(
      "code-form",
      enter,
      (e) => error.say(e === "" ? "" : errorText(e, wrong)),
      labelled(w.label, this.#input, w.hint),
      stay,
      error,
      this.#submit,
    );
    this.#scanner = new Scanner("code", (found) => {
      this.#input.value = found;
      sent.requestSubmit();
    });
    this.el = page(
      { testid: "screen-code", class: "narrow", title: w.title, back: () => door.start() },
      sent,
      h("div", { class: "part" }, this.#scanner.el),
    );
  }

  focus(): void {
    (this.#input.value ? this.#submit : this.#input).focus();
  }

  close(): void {
    this.#scanner.close();
  }
}
