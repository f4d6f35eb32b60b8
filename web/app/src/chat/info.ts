import { missingOf } from "@kinwire/sdk";
import type { ChatLike, ChatPerson, ConversationView } from "@kinwire/sdk/chat";
import { avatar } from "../avatar.ts";
import type { Context } from "../context.ts";
import { h, type Screen } from "../dom.ts";
import { icon, type IconName } from "../icons.ts";
import { busy, button, confirm, errorLine, form, input, item, labelled, page, section } from "../ui.ts";
import { avatarPicker } from "../widgets/avatars.ts";
import { say, words } from "../words.ts";
import { chatError } from "./errors.ts";
import { ChatsScreen } from "./list.ts";
import { showMissing } from "./missing.ts";
import { faceOf, joinTitle, nameOf, splitTitle } from "./names.ts";
import { FacePicker, NAME_LENGTH } from "./new_group.ts";
import { whileOpen } from "./open.ts";
import { staysText } from "./preview.ts";
import { SafetyScreen } from "./safety.ts";
import { ThreadScreen } from "./thread.ts";
import { chooseTimer } from "./timer.ts";

const CHECKED: Record<ChatPerson["verified"], [icon: IconName, text: keyof typeof words.chat.info]> = {
  yes: ["shield", "checked"],
  no: ["shield", "unchecked"],
  changed: ["warning", "changed"],
};

/** About one conversation: who is in it, whether keys were compared, and what can be changed. */
export class InfoScreen implements Screen {
  readonly name = "chat-info";
  readonly el: HTMLElement;
  readonly #ctx: Context;
  readonly #chat: ChatLike;
  readonly #error = errorLine("chat-info-error");
  readonly #body = h("div", { class: "part" });
  readonly #off: () => void;
  #view: ConversationView;
  #shown = "";

  constructor(ctx: Context, chat: ChatLike, view: ConversationView) {
    this.#ctx = ctx;
    this.#chat = chat;
    this.#view = view;
    this.el = page(
      {
        testid: "screen-chat-info",
        class: "narrow",
        title: words.chat.info.title,
        back: () => this.#thread(),
      },
      this.#error,
      this.#body,
    );
    const offs = [chat.on("conversation", (c) => c.id === view.id && this.#show(c)), whileOpen(ctx, chat)];
    this.#off = () => offs.forEach((off) => off());
    this.#show(view);
  }

  focus(): void {
    this.el.focus({ preventScroll: true });
  }

  close(): void {
    this.#off();
  }

  #thread(): void {
    const view = this.#chat.conversation(this.#view.id);
    this.#ctx.show(view ? new ThreadScreen(this.#ctx, this.#chat, view) : new ChatsScreen(this.#ctx));
  }

  #again(): void {
    const view = this.#chat.conversation(this.#view.id);
    if (view) this.#ctx.show(new InfoScreen(this.#ctx, this.#chat, view));
    else this.#ctx.show(new ChatsScreen(this.#ctx));
  }

