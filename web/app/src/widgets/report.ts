import type { MessageEvidence, ReportKind } from "@kinwire/sdk";
import { avatar } from "../avatar.ts";
import type { Context } from "../context.ts";
import { h } from "../dom.ts";
import { button, errorLine, form, labelled, toggle } from "../ui.ts";
import { say, words } from "../words.ts";

/** The kinds, each with a picture that a child who cannot read yet may tap. */
const KINDS: [ReportKind, string][] = [
  ["bullying", "😢"],
  ["sexual", "🙈"],
  ["violent", "😨"],
  ["impersonation", "🎭"],
  ["spam", "📢"],
  ["other", "❓"],
];

export interface ReportOptions {
  /** The call in which it happened. */
  callID?: string;
  /** The message that it is about: what it says in one line, and what proves it, which goes along. */
  message?: { text: string; evidence(): Promise<MessageEvidence> };
  /** A parent reports for this child. */
  onBehalfOf?: string;
  /** It has been sent. */
  done(blocked: boolean): void;
}

/** Tells the operator about a person: what kind in pictures, a few words, and whether to block at once. */
export class ReportForm {
  readonly el: HTMLElement;
  #kind: ReportKind | "" = "";

  constructor(
    ctx: Pick<Context, "api">,
    about: { id: string; name: string; avatar: string },
    o: ReportOptions,
  ) {
    const w = words.child.report;
    const error = errorLine("report-error");
    const text = h("textarea", { testid: "report-text", attrs: { rows: "3", maxlength: "1000" } });
    const block = toggle("report-block", say(w.block, about), true);
    void isFamily(ctx, about.id).then((family) => {
      // The family can be reported, but not blocked.
      if (family) block.input.checked = false;
      block.hidden = family;
    });
    const send = async () => {
      if (!this.#kind) return error.say(w.choose);
      const message = await o.message?.evidence();
      await ctx.api.page("POST /v1/reports", {
        body: {
          about: about.id,
          kind: this.#kind,
          block: block.input.checked,
          ...(text.value.trim() && { text: text.value.trim() }),
          ...(o.callID && { call_id: o.callID }),
          ...(o.onBehalfOf && { on_behalf_of: o.onBehalfOf }),
          ...(message && { message }),
        },
      });
      o.done(block.input.checked);
    };
    this.el = form(
      "report-form",
      send,
      (e) => error.say(e),
      h("div", { class: "faces" }, avatar(about, "large")),
      o.message && evidenceNote(o.message.text),
      h(
        "fieldset",
        { class: "grid-choice" },
        h("legend", {}, w.what),
        h("div", { class: "kinds" }, ...KINDS.map(([kind, face]) => this.#choice(kind, face))),
      ),
      labelled(w.text, text),
      block,
      error,
      button({ testid: "report-send", class: "primary wide", icon: "flag", text: w.send, submit: true }),
    );
  }

  #choice(kind: ReportKind, face: string): HTMLElement {
    const radio = h("input", {
      testid: "report-kind",
      class: "hidden-text",
      data: { kind },
      attrs: { type: "radio", name: "report-kind", value: kind },
      on: { change: () => (this.#kind = kind) },
    });
    return h(
      "label",
      { class: "kind-choice" },
      radio,
      h("span", { class: "kind-face", attrs: { "aria-hidden": "true" } }, face),
      h("span", {}, words.child.report.kinds[kind]),
    );
  }
}

/** What will be shown to the operator, and that it is nothing else. */
function evidenceNote(text: string): HTMLElement {
  const w = words.child.report;
  return h(
    "div",
    { class: "card callout", testid: "report-message" },
    h("blockquote", { class: "reported" }, text),
    h("p", { class: "hint" }, w.message),
  );
}

async function isFamily(ctx: Pick<Context, "api">, id: string): Promise<boolean> {
  try {
    const { friends } = await ctx.api.page("GET /v1/friends");
    return (friends ?? []).some((f) => f.family && f.person.id === id);
  } catch {
    return false;
  }
}
