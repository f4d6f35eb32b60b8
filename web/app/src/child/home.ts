import type { FriendRequest } from "@kinwire/sdk";
import { avatar } from "../avatar.ts";
import { ChatsScreen } from "../chat/list.ts";
import type { Context, Opening } from "../context.ts";
import { h, setText, type Screen } from "../dom.ts";
import { icon, type IconName } from "../icons.ts";
import { button, errorLine } from "../ui.ts";
import { PeopleList } from "../widgets/people.ts";
import { count, say, words } from "../words.ts";
import { AddFriendScreen } from "./add.ts";
import { FriendScreen } from "./friend.ts";
import { RequestsScreen } from "./friends.ts";
import { HistoryScreen } from "./history.ts";
import { countMissed } from "./missed.ts";
import { needsMe, wantText } from "./needs.ts";
import { SettingsScreen } from "./settings.ts";

/** The first page of a child, a teen, or an adult without children here: friends to call, in big pictures. */
export class PeopleScreen implements Screen {
  readonly name = "people";
  readonly el: HTMLElement;
  readonly #ctx: Context;
  readonly #error = errorLine("people-error");
  readonly #wants = h("ul", { class: "list", testid: "wants" });
  readonly #requests: Tile;
  readonly #calls: Tile;
  readonly #chats: Tile;
  readonly #people: PeopleList;
  readonly #off: () => void;
  #closed = false;

  constructor(ctx: Context, opening: Opening = {}) {
    this.#ctx = ctx;
    const { me } = ctx;
    const w = words.child;
    this.#people = new PeopleList(ctx, { more: (p) => ctx.show(new FriendScreen(ctx, p)) });
    this.#requests = new Tile("requests", "heart", w.requests, () => ctx.show(new RequestsScreen(ctx)));
    this.#calls = new Tile("history-open", "history", w.history, () => ctx.show(new HistoryScreen(ctx)));
    this.#chats = new Tile("chats", "chat", words.chat.title, () => ctx.show(new ChatsScreen(ctx)));
    const add = new Tile("add-friend", "addFriend", w.add, () => ctx.show(new AddFriendScreen(ctx)));
    const settings = new Tile("settings", "settings", w.settings, () => ctx.show(new SettingsScreen(ctx)));
    this.el = h(
      "main",
      { class: "page", testid: "screen-people", attrs: { tabindex: "-1" } },
      h(
        "header",
        { class: "bar" },
        avatar(me, "small"),
        h("h1", { testid: "hello" }, say(words.people.hello, me)),
        button({
          testid: "logout",
          class: "quiet",
          icon: "logout",
          title: words.common.logout,
          click: () => ctx.logout(),
        }),
      ),
      this.#error,
      this.#wants,
      this.#people.el,
      h(
        "nav",
        { class: "big-tiles", attrs: { "aria-label": words.app } },
        this.#chats.el,
        add.el,
        this.#requests.el,
        this.#calls.el,
        settings.el,
      ),
    );
    this.#error.say(opening.error ?? "");
    const offs = [
      ctx.kinwire.on("friends", () => void this.#load()),
      ctx.messages.watch(() => {
        this.#chats.badge(ctx.messages.unread);
        this.#chats.el.hidden = ctx.messages.state === "absent";
      }),
    ];
    this.#off = () => offs.forEach((off) => off());
    void this.#load();
    void this.#countCalls();
  }

  /** Lets the keyboard start at the top of this page. */
  focus(): void {
    this.el.focus({ preventScroll: true });
  }

  close(): void {
    this.#closed = true;
    this.#off();
    this.#people.close();
  }

  async #load(): Promise<void> {
    let requests: FriendRequest[];
    try {
      requests = (await this.#ctx.api.page("GET /v1/friends")).requests ?? [];
    } catch {
      return; // Calling works without it, and the requests' own page says what is wrong.
    }
    if (this.#closed) return;
    const mine = requests.filter(needsMe);
    this.#requests.badge(mine.length);
    this.#wants.hidden = mine.length === 0;
    this.#wants.replaceChildren(...mine.slice(0, 3).map((r) => this.#want(r)));
  }

  #want(r: FriendRequest): HTMLElement {
    return h(
      "li",
      { class: "card want", testid: "want", data: { id: r.id, name: r.with.name } },
      h("div", { class: "faces" }, avatar({ ...r.with, avatar: r.with.avatar ?? "" }, "large")),
      h("p", {}, wantText(r)),
      button({
        testid: "want-open",
        class: "primary",
        icon: "heart",
        text: words.child.requests,
        click: () => this.#ctx.show(new RequestsScreen(this.#ctx)),
      }),
    );
  }

  async #countCalls(): Promise<void> {
    try {
      const { calls } = await this.#ctx.api.page("GET /v1/history");
      this.#calls.badge(countMissed(this.#ctx.me.id, calls ?? []));
    } catch {
      // The calls' own page says what is wrong.
    }
  }
}

/** A big button with a picture, and a badge that counts what is new. */
class Tile {
  readonly el: HTMLButtonElement;
  readonly #badge = h("span", { class: "badge-count", attrs: { hidden: true } });

  constructor(testid: string, symbol: IconName, text: string, click: () => void) {
    this.el = h(
      "button",
      { class: "card big-tile", testid, attrs: { type: "button" }, on: { click } },
      icon(symbol),
      h("span", {}, text),
      this.#badge,
    );
  }

  badge(n: number): void {
    this.#badge.hidden = n === 0;
    this.el.dataset["count"] = String(n);
    setText(this.#badge, n === 0 ? "" : count(words.child.badge, n));
  }
}
