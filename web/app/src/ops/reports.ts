import type { CaseReport, Decision } from "@kinwire/sdk";
import type { OpsContext } from "../context.ts";
import { h } from "../dom.ts";
import { busy, button, confirm, errorLine, item, labelled, select } from "../ui.ts";
import { ago, dateTime, say, words } from "../words.ts";
import { evidenceCard } from "./evidence.ts";
import { factsCard, nameOf } from "./facts.ts";
import { loaded, opsError, reveal } from "./load.ts";

/** The queue of reports, and one report with what there is to decide on. */
export function reportsPart(ctx: OpsContext): HTMLElement {
  const w = words.ops.reports;
  const which = select("reports-state", [
    { value: "open", text: w.open },
    { value: "decided", text: w.decided },
  ]);
  const place = h("div", { class: "column" });
  const queue = loaded(
    () => ctx.api.page("GET /v1/ops/reports", { query: { state: which.value } }),
    ({ reports }) => [
      h(
        "ul",
        { class: "list", testid: "ops-reports" },
        ...(reports ?? []).map((r) => row(r, () => void look(ctx, r.id, place, queue.again))),
      ),
      (reports ?? []).length === 0 && h("p", { class: "hint", testid: "ops-reports-none" }, w.none),
    ],
  );
  which.addEventListener("change", () => {
    place.replaceChildren();
    queue.again();
  });
  return h("div", { class: "column" }, h("div", { class: "which" }, labelled(w.which, which)), queue, place);
}

/** Opens one report: only by itself does it come with the message that it reveals. */
async function look(ctx: OpsContext, id: string, place: HTMLElement, again: () => void): Promise<void> {
  try {
    const r = await ctx.api.page("GET /v1/ops/reports/{id}", { path: { id } });
    reveal(place, caseCard(ctx, r, place, again));
  } catch (e) {
    const error = errorLine("case-error");
    reveal(place, error);
    error.say(opsError(e));
  }
}

function row(r: CaseReport, open: () => void): HTMLElement {
  const w = words.ops.reports;
  return item({
    testid: "ops-report",
    data: { id: r.id, kind: r.kind },
    title: say(w.line, { kind: w.kinds[r.kind], when: ago(r.at) }),
    notes: [`${nameOf(r.reporter)} → ${nameOf(r.about)}`, r.decision && decided(r)],
    actions: [
      button({
        testid: "ops-report-open",
        class: "small",
        text: w.look,
        click: open,
      }),
    ],
  });
}

function decided(r: CaseReport): string {
  const w = words.ops.reports;
  if (!r.decision) return "";
  return say(w.by, {
    decision: w.decisions[r.decision],
    name: r.decided_by ?? "",
    when: r.decided_at ? dateTime(r.decided_at) : "",
  });
}

function caseCard(ctx: OpsContext, r: CaseReport, place: HTMLElement, again: () => void): HTMLElement {
  const w = words.ops.reports;
  const error = errorLine("case-error");
  const note = h("textarea", { testid: "case-note", attrs: { maxlength: "1000", rows: "3" } });
  const decide = async (decision: Decision) => {
    error.say("");
    if (!note.value.trim()) {
      error.say(w.noteMissing);
      note.focus();
      return;
    }
    const ask = { title: w.suspend, text: words.ops.users.suspendAsk, yes: w.suspend, danger: true };
    if (decision === "suspend" && !(await confirm(ask))) return;
    await busy(
      card,
      async () => {
        const path = { id: r.id };
        const done = await ctx.api.page("POST /v1/ops/reports/{id}/decision", {
          path,
          body: { decision, note: note.value },
        });
        const evidence = done.evidence ?? r.evidence;
        const next = caseCard(ctx, { ...done, ...(evidence && { evidence }) }, place, again);
        again();
        reveal(place, next);
      },
      (e) => error.say(opsError(e)),
    );
  };
  const choices: { decision: Decision; class: string; text: string }[] = [
    { decision: "dismiss", class: "", text: w.dismiss },
    { decision: "warn", class: "primary", text: w.warn },
    { decision: "suspend", class: "decline", text: w.suspend },
  ];
  const card = h(
    "article",
    { class: "card form", testid: "case", data: { id: r.id, state: r.state } },
    h("h2", {}, say(w.line, { kind: w.kinds[r.kind], when: dateTime(r.at) })),
    r.on_behalf_of && h("p", { class: "hint" }, say(w.behalf, { id: r.on_behalf_of })),
    r.call_id && h("p", { class: "hint" }, say(w.call, { id: r.call_id })),
    r.text && h("div", {}, h("h3", {}, w.text), h("blockquote", { class: "said" }, r.text)),
    r.evidence && evidenceCard(r.evidence),
    h("div", { class: "side-by-side" }, factsCard(w.reporter, r.reporter), factsCard(w.about, r.about)),
    r.state === "decided"
      ? h("p", { testid: "case-decided" }, [decided(r), r.note].filter(Boolean).join(": "))
      : h(
          "div",
          { class: "column" },
          labelled(w.note, note),
          error,
          h(
            "div",
            { class: "choices" },
            ...choices.map((c) =>
              button({
                testid: `case-${c.decision}`,
                class: c.class,
                text: c.text,
                click: () => void decide(c.decision),
              }),
            ),
          ),
        ),
  );
  return card;
}
