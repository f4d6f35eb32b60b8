import type { FriendCode, FriendRequest } from "@kinwire/sdk";
import { avatar } from "../avatar.ts";
import type { Context } from "../context.ts";
import { h, type Screen } from "../dom.ts";
import { button, confirm, errorLine, errorText, form, input, labelled, page, section } from "../ui.ts";
import { codeCard } from "../widgets/code.ts";
import { Scanner } from "../widgets/scanner.ts";
import { say, words } from "../words.ts";
import { waitsFor } from "./needs.ts";

/** How two people find each other: one shows a code, the other types or scans it. There is no other way. */
export class AddFriendScreen implements Screen {
  readonly name = "add-friend";
  readonly el: HTMLElement;
  readonly #ctx: Context;
  readonly #mine = h("div", { class: "part" });
  readonly #error = errorLine("friend-error");
  readonly #result = h("div", { class: "part", testid: "friend-result", attrs: { role: "status" } });
  readonly #input = input({ testid: "friend-code-input", attrs: { class: "code-input", maxlength: "64" } });
  readonly #ask: HTMLButtonElement;
  readonly #scanner: Scanner;
  #own = "";

  /** code, if given, is from a link that was opened: it still wants a tap. */
  constructor(ctx: Context, code = "") {
    this.#ctx = ctx;
    const w = words.child.addPage;
    this.#input.value = code;
    this.#ask = button({
      testid: "friend-ask",
      class: "primary wide",
      icon: "addFriend",
      text: w.ask,
      submit: true,
    });
    const own = { not_found: w.wrong, wrong_state: w.already, taken: w.already, not_allowed: w.never };
    const asking = form(
      "friend-form",
      () => this.#send(),
      (e) => this.#error.say(e === "" ? "" : errorText(e, own)),
      labelled(w.label, this.#input),
      this.#error,
      this.#ask,
    );
    this.#scanner = new Scanner("friend", (found) => {
      this.#input.value = found;
      asking.requestSubmit();
    });
    const theirs = section(w.theirs, {}, asking, this.#result, this.#scanner.el);
    const mine = section(w.mine, {}, this.#mine);
    this.el = page(
      { testid: "screen-add-friend", title: w.title, back: () => ctx.home() },
      h("div", { class: "columns" }, ...(code ? [theirs, mine] : [mine, theirs])),
    );
    void this.#showMine(() => ctx.api.page("GET /v1/friends/code"));
  }

  focus(): void {
    if (this.#input.value) this.#ask.focus();
    else this.el.focus({ preventScroll: true });
  }

  close(): void {
    this.#scanner.close();
  }

  async #showMine(get: () => Promise<FriendCode>): Promise<void> {
    const w = words.child.addPage;
    try {
      const { code, url } = await get();
      this.#own = code;
      this.#mine.replaceChildren(
        codeCard({ testid: "friend-code", code, url, hint: w.mineHint }),
        button({
          testid: "friend-code-new",
          class: "quiet",
          text: w.renew,
          click: () => void this.#renew(),
        }),
      );
    } catch (e) {
      this.#mine.replaceChildren(h("p", { class: "error", attrs: { role: "alert" } }, errorText(e)));
    }
  }

  async #renew(): Promise<void> {
    const w = words.child.addPage;
    if (!(await confirm({ title: w.renewAsk, yes: w.renew }))) return;
    await this.#showMine(() => this.#ctx.api.page("POST /v1/friends/code"));
  }

  async #send(): Promise<void> {
    this.#result.replaceChildren();
    const code = this.#input.value.trim();
    if (bare(code) === bare(this.#own)) return this.#error.say(words.child.addPage.own);
    const request = await this.#ctx.api.page("POST /v1/friends/requests", { body: { code } });
    this.#input.value = "";
    this.#result.replaceChildren(asked(request));
  }
}

/** A code as the server reads it: without spaces, hyphens and case. */
function bare(code: string): string {
  return code.replace(/[\s-]/g, "").toUpperCase();
}

/** What has become of the question. */
function asked(r: FriendRequest): HTMLElement {
  const w = words.child.addPage;
  const now = r.state === "friends";
  return h(
    "div",
    { class: "card asked", testid: "friend-asked", data: { state: r.state, name: r.with.name } },
    avatar({ ...r.with, avatar: r.with.avatar ?? "" }, "large"),
    h(
      "div",
      { class: "item-text" },
      h("strong", {}, say(now ? w.now : w.asked, r.with)),
      ...(now ? [] : waitsFor(r).map((t) => h("span", { class: "hint" }, t))),
    ),
  );
}
