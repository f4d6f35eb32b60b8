import type { OpsContext } from "../context.ts";
import { h, setText, type Screen } from "../dom.ts";
import { button, errorLine, form, input, labelled, page, tabs } from "../ui.ts";
import { say, words } from "../words.ts";
import { auditPart } from "./audit.ts";
import { opsError } from "./load.ts";
import { mailPart } from "./mail.ts";
import { callsPart } from "./network/calls.ts";
import { nodePart } from "./network/node.ts";
import type { Part } from "./part.ts";
import { reportsPart } from "./reports.ts";
import { reviewsPart } from "./reviews.ts";
import { usersPart } from "./users.ts";
import "../parent/parent.css";
import "./ops.css";

/** Where this tab of the browser keeps the operator's token, and what was open last. */
const TOKEN = "kinwire.ops";
const OPEN = "kinwire.ops.open";

type Tab = keyof typeof PARTS;

/** An operator, and what they may do. */
interface Operator {
  ctx: OpsContext;
  roles: readonly string[];
  /** The id of a call to be shown first; "" for none. */
  call: string;
}

/** The parts of the page, in their order, and the role that each needs. */
const PARTS = {
  reports: { role: "safety", make: still(reportsPart) },
  reviews: { role: "safety", make: still(reviewsPart) },
  users: { role: "safety", make: still(usersPart) },
  audit: { role: "safety", make: still(auditPart) },
  mail: { role: "safety", make: still(mailPart) },
  calls: { role: "calls", make: ({ ctx, roles, call }: Operator) => callsPart(ctx, roles, call) },
  node: { role: "calls", make: ({ ctx }: Operator) => nodePart(ctx) },
};

/** A part that does nothing by itself, so that there is nothing to stop. */
function still(make: (ctx: OpsContext) => HTMLElement): (o: Operator) => Part {
  return ({ ctx }) => ({ el: make(ctx) });
}

/** The parts that an operator with these roles may open, in their order. */
export function partsFor(roles: readonly string[]): Tab[] {
  return (Object.keys(PARTS) as Tab[]).filter((tab) => roles.includes(PARTS[tab].role));
}

/** The operator's page: reports and consents to decide, a user's state, the audit log; calls and the node. */
export class OpsHome implements Screen {
  readonly name = "ops";
  readonly el: HTMLElement;
  readonly #ctx: OpsContext;
  readonly #place = h("div", { class: "column" });
  #part: Part | null = null;
  #call: string;
  readonly #hello = h("span", { class: "hint wide-only", testid: "ops-name" });

  /** call is the id of one to be shown at once, from a link; "" for none. */
  constructor(ctx: OpsContext, call = "") {
    this.#ctx = ctx;
    this.#call = call;
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

  close(): void {
    this.#part?.close?.();
    this.#part = null;
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
    const { name, roles } = await this.#ctx.api.page("GET /v1/ops/me");
    sessionStorage.setItem(TOKEN, token);
    setText(this.#hello, say(words.ops.hello, { name }));
    this.#show({ ctx: this.#ctx, roles: roles ?? [], call: this.#call });
  }

  #show(operator: Operator): void {
    const place = h("div", { testid: "ops-part" });
    const open = (tab: Tab) => {
      this.close();
      place.dataset["part"] = tab;
      sessionStorage.setItem(OPEN, tab);
      this.#part = PARTS[tab].make(operator);
      operator = { ...operator, call: "" }; // the next time the list is wanted
      place.replaceChildren(this.#part.el);
    };
    const names = partsFor(operator.roles).map((name) => ({ name, text: words.ops.tab[name] }));
    const wanted = operator.call ? "calls" : sessionStorage.getItem(OPEN);
    const kept = names.find(({ name }) => name === wanted);
    const first = (kept ?? names[0])?.name;
    if (!first) {
      this.#place.replaceChildren(h("p", { class: "hint", testid: "ops-no-role" }, words.ops.noRole));
      return;
    }
    this.#place.replaceChildren(tabs(words.ops.sections, names, first, open), place);
    open(first);
  }
}
