import type { FriendRequest, Person } from "@kinwire/sdk";
import type { ChatLike, ConversationView } from "@kinwire/sdk/chat";
import { avatar } from "../avatar.ts";
import { waitsFor } from "../child/needs.ts";
import type { Context } from "../context.ts";
import { h, type Screen } from "../dom.ts";
import { icon } from "../icons.ts";
import { button, errorLine, page, section } from "../ui.ts";
import { count, date, language, list as nameList, say, time, words } from "../words.ts";
import "./bubbles.css";
import "./chat.css";
import "./thread.css";
import { shutText } from "./errors.ts";
import { daysAgo } from "./layout.ts";
import { markEl, markOf } from "./marks.ts";
import { faceOf, nameOf, personOf } from "./names.ts";
import { NewGroupScreen } from "./new_group.ts";
import { openChatWith } from "./open.ts";
import { preview } from "./preview.ts";
import { ChatSettingsScreen } from "./settings.ts";
import { StateNote } from "./state.ts";
import { ThreadScreen } from "./thread.ts";

/** All conversations, the newest first; friends to write to; and those who are not approved yet. */
export class ChatsScreen implements Screen {
  readonly name = "chats";
  readonly el: HTMLElement;
  readonly #ctx: Context;
  readonly #error = errorLine("chat-error");
  readonly #offline: HTMLElement;
  readonly #none: HTMLElement;
  readonly #rows = h("ul", { class: "list", testid: "chat-list" });
  readonly #friends = h("ul", { class: "tiles chat-friends", testid: "chat-friends" });
  readonly #friendsPart: HTMLElement;
  readonly #waiting = h("ul", { class: "list", testid: "chat-waiting-list" });
  readonly #group: HTMLButtonElement;
  readonly #settings: HTMLButtonElement;
  readonly #state: StateNote;
  readonly #offs: (() => void)[] = [];
  #chat: ChatLike | null = null;
  #shown = "";
  #closed = false;
  #opening = false;
  #whom: Person | undefined;

