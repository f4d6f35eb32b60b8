import type { Off, Person } from "@kinwire/sdk";
import type { ChatLike, ConversationView, Message, OutgoingContent } from "@kinwire/sdk/chat";
import { ReportScreen } from "../child/report.ts";
import type { Context } from "../context.ts";
import { h, setText, type Screen } from "../dom.ts";
import { button, confirm } from "../ui.ts";
import { count, list, words } from "../words.ts";
import type { BubbleTools } from "./bubble.ts";
import { Composer } from "./composer.ts";
import { chatError } from "./errors.ts";
import { Files, Playing } from "./files.ts";
import { ChatsScreen } from "./list.ts";
import { InfoScreen } from "./info.ts";
import { messageMenu } from "./menu.ts";
import { showMissing } from "./missing.ts";
import { faceOf, nameOf, personOf } from "./names.ts";
import { whileOpen } from "./open.ts";
import { preview } from "./preview.ts";
import { SafetyScreen } from "./safety.ts";
import { Stream } from "./stream.ts";
import { chooseTimer } from "./timer.ts";

/** One conversation: what was said, and what one writes with. */
export class ThreadScreen implements Screen {
  readonly name = "chat";
  readonly el: HTMLElement;
  readonly #ctx: Context;
  readonly #chat: ChatLike;
  readonly #id: string;
  readonly #files: Files;
  readonly #playing = new Playing();
  readonly #stream: Stream;
  readonly #composer: Composer;
  readonly #face = h("span", { class: "chat-title-face" });
  readonly #title: HTMLButtonElement;
  readonly #call: HTMLButtonElement;
  readonly #note = h("p", { class: "banner chat-banner", testid: "chat-offline", attrs: { role: "status" } });
  readonly #typing = h("p", { class: "chat-typing", testid: "chat-typing" });
  readonly #offs: Off[];
  #view: ConversationView;
  #closed = false;

