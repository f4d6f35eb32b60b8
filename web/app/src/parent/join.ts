import type { Context } from "../context.ts";
import { h, setText, type Screen } from "../dom.ts";
import { button, errorLine, form, input, labelled, page, statusLine } from "../ui.ts";
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
    const home = button({
      testid: "join-home",
      class: "wide",
      text: words.common.done,
      attrs: { hidden: true },
      click: () => ctx.home(),
    });
    const el = form(
      "join-form",
      async () => {
        const child = await ctx.api.page("POST /v1/guardians", { body: { code: typed.value.trim() } });
        setText(done, say(w.joined, child.person));
        typed.value = "";
        home.hidden = false;
      },
      (e) => error.say(e),
      h("p", {}, w.joinHint),
      labelled(w.joinCode, typed),
      error,
      done,
      button({ testid: "join-submit", class: "primary wide", text: w.join, submit: true }),
      home,
    );
    this.el = page({ testid: "screen-join-child", title: w.joinChild, back: () => ctx.home() }, el);
  }

  focus(): void {
    this.el.focus({ preventScroll: true });
  }
}
