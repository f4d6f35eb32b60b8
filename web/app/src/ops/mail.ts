import { codeOf, type Mails } from "@kinwire/sdk";
import type { OpsContext } from "../context.ts";
import { h } from "../dom.ts";
import { dateTime, words } from "../words.ts";
import { loaded } from "./load.ts";

/** What a server without a mail server would have sent. */
export function mailPart(ctx: OpsContext): HTMLElement {
  const w = words.ops.mail;
  const fetched = (): Promise<Mails | null> =>
    ctx.api.page("GET /v1/ops/mail").catch((e: unknown) => {
      if (codeOf(e) === "not_found") return null;
      throw e;
    });
  return loaded(fetched, (data) => {
    if (!data) return [h("p", { class: "hint" }, w.sent)];
    const mails = data.mails ?? [];
    return [
      h("p", { class: "hint" }, w.hint),
      mails.length === 0 && h("p", { class: "hint" }, w.none),
      ...mails.map((m) =>
        h(
          "article",
          { class: "card form", testid: "mail", data: { to: m.to } },
          h("strong", {}, m.subject),
          h("span", { class: "hint" }, `${m.to}, ${dateTime(m.at)}`),
          h("pre", { class: "mail-text" }, ...withLinks(m.text)),
        ),
      ),
    ];
  });
}

/** The text, with its addresses as links. */
function withLinks(text: string): (Node | string)[] {
  return text
    .split(/(https?:\/\/\S+)/)
    .map((part, i) =>
      i % 2
        ? h(
            "a",
            { testid: "mail-link", attrs: { href: part, target: "_blank", rel: "noopener noreferrer" } },
            part,
          )
        : part,
    );
}