  constructor(ctx: Context, chat: ChatLike, view: ConversationView) {
    this.#ctx = ctx;
    this.#chat = chat;
    this.#view = view;
    this.#id = view.id;
    this.#files = new Files(chat);
    const compare = (userID: string) =>
      ctx.show(new SafetyScreen(ctx, chat, this.#person(userID), () => this.#again()));
    this.#stream = new Stream(chat, view.id, this.#tools(), compare);
    this.#composer = new Composer({
      send: (content) => this.#send(content),
      typing: (on) => chat.typing(view.id, on),
      timer: () => chooseTimer(this.#view.timer, (s) => this.#try(() => chat.setTimer(view.id, s))),
      explain: (e) => chatError(e, this.#view, chat.info.max_attachment),
      photos: chat.info.photos,
    });
    const about = () => ctx.show(new InfoScreen(ctx, chat, this.#view));
    this.#title = button({ testid: "chat-info", class: "quiet chat-title", click: about });
    this.#call = button({
      testid: "chat-call",
      class: "round quiet",
      icon: "phone",
      title: words.chat.thread.call,
      click: () =>
        ctx.call(
          this.#view.people.map((p) => p.person),
          true,
        ),
    });
    this.el = h(
      "main",
      {
        class: "page chat-page",
        testid: "screen-chat",
        data: { id: view.id },
        attrs: { tabindex: "-1" },
        on: {
          keydown: (e) => {
            if (e.key === "Escape" && !e.defaultPrevented) this.#back();
          },
        },
      },
      h(
        "header",
        { class: "bar" },
        button({
          testid: "back",
          class: "round quiet",
          icon: "back",
          title: words.common.back,
          click: () => this.#back(),
        }),
        this.#face,
        h("h1", {}, this.#title),
        this.#call,
      ),
      this.#note,
      this.#stream.el,
      this.#typing,
      this.#composer.el,
    );
    this.#update(view);
    const seen = () => this.#seen();
    document.addEventListener("visibilitychange", seen);
    this.#offs = [
      whileOpen(ctx, chat),
      chat.on("conversation", (c) => c.id === this.#id && this.#update(c)),
      chat.on("message", (m) => m.conversationID === this.#id && !m.mine && this.#seen()),
      chat.on("online", () => this.#tellOnline()),
      () => document.removeEventListener("visibilitychange", seen),
    ];
    this.#stream.load().then(
      () => this.#seen(),
      (e: unknown) => this.#composer.say(e),
    );
  }

  focus(): void {
    this.el.focus({ preventScroll: true });
    this.#stream.toEnd();
    this.#composer.focus();
  }

  close(): void {
    this.#closed = true;
    for (const off of this.#offs) off();
    this.#playing.stop();
    this.#stream.close();
    this.#composer.close();
    this.#files.close();
  }

  #back(): void {
    this.#ctx.show(new ChatsScreen(this.#ctx));
  }

  /** The same conversation anew, for ways that lead back here. */
  #again(): void {
    const view = this.#chat.conversation(this.#id);
    if (view) this.#ctx.show(new ThreadScreen(this.#ctx, this.#chat, view));
    else this.#back();
  }

  #update(c: ConversationView): void {
    this.#view = c;
    const name = nameOf(c);
    setText(this.#title, name);
    this.#title.title = words.chat.thread.settings;
    this.#title.setAttribute("aria-label", `${name}. ${words.chat.thread.settings}`);
    this.#face.replaceChildren(faceOf(c));
    this.el.setAttribute("aria-label", name);
    const names = list(c.typing.map((id) => this.#person(id).name));
    setText(this.#typing, names ? count(words.chat.thread.typing, c.typing.length, { names }) : "");
    this.#typing.classList.toggle("on", names !== "");
    this.#composer.update(c);
    this.#call.hidden = !!c.shut || c.out || c.people.length === 0;
    // Names and who has a message may be others now.
    this.#stream.refresh();
    this.#tellOnline();
  }

  #tellOnline(): void {
    const w = words.chat.thread;
    const text = !this.#chat.online ? w.offline : this.#view.ready || this.#view.out ? "" : w.joining;
    setText(this.#note, text);
    this.#note.hidden = !text;
  }

  /** What stands on the screen of somebody who looks at it has been looked at. */
  #seen(): void {
    if (this.#closed || document.visibilityState !== "visible") return;
    if (!this.el.isConnected) return;
    void this.#chat.markOpened(this.#id).catch(() => undefined);
  }

  #person(id: string): Person {
    if (id === this.#chat.me) return this.#ctx.me;
    return personOf(
      this.#view,
      id,
      this.#ctx.kinwire.people.map((p) => p.person),
    );
  }

  async #send(content: OutgoingContent): Promise<void> {
    await this.#chat.send(this.#id, content);
    this.#stream.toEnd();
  }

  async #try(act: () => Promise<unknown>): Promise<void> {
    try {
      await act();
    } catch (e) {
      this.#composer.say(e);
    }
  }

  #tools(): BubbleTools {
    return {
      files: this.#files,
      playing: this.#playing,
      online: () => this.#chat.online,
      conversation: () => this.#view,
      person: (id) => this.#person(id),
      menu: (m) => this.#menu(m),
      retry: (m) => void this.#retry(m),
      discard: (m) => void this.#try(() => this.#chat.remove(m.id)),
    };
  }

  async #retry(m: Message): Promise<void> {
    if (m.problem?.missing.length) return this.#showMissing(m);
    await this.#try(() => this.#chat.retry(m.id));
  }

  #showMissing(m: Message): void {
    const ids = this.#view.people.map((p) => p.person.id);
    showMissing(this.#ctx, m.problem?.missing ?? [], ids, () => this.#again());
  }

  #menu(m: Message): void {
    const { me } = this.#chat;
    const open = !this.#view.shut && !this.#view.out;
    const sent = m.status !== "waiting" && m.status !== "refused";
    messageMenu(m, m.reactions[me] ?? "", open && sent, {
      react: (emoji) =>
        void this.#try(() => this.#chat.send(this.#id, { kind: "reaction", to: m.id, emoji })),
      report: () => this.#report(m),
      remove: () => void this.#remove(m),
    });
  }

  #report(m: Message): void {
    const name = (id: string) => this.#person(id).name;
    this.#ctx.show(
      new ReportScreen(this.#ctx, this.#person(m.senderID), {
        back: () => this.#again(),
        message: { text: preview(m.content, name), evidence: () => this.#chat.report(m.id) },
      }),
    );
  }

  async #remove(m: Message): Promise<void> {
    const w = words.chat.menu;
    const sure = { title: w.removeAsk, text: w.removeText, yes: words.common.remove, danger: true };
    if (await confirm(sure)) await this.#try(() => this.#chat.remove(m.id));
  }
}
