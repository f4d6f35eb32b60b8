import { missingOf, type Person } from "@kinwire/sdk";
import type { ChatLike } from "@kinwire/sdk/chat";
import { avatar } from "../avatar.ts";
import type { Context } from "../context.ts";
import { h, type Screen } from "../dom.ts";
import { icon } from "../icons.ts";
import { busy, button, errorLine, input, labelled, page } from "../ui.ts";
import { avatarPicker } from "../widgets/avatars.ts";
import { count, say, words } from "../words.ts";
import { chatError } from "./errors.ts";
import { ChatsScreen } from "./list.ts";
import { showMissing } from "./missing.ts";
import { joinTitle } from "./names.ts";
import { whileOpen } from "./open.ts";
import { ThreadScreen } from "./thread.ts";

/** The longest name of a group, in letters. */
export const NAME_LENGTH = 40;

/** Faces to tap: who is chosen is marked, and read out as chosen. */
export class FacePicker {
  readonly el: HTMLElement;
  readonly #chosen = new Set<string>();

  constructor(legend: string, people: readonly Person[], changed: () => void) {
    this.el = h(
      "fieldset",
      { class: "grid-choice" },
      h("legend", {}, legend),
      h(
        "div",
        { class: "tiles" },
        ...people.map((p) => {
          const box = h("input", {
            testid: "chat-choose",
            class: "hidden-text",
            data: { userId: p.id, name: p.name },
            attrs: { type: "checkbox" },
            on: {
              change: () => {
                if (box.checked) this.#chosen.add(p.id);
                else this.#chosen.delete(p.id);
                changed();
              },
            },
          });
          return h(
            "label",
            { class: "card tile face-tile" },
            box,
            avatar(p, "large"),
            h("span", { class: "tile-name" }, p.name),
            h("span", { class: "chosen-mark" }, icon("check")),
          );
        }),
      ),
    );
  }

  get value(): string[] {
    return [...this.#chosen];
  }
}

/** Makes a group: tap who shall be in it, give it a picture and a name. */
export class NewGroupScreen implements Screen {
  readonly name = "chat-group";
  readonly el: HTMLElement;
  readonly #ctx: Context;
  readonly #chat: ChatLike;
  readonly #faces: FacePicker;
  readonly #name: HTMLInputElement;
  readonly #face = avatarPicker("chat-group-face", "🌈");
  readonly #error = errorLine("chat-group-error");
  readonly #make: HTMLButtonElement;
  readonly #off: () => void;

  constructor(ctx: Context, chat: ChatLike) {
    this.#ctx = ctx;
    this.#chat = chat;
    const w = words.chat.newGroup;
    const people = ctx.kinwire.people.map((p) => p.person);
    this.#faces = new FacePicker(w.who, people, () => this.#count());
    this.#name = input({
      testid: "chat-group-name",
      required: false,
      attrs: { maxlength: String(NAME_LENGTH), autocapitalize: "sentences" },
    });
    this.#make = button({
      testid: "chat-group-make",
      class: "primary wide floating",
      icon: "group",
      text: " ",
      click: () =>
        void busy(
          this.el,
          () => this.#start(),
          (e) => this.#failed(e),
        ),
    });
    this.el = page(
      {
        testid: "screen-chat-group",
        title: w.title,
        back: () => ctx.show(new ChatsScreen(ctx)),
      },
      h("p", { class: "hint" }, w.hint),
      this.#faces.el,
      h("div", { class: "card form" }, labelled(w.name, this.#name), this.#face.el),
      this.#error,
      this.#make,
    );
    this.#count();
    this.#off = whileOpen(ctx, chat);
  }

  focus(): void {
    this.el.focus({ preventScroll: true });
  }

  close(): void {
    this.#off();
  }

  #count(): void {
    const w = words.chat.newGroup;
    const n = this.#faces.value.length;
    const most = this.#chat.info.max_people;
    this.#make.disabled = n < 2 || n + 1 > most;
    const text = n < 2 ? w.few : n + 1 > most ? say(w.many, { n: most }) : count(w.make, n);
    this.#make.querySelector("span")!.textContent = text;
  }

  async #start(): Promise<void> {
    this.#error.say("");
    const title = joinTitle(this.#face.value, this.#name.value.trim());
    const view = await this.#chat.startGroup(this.#faces.value, title);
    this.#ctx.show(new ThreadScreen(this.#ctx, this.#chat, view));
  }

  #failed(e: unknown): void {
    const missing = missingOf(e);
    if (missing.length === 0) return this.#error.say(chatError(e, { kind: "group", title: "", people: [] }));
    const back = () => this.#ctx.show(new NewGroupScreen(this.#ctx, this.#chat));
    showMissing(this.#ctx, missing, this.#faces.value, back);
  }
}
