import type { AuditEntry } from "@kinwire/sdk";
import type { OpsContext } from "../context.ts";
import { h } from "../dom.ts";
import { busy, button, errorLine } from "../ui.ts";
import { dateTime, words } from "../words.ts";
import { opsError } from "./load.ts";

/** The audit log, the newest first. */
export function auditPart(ctx: OpsContext): HTMLElement {
  const w = words.ops.audit;
  const error = errorLine("audit-error");
  const rows = h("tbody", { testid: "audit-rows" });
  const none = h("p", { class: "hint", attrs: { hidden: true } }, w.none);
  let next: number | undefined;
  const load = () =>
    void busy(
      el,
      async () => {
        const page = await ctx.api.page("GET /v1/ops/audit", { query: next ? { before: next } : {} });
        rows.append(...(page.entries ?? []).map(row));
        next = page.next;
        none.hidden = rows.children.length > 0;
        more.hidden = !next;
      },
      (e) => error.say(opsError(e)),
    );
  const more = button({
    testid: "audit-more",
    text: words.common.more,
    attrs: { hidden: true },
    click: load,
  });
  const heads = [w.seq, w.at, w.actor, w.action, w.subject, w.detail];
  const el = h(
    "div",
    { class: "column" },
    error,
    none,
    h(
      "div",
      { class: "card scroll-x", attrs: { tabindex: "0", role: "region", "aria-label": words.ops.tab.audit } },
      h(
        "table",
        { class: "log" },
        h("thead", {}, h("tr", {}, ...heads.map((t) => h("th", { attrs: { scope: "col" } }, t)))),
        rows,
      ),
    ),
    more,
  );
  load();
  return el;
}

function row(e: AuditEntry): HTMLElement {
  const cells = [String(e.seq), dateTime(e.at), e.actor, e.action, e.subject, e.detail ?? ""];
  return h("tr", { testid: "audit-entry", data: { action: e.action } }, ...cells.map((c) => h("td", {}, c)));
}
