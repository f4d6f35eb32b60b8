import type { Child } from "@kinwire/sdk";
import type { Context } from "../context.ts";
import { h, type Screen } from "../dom.ts";
import { button, errorLine, form, input, labelled, page } from "../ui.ts";
import { say, words } from "../words.ts";
import { codeMaker } from "./child_code.ts";
import { ChildFields, PasswordFields } from "./child_fields.ts";
import { ChildScreen } from "./child.ts";

/** Makes a child's account with a consent that was granted. */
export class ChildNewScreen implements Screen {
  readonly name = "child-new";
  readonly el: HTMLElement;
  readonly #ctx: Context;
  readonly #body = h("div", { class: "column" });

  constructor(ctx: Context, consentID: string) {
    this.#ctx = ctx;
    const w = words.parent.child;
    const error = errorLine("child-error");
    const fields = new ChildFields();
    const user = input({ testid: "child-user", attrs: { minlength: "3", maxlength: "32" } });
    const password = new PasswordFields("child-password");
    this.#body.append(
      form(
        "child-form",
        async () => {
          const secret = password.value;
          if (!secret) return error.say(w.passwordShort);
          const body = { consent_id: consentID, ...fields.value, user: user.value.trim(), password: secret };
          this.#made(await ctx.api.page("POST /v1/children", { body }));
        },
        (e) => error.say(e),
        fields.el,
        labelled(w.user, user, w.userHint),
        password.el,
        error,
        button({ testid: "child-make", class: "primary wide", text: w.make, submit: true }),
      ),
    );
    this.el = page(
      { testid: "screen-child-new", class: "narrow", title: w.newTitle, back: () => ctx.home() },
      this.#body,
    );
  }

  focus(): void {
    this.el.focus({ preventScroll: true });
  }

  #made(child: Child): void {
    const w = words.parent.child;
    window.scrollTo(0, 0);
    this.#body.replaceChildren(
      h("p", { testid: "child-made", attrs: { role: "status" } }, say(w.made, child.person)),
      codeMaker(this.#ctx, child.person.id, true),
      button({
        testid: "child-open",
        class: "primary wide",
        text: words.common.next,
        click: () => this.#ctx.show(new ChildScreen(this.#ctx, child.person)),
      }),
    );
    this.focus();
  }
}