  /** error is said at the top; whom, if given, is written to as soon as messages are ready. */
  constructor(ctx: Context, error = "", whom?: Person) {
    this.#ctx = ctx;
    this.#whom = whom;
    const w = words.chat;
    this.#offline = h(
      "p",
      { class: "banner chat-banner", testid: "chat-offline", attrs: { role: "status", hidden: true } },
      w.thread.offline,
    );
    this.#none = h("p", { class: "hint", testid: "chat-none", attrs: { hidden: true } }, w.list.none);
    this.#group = button({
      testid: "chat-group-new",
      icon: "group",
      text: w.list.group,
      attrs: { hidden: true },
      click: () => this.#chat && ctx.show(new NewGroupScreen(ctx, this.#chat)),
    });
    this.#settings = button({
      testid: "chat-settings",
      class: "round quiet",
      icon: "settings",
      title: w.settings.title,
      attrs: { hidden: true },
      click: () => this.#chat && ctx.show(new ChatSettingsScreen(ctx, this.#chat)),
    });
    this.#friendsPart = section(w.list.start, {}, this.#friends, this.#group);
    this.#friendsPart.hidden = true;
    this.#state = new StateNote(ctx, (chat) => this.#ready(chat));
    this.el = page(
      {
        testid: "screen-chats",
        class: "chats",
        title: w.title,
        back: () => ctx.home(),
        actions: [this.#settings],
      },
      this.#error,
      this.#offline,
      this.#state.el,
      this.#none,
      this.#rows,
      this.#friendsPart,
      this.#waiting,
    );
    this.#error.say(error);
    this.#offs.push(
      ctx.kinwire.on("people", () => this.#show()),
      ctx.kinwire.on("friends", () => void this.#loadWaiting()),
      () => this.#state.close(),
    );
    void this.#loadWaiting();
  }

  focus(): void {
    this.el.focus({ preventScroll: true });
  }

  close(): void {
    this.#closed = true;
    for (const off of this.#offs) off();
  }

  /** Called again with every change of the list. */
  #ready(chat: ChatLike): void {
    if (this.#chat !== chat) {
      this.#chat = chat;
      this.#offs.push(chat.on("online", () => this.#show()));
    }
    // The note tells from within its own making, before there is a page.
    queueMicrotask(() => {
      this.#show();
      const whom = this.#whom;
      this.#whom = undefined;
      if (whom) void this.#open(chat, whom);
    });
  }

  #show(): void {
    const chat = this.#chat;
    if (!chat || this.#closed) return;
    const all = chat.conversations();
    this.#offline.hidden = chat.online;
    const people = this.#ctx.kinwire.people.map((p) => p.person);
    const fresh = people.filter((p) => !chat.withPerson(p.id));
    this.#group.hidden = people.length < 2;
    this.#settings.hidden = false;
    this.#friendsPart.hidden = fresh.length === 0 && people.length < 2;
    this.#none.hidden = all.length > 0;
    const shown = JSON.stringify([all, fresh, chat.online]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    const focused = (document.activeElement as HTMLElement | null)?.dataset["id"];
    this.#rows.replaceChildren(...all.map((c) => this.#row(chat, c)));
    this.#friends.replaceChildren(...fresh.map((p) => this.#friend(chat, p)));
    if (focused) this.#rows.querySelector<HTMLElement>(`[data-id="${CSS.escape(focused)}"]`)?.focus();
  }

  #row(chat: ChatLike, c: ConversationView): HTMLElement {
    const w = words.chat;
    const name = nameOf(c);
    const shut = shutText(c);
    const typing = c.typing.map((id) => personOf(c, id).name);
    const line = typing.length
      ? count(w.thread.typing, typing.length, { names: nameList(typing) })
      : said(chat, c);
    const mark = c.last?.mine && !typing.length ? markOf(c.last, chat.online) : "";
    return h(
      "li",
      {},
      h(
        "button",
        {
          class: "card chat-row",
          testid: "chat-row",
          data: { id: c.id, kind: c.kind, name, unread: String(c.unread), shut: c.shut ?? "" },
          attrs: { type: "button" },
          on: { click: () => this.#ctx.show(new ThreadScreen(this.#ctx, chat, c)) },
        },
        faceOf(c, "chat-size"),
        h(
          "span",
          { class: "chat-row-text" },
          h(
            "span",
            { class: "chat-row-head" },
            h("span", { class: "item-title" }, name),
            c.lastAt > 0 && h("time", { class: "hint" }, when(c.lastAt)),
          ),
          h(
            "span",
            { class: "chat-row-line" },
            mark && markEl(mark),
            h("span", { class: "chat-row-preview", testid: "chat-row-preview" }, line),
            c.unread > 0 &&
              h(
                "span",
                { class: "unread", testid: "chat-row-unread" },
                h("span", { attrs: { "aria-hidden": "true" } }, String(c.unread)),
                h("span", { class: "hidden-text" }, count(w.unread, c.unread)),
              ),
          ),
          shut &&
            h(
              "span",
              { class: "chat-shut-line", testid: "chat-row-shut" },
              icon("block"),
              h("span", {}, shut),
            ),
        ),
      ),
    );
  }

  #friend(chat: ChatLike, person: Person): HTMLElement {
    const label = say(words.chat.write, person);
    return h(
      "li",
      {},
      h(
        "button",
        {
          class: "card tile",
          testid: "chat-friend",
          data: { userId: person.id, name: person.name },
          attrs: { type: "button", "aria-label": label, title: label },
          on: { click: () => void this.#open(chat, person) },
        },
        avatar(person, "large"),
        h("span", { class: "tile-name" }, person.name),
      ),
    );
  }

  async #open(chat: ChatLike, person: Person): Promise<void> {
    if (this.#opening) return;
    this.#opening = true;
    this.#friends.setAttribute("aria-busy", "true");
    await openChatWith(this.#ctx, chat, person);
    this.#opening = false;
    this.#friends.removeAttribute("aria-busy");
  }

  /** Those who asked or were asked: shown, so that nobody wonders, but nobody can write to them yet. */
  async #loadWaiting(): Promise<void> {
    let requests: FriendRequest[];
    try {
      requests = (await this.#ctx.api.page("GET /v1/friends")).requests ?? [];
    } catch {
      return; // Writing works without it, and the requests' own page says what is wrong.
    }
    if (this.#closed) return;
    this.#waiting.replaceChildren(...requests.filter((r) => r.state === "pending").map(waitingRow));
  }
}

function waitingRow(r: FriendRequest): HTMLElement {
  const { name } = r.with;
  return h(
    "li",
    { class: "card item chat-waits", testid: "chat-waiting", data: { name } },
    avatar({ name, avatar: r.with.avatar ?? "" }, "chat-size"),
    h(
      "div",
      { class: "item-text" },
      h("span", { class: "item-title" }, name),
      h(
        "span",
        { class: "waits-mark", testid: "chat-waiting-mark" },
        icon("hourglass"),
        h("span", {}, words.chat.list.waiting),
      ),
      ...waitsFor(r).map((text) => h("span", { class: "hint" }, text)),
    ),
  );
}

/** The last that was said, and by whom. */
function said(chat: ChatLike, c: ConversationView): string {
  const w = words.chat.list;
  if (!c.last) return c.shut ? "" : w.empty;
  const name = (id: string) => (id === chat.me ? words.chat.you : personOf(c, id).name);
  const text = preview(c.last.content, name);
  if (!c.last.senderID) return text;
  if (c.last.mine) return say(w.you, { text });
  return c.kind === "group" ? say(w.them, { name: name(c.last.senderID), text }) : text;
}

/** Today the time, in the last days the weekday, before that the date. */
function when(at: number): string {
  const days = daysAgo(at, Date.now());
  if (days <= 0) return time(at);
  return days < 7 ? new Intl.DateTimeFormat(language(), { weekday: "short" }).format(at) : date(at);
}
