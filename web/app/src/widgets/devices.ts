import type { LoginSession, LoginSessions } from "@kinwire/sdk";
import { h } from "../dom.ts";
import { icon } from "../icons.ts";
import { button, confirm, errorLine, item } from "../ui.ts";
import { ago, say, words } from "../words.ts";

/** Devices that are signed in, each with a button to sign it out. */
export class LoginList {
  readonly el: HTMLElement;
  readonly #load: () => Promise<LoginSessions>;
  readonly #end: (id: string) => Promise<unknown>;
  readonly #rows = h("ul", { class: "list", testid: "sessions" });
  readonly #none = h("p", { class: "hint" }, words.common.busy);
  readonly #error = errorLine("sessions-error");

  constructor(load: () => Promise<LoginSessions>, end: (id: string) => Promise<unknown>) {
    this.#load = load;
    this.#end = end;
    this.el = h("div", { class: "part" }, this.#error, this.#none, this.#rows);
    void this.reload();
  }

  async reload(): Promise<void> {
    try {
      const sessions = (await this.#load()).sessions ?? [];
      this.#rows.replaceChildren(...sessions.map((s) => this.#row(s)));
      this.#none.textContent = words.common.nothing;
      this.#none.hidden = sessions.length > 0;
      this.#error.say("");
    } catch (e) {
      this.#error.say(e);
    }
  }

  #row(s: LoginSession): HTMLElement {
    const w = words.child.settingsPage;
    // An app tells its version here, a web page only that it is one.
    const app = s.device?.app === "web" ? "" : s.device?.app;
    const parts = [s.device?.model, s.device?.os, app].filter((t) => !!t);
    return item({
      testid: "session",
      data: { id: s.id, current: String(s.current) },
      picture: h("span", { class: "disc-icon" }, icon("device")),
      title: parts.join(" · ") || w.unknownDevice,
      notes: [s.current ? w.thisDevice : say(w.seen, { when: ago(s.last_seen_at) })],
      actions: [
        !s.current &&
          button({
            testid: "session-end",
            class: "small",
            text: w.end,
            click: () => void this.#signOut(s),
          }),
      ],
    });
  }

  async #signOut(s: LoginSession): Promise<void> {
    const w = words.child.settingsPage;
    if (!(await confirm({ title: w.endAsk, yes: w.end, danger: true }))) return;
    try {
      await this.#end(s.id);
    } catch (e) {
      return this.#error.say(e);
    }
    await this.reload();
  }
}
