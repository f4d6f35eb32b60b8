import type { Person } from "@kinwire/sdk";
import type { Context } from "../context.ts";
import { h, type Screen } from "../dom.ts";
import { button, page } from "../ui.ts";
import { ReportForm, type ReportOptions } from "../widgets/report.ts";
import { say, words } from "../words.ts";

export interface ReportScreenOptions {
  callID?: string;
  message?: ReportOptions["message"];
  back: () => void;
}

/** Tells the operator that something is wrong with somebody. */
export class ReportScreen implements Screen {
  readonly name = "report";
  readonly el: HTMLElement;

  constructor(ctx: Context, about: Person, o: ReportScreenOptions) {
    const w = words.child.report;
    const sent = (blocked: boolean) => {
      const done = h(
        "div",
        { class: "part middle", testid: "report-done", attrs: { role: "status" } },
        h("p", { class: "big-emoji", attrs: { "aria-hidden": "true" } }, "💛"),
        h("p", {}, w.done),
        blocked && h("p", { testid: "report-blocked" }, say(w.doneBlocked, about)),
        me.role === "child" && h("p", { class: "card callout", testid: "report-tell" }, w.tell),
        button({ testid: "report-home", class: "primary", text: words.common.done, click: () => ctx.home() }),
      );
      report.el.replaceWith(done);
      done.querySelector("button")!.focus();
    };
    const { me } = ctx;
    const { callID, message } = o;
    const report = new ReportForm(ctx, about, {
      ...(callID && { callID }),
      ...(message && { message }),
      done: sent,
    });
    this.el = page(
      { testid: "screen-report", class: "narrow", title: say(w.title, about), back: o.back },
      report.el,
    );
  }

  focus(): void {
    this.el.focus({ preventScroll: true });
  }
}
