import type { Person } from "@kinwire/sdk";
import type { Content, ConversationView, Message } from "@kinwire/sdk/chat";
import { avatar } from "../avatar.ts";
import { h } from "../dom.ts";
import { icon } from "../icons.ts";
import { button } from "../ui.ts";
import { ago, count, duration, number, say, time, words } from "../words.ts";
import { problemText } from "./errors.ts";
import type { Files, Playing } from "./files.ts";
import { lostText, markEl, markOf } from "./marks.ts";
import { PictureView, VoiceView, type MediaView } from "./media.ts";
import { gameName } from "./preview.ts";
import { stickerEl } from "./stickers.ts";

/** What a bubble needs of the screen that it is in. */
export interface BubbleTools {
  readonly files: Files;
  readonly playing: Playing;
  online(): boolean;
  conversation(): ConversationView;
  person(id: string): Person;
  /** Opens what can be done with a message. */
  menu(m: Message): void;
  retry(m: Message): void;
  discard(m: Message): void;
}

type Of<K extends Content["kind"]> = Extract<Content, { kind: K }>;
type Shown = Message & { content: Content };

/** How long a finger rests on a message until its menu opens, ms. */
const HOLD_MS = 500;

/** One message: who says what, when, and how far it has come. */
export class Bubble {
  readonly el: HTMLElement;
  readonly #tools: BubbleTools;
  readonly #face: HTMLElement;
  readonly #name: HTMLElement;
  readonly #box: HTMLElement;
  readonly #meta = h("span", { class: "chat-meta" });
  readonly #reactions = h("span", { class: "reactions", testid: "chat-reactions", attrs: { hidden: true } });
  readonly #problem = h("div", { class: "chat-problem", testid: "chat-problem", attrs: { hidden: true } });
  readonly #media: MediaView | null;
  #message: Message;
  #shown = "";

