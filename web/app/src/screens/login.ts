import { API, codeOf, type Demo, type DemoLogin, type Login } from "@kinwire/sdk";
import { avatar } from "../avatar.ts";
import { h, setText, type Screen } from "../dom.ts";
import { words } from "../words.ts";

/** The first page: in demo mode a picture to tap for everybody, and always a form. */
export class LoginScreen implements Screen {
  readonly name = "login";
  readonly el: HTMLElement;
  readonly #api: API;
  readonly #done: (login: Login) => void;
  readonly #error = h("p", { class: "error", testid: "login-error", attrs: { role: "alert" } });
  readonly #tiles = h("div", { class: "families" });
  readonly #user = field("login-user", "username");
  readonly #password = field("login-password", "current-password", "password");
  readonly #submit = h(
    "button",
    { class: "button primary wide", testid: "login-submit", attrs: { type: "submit" } },
    words.login.submit,
  );

  constructor(api: API, done: (login: Login) => void, error = "") {
    this.#api = api;
    this.#done = done;
    const form = h(
      "form",
      { class: "card form", testid: "login-form", on: { submit: (e) => this.#formSent(e) } },
      label(words.login.user, this.#user),
      label(words.login.password, this.#password),
      this.#submit,
    );
    const form2 = h("div", { class: "login-form" }, form);
    this.el = h(
      "main",
      { class: "page login", testid: "screen-login" },
      h(
        "header",
        { class: "brand" },
        h("img", { class: "logo", attrs: { src: "/icon.svg", alt: "", width: "72", height: "72" } }),
        h("h1", {}, words.app),
        h("p", { class: "tagline" }, words.tagline),
      ),
      this.#tiles,
      this.#error,
      form2,
    );
    setText(this.#error, error);
    void this.#offerDemo(form2);
  }

  async #offerDemo(form: HTMLElement): Promise<void> {
    let demo: Demo | null;
    try {
      demo = await this.#api.demo();
    } catch (e) {
      setText(this.#error, words.errors[codeOf(e)] ?? words.errorElse);
      return;
    }
    if (!demo?.logins?.length) return;
    const families = new Map<string, DemoLogin[]>();
    for (const l of demo.logins) families.set(l.family, [...(families.get(l.family) ?? []), l]);
    this.#tiles.append(h("h2", {}, words.login.title), h("p", { class: "hint" }, words.login.demo));
    const sections = h("div");
    this.#tiles.append(sections);
    for (const [family, logins] of families) {
      const tiles = logins.map((l) => this.#tile(l, demo.password));
      sections.append(
        h(
          "section",
          { class: "family", attrs: { "aria-label": words.login.family(family) } },
          h("h3", {}, words.login.family(family)),
          h("div", { class: "tiles" }, ...tiles),
        ),
      );
    }
    // With pictures to tap, the form is for the few who have another account.
    const more = h("details", { class: "login-form" }, h("summary", {}, words.login.other));
    form.replaceWith(more);
    more.append(...form.children);
  }

  #tile(l: DemoLogin, password: string): HTMLElement {
    return h(
      "button",
      {
        class: "card tile",
        testid: `demo-${l.login}`,
        attrs: { type: "button" },
        on: { click: () => void this.#login(l.login, password) },
      },
      avatar(l, "large"),
      h("span", { class: "tile-name" }, l.name),
      h("span", { class: "hint" }, words.login.roles[l.role] ?? ""),
    );
  }

  #formSent(e: Event): void {
    e.preventDefault();
    void this.#login(this.#user.value.trim(), this.#password.value);
  }

  async #login(user: string, password: string): Promise<void> {
    setText(this.#error, "");
    this.#busy(true);
    try {
      this.#done(await this.#api.login(user, password, { app: "web" }));
    } catch (e) {
      setText(this.#error, words.errors[codeOf(e)] ?? words.errorElse);
      this.#error.scrollIntoView({ block: "nearest" });
      this.#busy(false);
    }
  }

  #busy(busy: boolean): void {
    for (const b of this.el.querySelectorAll("button")) b.disabled = busy;
    setText(this.#submit, busy ? words.login.busy : words.login.submit);
  }
}

function field(testid: string, autocomplete: string, type = "text"): HTMLInputElement {
  return h("input", {
    testid,
    attrs: { type, name: testid, autocomplete, required: true, autocapitalize: "none", spellcheck: "false" },
  });
}

function label(text: string, input: HTMLInputElement): HTMLElement {
  return h("label", {}, h("span", {}, text), input);
}
