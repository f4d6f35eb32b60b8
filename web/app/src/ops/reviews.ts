import type { Review } from "@kinwire/sdk";
import type { OpsContext } from "../context.ts";
import { h } from "../dom.ts";
import { busy, button, errorLine, item, labelled } from "../ui.ts";
import { ago, say, words } from "../words.ts";
import { factsCard, nameOf } from "./facts.ts";
import { loaded, opsError, reveal } from "./load.ts";

/** Consents that wait for an operator. */
export function reviewsPart(ctx: OpsContext): HTMLElement {
  const w = words.ops.reviews;
  const place = h("div", { class: "column" });
  const open = (id: string) =>
    reveal(
      place,
      loaded(
        () => ctx.api.page("GET /v1/ops/reviews/{id}", { path: { id } }),
        (r) => [
          reviewCard(ctx, r, () => {
            place.replaceChildren();
            queue.again();
          }),
        ],
      ),
    );
  const queue = loaded(
    () => ctx.api.page("GET /v1/ops/reviews"),
    ({ reviews }) => [
      h(
        "ul",
        { class: "list", testid: "ops-reviews" },
        ...(reviews ?? []).map(({ consent, guardian }) =>
          item({
            testid: "ops-review",
            data: { id: consent.id, method: consent.method },
            title: nameOf(guardian),
            notes: [
              say(w.line, {
                method: words.parent.consent.methods[consent.method],
                when: ago(consent.requested_at),
              }),
            ],
            actions: [
              button({
                testid: "ops-review-open",
                class: "small",
                text: words.ops.reports.look,
                click: () => open(consent.id),
              }),
            ],
          }),
        ),
      ),
      (reviews ?? []).length === 0 && h("p", { class: "hint", testid: "ops-reviews-none" }, w.none),
    ],
  );
  return h("div", { class: "column" }, queue, place);
}

function reviewCard(ctx: OpsContext, r: Review, done: () => void): HTMLElement {
  const w = words.ops.reviews;
  const path = { id: r.consent.id };
  const error = errorLine("review-error");
  const note = h("textarea", { testid: "review-note", attrs: { maxlength: "1000", rows: "3" } });
  const run = (act: () => Promise<unknown>) => {
    error.say("");
    void busy(card, act, (e) => error.say(opsError(e)));
  };
  const decide = (approve: boolean) => {
    if (!note.value.trim()) {
      error.say(words.ops.reports.noteMissing);
      note.focus();
      return;
    }
    run(async () => {
      await ctx.api.page("POST /v1/ops/reviews/{id}", { path, body: { approve, note: note.value } });
      done();
    });
  };
  const card = h(
    "article",
    { class: "card form", testid: "review", data: { id: r.consent.id } },
    h("h2", {}, words.parent.consent.methods[r.consent.method]),
    factsCard(words.roles.parent, r.guardian),
    r.body && r.media_type && evidence(r.media_type, r.body),
    r.consent.method === "video_call" &&
      button({
        testid: "review-call",
        class: "primary",
        icon: "video",
        text: w.call,
        click: () =>
          run(async () => {
            const login = await ctx.api.page("POST /v1/ops/reviews/{id}/call", { path });
            ctx.callAsStaff(login, r.guardian.person);
          }),
      }),
    labelled(words.ops.reports.note, note),
    error,
    h(
      "div",
      { class: "choices" },
      button({ testid: "review-refuse", class: "decline", text: w.refuse, click: () => decide(false) }),
      button({ testid: "review-approve", class: "answer", text: w.approve, click: () => decide(true) }),
    ),
  );
  return card;
}

/** A signed form: a picture is shown, anything else can be saved. */
function evidence(mediaType: string, body: string): HTMLElement {
  const w = words.ops.reviews;
  const url = `data:${mediaType};base64,${body}`;
  const shown = mediaType.startsWith("image/")
    ? h("img", { class: "evidence", testid: "evidence", attrs: { src: url, alt: w.form } })
    : h("a", { class: "button", testid: "evidence", attrs: { href: url, download: "form.pdf" } }, w.form);
  return h("div", { class: "column" }, shown, h("p", { class: "hint" }, w.deleted));
}
