import type { Person, Presence } from "@kinwire/sdk";
import { avatar } from "../avatar.ts";
import { writeTo } from "../chat/open.ts";
import type { Context } from "../context.ts";
import { h, setText } from "../dom.ts";
import { icon, type IconName } from "../icons.ts";
import { button } from "../ui.ts";
import { ago, count, say, words } from "../words.ts";

/** How often "last here 5 minutes ago" is said anew, ms. */
const REFRESH_MS = 60_000;

/**
 * Who is there, in the person's own order: a big card for everybody, with a button for a video call and one
 * for a voice call; and the choice of several for a call together. It follows the session by itself.
 */
export class PeopleList {
  readonly el: HTMLElement;
  readonly #ctx: Context;
  readonly #more: ((p: Person) => void) | undefined;
  readonly #list = h("ul", { class: "people", testid: "people" });
  readonly #empty = h("p", { class: "hint", testid: "people-empty" }, words.people.loading);
  readonly #cards = new Map<string, PersonCard>();
  readonly #together: HTMLButtonElement;
  readonly #callChosen: HTMLButtonElement;
  readonly #tick = setInterval(() => this.#show(this.#ctx.kinwire.people), REFRESH_MS);
  readonly #off: () => void;
  #choosing = false;

  /** more, if given, is what the button "more about …" on each card does. */
  constructor(ctx: Context, o: { more?: (p: Person) => void } = {}) {
    this.#ctx = ctx;
    this.#more = o.more;
    this.#together = button({
      testid: "together",
      class: "quiet",
      icon: "group",
      text: words.people.together,
      click: () => this.#choose(!this.#choosing),
    });
    this.#callChosen = button({
      testid: "call-chosen",
      class: "primary wide floating",
      attrs: { hidden: true },
      click: () => ctx.call(this.#chosen(), true),
    });
    this.el = h(
      "section",
      { class: "part" },
      h("div", { class: "row" }, h("h2", {}, words.people.question), this.#together),
      this.#empty,
      this.#list,
      this.#callChosen,
    );
    const offs = [
      ctx.kinwire.on("people", (people) => this.#show(people)),
      ctx.messages.watch(() => this.#list.classList.toggle("no-chat", ctx.messages.state === "absent")),
    ];
    this.#off = () => offs.forEach((off) => off());
    this.#show(ctx.kinwire.people);
  }

  close(): void {
    this.#off();
    clearInterval(this.#tick);
  }

  /** Cards stay the same elements, so the keyboard's focus is not lost. */
  #show(people: Presence[]): void {
    const here = new Map(people.map((p) => [p.person.id, p.person]));
    for (const [id, card] of this.#cards) {
      if (same(here.get(id), card.person)) continue;
      card.el.remove();
      this.#cards.delete(id);
    }
    for (const p of people) {
      const known = this.#cards.get(p.person.id);
      if (known) known.update(p);
      else this.#add(p);
    }
    this.#order(people);
    this.#empty.hidden = people.length > 0;
    setText(this.#empty, words.people.nobody);
    this.#together.hidden = people.length < 2;
    if (people.length < 2 && this.#choosing) this.#choose(false);
    this.#countChosen();
  }

  /** Moves only what is out of order: an element that moves loses the focus. */
  #order(people: Presence[]): void {
    people.forEach((p, i) => {
      const card = this.#cards.get(p.person.id)!.el;
      const there = this.#list.children[i];
      if (there !== card) this.#list.insertBefore(card, there ?? null);
    });
  }

  #add(p: Presence): void {
    const { person } = p;
    const more = this.#more;
    const card = new PersonCard(p, {
      call: (video) => this.#ctx.call([person], video),
      write: () => writeTo(this.#ctx, person),
      chosen: () => this.#countChosen(),
      more: more && (() => more(person)),
    });
    card.choosing(this.#choosing);
    this.#cards.set(person.id, card);
    this.#list.append(card.el);
  }

  #choose(on: boolean): void {
    this.#choosing = on;
    this.#together.setAttribute("aria-pressed", String(on));
    setText(this.#together.querySelector("span")!, on ? words.people.cancelTogether : words.people.together);
    for (const c of this.#cards.values()) c.choosing(on);
    this.#countChosen();
  }

  #chosen(): Person[] {
    return [...this.#cards.values()].filter((c) => c.chosen).map((c) => c.person);
  }

  #countChosen(): void {
    const n = this.#chosen().length;
    this.#callChosen.hidden = n === 0;
    this.#callChosen.replaceChildren(icon("video"), count(words.people.callChosen, n));
  }
}

/** Still there, under the same name and picture. */
function same(a: Person | undefined, b: Person): boolean {
  return a?.name === b.name && a.avatar === b.avatar;
}

interface CardActions {
  call(video: boolean): void;
  write(): void;
  chosen(): void;
  more: (() => void) | undefined;
}

/** One person: picture, how they are, and the buttons to call. */
class PersonCard {
  readonly el: HTMLElement;
  readonly person: Person;
  readonly #status = h("span", { class: "status", testid: "person-status" });
  readonly #buttons: HTMLElement;
  readonly #choice: HTMLElement;
  readonly #box: HTMLInputElement;

  constructor(p: Presence, actions: CardActions) {
    const { person } = p;
    this.person = person;
    const data = { userId: person.id, name: person.name };
    const ring = (video: boolean, symbol: IconName, name: string, short: string) =>
      h(
        "button",
        {
          class: video ? "button primary" : "button",
          testid: video ? "call-video" : "call-voice",
          data,
          attrs: { type: "button", "aria-label": name, title: name },
          on: { click: () => actions.call(video) },
        },
        icon(symbol),
        h("span", {}, short),
      );
    this.#buttons = h(
      "div",
      { class: "buttons" },
      ring(true, "video", say(words.people.video, person), words.people.videoShort),
      ring(false, "phone", say(words.people.voice, person), words.people.voiceShort),
      button({
        testid: "person-write",
        class: "write",
        icon: "chat",
        text: words.chat.writeShort,
        title: say(words.chat.write, person),
        data,
        click: actions.write,
      }),
      actions.more &&
        button({
          testid: "person-more",
          class: "round quiet",
          icon: "more",
          title: say(words.people.more, person),
          data,
          click: actions.more,
        }),
    );
    this.#box = h("input", {
      testid: "choose",
      data,
      attrs: { type: "checkbox" },
      on: { change: () => actions.chosen() },
    });
    this.#choice = h(
      "label",
      { class: "choice" },
      this.#box,
      h("span", {}, say(words.people.choose, person)),
    );
    this.el = h(
      "li",
      { class: "card person", testid: "person", data },
      h(
        "div",
        { class: "face" },
        avatar(person, "huge"),
        h("span", { class: "dot", attrs: { "aria-hidden": "true" } }),
      ),
      h("div", { class: "who" }, h("span", { class: "person-name" }, person.name), this.#status),
      this.#buttons,
      this.#choice,
    );
    this.choosing(false);
    this.update(p);
  }

  get chosen(): boolean {
    return !this.#choice.hidden && this.#box.checked;
  }

  update(p: Presence): void {
    const state = !p.online ? "offline" : p.in_call ? "inCall" : "online";
    this.el.dataset["state"] = state;
    const seen = p.last_seen ? say(words.people.lastSeen, { when: ago(p.last_seen) }) : words.people.offline;
    setText(this.#status, state === "offline" ? seen : words.people[state]);
  }

  choosing(on: boolean): void {
    this.#buttons.hidden = on;
    this.#choice.hidden = !on;
    if (!on) this.#box.checked = false;
  }
}
