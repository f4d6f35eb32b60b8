import type { Blocks, Friend, FriendRequest, Friends, NameOf, Person } from "@kinwire/sdk";
import { avatar } from "../avatar.ts";
import type { Context } from "../context.ts";
import { h, type Screen } from "../dom.ts";
import { busy, button, confirm, errorLine, item, page, section } from "../ui.ts";
import { ReportForm } from "../widgets/report.ts";
import { fill } from "../words/shape.ts";
import { date, say, words } from "../words.ts";
import { ChildScreen, type Part } from "./child.ts";
import { Loading } from "./loading.ts";

/** A child's friends, requests and blocks, as a parent sees them. */
export class FriendsPart implements Part {
  readonly el: HTMLElement;
  readonly #ctx: Context;
  readonly #child: Person;
  readonly #error = errorLine("child-friends-error");
  readonly #friends = h("ul", { class: "list", testid: "child-friends" });
  readonly #requests = h("ul", { class: "list", testid: "child-requests" });
  readonly #blocks = h("ul", { class: "list", testid: "child-blocks" });
  readonly #loading: Loading<[Friends, Blocks]>;
  readonly #off: () => void;

  constructor(ctx: Context, child: Person) {
    this.#ctx = ctx;
    this.#child = child;
    const w = words.parent.child;
    this.el = h(
      "div",
      { class: "part" },
      this.#error,
      section(w.tab.friends, {}, this.#friends),
      section(w.pending, {}, this.#requests),
      section(w.blocked, {}, this.#blocks),
    );
    const path = { id: child.id };
    this.#loading = new Loading(
      () =>
        Promise.all([
          ctx.api.page("GET /v1/children/{id}/friends", { path }),
          ctx.api.page("GET /v1/children/{id}/blocks", { path }),
        ]),
      ([friends, blocks]) => this.#show(friends, blocks),
      (e) => this.#error.say(e),
    );
    this.#off = ctx.kinwire.on("family", () => void this.#loading.again());
    void this.#loading.again();
  }

  close(): void {
    this.#loading.close();
    this.#off();
  }

  #show(f: Friends, b: Blocks): void {
    const none = (text: string) => h("li", { class: "hint" }, text);
    const w = words.parent.child;
    const friends = (f.friends ?? []).map((x) => this.#friend(x));
    const requests = (f.requests ?? []).filter((r) => r.state === "pending").map((x) => this.#request(x));
    const blocked = (b.blocked ?? []).map((x) => this.#blocked(x));
    this.#friends.replaceChildren(...(friends.length ? friends : [none(w.noFriends)]));
    this.#requests.replaceChildren(...(requests.length ? requests : [none(words.common.nothing)]));
    this.#blocks.replaceChildren(...(blocked.length ? blocked : [none(w.nobodyBlocked)]));
  }

  #friend({ person, family, since }: Friend): HTMLElement {
    const w = words.parent.child;
    const names = { child: this.#child.name, other: person.name };
    const path = { id: this.#child.id, other: person.id };
    return item({
      testid: "child-friend",
      data: { name: person.name, userId: person.id },
      picture: avatar(person, "small"),
      title: person.name,
      notes: [family ? w.family : say(w.friendSince, { date: date(since) }), words.roles[person.role]],
      actions: [
        ...(family
          ? []
          : [
              this.#ask("child-friend-end", person.name, w.endFriend, say(w.endAsk, names), () =>
                this.#ctx.api.page("DELETE /v1/children/{id}/friends/{other}", { path }),
              ),
              this.#ask("child-friend-block", person.name, w.block, say(w.blockAsk, names), () =>
                this.#ctx.api.page("POST /v1/children/{id}/blocks", {
                  path: { id: this.#child.id },
                  body: { user_id: person.id },
                }),
              ),
            ]),
        person.id !== this.#ctx.me.id &&
          button({
            testid: "child-friend-report",
            class: "small quiet",
            icon: "flag",
            text: w.report,
            attrs: { "aria-label": `${w.report}: ${person.name}` },
            click: () => this.#ctx.show(new ReportForChildScreen(this.#ctx, this.#child, person)),
          }),
      ],
    });
  }

  /** One that is not decided yet, with everything that it waits for. */
  #request(r: FriendRequest): HTMLElement {
    const names = { a: this.#child.name, b: r.with.name };
    return item({
      testid: "child-request",
      data: { name: r.with.name },
      picture: avatar({ ...r.with, avatar: r.with.avatar ?? "" }, "small"),
      title: r.with.name,
      notes: [
        ...(r.missing ?? []).map((need) => fill(words.child.missing.needs[need], names)),
        say(words.parent.child.requestUntil, { date: date(r.expires_at) }),
      ],
      actions: [
        (r.missing ?? []).includes("parent_a") &&
          button({
            testid: "child-request-decide",
            class: "small primary",
            text: words.parent.approvals.title,
            click: () => this.#ctx.home(),
          }),
      ],
    });
  }

  #blocked(who: NameOf): HTMLElement {
    return item({
      testid: "child-blocked",
      data: { name: who.name },
      picture: avatar({ ...who, avatar: who.avatar ?? "" }, "small"),
      title: who.name,
      actions: [
        button({
          testid: "child-unblock",
          class: "small",
          text: words.parent.child.unblock,
          attrs: { "aria-label": `${words.parent.child.unblock}: ${who.name}` },
          click: () =>
            void this.#do(() =>
              this.#ctx.api.page("DELETE /v1/children/{id}/blocks/{other}", {
                path: { id: this.#child.id, other: who.id ?? "" },
              }),
            ),
        }),
      ],
    });
  }

  /** A button for what cannot be undone: it asks first. */
  #ask(
    testid: string,
    name: string,
    text: string,
    question: string,
    act: () => Promise<unknown>,
  ): HTMLElement {
    return button({
      testid,
      class: "small",
      text,
      attrs: { "aria-label": `${text}: ${name}` },
      click: () =>
        void confirm({ title: text, text: question, yes: text, danger: true }).then(
          (yes) => void (yes && this.#do(act)),
        ),
    });
  }

  async #do(act: () => Promise<unknown>): Promise<void> {
    this.#error.say("");
    await busy(this.el, act, (e) => this.#error.say(e));
    await this.#loading.again();
    // What was pressed may be gone with its row.
    if (document.activeElement === document.body) this.el.closest("main")?.focus({ preventScroll: true });
  }
}

/** A parent's report about somebody, for a child. */
class ReportForChildScreen implements Screen {
  readonly name = "report";
  readonly el: HTMLElement;

  constructor(ctx: Context, child: Person, about: Person) {
    const back = () => ctx.show(new ChildScreen(ctx, child));
    const form = new ReportForm(ctx, about, { onBehalfOf: child.id, done: back });
    this.el = page({ testid: "screen-report", title: words.parent.child.report, back }, form.el);
  }

  focus(): void {
    this.el.focus({ preventScroll: true });
  }
}
