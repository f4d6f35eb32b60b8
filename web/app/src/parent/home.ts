import type { Approval, Child, Consent } from "@kinwire/sdk";
import { avatar } from "../avatar.ts";
import { ChatsScreen } from "../chat/list.ts";
import { AddFriendScreen } from "../child/add.ts";
import { RequestsScreen } from "../child/friends.ts";
import { HistoryScreen } from "../child/history.ts";
import { SettingsScreen } from "../child/settings.ts";
import type { Context, Opening } from "../context.ts";
import { h, setText, type Screen } from "../dom.ts";
import { button, errorLine, item, page, section } from "../ui.ts";
import { PeopleList } from "../widgets/people.ts";
import { count, say, words } from "../words.ts";
import { approvalCard } from "./approvals.ts";
import { ChildScreen } from "./child.ts";
import { ConsentNewScreen } from "./consent_new.ts";
import { ConsentScreen, isOpen } from "./consent_wait.ts";
import { JoinScreen } from "./join.ts";
import { Loading } from "./loading.ts";
import "./parent.css";

interface Family {
  children: Child[];
  approvals: Approval[];
  consents: Consent[];
}

/** A parent's first page: what waits for a decision, the children, and whom to call. */
export class ParentHome implements Screen {
  readonly name = "parent";
  readonly el: HTMLElement;
  readonly #ctx: Context;
  readonly #error = errorLine("people-error");
  readonly #people: PeopleList;
  readonly #notes = h("ul", { class: "list", testid: "consent-notes", attrs: { hidden: true } });
  readonly #waiting = h("ul", { class: "list", testid: "approvals" });
  readonly #waitingPart: HTMLElement;
  readonly #children = h("ul", { class: "tiles family-tiles", testid: "children" });
  readonly #none = h("p", { class: "hint", testid: "no-children", attrs: { hidden: true } });
  readonly #loading: Loading<Family>;
  readonly #off: () => void;

