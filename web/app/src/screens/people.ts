import type { Person, Presence } from "@kinwire/sdk";
import { avatar } from "../avatar.ts";
import { h, setText, type Screen } from "../dom.ts";
import { icon, type IconName } from "../icons.ts";
import { words } from "../words.ts";

/** What the people page can ask for. */
export interface PeopleActions {
  call(to: Person[], video: boolean): void;
  logout(): void;
}

/** Who is there: a big card for everybody, with a button for a video call and one for a voice call. */
export class PeopleScreen implements Screen {
  readonly name = "people";
  readonly el: HTMLElement;
  readonly #actions: PeopleActions;
  readonly #list = h("ul", { class: "people", testid: "people" });
  readonly #empty = h("p", { class: "hint", testid: "people-empty" }, words.people.loading);
  readonly #cards = new Map<string, PersonCard>();
  readonly #together: HTMLButtonElement;
  readonly #callChosen: HTMLButtonElement;
  readonly #error = h("p", { class: "error", testid: "people-error", attrs: { role: "alert" } });
  #choosing = false;

  constructor(me: Person, actions: PeopleActions) {
    this.#actions = actions;
    this.#together = h(
      "button",
      {
        class: "button quiet",
        testid: "together",
        attrs: { type: "button" },
        on: { click: () => this.#choose(!this.#choosing) },
      },
      icon("group"),
      h("span", {}, words.people.together),
    );
    this.#callChosen = h("button", {
      class: "button primary wide floating",
      testid: "call-chosen",
      attrs: { type: "button", hidden: true },
      on: { click: () => this.#actions.call(this.#chosen(), true) },
    });
    this.el = h(
      "main",
      { class: "page", testid: "screen-people", attrs: { tabindex: "-1" } },
      h(
        "header",
        { class: "bar" },
        avatar(me, "small"),
        h("h1", { testid: "hello" }, words.people.hello(me.name)),
        h(
          "button",
          {
            class: "button quiet",
            testid: "logout",
            attrs: { type: "button" },
            on: { click: () => this.#actions.logout() },
          },
          icon("logout"),
          h("span", { class: "wide-only" }, words.people.logout),
        ),
      ),
      h("div", { class: "row" }, h("h2", {}, words.people.question), this.#together),
      this.#error,
      this.#empty,
      this.#list,
      this.#callChosen,
    );
  }

  /** Shows these people. Cards stay the same elements, so the keyboard's focus is not lost. */
  show(people: Presence[]): void {
    const seen = new Set(people.map((p) => p.person.id));
    for (const [id, card] of this.#cards) {
      if (seen.has(id)) continue;
      card.el.remove();
      this.#cards.delete(id);
    }
    for (const p of people) {
      const known = this.#cards.get(p.person.id);
      if (known) known.update(p);
      else this.#add(p);
    }
    this.#empty.hidden = people.length > 0;
    setText(this.#empty, words.people.nobody);
    this.#together.hidden = people.length < 2;
  }

  /** Lets the keyboard start at the top of this page. */
  focus(): void {
    this.el.focus({ preventScroll: true });
  }

  /** Says what went wrong, in plain words. */
  fail(text: string): void {
    setText(this.#error, text);
  }

  #add(p: Presence): void {
    const card = new PersonCard(p, {
      call: (video) => this.#actions.call([p.person], video),
      chosen: () => this.#countChosen(),
    });
    card.choosing(this.#choosing);
    this.#cards.set(p.person.id, card);
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
    this.#callChosen.replaceChildren(icon("video"), words.people.callChosen(n));
  }
}

interface CardActions {
  call(video: boolean): void;
  chosen(): void;
}

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
    const button = (video: boolean, symbol: IconName, name: string, short: string) =>
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
      button(true, "video", words.people.video(person.name), words.people.videoShort),
      button(false, "phone", words.people.voice(person.name), words.people.voiceShort),
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
      h("span", {}, words.people.choose(person.name)),
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
    setText(this.#status, words.people[state]);
  }

  choosing(on: boolean): void {
    this.#buttons.hidden = on;
    this.#choice.hidden = !on;
    if (!on) this.#box.checked = false;
  }
}
