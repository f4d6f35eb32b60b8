import { missingOf, type Call, type Person } from "@kinwire/sdk";
import { avatar } from "../avatar.ts";
import { missingList } from "../child/missing.ts";
import type { Context } from "../context.ts";
import { h, setText } from "../dom.ts";
import { busy, button, errorLine, statusLine } from "../ui.ts";
import { say, words } from "../words.ts";

/** What the panel needs of a Context. */
export type AddContext = Pick<Context, "api" | "kinwire" | "me">;

/** Rings a further friend in a call that goes on. */
export class AddPanel {
  readonly el: HTMLElement;
  readonly #ctx: AddContext;
  readonly #call: Call;
  readonly #rows = h("ul", { class: "list" });
  readonly #none = h("p", { class: "hint", testid: "add-none" }, words.add.nobody);
  readonly #error = errorLine("add-error");
  readonly #status = statusLine("add-status");
  readonly #missing = h("div", { attrs: { role: "status" } });
  readonly #off: () => void;

  constructor(ctx: AddContext, call: Call, close: () => void) {
    this.#ctx = ctx;
    this.#call = call;
    const w = words.add;
    this.el = h(
      "aside",
      {
        class: "panel",
        testid: "add-panel",
        attrs: { hidden: true, "aria-label": w.title, id: "add-panel" },
      },
      h(
        "header",
        { class: "row" },
        h("h2", {}, w.title),
        button({
          testid: "add-close",
          class: "round quiet",
          icon: "close",
          title: words.common.close,
          click: close,
        }),
      ),
      h("p", { class: "hint" }, w.hint),
      this.#error,
      this.#status,
      this.#missing,
      this.#none,
      this.#rows,
    );
    this.#off = ctx.kinwire.on("people", () => this.open && this.#show());
  }

  get open(): boolean {
    return !this.el.hidden;
  }

  toggle(open: boolean): void {
    const opens = open && this.el.hidden;
    this.el.hidden = !open;
    if (!open) return;
    this.#show();
    if (!opens) return;
    this.#error.say("");
    setText(this.#status, "");
    this.#missing.replaceChildren();
    this.el.querySelector<HTMLElement>('[data-testid="add-person"]')?.focus();
  }

  close(): void {
    this.#off();
  }

  /** The call's people changed. */
  update(): void {
    if (this.open) this.#show();
  }

  #show(): void {
    const here = this.#call.others.filter((p) => p.phase !== "left").map((p) => p.person.id);
    const people = this.#ctx.kinwire.people.filter((p) => !here.includes(p.person.id)).map((p) => p.person);
    this.#none.hidden = people.length > 0;
    const shown = [...this.#rows.children].map((r) => (r as HTMLElement).dataset["userId"]);
    if (shown.join(" ") === people.map((p) => p.id).join(" ")) return;
    this.#rows.replaceChildren(...people.map((p) => this.#row(p)));
  }

  #row(p: Person): HTMLElement {
    return h(
      "li",
      { data: { userId: p.id } },
      h(
        "button",
        {
          class: "card add-person",
          testid: "add-person",
          data: { name: p.name, userId: p.id },
          attrs: { type: "button" },
          on: { click: () => void this.#add(p) },
        },
        avatar(p, "small"),
        h("span", {}, p.name),
      ),
    );
  }

  async #add(p: Person): Promise<void> {
    this.#error.say("");
    setText(this.#status, "");
    this.#missing.replaceChildren();
    const fail = (e: unknown) => {
      const missing = missingOf(e);
      if (missing.length === 0) return this.#error.say(e);
      const others = this.#call.others.filter((o) => o.phase !== "left").map((o) => o.person.id);
      this.#missing.replaceChildren(missingList(this.#ctx, missing, [...others, p.id]));
    };
    const added = await busy(this.#rows, () => this.#call.add([p.id]), fail);
    if (added) setText(this.#status, say(words.add.rings, p));
  }
}
