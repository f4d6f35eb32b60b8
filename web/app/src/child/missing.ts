import type { Missing } from "@kinwire/sdk";
import { avatar } from "../avatar.ts";
import type { Context } from "../context.ts";
import { h, setText, type Screen } from "../dom.ts";
import { busy, button, errorLine, page, statusLine } from "../ui.ts";
import { count, words } from "../words.ts";
import { missingText } from "./needs.ts";

/**
 * Who is not friends with whom yet, with a button that asks for it. people are all who should meet; line says
 * what is missing, where it is not about a call.
 */
export function missingList(
  ctx: Pick<Context, "api" | "me">,
  missing: readonly Missing[],
  people: readonly string[],
  line = (m: Missing) => missingText(m, ctx.me.id),
): HTMLElement {
  const w = words.child.missing;
  const error = errorLine("missing-error");
  const status = statusLine("missing-asked");
  const face = (p: Missing["a"]) => avatar({ ...p, avatar: p.avatar ?? "" }, "small");
  const ask = button({
    testid: "missing-ask",
    class: "primary",
    icon: "bell",
    text: w.ask,
    click: () => void busy(el, introduce, (e) => error.say(e)),
  });
  const introduce = async () => {
    error.say("");
    const { asked } = await ctx.api.page("POST /v1/friends/introductions", { body: { people: [...people] } });
    setText(status, asked > 0 ? count(w.asked, asked) : w.askedNone);
    ask.hidden = true;
  };
  const el: HTMLElement = h(
    "div",
    { class: "part" },
    h(
      "ul",
      { class: "list" },
      ...missing.map((m) =>
        h(
          "li",
          { class: "card item", testid: "missing-pair", data: { need: m.need, a: m.a.name, b: m.b.name } },
          h("span", { class: "pair" }, face(m.a), face(m.b)),
          h("span", { class: "item-text" }, line(m)),
        ),
      ),
    ),
    error,
    status,
    // What is not to be cannot be asked for; and two people who both miss me need no introduction by me.
    missing.some((m) => m.need !== "never") && people.length > 1 && ask,
  );
  return el;
}

export interface MissingOptions {
  back?: () => void;
  title?: string;
  text?: string;
  /** What is missing between two, in words. */
  line?: (m: Missing) => string;
}

/** A call of several (or what o says) could not be made: why, and how it may be one day. */
export class MissingScreen implements Screen {
  readonly name = "missing";
  readonly el: HTMLElement;

  constructor(ctx: Context, missing: readonly Missing[], people: readonly string[], o: MissingOptions = {}) {
    const w = words.child.missing;
    const back = o.back ?? (() => ctx.home());
    this.el = page(
      { testid: "screen-missing", class: "narrow", title: o.title ?? w.title, back },
      h("p", { attrs: { role: "status" } }, o.text ?? w.text),
      missingList(ctx, missing, people, o.line),
    );
  }

  focus(): void {
    this.el.focus({ preventScroll: true });
  }
}
