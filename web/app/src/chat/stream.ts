import type { Off } from "@kinwire/sdk";
import type { ChatLike, Message } from "@kinwire/sdk/chat";
import { h, setText } from "../dom.ts";
import { icon } from "../icons.ts";
import { button } from "../ui.ts";
import { date, language, say, words } from "../words.ts";
import { Bubble, type BubbleTools } from "./bubble.ts";
import { daysAgo, layout, merge, type Row } from "./layout.ts";
import { lineText, preview, staysText } from "./preview.ts";
import { splitTitle } from "./names.ts";

/** How many messages are fetched at a time. */
const PAGE = 50;

/** Nearer to the end than this, pixels, one reads the newest: it is followed. */
const NEAR = 120;

/** The messages of one conversation, the newest at the end, which is followed unless one reads further up. */
export class Stream {
  readonly el: HTMLElement;
  readonly #chat: ChatLike;
  readonly #id: string;
  readonly #tools: BubbleTools;
  readonly #compare: (userID: string) => void;
  readonly #none = h(
    "p",
    { class: "hint centred", testid: "chat-empty", attrs: { hidden: true } },
    words.chat.thread.none,
  );
  readonly #list = h("ol", { class: "chat-messages", testid: "chat-messages" });
  readonly #older: HTMLButtonElement;
  readonly #newest: HTMLButtonElement;
  readonly #live = h("p", { class: "hidden-text", testid: "chat-live", attrs: { "aria-live": "polite" } });
  readonly #scroll: HTMLElement;
  readonly #rows = new Map<string, { el: HTMLElement; bubble?: Bubble; shown: string }>();
  readonly #offs: Off[];
  readonly #resized: ResizeObserver;
  #messages: Message[] = [];
  #follow = true;
  #top = 0;
  #closed = false;

  constructor(chat: ChatLike, id: string, tools: BubbleTools, compare: (userID: string) => void) {
    this.#chat = chat;
    this.#id = id;
    this.#tools = tools;
    this.#compare = compare;
    const w = words.chat.thread;
    this.#older = button({
      testid: "chat-older",
      class: "quiet",
      text: w.older,
      attrs: { hidden: true },
      click: () => void this.#loadOlder(),
    });
    this.#newest = button({
      testid: "chat-newest",
      class: "round to-newest",
      icon: "down",
      title: w.newest,
      attrs: { hidden: true },
      click: () => this.toEnd(),
    });
    this.#scroll = h(
      "div",
      {
        class: "chat-scroll",
        attrs: { tabindex: "0", role: "region", "aria-label": w.region },
        on: { scroll: () => this.#scrolled() },
      },
      this.#older,
      this.#none,
      this.#list,
    );
    this.el = h("div", { class: "chat-stream" }, this.#scroll, this.#newest, this.#live);
    // Pictures that come in later, and a keyboard that opens, must not push the newest out of sight.
    this.#resized = new ResizeObserver(() => this.#follow && this.toEnd());
    this.#resized.observe(this.#list);
    this.#resized.observe(this.#scroll);
    this.#offs = [
      chat.on("message", (m) => this.#came(m)),
      chat.on("changed", (m) => this.#changed(m)),
      chat.on("removed", ({ conversationID, ids }) => {
        if (conversationID !== id) return;
        this.#messages = this.#messages.filter((m) => !ids.includes(m.id));
        this.#show();
      }),
      // What waits looks different when there is no connection.
      chat.on("online", () => this.refresh()),
    ];
  }

  /** Fetches the newest; fails as the SDK does. */
  async load(): Promise<void> {
    const page = await this.#chat.messages(this.#id, { limit: PAGE });
    if (this.#closed) return;
    this.#older.hidden = page.length < PAGE;
    this.#messages = merge(page, this.#messages);
    this.#show();
    this.toEnd();
  }

  refresh(): void {
    for (const m of this.#messages) this.#rows.get(m.id)?.bubble?.update(m);
  }

  toEnd(): void {
    this.#follow = true;
    this.#scroll.scrollTop = this.#scroll.scrollHeight;
    this.#newest.hidden = true;
  }

  close(): void {
    this.#closed = true;
    this.#resized.disconnect();
    for (const off of this.#offs) off();
  }

  async #loadOlder(): Promise<void> {
    const first = this.#messages[0];
    if (!first || this.#older.disabled) return;
    this.#older.disabled = true;
    try {
      const page = await this.#chat.messages(this.#id, { before: first.order, limit: PAGE });
      if (this.#closed) return;
      this.#older.hidden = page.length < PAGE;
      // What is read stays where it is while more comes above it.
      const below = this.#scroll.scrollHeight - this.#scroll.scrollTop;
      this.#follow = false;
      this.#messages = merge(page, this.#messages);
      this.#show();
      this.#scroll.scrollTop = this.#scroll.scrollHeight - below;
    } finally {
      this.#older.disabled = false;
    }
  }

  #came(m: Message): void {
    if (m.conversationID !== this.#id) return;
    this.#messages = merge(this.#messages, [m]);
    this.#show();
    if (m.mine) return this.toEnd();
    if (this.#follow) this.toEnd();
    else this.#newest.hidden = false;
    const name = (id: string) => this.#tools.person(id).name;
    const text = preview(m.content, name);
    const said = m.senderID ? say(words.chat.thread.came, { name: name(m.senderID), text }) : text;
    setText(this.#live, said);
  }

  #changed(m: Message): void {
    if (m.conversationID !== this.#id || !this.#messages.some((k) => k.id === m.id)) return;
    this.#messages = merge(this.#messages, [m]);
    this.#show();
  }

  #scrolled(): void {
    const { scrollTop, scrollHeight, clientHeight } = this.#scroll;
    // What grows (a picture that has come in) moves nothing up: only somebody who reads does.
    const up = scrollTop < this.#top;
    this.#top = scrollTop;
    if (scrollHeight - scrollTop - clientHeight < NEAR) this.#follow = true;
    else if (up) this.#follow = false;
    if (this.#follow) this.#newest.hidden = true;
    if (this.#scroll.scrollTop < 40 && !this.#older.hidden && !this.#follow) void this.#loadOlder();
  }

  /** Elements stay the same ones for the same messages: what plays goes on, what has the focus keeps it. */
  #show(): void {
    const rows = layout(this.#messages);
    this.#none.hidden = rows.length > 0;
    const keep = new Set(rows.map((r) => r.key));
    for (const [key, row] of this.#rows) {
      if (keep.has(key)) continue;
      row.el.remove();
      this.#rows.delete(key);
    }
    rows.forEach((row, i) => {
      const { el } = this.#row(row);
      const there = this.#list.children[i];
      if (there !== el) this.#list.insertBefore(el, there ?? null);
    });
  }

  #row(row: Row): { el: HTMLElement } {
    const known = this.#rows.get(row.key);
    if (row.kind === "message") {
      const bubble = known?.bubble ?? new Bubble(row.message, this.#tools);
      if (known) bubble.update(row.message);
      bubble.place(row.first, row.last);
      const made = { el: bubble.el, bubble, shown: "" };
      this.#rows.set(row.key, made);
      return made;
    }
    if (known) return known;
    const made = { el: row.kind === "day" ? dayEl(row.at) : this.#event(row.message), shown: "" };
    this.#rows.set(row.key, made);
    return made;
  }

  #event(m: Message): HTMLElement {
    const w = words.chat.event;
    const me = this.#chat.me;
    const name = (id: string) => this.#tools.person(id).name;
    const { content } = m;
    let text = "";
    let what: string = content.kind;
    if (content.kind === "title") {
      const title = splitTitle(content.title).name || content.title;
      text = m.mine ? say(w.renamedMine, { title }) : say(w.renamed, { name: name(m.senderID), title });
    } else if (content.kind === "timer") {
      const time = staysText(content.seconds);
      if (content.seconds === 0) text = m.mine ? w.timerOffMine : say(w.timerOff, { name: name(m.senderID) });
      else text = m.mine ? say(w.timerOnMine, { time }) : say(w.timerOn, { name: name(m.senderID), time });
    } else if (content.kind === "system") {
      text = lineText(content.line, me, name);
      what = content.line.what;
    }
    const key = content.kind === "system" && content.line.what === "keys_changed" ? content.line.userID : "";
    return h(
      "li",
      { class: `chat-event ${what}`, testid: "chat-event", data: { what, id: m.id } },
      icon(ICONS[what as keyof typeof ICONS] ?? "group"),
      h("span", {}, text),
      key &&
        key !== me &&
        button({
          testid: "chat-event-compare",
          text: words.chat.info.compareShort,
          click: () => this.#compare(key),
        }),
    );
  }
}

const ICONS = {
  keys_changed: "shield",
  refused: "warning",
  missed: "clock",
  timer: "hourglass",
  joined: "group",
  left: "group",
  title: "chat",
} as const;

function dayEl(at: number): HTMLElement {
  const days = daysAgo(at, Date.now());
  const w = words.chat.thread;
  const near = days === 0 ? w.today : days === 1 ? w.yesterday : "";
  const weekday = new Intl.DateTimeFormat(language(), { weekday: "long" }).format(at);
  const text = near || (days > 1 && days < 7 ? weekday : date(at));
  return h("li", { class: "chat-day", testid: "chat-day" }, h("span", {}, text));
}
