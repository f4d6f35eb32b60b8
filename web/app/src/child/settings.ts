import {
  codeOf,
  passkeysSupported,
  type Account,
  type Passkey,
  type Settings,
  type Visibility,
} from "@kinwire/sdk";
import { avatar } from "../avatar.ts";
import type { Context } from "../context.ts";
import { h, setText, type Screen } from "../dom.ts";
import { showNetCheck } from "../netcheck/link.ts";
import { addPasskey } from "../signin/key.ts";
import { newPassword } from "../signin/signup_parent.ts";
import {
  button,
  busy,
  confirm,
  errorLine,
  form,
  input,
  item,
  labelled,
  page,
  section,
  select,
  statusLine,
  toggle,
} from "../ui.ts";
import { avatarPicker } from "../widgets/avatars.ts";
import { LoginList } from "../widgets/devices.ts";
import { languageSwitch } from "../widgets/language.ts";
import { ago, say, words } from "../words.ts";

/** What a person decides for themselves. Name, password and passkeys are for those who look after themselves. */
export class SettingsScreen implements Screen {
  readonly name = "settings";
  readonly el: HTMLElement;
  readonly #ctx: Context;
  readonly #error = errorLine("settings-error");
  readonly #status = statusLine("settings-status");
  readonly #body = h("div", { class: "columns" });

  constructor(ctx: Context) {
    this.#ctx = ctx;
    this.el = page(
      {
        testid: "screen-settings",
        title: words.child.settingsPage.title,
        back: () => ctx.home(),
        actions: [languageSwitch(() => ctx.show(new SettingsScreen(ctx)))],
      },
      this.#error,
      this.#status,
      this.#body,
    );
    void this.#load();
  }

  focus(): void {
    this.el.focus({ preventScroll: true });
  }

