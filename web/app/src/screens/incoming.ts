import type { Call } from "@kinwire/sdk";
import { avatar } from "../avatar.ts";
import { h, type Screen } from "../dom.ts";
import { icon } from "../icons.ts";
import { count, say, words } from "../words.ts";

/** Who calls, and how: "Mia is calling you and one more". */
export function titleOf(call: Call): string {
  const caller = call.others.find((p) => p.person.id === call.view.caller) ?? call.others[0];
  const name = caller?.person.name ?? "";
  const others = call.others.length - 1;
  if (others > 0) return count(words.incoming.group, others, { name });
  const video = call.view.video && !call.noVideo;
  return say(video ? words.incoming.video : words.incoming.voice, { name });
}

/** A call rings: who it is, and two large buttons. */
export class IncomingScreen implements Screen {
  readonly name = "incoming";
  readonly el: HTMLElement;
  readonly #answer: HTMLButtonElement;

  constructor(call: Call, actions: { answer(): void; decline(): void }) {
    const caller = call.others.find((p) => p.person.id === call.view.caller) ?? call.others[0];
    const name = caller?.person.name ?? "";
    const video = call.view.video && !call.noVideo;
    this.#answer = h(
      "button",
      {
        class: "button answer",
        testid: "answer",
        attrs: { type: "button" },
        on: { click: () => actions.answer() },
      },
      icon(video ? "video" : "phone"),
      h("span", {}, words.incoming.answer),
    );
    this.el = h(
      "main",
      {
        class: "page incoming",
        testid: "screen-incoming",
        attrs: { role: "alertdialog", "aria-modal": "true", "aria-labelledby": "incoming-title" },
        on: { keydown: (e) => e.key === "Escape" && actions.decline() },
      },
      h("div", { class: "pulse" }, avatar(caller?.person ?? { name: "?", avatar: "" }, "giant")),
      h("h1", { testid: "incoming-from", data: { name }, attrs: { id: "incoming-title" } }, titleOf(call)),
      h(
        "div",
        { class: "choices" },
        h(
          "button",
          {
            class: "button decline",
            testid: "decline",
            attrs: { type: "button" },
            on: { click: () => actions.decline() },
          },
          icon("hangup"),
          h("span", {}, words.incoming.decline),
        ),
        this.#answer,
      ),
    );
  }

  /** Puts the keyboard on the answer. */
  focus(): void {
    this.#answer.focus();
  }
}