  constructor(m: Message, tools: BubbleTools) {
    this.#message = m;
    this.#tools = tools;
    const from = tools.person(m.senderID);
    this.#face = h("span", { class: "chat-face" }, avatar(from, "small"));
    this.#name = h("span", { class: "chat-name" }, m.mine ? words.chat.you : from.name);
    const { el, media, bare } = this.#content(m, from);
    this.#media = media;
    this.#box = h(
      "div",
      { class: `chat-bubble${bare ? " bare" : ""}` },
      this.#name,
      el,
      this.#meta,
      this.#reactions,
    );
    this.el = h(
      "li",
      {
        class: "chat-message",
        testid: "chat-message",
        data: { id: m.id, kind: m.content.kind, mine: String(m.mine), sender: from.name },
      },
      this.#face,
      h("div", { class: "chat-column" }, this.#box, this.#problem),
      button({
        testid: "chat-more",
        class: "round quiet",
        icon: "more",
        title: words.chat.thread.more,
        click: () => tools.menu(this.#message),
      }),
    );
    this.#hold();
    this.update(m);
  }

  /** first and last: of what one person says in a row. */
  place(first: boolean, last: boolean): void {
    const group = this.#tools.conversation().kind === "group";
    // The name is always there for those who hear it.
    this.#name.classList.toggle("hidden-text", this.#message.mine || !group || !first);
    this.el.dataset["last"] = String(last);
    this.el.dataset["first"] = String(first);
  }

  update(m: Message): void {
    this.#message = m;
    this.#media?.update(m);
    const mark = m.mine ? markOf(m, this.#tools.online()) : "";
    const c = this.#tools.conversation();
    const shown = JSON.stringify([mark, m.at, m.disappearsAt, m.reactions, m.problem, m.deliveredTo]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.el.dataset["status"] = m.status;
    this.#meta.replaceChildren(
      h("time", { attrs: { datetime: new Date(m.at).toISOString() } }, time(m.at)),
      ...(m.disappearsAt ? [gone(m.disappearsAt)] : []),
      ...(mark ? [markEl(mark)] : []),
    );
    const reactions = Object.entries(m.reactions).filter(([, emoji]) => emoji);
    this.#reactions.hidden = reactions.length === 0;
    this.#reactions.replaceChildren(
      ...reactions.map(([id, emoji]) => h("span", { attrs: { title: this.#tools.person(id).name } }, emoji)),
    );
    this.#tellProblem(m, c);
  }

  #tellProblem(m: Message, c: ConversationView): void {
    const w = words.chat;
    const lost = m.mine ? lostText(m, c) : "";
    const why = m.mine && m.problem ? problemText(m.problem, c) : "";
    const refused = m.status === "refused";
    this.#problem.hidden = !lost && !why;
    this.#problem.replaceChildren(
      h("span", {}, lost || why),
      ...(refused
        ? [
            button({
              testid: "chat-retry",
              text: w.retry,
              click: () => this.#tools.retry(this.#message),
            }),
            button({
              testid: "chat-discard",
              class: "quiet",
              text: w.discard,
              click: () => this.#tools.discard(this.#message),
            }),
          ]
        : []),
    );
  }

  /** A finger that rests on it opens the menu, as the right button of a mouse does. */
  #hold(): void {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let held = false;
    const stop = () => clearTimeout(timer);
    this.#box.addEventListener("pointerdown", (e) => {
      held = false;
      if (e.pointerType === "mouse") return;
      timer = setTimeout(() => {
        held = true;
        this.#tools.menu(this.#message);
      }, HOLD_MS);
    });
    for (const end of ["pointerup", "pointercancel", "pointerleave"] as const)
      this.#box.addEventListener(end, stop);
    // The tap that ends a hold is no tap on what is below.
    this.#box.addEventListener(
      "click",
      (e) => {
        if (!held) return;
        held = false;
        e.preventDefault();
        e.stopPropagation();
      },
      { capture: true },
    );
    this.#box.addEventListener("contextmenu", (e) => {
      e.preventDefault();
      stop();
      if (!held) this.#tools.menu(this.#message);
    });
  }

  #content(m: Shown, from: Person): { el: HTMLElement; media: MediaView | null; bare: boolean } {
    const w = words.chat.media;
    const { files, playing } = this.#tools;
    const label = (mine: string, by: string, more: { time?: string } = {}) =>
      m.mine
        ? say(mine as "{time}", { time: "", ...more })
        : say(by as typeof w.videoBy, { ...from, time: "", ...more });
    const picture = (text: string) => {
      const media = new PictureView(m as ConstructorParameters<typeof PictureView>[0], text, files, playing);
      return { el: media.el, media, bare: false };
    };
    const plain = (el: HTMLElement, bare = false) => ({ el, media: null, bare });
    type Made = ReturnType<typeof plain> | ReturnType<typeof picture>;
    const table: {
      [K in Content["kind"]]?: (c: Of<K>) => { el: HTMLElement; media: MediaView | null; bare: boolean };
    } = {
      text: (c) => plain(textEl(c.text), onlyEmoji(c.text)),
      sticker: (c) => plain(stickerEl(c), true),
      photo: () => picture(label(w.photoMine, w.photoBy)),
      gif: () => picture(label(w.gifMine, w.gifBy)),
      video: (c) => picture(label(w.videoMine, w.videoBy, { time: duration(c.duration) })),
      voice: (c) => {
        const media = new VoiceView({ ...m, content: c }, files, playing);
        return { el: media.el, media, bare: false };
      },
      score: (c) => plain(scoreEl(c)),
    };
    const make = table[m.content.kind] as ((c: Content) => Made) | undefined;
    if (make) return make(m.content);
    return plain(h("p", { class: "hint", testid: "chat-text" }, words.chat.preview.unknown));
  }
}

/** Nothing but one to three emoji: they are shown large. */
export function onlyEmoji(text: string): boolean {
  const graphemes = [...new Intl.Segmenter().segment(text.trim())].map((s) => s.segment);
  return (
    graphemes.length > 0 &&
    graphemes.length <= 3 &&
    graphemes.every((g) => /\p{Extended_Pictographic}|\p{Regional_Indicator}/u.test(g))
  );
}

function textEl(text: string): HTMLElement {
  return h("p", { class: onlyEmoji(text) ? "chat-text jumbo" : "chat-text", testid: "chat-text" }, text);
}

function scoreEl(c: Of<"score">): HTMLElement {
  return h(
    "div",
    { class: "chat-score", testid: "chat-score", data: { game: c.game, points: String(c.points) } },
    icon("game"),
    h(
      "div",
      {},
      h("strong", {}, gameName(c.game)),
      h("span", { class: "points" }, count(words.chat.score.points, c.points)),
      c.note && h("span", { class: "hint" }, c.note),
    ),
    h("span", { class: "score-number", attrs: { "aria-hidden": "true" } }, number(c.points)),
  );
}

function gone(at: number): HTMLElement {
  const text = say(words.chat.thread.gone, { when: ago(at) });
  return h(
    "span",
    { class: "mark", testid: "chat-disappears", attrs: { title: text } },
    icon("hourglass"),
    h("span", { class: "hidden-text" }, text),
  );
}