  async #load(): Promise<void> {
    const { api, me } = this.#ctx;
    let account: Account;
    try {
      account = await api.page("GET /v1/account");
    } catch (e) {
      return this.#error.say(e);
    }
    const own = me.role !== "child";
    const parts = [
      ...this.#choices(account.settings),
      this.#blocked(),
      this.#devices(),
      own && this.#about(account),
      own && this.#password(account),
      own && passkeysSupported() && this.#passkeys(),
    ];
    this.#body.replaceChildren(...parts.filter((p) => p !== false));
  }

  #done(text: string = words.common.saved): void {
    this.#error.say("");
    setText(this.#status, text);
  }

  /** Settings are saved as soon as they are changed. */
  #choices(s: Settings): HTMLElement[] {
    const w = words.child.settingsPage;
    const kept = { ...s };
    const save = (change: Partial<Settings>) => {
      Object.assign(kept, change);
      this.#ctx.api
        .page("PUT /v1/settings", { body: { ...kept } })
        .then(() => this.#done())
        .catch((e: unknown) => this.#error.say(e));
    };
    const who = (name: "presence" | "last_seen", text: string) => {
      const options = (["friends", "family", "nobody"] as const).map((value) => ({
        value,
        text: w.who[value],
      }));
      const el = select(`set-${name}`, options, kept[name]);
      el.addEventListener("change", () => save({ [name]: el.value as Visibility }));
      return labelled(text, el);
    };
    const flag = (name: "call_waiting" | "order_by_talk", text: string) =>
      toggle(`set-${name}`, text, kept[name], (on) => save({ [name]: on }));
    return [
      section(
        w.privacy,
        {},
        h("div", { class: "card form" }, who("presence", w.presence), who("last_seen", w.lastSeen)),
      ),
      section(
        w.calls,
        {},
        h(
          "div",
          { class: "card form" },
          flag("call_waiting", w.callWaiting),
          flag("order_by_talk", w.orderByTalk),
          h("small", { class: "hint" }, w.orderHint),
          button({
            testid: "settings-check",
            icon: "signal",
            text: words.netcheck.open,
            click: () =>
              showNetCheck(
                (screen) => this.#ctx.show(screen),
                () => this.#ctx.show(new SettingsScreen(this.#ctx)),
              ),
          }),
        ),
      ),
    ];
  }

  #blocked(): HTMLElement {
    const w = words.child.settingsPage;
    const { api } = this.#ctx;
    const rows = h("ul", { class: "list", testid: "blocked-list" });
    const none = h("p", { class: "hint", attrs: { hidden: true } }, w.blockedNone);
    const load = async () => {
      const blocked = (await api.page("GET /v1/blocks")).blocked ?? [];
      none.hidden = blocked.length > 0;
      rows.replaceChildren(
        ...blocked.map((p) =>
          item({
            testid: "blocked",
            data: { name: p.name, userId: p.id ?? "" },
            picture: avatar({ ...p, avatar: p.avatar ?? "" }, "small"),
            title: p.name,
            actions: [
              p.id &&
                button({
                  testid: "unblock",
                  class: "small",
                  text: w.unblock,
                  click: () => void free(p.id!),
                }),
            ],
          }),
        ),
      );
    };
    const free = async (id: string) => {
      await busy(
        rows,
        () => api.page("DELETE /v1/blocks/{id}", { path: { id } }),
        (e) => this.#error.say(e),
      );
      await load();
    };
    load().catch((e: unknown) => this.#error.say(e));
    return section(w.blocked, {}, none, rows);
  }

  #devices(): HTMLElement {
    const { api } = this.#ctx;
    const devices = new LoginList(
      () => api.page("GET /v1/sessions"),
      (id) => api.page("DELETE /v1/sessions/{id}", { path: { id } }),
    );
    return section(words.child.settingsPage.devices, {}, devices.el);
  }

  #about(account: Account): HTMLElement {
    const w = words.child.settingsPage;
    const name = input({ testid: "set-name", value: account.person.name, attrs: { maxlength: "40" } });
    const face = avatarPicker("set-avatar", account.person.avatar);
    const save = async () => {
      await this.#ctx.api.page("PUT /v1/account", { body: { name: name.value.trim(), avatar: face.value } });
      this.#done();
    };
    return section(
      w.me,
      {},
      form(
        "about-form",
        save,
        (e) => this.#error.say(e),
        h("p", { class: "hint" }, account.login),
        labelled(w.name, name),
        face.el,
        button({ testid: "set-about", text: words.common.save, submit: true }),
      ),
    );
  }

  #password(account: Account): HTMLElement {
    const w = words.child.settingsPage;
    const old = input({ testid: "old-password", type: "password", autocomplete: "current-password" });
    const fresh = newPassword("new-password");
    old.required = account.password;
    const save = async () => {
      await this.#ctx.api.page("PUT /v1/password", { body: { old: old.value, new: fresh.value } });
      old.value = fresh.value = "";
      this.#done();
    };
    return section(
      w.password,
      {},
      form(
        "password-form",
        save,
        (e) => this.#error.say(e),
        // Tells a password manager whose password it is.
        input({
          testid: "password-user",
          autocomplete: "username",
          value: account.login,
          attrs: { hidden: true, readonly: true },
        }),
        account.password && labelled(w.oldPassword, old),
        labelled(w.newPassword, fresh),
        button({ testid: "set-password", text: w.changePassword, submit: true }),
      ),
    );
  }

  #passkeys(): HTMLElement {
    const w = words.child.settingsPage;
    const { api } = this.#ctx;
    const rows = h("ul", { class: "list", testid: "passkeys" });
    const none = h("p", { class: "hint", attrs: { hidden: true } }, w.passkeysNone);
    const load = async () => {
      const keys = (await api.page("GET /v1/passkeys")).passkeys ?? [];
      none.hidden = keys.length > 0;
      rows.replaceChildren(...keys.map((k) => this.#passkey(k, load)));
    };
    const el = section(
      w.passkeys,
      {},
      none,
      rows,
      button({
        testid: "passkey-add",
        icon: "key",
        text: w.passkeyAdd,
        click: () =>
          void busy(
            el,
            async () => {
              await addPasskey(api, words.signin.key.passkeyName);
              await load();
            },
            (e) => this.#error.say(codeOf(e) === "no_permission" ? words.signin.key.cancelled : e),
          ),
      }),
    );
    load().catch((e: unknown) => this.#error.say(e));
    return el;
  }

  #passkey(k: Passkey, load: () => Promise<void>): HTMLElement {
    const w = words.child.settingsPage;
    const { id } = k;
    const remove = async () => {
      if (!(await confirm({ title: w.passkeyAsk, yes: words.common.remove, danger: true }))) return;
      await this.#ctx.api.page("DELETE /v1/passkeys/{id}", { path: { id } });
      await load();
    };
    return item({
      testid: "passkey",
      title: k.name,
      notes: [
        k.used_at
          ? say(w.passkeyUsed, { when: ago(k.used_at) })
          : say(w.passkeyMade, { when: ago(k.created_at) }),
      ],
      actions: [
        button({
          testid: "passkey-remove",
          class: "round quiet",
          icon: "trash",
          title: say(w.passkeyRemove, k),
          click: () => void remove().catch((e: unknown) => this.#error.say(e)),
        }),
      ],
    });
  }
}
