import type { Approval } from "@kinwire/sdk";
import { avatar } from "../avatar.ts";
import type { Context } from "../context.ts";
import { h } from "../dom.ts";
import { busy, button, errorLine } from "../ui.ts";
import { date, say, words } from "../words.ts";

/**
 * A friendship that waits for this parent's yes, with what there is to decide on. decided shows what is
 * left; until then nothing can be pressed again.
 */
export function approvalCard(ctx: Context, a: Approval, decided: () => Promise<void>): HTMLElement {
  const w = words.parent.approvals;
  const names = { child: a.child.name, other: a.other.name };
  const error = errorLine("approval-error");
  const question = say(a.asked ? w.asked : w.wasAsked, names);
  const decide = (approve: boolean) =>
    void busy(
      card,
      async () => {
        error.say("");
        await ctx.api.page("POST /v1/approvals/{id}", {
          path: { id: a.id },
          body: { child_id: a.child.id, approve },
        });
        await decided();
      },
      (e) => error.say(e),
    );
  const fact = (text: string) => h("li", {}, text);
  const card = h(
    "li",
    { class: "card approval", testid: "approval", data: { child: a.child.name, other: a.other.name } },
    h(
      "div",
      { class: "approval-head" },
      h(
        "span",
        { class: "pair", attrs: { "aria-hidden": "true" } },
        avatar(a.child, "large"),
        avatar({ ...a.other, avatar: a.other.avatar ?? "" }, "large"),
      ),
      h("h3", { class: "approval-title" }, question),
    ),
    h(
      "ul",
      { class: "facts-list" },
      fact(`${a.other.name}: ${w.who[a.other_role]}`),
      a.via && fact(say(w.via, { name: a.via })),
      fact(say(a.child_yes ? w.childYes : w.childNotYet, names)),
      fact(a.other_yes ? w.otherYes : w.otherNotYet),
      fact(say(w.until, { date: date(a.expires_at) })),
    ),
    h("p", { class: "hint" }, w.advice),
    error,
    h(
      "div",
      { class: "choices" },
      button({
        testid: "refuse",
        text: w.refuse,
        attrs: { "aria-description": question },
        click: () => decide(false),
      }),
      button({
        testid: "approve",
        class: "answer",
        icon: "check",
        text: w.approve,
        attrs: { "aria-description": question },
        click: () => decide(true),
      }),
    ),
  );
  return card;
}
