import { codeOf, type FriendRequest } from "@kinwire/sdk";
import { avatar } from "../avatar.ts";
import type { Context } from "../context.ts";
import { h, setText, type Screen } from "../dom.ts";
import { busy, button, errorLine, item, page, section, statusLine } from "../ui.ts";
import { date, say, words } from "../words.ts";
import { AddFriendScreen } from "./add.ts";
import { needsMe, needsMyParent, waitsFor, wantText } from "./needs.ts";

/** Friendships on their way: whom this person has to answer, and what the others wait for. */
export class RequestsScreen implements Screen {
  readonly name = "requests";
  readonly el: HTMLElement;
  readonly #ctx: Context;
  readonly #error = errorLine("requests-error");
  readonly #status = statusLine("requests-status");
  readonly #body = h("div", { class: "part" });
  readonly #off: () => void;

  constructor(ctx: Context) {
    this.#ctx = ctx;
    const w = words.child;
    this.el = page(
      { testid: "screen-requests", title: w.requestsTitle, back: () => ctx.home() },
      this.#error,
      this.#status,
      this.#body,
      button({
        testid: "add-friend",
        icon: "addFriend",
        text: w.add,
        click: () => ctx.show(new AddFriendScreen(ctx)),
      }),
    );
    this.#off = ctx.kinwire.on("friends", () => void this.#load());
    void this.#load();
  }

  focus(): void {
    this.el.focus({ preventScroll: true });
  }

  close(): void {
    this.#off();
  }

  async #load(): Promise<void> {
    try {
      const all = (await this.#ctx.api.page("GET /v1/friends")).requests ?? [];
      const pending = all.filter((r) => r.state === "pending");
      const w = words.child;
      const part = (title: string, list: FriendRequest[]) =>
        list.length > 0 && section(title, {}, h("ul", { class: "list" }, ...list.map((r) => this.#row(r))));
      const parts = [
        part(
          w.fromThem,
          pending.filter((r) => !r.mine),
        ),
        part(
          w.fromMe,
          pending.filter((r) => r.mine),
        ),
      ].filter((p) => p !== false);
      this.#body.replaceChildren(
        ...(parts.length > 0 ? parts : [h("p", { class: "hint", testid: "requests-none" }, w.requestsNone)]),
      );
    } catch (e) {
      this.#error.say(e);
    }
  }

  #row(r: FriendRequest): HTMLElement {
    const w = words.child;
    const row: HTMLElement = item({
      testid: "request",
      data: { id: r.id, name: r.with.name, mine: String(r.mine), missing: (r.missing ?? []).join(" ") },
      picture: avatar({ ...r.with, avatar: r.with.avatar ?? "" }, "large"),
      title: needsMe(r) ? wantText(r) : r.with.name,
      notes: [
        ...(needsMe(r) ? [] : waitsFor(r)).map((t) =>
          h("span", { class: "hint", testid: "request-waits" }, t),
        ),
        r.expires_at > 0 && h("small", { class: "hint" }, say(w.expires, { date: date(r.expires_at) })),
      ],
      actions: needsMe(r) ? this.#answers(r, () => row) : this.#waiting(r, () => row),
    });
    return row;
  }

  #answers(r: FriendRequest, row: () => HTMLElement): HTMLElement[] {
    const { id } = r;
    const w = words.child;
    const yes = say(w.sayYes, r.with);
    return [
      button({
        testid: "request-yes",
        class: "answer",
        icon: "check",
        text: words.common.yes,
        title: yes,
        click: () =>
          this.#act(row(), () =>
            this.#ctx.api.page("POST /v1/friends/requests/{id}/accept", { path: { id } }),
          ),
      }),
      button({
        testid: "request-no",
        class: "decline",
        icon: "close",
        text: w.sayNo,
        click: () => this.#decline(row(), id),
      }),
    ];
  }

  #waiting(r: FriendRequest, row: () => HTMLElement): HTMLElement[] {
    const w = words.child;
    const buttons: HTMLElement[] = [];
    if (needsMyParent(r)) {
      buttons.push(
        button({
          testid: "request-remind",
          class: "primary",
          icon: "bell",
          text: w.askParent,
          click: () => this.#remind(row(), r.id),
        }),
      );
    }
    if (r.mine) {
      buttons.push(
        button({
          testid: "request-cancel",
          class: "quiet",
          text: w.takeBack,
          click: () => this.#decline(row(), r.id),
        }),
      );
    }
    return buttons;
  }

  #decline(row: HTMLElement, id: string): void {
    this.#act(row, () => this.#ctx.api.page("POST /v1/friends/requests/{id}/decline", { path: { id } }));
  }

  #remind(row: HTMLElement, id: string): void {
    const w = words.child;
    const remind = async () => {
      try {
        const { asked } = await this.#ctx.api.page("POST /v1/friends/requests/{id}/remind", { path: { id } });
        setText(this.#status, asked > 0 ? w.askedParent : w.askedAlready);
      } catch (e) {
        if (codeOf(e) !== "rate_limited") throw e;
        setText(this.#status, w.askedAlready);
      }
    };
    void busy(row, remind, (e) => this.#error.say(e));
  }

  #act(row: HTMLElement, act: () => Promise<unknown>): void {
    this.#error.say("");
    void busy(row, act, (e) => this.#error.say(e)).then(() => this.#load());
  }
}
