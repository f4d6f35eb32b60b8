import type { Person } from "@kinwire/sdk";
import type { ChatLike, Safety } from "@kinwire/sdk/chat";
import { avatar } from "../avatar.ts";
import type { Context } from "../context.ts";
import { h, setText, type Screen } from "../dom.ts";
import { busy, button, errorLine, page, statusLine } from "../ui.ts";
import { say, words } from "../words.ts";
import { whileOpen } from "./open.ts";

/** Twelve pictures that two friends compare: the same on both devices when nobody is in between. */
export class SafetyScreen implements Screen {
  readonly name = "chat-safety";
  readonly el: HTMLElement;
  readonly #chat: ChatLike;
  readonly #person: Person;
  readonly #error = errorLine("chat-safety-error");
  readonly #status = statusLine("chat-safety-status");
  readonly #place = h("div", { class: "part" });
  readonly #off: () => void;

  constructor(ctx: Context, chat: ChatLike, person: Person, back: () => void) {
    this.#chat = chat;
    this.#person = person;
    this.el = page(
      { testid: "screen-chat-safety", class: "narrow", title: say(words.chat.safety.title, person), back },
      h("div", { class: "faces" }, avatar(ctx.me, "large"), avatar(person, "large")),
      this.#error,
      this.#status,
      this.#place,
    );
    const offs = [
      chat.on("keys", ({ userID }) => userID === person.id && void this.#load()),
      whileOpen(ctx, chat),
    ];
    this.#off = () => offs.forEach((off) => off());
    void this.#load();
  }

  focus(): void {
    this.el.focus({ preventScroll: true });
  }

  close(): void {
    this.#off();
  }

  async #load(): Promise<void> {
    try {
      this.#show(await this.#chat.safety(this.#person.id));
    } catch (e) {
      this.#error.say(e);
    }
  }

  #show(s: Safety): void {
    const w = words.chat.safety;
    if (s.pictures.length === 0) {
      this.#place.replaceChildren(h("p", { class: "card callout" }, say(w.alone, this.#person)));
      return;
    }
    this.#tell(s.verified);
    this.#place.replaceChildren(
      h("p", {}, w.text),
      h(
        "ol",
        { class: "safety-pictures", testid: "chat-safety-pictures" },
        ...s.pictures.map(({ emoji, name }, i) =>
          h(
            "li",
            { class: "card", testid: "chat-safety-picture", data: { name } },
            h("span", { class: "safety-picture" }, emoji),
            h("span", { class: "hint", attrs: { "aria-hidden": "true" } }, String(i + 1)),
          ),
        ),
      ),
      h(
        "details",
        {},
        h("summary", {}, w.numbers),
        h("p", { class: "safety-digits", testid: "chat-safety-digits" }, s.digits.join(" ")),
      ),
      h(
        "div",
        { class: "choices compared" },
        button({ testid: "chat-safety-differ", text: w.differ, click: () => void this.#say(false) }),
        button({
          testid: "chat-safety-same",
          class: "answer",
          icon: "check",
          text: w.same,
          click: () => void this.#say(true),
        }),
      ),
    );
  }

  #tell(verified: Safety["verified"]): void {
    const w = words.chat.safety;
    this.el.dataset["verified"] = verified;
    setText(this.#status, verified === "yes" ? w.done : verified === "changed" ? w.changed : "");
  }

  async #say(same: boolean): Promise<void> {
    this.#error.say("");
    const done = await busy(
      this.#place,
      () => this.#chat.setVerified(this.#person.id, same),
      (e) => this.#error.say(e),
    );
    if (!done) return;
    this.#tell(same ? "yes" : "no");
    if (!same) this.#error.say(words.chat.safety.differText);
    this.#status.scrollIntoView({ block: "nearest" });
  }
}
