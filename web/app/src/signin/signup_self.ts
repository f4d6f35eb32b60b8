import { codeOf } from "@kinwire/sdk";
import { ageOn, consentAge, today } from "../age.ts";
import { h, type Screen } from "../dom.ts";
import { button, errorLine, form, input, labelled, page } from "../ui.ts";
import { avatarPicker } from "../widgets/avatars.ts";
import { countrySelect } from "../widgets/countries.ts";
import { language, words } from "../words.ts";
import type { Door } from "./door.ts";
import { SentScreen } from "./sent.ts";
import { newPassword, SignUpParentScreen } from "./signup_parent.ts";

/**
 * A teen or an adult makes an account of their own. The age is asked for first, and nothing else of somebody
 * who is too young: then what was typed is forgotten here and has gone nowhere.
 */
export class SignUpSelfScreen implements Screen {
  readonly name = "signup-self";
  readonly el: HTMLElement;
  readonly #door: Door;
  readonly #error = errorLine("signup-error");
  readonly #country = countrySelect("signup-country");
  readonly #birth = input({
    testid: "signup-birth",
    type: "date",
    autocomplete: "bday",
    attrs: { min: "1900-01-01", max: today() },
  });
  readonly #name = input({ testid: "signup-name", autocomplete: "nickname", attrs: { maxlength: "40" } });
  readonly #rest: HTMLElement;

  constructor(door: Door) {
    this.#door = door;
    const w = words.signin.signup;
    const age: HTMLElement = form(
      "signup-age-form",
      async () => {
        if (!(await this.#oldEnough())) return;
        age.hidden = true;
        this.#rest.hidden = false;
        this.#name.focus();
      },
      (e) => this.#error.say(e),
      h("p", { class: "hint" }, w.ageHint),
      labelled(words.common.country, this.#country),
      labelled(words.common.birthDate, this.#birth),
      button({ testid: "signup-next", class: "primary wide", text: words.common.next, submit: true }),
    );
    this.#rest = this.#form();
    this.#rest.hidden = true;
    this.el = page(
      { testid: "screen-signup-self", class: "narrow", title: w.selfTitle, back: () => door.start() },
      age,
      this.#rest,
      this.#error,
    );
  }

  focus(): void {
    this.#country.focus();
  }

  #form(): HTMLElement {
    const w = words.signin.signup;
    const avatar = avatarPicker("signup-avatar", "🐬");
    const email = input({ testid: "signup-email", type: "email", autocomplete: "username" });
    const password = newPassword("signup-password");
    const send = async () => {
      const body = {
        email: email.value.trim(),
        password: password.value,
        name: this.#name.value.trim(),
        avatar: avatar.value,
        country: this.#country.value,
        birth_date: this.#birth.value,
        language: language(),
      };
      try {
        await this.#door.api.page("POST /v1/signup/self", { body });
      } catch (e) {
        if (codeOf(e) !== "too_young") throw e;
        return this.#tooYoung();
      }
      this.#door.show(new SentScreen(this.#door, body.email));
    };
    return form(
      "signup-form",
      send,
      (e) => this.#error.say(e),
      labelled(w.name, this.#name),
      avatar.el,
      labelled(w.email, email),
      labelled(w.password, password),
      button({ testid: "signup-submit", class: "primary wide", text: w.submit, submit: true }),
    );
  }

  async #oldEnough(): Promise<boolean> {
    const ages = await this.#door.api.page("GET /v1/consent-ages");
    const old = ageOn(this.#birth.value, today()) >= consentAge(ages, this.#country.value);
    if (!old) this.#tooYoung();
    return old;
  }

  #tooYoung(): void {
    for (const f of this.el.querySelectorAll("form")) f.reset();
    this.#door.show(new TooYoungScreen(this.#door));
  }
}

/** Kindly: a parent has to make the account. */
export class TooYoungScreen implements Screen {
  readonly name = "too-young";
  readonly el: HTMLElement;

  constructor(door: Door) {
    const w = words.signin.tooYoung;
    this.el = page(
      { testid: "screen-too-young", class: "narrow", title: w.title, back: () => door.start() },
      h("p", { class: "big-emoji", attrs: { "aria-hidden": "true" } }, "🏡"),
      h("p", { attrs: { role: "status" } }, w.text),
      h("p", { class: "hint" }, w.kept),
      button({
        testid: "too-young-parent",
        class: "primary",
        text: w.parent,
        click: () => door.show(new SignUpParentScreen(door)),
      }),
    );
  }

  focus(): void {
    this.el.focus({ preventScroll: true });
  }
}
