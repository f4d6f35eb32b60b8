import type { UserState } from "@kinwire/sdk";
import type { OpsContext } from "../context.ts";
import { h } from "../dom.ts";
import { busy, button, confirm, errorLine, form, input, labelled } from "../ui.ts";
import { words } from "../words.ts";
import { factsCard } from "./facts.ts";
import { opsError } from "./load.ts";

/** Looking one user up, and suspending or restoring the account. */
export function usersPart(ctx: OpsContext): HTMLElement {
  const w = words.ops.users;
  const error = errorLine("users-error");
  const place = h("div", { class: "column", attrs: { "aria-live": "polite" } });
  const find = input({ testid: "users-find" });
  const look = form(
    "users-form",
    async () => {
      place.replaceChildren();
      show(await ctx.api.page("GET /v1/ops/users", { query: { find: find.value.trim() } }));
    },
    (e) => error.say(opsError(e)),
    labelled(w.find, find, w.audited),
    error,
    button({ testid: "users-look", class: "primary", text: w.look, submit: true }),
  );
  const show = (u: UserState) => place.replaceChildren(userCard(ctx, u, show));
  return h("div", { class: "column" }, look, place);
}

function userCard(ctx: OpsContext, u: UserState, show: (u: UserState) => void): HTMLElement {
  const w = words.ops.users;
  const error = errorLine("user-error");
  const note = h("textarea", { testid: "user-note", attrs: { maxlength: "1000", rows: "2" } });
  const options = () => ({ path: { id: u.person.id }, body: { note: note.value } });
  const act = (change: () => Promise<UserState>) =>
    void busy(
      card,
      async () => show(await change()),
      (e) => error.say(opsError(e)),
    );
  /** Every decision says why. */
  const noted = () => {
    const there = note.value.trim() !== "";
    error.say(there ? "" : words.ops.reports.noteMissing);
    if (!there) note.focus();
    return there;
  };
  if (u.state === "gone") return factsCard(words.ops.users.state.gone, u);
  const suspended = u.state === "suspended";
  const card = h(
    "div",
    { class: "column", testid: "user", data: { state: u.state } },
    factsCard(words.roles[u.person.role], u),
    labelled(words.ops.reports.note, note),
    error,
    suspended
      ? button({
          testid: "user-restore",
          class: "primary",
          text: w.restore,
          click: () => noted() && act(() => ctx.api.page("POST /v1/ops/users/{id}/restore", options())),
        })
      : button({
          testid: "user-suspend",
          class: "decline",
          text: words.ops.reports.suspend,
          click: () =>
            noted() &&
            void confirm({
              title: words.ops.reports.suspend,
              text: w.suspendAsk,
              yes: words.ops.reports.suspend,
              danger: true,
            }).then((yes) => {
              if (yes) act(() => ctx.api.page("POST /v1/ops/users/{id}/suspend", options()));
            }),
        }),
  );
  return card;
}
