import type { ChatContact, Person } from "@kinwire/sdk";
import { avatar } from "../avatar.ts";
import type { Context } from "../context.ts";
import { h } from "../dom.ts";
import { errorLine, item } from "../ui.ts";
import { ago, date, list, say, words } from "../words.ts";
import type { Part } from "./child.ts";
import { Loading } from "./loading.ts";

/** With whom a child writes, as a parent sees it: never what, for nobody here can read it. */
export class ChatsPart implements Part {
  readonly el: HTMLElement;
  readonly #rows = h("ul", { class: "list", testid: "child-chats" });
  readonly #error = errorLine("child-chats-error");
  readonly #loading: Loading<ChatContact[]>;
  readonly #off: () => void;

  constructor(ctx: Context, child: Person) {
    this.el = h(
      "section",
      { class: "part" },
      h("p", { class: "hint", testid: "child-chats-hint" }, say(words.parent.child.chats.hint, child)),
      this.#error,
      this.#rows,
    );
    this.#loading = new Loading(
      async () =>
        (await ctx.api.page("GET /v1/children/{id}/chats", { path: { id: child.id } })).contacts ?? [],
      (contacts) => this.#show(contacts),
      (e) => this.#error.say(e),
    );
    this.#off = ctx.kinwire.on("family", () => void this.#loading.again());
    void this.#loading.again();
  }

  close(): void {
    this.#loading.close();
    this.#off();
  }

  #show(contacts: ChatContact[]): void {
    this.#error.say("");
    const none = h("li", { class: "hint", testid: "child-chats-none" }, words.parent.child.chats.none);
    this.#rows.replaceChildren(...(contacts.length ? contacts.map(row) : [none]));
  }
}

function row(c: ChatContact): HTMLElement {
  const w = words.parent.child.chats;
  const people = c.people ?? [];
  const names = list(people.map((p) => p.name)) || w.nobody;
  const faces = people.slice(0, 4).map((p) => avatar({ ...p, avatar: p.avatar ?? "" }, "small"));
  return item({
    testid: "child-chat",
    data: { kind: c.kind, name: names, shut: c.shut ?? "" },
    picture: h("span", { class: "pair" }, ...faces),
    title: names,
    notes: [
      c.kind === "group" && h("span", { class: "hint" }, w.group),
      say(w.since, { date: date(c.since) }),
      c.last_at ? say(w.last, { when: ago(c.last_at) }) : w.never,
      c.shut && h("span", { class: "chat-shut" }, w.shut[c.shut]),
    ],
  });
}
