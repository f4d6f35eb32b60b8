import type { Context } from "../context.ts";
import { h, setText, type Screen } from "../dom.ts";
import { button, errorLine, errorText, form, input, labelled, page, statusLine } from "../ui.ts";
import { say, words } from "../words.ts";

/** Becoming a further parent of a child, by a code that another parent shows. */
export class JoinScreen implements Screen {
  readonly name = "join-child";
  readonly el: HTMLElement;

  constructor(ctx: Context, code = "") {
    const w = words.parent;
    const error = errorLine("join-error");
    const done = statusLine("join-done");
    const typed = input({ testid: "join-code", value: code, attrs: { class: "code-input" } });
    const entry = labelled(w.joinCode, typed);
    const join = button({ testid: "join-submit", class: "primary wide", text: w.join, submit: true });
    const home = button({
      testid: "join-home",
      class: "primary wide",
      text: words.common.done,
      attrs: { hidden: true },
      click: () => ctx.home(),
    });
    const el = form(
      "join-form",
      async () => {
        const child = await ctx.api.page("POST /v1/guardians", { body: { code: typed.value.trim() } });
        setText(done, say(w.joined, child.person));
        entry.hidden = true;
        join.hidden = true;
        home.hidden = false;
        home.focus();
      },
      (e) =>
        error.say(
          typeof e === "string" ? e : errorText(e, { unauthenticated: w.joinWrong, not_found: w.joinWrong }),
        ),
      h("p", {}, w.joinHint),
      entry,
      error,
      done,
      join,
      home,
    );
    this.el = page(
      { testid: "screen-join-child", class: "narrow", title: w.joinChild, back: () => ctx.home() },
      el,
    );
  }

  focus(): void {
    this.el.focus({ preventScroll: true });
  }
}