  #show(c: ConversationView): void {
    this.#view = c;
    const shown = JSON.stringify([c.title, c.people, c.shut, c.out, c.timer]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    const w = words.chat.info;
    const group = c.kind === "group";
    const open = !c.out && !c.shut;
    this.#body.replaceChildren(
      h("div", { class: "faces" }, faceOf(c, "giant")),
      h("h2", { class: "centred" }, nameOf(c)),
      section(
        w.people,
        {},
        h("ul", { class: "list", testid: "chat-people" }, ...c.people.map((p) => this.#person(p))),
      ),
      ...(group && open ? [this.#add(), this.#rename()] : []),
      h(
        "div",
        { class: "column" },
        ...(open ? [this.#timer()] : []),
        ...(group && !c.out ? [this.#leave()] : []),
      ),
    );
  }

  #person(p: ChatPerson): HTMLElement {
    const w = words.chat.info;
    const c = this.#view;
    const [symbol, text] = CHECKED[p.verified];
    const { person } = p;
    const back = () => this.#again();
    return item({
      testid: "chat-person",
      data: { userId: person.id, name: person.name, verified: p.verified },
      picture: avatar(person, "small"),
      title: person.name,
      notes: [
        h("span", { class: `checked ${p.verified}` }, icon(symbol), h("span", {}, w[text] as string)),
        p.reachable ? "" : say(words.chat.safety.alone, person),
      ],
      actions: [
        button({
          testid: "chat-compare",
          icon: "shield",
          text: w.compareShort,
          title: say(w.compare, person),
          data: { name: person.name },
          click: () => this.#ctx.show(new SafetyScreen(this.#ctx, this.#chat, person, back)),
        }),
        c.kind === "group" &&
          c.createdBy === this.#chat.me &&
          !c.out &&
          button({
            testid: "chat-take-out",
            class: "round quiet",
            icon: "trash",
            title: say(w.remove, person),
            data: { name: person.name },
            click: () =>
              void this.#sure(say(w.removeAsk, person), "", () => this.#chat.removePerson(c.id, person.id)),
          }),
      ],
    });
  }

  #add(): HTMLElement {
    const w = words.chat.info;
    const c = this.#view;
    const here = new Set(c.people.map((p) => p.person.id));
    const others = this.#ctx.kinwire.people.map((p) => p.person).filter((p) => !here.has(p.id));
    if (others.length === 0) return section(w.add, {}, h("p", { class: "hint" }, w.addNobody));
    const add = button({
      testid: "chat-add-go",
      class: "primary",
      icon: "add",
      text: w.add,
      attrs: { disabled: true },
      click: () => void this.#act(() => this.#chat.addPeople(c.id, faces.value), faces.value),
    });
    const faces = new FacePicker(w.addWho, others, () => (add.disabled = faces.value.length === 0));
    return section(w.add, { testid: "chat-add" }, faces.el, add);
  }

  #rename(): HTMLElement {
    const w = words.chat;
    const c = this.#view;
    const { face, name } = splitTitle(c.title);
    const text = input({
      testid: "chat-rename-name",
      required: false,
      value: name,
      attrs: { maxlength: String(NAME_LENGTH), autocapitalize: "sentences" },
    });
    const picker = avatarPicker("chat-rename-face", face || "🌈");
    return h(
      "details",
      {},
      h("summary", { testid: "chat-rename" }, w.info.rename),
      form(
        "chat-rename-form",
        () => this.#chat.rename(c.id, joinTitle(picker.value, text.value.trim())),
        (e) => this.#error.say(e ? chatError(e, c) : ""),
        labelled(w.newGroup.named, text),
        picker.el,
        button({ testid: "chat-rename-save", class: "primary", text: words.common.save, submit: true }),
      ),
    );
  }

  #timer(): HTMLElement {
    const c = this.#view;
    const w = words.chat.timer;
    return button({
      testid: "chat-info-timer",
      icon: "hourglass",
      text: c.timer ? say(w.on, { time: staysText(c.timer) }) : w.title,
      click: () => chooseTimer(c.timer, (s) => void this.#act(() => this.#chat.setTimer(c.id, s))),
    });
  }

  #leave(): HTMLElement {
    const w = words.chat.info;
    return button({
      testid: "chat-leave",
      icon: "logout",
      text: w.leave,
      click: () =>
        void this.#sure(w.leaveAsk, w.leaveText, async () => {
          await this.#chat.leave(this.#view.id);
          this.#ctx.show(new ChatsScreen(this.#ctx));
        }),
    });
  }

  async #sure(title: string, text: string, act: () => Promise<unknown>): Promise<void> {
    const yes = words.common.yes;
    if (await confirm({ title, yes, danger: true, ...(text && { text }) })) await this.#act(act);
  }

  async #act(act: () => Promise<unknown>, people: readonly string[] = []): Promise<void> {
    this.#error.say("");
    await busy(this.#body, act, (e) => {
      const missing = missingOf(e);
      if (missing.length === 0) return this.#error.say(chatError(e, this.#view));
      const all = [...this.#view.people.map((p) => p.person.id), ...people];
      showMissing(this.#ctx, missing, all, () => this.#again());
    });
  }
}
