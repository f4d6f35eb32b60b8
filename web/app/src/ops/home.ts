import type { OpsContext } from "../context.ts";
import { h, setText, type Screen } from "../dom.ts";
import { button, errorLine, form, input, labelled, page, tabs } from "../ui.ts";
import { say, words } from "../words.ts";
import { auditPart } from "./audit.ts";
import { opsError } from "./load.ts";
import { mailPart } from "./mail.ts";
import { reportsPart } from "./reports.ts";
import { reviewsPart } from "./reviews.ts";
import { usersPart } from "./users.ts";
import "../parent/parent.css";
import "./ops.css";

/** Where this tab of the browser keeps the operator's token, and what was open last. */
const TOKEN = "kinwire.ops";
const OPEN = "kinwire.ops.open";

type Tab = "reports" | "reviews" | "users" | "audit" | "mail";

const parts: Record<Tab, (ctx: OpsContext) => HTMLElement> = {
  reports: reportsPart,
  reviews: reviewsPart,
  users: usersPart,
  audit: auditPart,
  mail: mailPart,
};

/** The operator's page: reports and consents to decide, a user's state, the audit log. */
export class OpsHome implements Screen {
  readonly name = "ops";
  readonly el: HTMLElement;
  readonly #ctx: OpsContext;
  readonly #place = h("div", { class: "column" });
  readonly #hello = h("span", { class: "hint wide-only", testid: "ops-name" });

  constructor(ctx: OpsContext) {
    this.#ctx = ctx;
    this.el = page(
      {
        testid: "screen-ops",
        class: "broad",
        title: words.ops.title,
        actions: [
          this.#hello,
          button({
            testid: "ops-leave",
            class: "quiet",
            icon: "logout",
            text: words.ops.leave,
            click: () => this.#leave(),
          }),
        ],
      },
      this.#place,
    );
    const kept = sessionStorage.getItem(TOKEN);
    if (kept) void this.#enter(kept).catch((e: unknown) => this.#ask(e));
    else this.#ask();
  }

  focus(): void {
    this.el.focus({ preventScroll: true });
  }

  #leave(): void {
    sessionStorage.removeItem(TOKEN);
    sessionStorage.removeItem(OPEN);
    this.#ctx.api.token = "";
    this.#ctx.leave();
  }

  /** why is what went wrong with the token that was kept, if there was one. */
  #ask(why?: unknown): void {
    const error = errorLine("ops-error");
    if (why) error.say(opsError(why));
    const token = input({ testid: "ops-token", type: "password" });
    this.#place.replaceChildren(
      form(
        "ops-form",
        () => this.#enter(token.value.trim()),
        (e) => error.say(opsError(e)),
        labelled(words.ops.token, token),
        error,
        button({ testid: "ops-enter", class: "primary wide", text: words.ops.enter, submit: true }),
      ),
    );
  }

  async #enter(token: string): Promise<void> {
    this.#ctx.api.token = token;
    const { name } = await this.#ctx.api.page("GET /v1/ops/me");
    sessionStorage.setItem(TOKEN, token);
    setText(this.#hello, say(words.ops.hello, { name }));
    this.#show();
  }

  #show(): void {
    const place = h("div", { testid: "ops-part" });
    const open = (tab: Tab) => {
      place.dataset["part"] = tab;
      sessionStorage.setItem(OPEN, tab);
      place.replaceChildren(parts[tab](this.#ctx));
    };
    const names = (Object.keys(parts) as Tab[]).map((name) => ({ name, text: words.ops.tab[name] }));
    const kept = names.find(({ name }) => name === sessionStorage.getItem(OPEN));
    const first = kept?.name ?? "reports";
    this.#place.replaceChildren(tabs(words.ops.sections, names, first, open), place);
    open(first);
  }
}
