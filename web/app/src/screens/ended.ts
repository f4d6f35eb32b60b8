import type { Call, Reason } from "@kinwire/sdk";
import { avatar } from "../avatar.ts";
import { h, type Screen } from "../dom.ts";
import { icon } from "../icons.ts";
import { duration, words } from "../words.ts";

/** What the last page of a call tells. */
export interface Ending {
  call: Call;
  reason: Reason;
  /** This person ended it. */
  own: boolean;
  /** How long they talked; 0 when they never did. */
  talkedMS: number;
}

/** Why a call ended, in plain words, and what to do next. */
export class EndedScreen implements Screen {
  readonly name = "ended";
  readonly el: HTMLElement;
  readonly #back: HTMLButtonElement;

  constructor(e: Ending, actions: { again(): void; back(): void }) {
    const people = e.call.others.map((p) => p.person);
    const names = words.call.and(people.map((p) => p.name));
    const text = words.reasons[e.reason] ?? words.reasons.lost;
    this.#back = h(
      "button",
      {
        class: "button primary",
        testid: "back",
        attrs: { type: "button" },
        on: { click: () => actions.back() },
      },
      words.ended.back,
    );
    this.el = h(
      "main",
      {
        class: "page ended",
        testid: "screen-ended",
        data: { reason: e.reason },
        on: { keydown: (k) => k.key === "Escape" && actions.back() },
      },
      h(
        "div",
        { class: "faces" },
        ...people.slice(0, 4).map((p) => avatar(p, people.length > 1 ? "large" : "giant")),
      ),
      h("h1", { testid: "ended-reason", attrs: { role: "status" } }, e.own ? text.own : text.other(names)),
      e.talkedMS > 0 &&
        h("p", { class: "hint", testid: "ended-duration" }, words.ended.lasted(duration(e.talkedMS))),
      h(
        "div",
        { class: "choices" },
        people.length > 0 &&
          h(
            "button",
            {
              class: "button",
              testid: "call-again",
              attrs: { type: "button" },
              on: { click: () => actions.again() },
            },
            icon(e.call.view.video ? "video" : "phone"),
            h("span", {}, words.ended.again),
          ),
        this.#back,
      ),
    );
  }

  focus(): void {
    this.#back.focus();
  }
}
