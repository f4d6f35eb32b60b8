import {
  codeOf,
  getPasskey,
  passkeysSupported,
  type Demo,
  type DemoLogin,
  type Provider,
} from "@kinwire/sdk";
import { avatar } from "../avatar.ts";
import { device } from "../device.ts";
import { h, setText, type Screen } from "../dom.ts";
import { icon } from "../icons.ts";
import { showNetCheck } from "../netcheck/link.ts";
import { busy, button, errorLine, errorText, form, input, labelled, toggle } from "../ui.ts";
import { languageSwitch } from "../widgets/language.ts";
import { PicturePassword } from "../widgets/pictures.ts";
import { goToProvider } from "../tokens.ts";
import { say, words } from "../words.ts";
import { CodeScreen } from "./code.ts";
import type { Door } from "./door.ts";
import { ForgotScreen } from "./forgot.ts";
import { SignUpParentScreen } from "./signup_parent.ts";
import { SignUpSelfScreen } from "./signup_self.ts";

export interface LoginOptions {
  /** What went wrong before. */
  error?: string;
  /** What waits for the person to come in. */
  waiting?: string;
}

/** The first page: in demo mode a picture to tap for everybody, and always all ways to sign in or up. */
export class LoginScreen implements Screen {
  readonly name = "login";
  readonly el: HTMLElement;
  readonly #door: Door;
  readonly #error = errorLine("login-error");
  readonly #tiles = h("div", { class: "families" });
  readonly #providers = h("div", { class: "ways" });
  readonly #user = input({ testid: "login-user", autocomplete: "username webauthn" });
  readonly #password = input({
    testid: "login-password",
    type: "password",
    autocomplete: "current-password",
  });
  readonly #letters: HTMLElement;
  readonly #pictures = new PicturePassword("login-pictures");
  readonly #stay = toggle("login-stay", words.signin.keep, false);

  constructor(door: Door, o: LoginOptions = {}) {
    this.#door = door;
    const w = words.signin;
    this.#letters = labelled(w.password, this.#password);
    const doors = h("div", { class: "login-form" }, this.#form());
    this.el = h(
      "main",
      { class: "page login", testid: "screen-login", attrs: { tabindex: "-1" } },
      h(
        "header",
        { class: "brand" },
        h("img", { class: "logo", attrs: { src: "/icon.svg", alt: "", width: "72", height: "72" } }),
        h("h1", {}, words.app),
        h("p", { class: "tagline" }, words.tagline),
      ),
      o.waiting && h("p", { class: "card callout", testid: "login-waiting" }, o.waiting),
      this.#tiles,
      this.#error,
      doors,
      this.#signUps(),
      h(
        "footer",
        { class: "foot" },
        languageSwitch(() => door.start()),
        button({
          testid: "login-check",
          class: "quiet small",
          icon: "signal",
          text: words.netcheck.open,
          click: () =>
            showNetCheck(
              (screen) => door.show(screen),
              () => door.start(),
            ),
        }),
      ),
    );
    this.#error.say(o.error ?? "");
    void this.#offerDemo(doors);
    void this.#offerProviders();
  }

  #form(): HTMLElement {
    const w = words.signin;
    const wrong = w.passkeyWrong;
    const pictures = button({
      testid: "login-use-pictures",
      class: "quiet small",
      text: w.pictures,
      attrs: { "aria-pressed": "false" },
      click: () => this.#usePictures(!!this.#pictures.el.hidden, pictures),
    });
    this.#pictures.el.hidden = true;
    const el = form(
      "login-form",
      () => this.#signIn(this.#user.value.trim(), this.#typed()),
      (e) => this.#error.say(e),
      labelled(w.user, this.#user),
      this.#letters,
      this.#pictures.el,
      pictures,
      this.#stay,
      button({ testid: "login-submit", class: "primary wide", text: w.submit, submit: true }),
      h(
        "div",
        { class: "ways", attrs: { role: "group", "aria-label": w.ways } },
        button({
          testid: "login-code",
          class: "wide",
          icon: "device",
          text: w.haveCode,
          click: () => this.#door.show(new CodeScreen(this.#door)),
        }),
        passkeysSupported() &&
          button({
            testid: "login-passkey",
            class: "wide",
            icon: "key",
            text: w.passkey,
            click: () =>
              void busy(
                this.el,
                () => this.#passkey(),
                (e) =>
                  this.#error.say(
                    errorText(e, { unauthenticated: wrong, not_allowed: wrong, wrong_state: wrong }),
                  ),
              ),
          }),
        this.#providers,
        button({
          testid: "login-forgot",
          class: "quiet wide",
          text: w.forgot,
          click: () => this.#door.show(new ForgotScreen(this.#door)),
        }),
      ),
    );
    return el;
  }

  #signUps(): HTMLElement {
    const w = words.signin.signup;
    return h(
      "section",
      { class: "part sign-ups", attrs: { "aria-label": w.question } },
      h("h2", {}, w.question),
      h(
        "div",
        { class: "choices" },
        button({
          testid: "signup-parent",
          text: w.parent,
          icon: "group",
          click: () => this.#door.show(new SignUpParentScreen(this.#door)),
        }),
        button({
          testid: "signup-self",
          text: w.self,
          icon: "addFriend",
          click: () => this.#door.show(new SignUpSelfScreen(this.#door)),
        }),
      ),
    );
  }

  async #offerDemo(doors: HTMLElement): Promise<void> {
    let demo: Demo | null;
    try {
      demo = await this.#door.api.demo();
    } catch (e) {
      this.#error.say(e);
      return;
    }
    if (!demo?.logins?.length) return;
    const families = new Map<string, DemoLogin[]>();
    for (const l of demo.logins) families.set(l.family, [...(families.get(l.family) ?? []), l]);
    this.#tiles.append(h("h2", {}, words.signin.title), h("p", { class: "hint" }, words.signin.demo));
    const sections = h("div");
    this.#tiles.append(sections);
    for (const [family, logins] of families) {
      const tiles = logins.map((l) => this.#tile(l, demo.password));
      sections.append(
        h(
          "section",
          { class: "family", attrs: { "aria-label": familyName(family) } },
          h("h3", {}, familyName(family)),
          h("div", { class: "tiles" }, ...tiles),
        ),
      );
    }
    // With pictures to tap, the form is for the few who have another account.
    const more = h("details", { class: "login-form" }, h("summary", {}, words.signin.other));
    doors.replaceWith(more);
    more.append(...doors.children);
  }

  async #offerProviders(): Promise<void> {
    let providers: Provider[];
    try {
      providers = (await this.#door.api.page("GET /v1/login/providers")).providers ?? [];
    } catch {
      return; // The other ways are there.
    }
    this.#providers.append(
      ...providers.map((p) =>
        h(
          "a",
          {
            class: "button wide",
            testid: `login-provider-${p.id}`,
            attrs: { href: p.url },
            on: { click: goToProvider },
          },
          icon("globe"),
          h("span", {}, say(words.signin.provider, p)),
        ),
      ),
    );
  }

  #tile(l: DemoLogin, password: string): HTMLElement {
    return h(
      "button",
      {
        class: "card tile",
        testid: `demo-${l.login}`,
        attrs: { type: "button" },
        on: {
          click: () =>
            void busy(
              this.el,
              () => this.#signIn(l.login, password),
              (e) => this.#error.say(e),
            ),
        },
      },
      avatar(l, "large"),
      h("span", { class: "tile-name" }, l.name),
      h("span", { class: "hint" }, words.roles[l.role] ?? ""),
    );
  }

  #usePictures(on: boolean, pressed: HTMLElement): void {
    this.#pictures.el.hidden = !on;
    this.#letters.hidden = on;
    this.#password.required = !on;
    pressed.setAttribute("aria-pressed", String(on));
    setText(pressed.querySelector("span")!, on ? words.signin.letters : words.signin.pictures);
  }

  #typed(): string {
    return this.#pictures.el.hidden ? this.#password.value : this.#pictures.value;
  }

  async #signIn(user: string, password: string): Promise<void> {
    try {
      const login = await this.#door.api.login(user, password, device());
      this.#door.enter(login, this.#stay.input.checked);
    } catch (e) {
      this.#pictures.clear();
      throw e;
    }
  }

  async #passkey(): Promise<void> {
    this.#error.say("");
    const { ticket, options } = await this.#door.api.page("POST /v1/login/passkey/begin");
    let response: unknown;
    try {
      response = await getPasskey(options);
    } catch (e) {
      if (codeOf(e) === "no_permission") return; // The person thought better of it.
      throw e;
    }
    const body = { ticket, response, device: device() };
    const login = await this.#door.api.page("POST /v1/login/passkey", { body });
    this.#door.enter(login, this.#stay.input.checked);
  }
}

/** "Family Sharma", also where the family is called so already. */
export function familyName(name: string): string {
  return /^family\b/i.test(name) ? name : say(words.signin.family, { name });
}