  constructor(ctx: Context, opening: Opening = {}) {
    this.#ctx = ctx;
    const w = words.parent;
    this.#people = new PeopleList(ctx);
    this.#none.textContent = w.noChildren;
    this.#waitingPart = section(
      w.approvals.title,
      { testid: "approvals-part", attrs: { hidden: true } },
      this.#waiting,
    );
    const own = (
      testid: string,
      icon: "addFriend" | "heart" | "history" | "settings" | "chat",
      text: string,
      make: () => Screen,
    ) => button({ testid, icon, text, click: () => ctx.show(make()) });
    const chats = own("chats", "chat", words.chat.title, () => new ChatsScreen(ctx));
    const badge = h("span", { class: "badge-count", attrs: { hidden: true } });
    chats.append(badge);
    this.el = page(
      {
        testid: "screen-parent",
        title: w.title,
        actions: [
          button({
            testid: "logout",
            class: "quiet",
            icon: "logout",
            title: words.common.logout,
            click: () => ctx.logout(),
          }),
        ],
      },
      this.#error,
      this.#notes,
      this.#waitingPart,
      section(
        w.children,
        {},
        this.#none,
        this.#children,
        h(
          "div",
          { class: "part-actions" },
          button({
            testid: "add-child",
            class: "primary",
            icon: "add",
            text: w.addChild,
            click: () => this.#addChild(),
          }),
          button({
            testid: "join-child",
            class: "quiet",
            icon: "key",
            text: w.joinChild,
            click: () => ctx.show(new JoinScreen(ctx)),
          }),
        ),
      ),
      this.#people.el,
      section(
        w.mine,
        {},
        h(
          "div",
          { class: "own-links" },
          chats,
          own("add-friend", "addFriend", w.addFriend, () => new AddFriendScreen(ctx)),
          own("requests", "heart", w.requests, () => new RequestsScreen(ctx)),
          own("history-open", "history", w.history, () => new HistoryScreen(ctx)),
          own("settings", "settings", w.settings, () => new SettingsScreen(ctx)),
        ),
      ),
    );
    this.#error.say(opening.error ?? "");
    this.#loading = new Loading(
      () => fetchFamily(ctx),
      (family) => this.#show(family),
      (e) => this.#error.say(e),
    );
    const again = () => void this.#loading.again();
    const offs = [
      ctx.kinwire.on("family", again),
      ctx.kinwire.on("friends", again),
      ctx.messages.watch(() => {
        const n = ctx.messages.unread;
        chats.hidden = ctx.messages.state === "absent";
        chats.dataset["count"] = String(n);
        badge.hidden = n === 0;
        setText(badge, n === 0 ? "" : count(words.chat.badge, n));
      }),
    ];
    this.#off = () => offs.forEach((off) => off());
    again();
    if (opening.guardian) queueMicrotask(() => ctx.show(new JoinScreen(ctx, opening.guardian)));
    else if (opening.friend) queueMicrotask(() => ctx.show(new AddFriendScreen(ctx, opening.friend)));
  }

  focus(): void {
    this.el.focus({ preventScroll: true });
  }

  close(): void {
    this.#loading.close();
    this.#off();
    this.#people.close();
  }

  #show({ children, approvals, consents }: Family): void {
    this.#none.hidden = children.length > 0;
    this.#children.replaceChildren(...children.map((c) => this.#childCard(c)));
    this.#waitingPart.hidden = approvals.length === 0;
    const decided = async () => {
      await this.#loading.again();
      // The button that was pressed is gone with its card; the next card's must not be pressed by mistake.
      if (!document.activeElement?.isConnected || document.activeElement === document.body) this.focus();
    };
    this.#waiting.replaceChildren(...approvals.map((a) => approvalCard(this.#ctx, a, decided)));
    const notes = this.#consentNotes(children, consents);
    this.#notes.replaceChildren(...notes);
    this.#notes.hidden = notes.length === 0;
  }

  /** What about consents wants doing: one that is not finished, and one for an older notice. */
  #consentNotes(children: Child[], consents: Consent[]): HTMLElement[] {
    const w = words.parent.consent;
    const unfinished = consents.filter((c) => isOpen(c) || (c.state === "granted" && !c.child_id));
    const notes = unfinished.map((c) =>
      item({
        testid: "consent-open",
        data: { id: c.id, state: c.state },
        title: c.state === "granted" ? w.states.granted : w.open,
        notes: [w.methods[c.method]],
        actions: [
          button({
            testid: "consent-go-on",
            class: "primary",
            text: c.state === "granted" ? w.makeChild : w.goOn,
            click: () => this.#ctx.show(new ConsentScreen(this.#ctx, c.id)),
          }),
        ],
      }),
    );
    for (const child of children) {
      const own = consents.filter((c) => c.child_id === child.person.id);
      const old = own.some((c) => c.state === "granted" && c.outdated);
      if (!old || own.some(isOpen)) continue;
      notes.push(
        item({
          testid: "consent-outdated",
          data: { name: child.person.name },
          picture: avatar(child.person, "small"),
          title: say(w.outdated, child.person),
          actions: [
            button({
              testid: "consent-again",
              class: "primary",
              text: w.read,
              click: () => this.#ctx.show(new ConsentNewScreen(this.#ctx, child.person.id)),
            }),
          ],
        }),
      );
    }
    return notes;
  }

  #childCard(c: Child): HTMLElement {
    return h(
      "li",
      {},
      h(
        "button",
        {
          class: "card tile",
          testid: "child-card",
          data: { name: c.person.name, userId: c.person.id },
          attrs: { type: "button" },
          on: { click: () => this.#ctx.show(new ChildScreen(this.#ctx, c.person)) },
        },
        avatar(c.person, "huge"),
        h("span", { class: "tile-name" }, c.person.name),
      ),
    );
  }

  #addChild(): void {
    this.#ctx.show(new ConsentNewScreen(this.#ctx));
  }
}

async function fetchFamily({ api }: Context): Promise<Family> {
  const [{ children }, { approvals }, { consents }] = await Promise.all([
    api.page("GET /v1/children"),
    api.page("GET /v1/approvals"),
    api.page("GET /v1/consents"),
  ]);
  return { children: children ?? [], approvals: approvals ?? [], consents: consents ?? [] };
}
