import type { Call, Person, Reason } from "@kinwire/sdk";
import { avatar } from "../avatar.ts";
import { h, type Screen } from "../dom.ts";
import { icon } from "../icons.ts";
import { button } from "../ui.ts";
import { duration, list, say, words } from "../words.ts";

/** What the last page of a call tells. */
export interface Ending {
  call: Call;
  reason: Reason;
  /** This person ended it. */
  own: boolean;
  /** How long they talked; 0 when they never did. */
  talkedMS: number;
}

/** After these a new call would be refused. */
const FINAL: ReadonlySet<Reason> = new Set(["not_allowed", "quiet_hours", "allowance"]);

/** After these it may be the network's doing. */
const TROUBLE: ReadonlySet<Reason> = new Set(["failed", "lost"]);

/** Why a call ended, in plain words, and what to do next. */
export class EndedScreen implements Screen {
  readonly name = "ended";
  readonly el: HTMLElement;
  readonly #back: HTMLButtonElement;

  constructor(e: Ending, actions: { again(): void; back(): void; report?(p: Person): void; check?(): void }) {
    const { report, check } = actions;
    const people = e.call.others.map((p) => p.person);
    const names = list(people.map((p) => p.name));
    const text = words.reasons[e.reason] ?? words.reasons.lost;
    this.#back = h(
      "button",
      {
        class: "button primary",
        testid: "back",
        attrs: { type: "button" },
        on: { click: () => actions.back() },
      },
      words.common.back,
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
      h(
        "h1",
        { testid: "ended-reason", attrs: { role: "status" } },
        e.own ? text.own : say(text.theirs, { names }),
      ),
      e.talkedMS > 0 &&
        h(
          "p",
          { class: "hint", testid: "ended-duration" },
          say(words.ended.lasted, { time: duration(e.talkedMS) }),
        ),
      h(
        "div",
        { class: "choices" },
        people.length > 0 &&
          !FINAL.has(e.reason) &&
          h(
            "button",
            {
              class: "button",
              testid: "call-again",
              attrs: { type: "button" },
              on: { click: () => actions.again() },
            },
            icon(e.call.view.video && !e.call.noVideo ? "video" : "phone"),
            h("span", {}, words.ended.again),
          ),
        this.#back,
      ),
      check &&
        TROUBLE.has(e.reason) &&
        button({
          testid: "ended-check",
          class: "quiet",
          icon: "signal",
          text: words.netcheck.open,
          click: () => check(),
        }),
      report &&
        h(
          "div",
          { class: "stack" },
          ...people.map((p) =>
            button({
              testid: "ended-report",
              class: "quiet small",
              icon: "flag",
              text: people.length > 1 ? say(words.child.report.title, p) : words.child.friend.report,
              data: { name: p.name, userId: p.id },
              click: () => report(p),
            }),
          ),
        ),
    );
  }

  focus(): void {
    this.#back.focus();
  }
}
