import type { Call } from "@kinwire/sdk";
import { avatar } from "../avatar.ts";
import { h } from "../dom.ts";
import { button } from "../ui.ts";
import { say, words } from "../words.ts";
import { titleOf } from "./incoming.ts";

/** A second call rings while one goes on: over the picture, and without taking the keyboard away from it. */
export class Waiting {
  readonly el: HTMLElement;

  constructor(call: Call, present: string, actions: { answer(): void; decline(): void }) {
    const caller = call.others.find((p) => p.person.id === call.view.caller) ?? call.others[0];
    this.el = h(
      "section",
      {
        class: "waiting card",
        testid: "waiting",
        data: { callId: call.id, name: caller?.person.name ?? "" },
        attrs: { role: "alert" },
      },
      avatar(caller?.person ?? { name: "?", avatar: "" }, "small"),
      h(
        "div",
        { class: "item-text" },
        h("strong", {}, titleOf(call)),
        h("span", { class: "hint" }, say(words.incoming.waiting, { name: present })),
      ),
      h(
        "div",
        { class: "item-actions" },
        button({
          testid: "waiting-decline",
          class: "decline",
          icon: "hangup",
          text: words.incoming.decline,
          click: () => actions.decline(),
        }),
        button({
          testid: "waiting-answer",
          class: "answer",
          icon: "phone",
          text: words.incoming.waitingAnswer,
          click: () => actions.answer(),
        }),
      ),
    );
  }
}
