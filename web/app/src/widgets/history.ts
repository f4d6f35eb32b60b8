import type { History, HistoryEntry } from "@kinwire/sdk";
import { avatar } from "../avatar.ts";
import { h } from "../dom.ts";
import { icon, type IconName } from "../icons.ts";
import { button, errorLine, item } from "../ui.ts";
import { date, dateTime, duration, list, say, words } from "../words.ts";

export type CallLook = "missed" | "out" | "in";

/** How a call looks in the list. */
export function lookOf(e: Pick<HistoryEntry, "outgoing" | "seconds" | "reason">): CallLook {
  if (e.outgoing) return "out";
  const missed = e.reason === "missed" || e.reason === "cancelled" || e.reason === "busy";
  return missed && e.seconds === 0 ? "missed" : "in";
}

const ICONS: Record<CallLook, IconName> = { missed: "missed", out: "outgoing", in: "incoming" };

export interface HistoryOptions {
  /** Takes an entry out of the list. */
  remove?: (callID: string) => Promise<unknown>;
  /** Further buttons for an entry. */
  actions?: (e: HistoryEntry) => HTMLElement[];
  /** The newest page has come. */
  loaded?: (calls: HistoryEntry[]) => void;
}

/** Calls, the newest first, a page at a time: with whom, when, how long; never what. */
export class HistoryList {
  readonly el: HTMLElement;
  readonly #load: (before?: number) => Promise<History>;
  readonly #o: HistoryOptions;
  readonly #rows = h("ul", { class: "list", testid: "history" });
  readonly #none = h("p", { class: "hint", testid: "history-none" }, words.common.busy);
  readonly #error = errorLine("history-error");
  readonly #more: HTMLButtonElement;
  #oldest: number | undefined;

  constructor(load: (before?: number) => Promise<History>, o: HistoryOptions = {}) {
    this.#load = load;
    this.#o = o;
    this.#more = button({
      testid: "history-more",
      class: "quiet",
      text: words.common.more,
      attrs: { hidden: true },
      click: () => void this.#page(),
    });
    this.el = h("div", { class: "part" }, this.#error, this.#none, this.#rows, this.#more);
    void this.reload();
  }

  /** Starts again from the newest. */
  async reload(): Promise<void> {
    this.#oldest = undefined;
    await this.#page();
  }

  async #page(): Promise<void> {
    const before = this.#oldest;
    try {
      const calls = (await this.#load(before)).calls ?? [];
      const rows = calls.map((e) => this.#row(e));
      if (before === undefined) {
        this.#rows.replaceChildren(...rows);
        this.#o.loaded?.(calls);
      } else this.#rows.append(...rows);
      this.#oldest = calls.at(-1)?.at;
      this.#more.hidden = calls.length === 0;
      this.#none.textContent = words.child.calls.none;
      this.#none.hidden = this.#rows.childElementCount > 0;
      this.#error.say("");
    } catch (e) {
      this.#none.hidden = true;
      this.#error.say(e);
    }
  }

  #row(e: HistoryEntry): HTMLElement {
    const look = lookOf(e);
    const people = e.with ?? [];
    const names = list(people.map((p) => p.name));
    const w = words.child.calls;
    const talked = e.seconds > 0 && say(w.talked, { time: duration(e.seconds * 1000) });
    const remove = this.#o.remove;
    const row: HTMLElement = item({
      testid: "history-entry",
      data: { callId: e.call_id, look, name: names },
      picture: avatar({ name: names || "?", avatar: people[0]?.avatar ?? "" }, "small"),
      title: names,
      notes: [
        h("span", { class: `look ${look}` }, icon(ICONS[look]), h("span", {}, w[look])),
        `${dateTime(e.at)}${talked ? ` · ${talked}` : ""}`,
        e.deleted_at > 0 && h("small", { class: "hint" }, say(w.until, { date: date(e.deleted_at) })),
      ],
      actions: [
        ...(this.#o.actions?.(e) ?? []),
        remove &&
          button({
            testid: "history-remove",
            class: "round quiet",
            icon: "trash",
            title: w.remove,
            click: () => void this.#remove(row, () => remove(e.call_id)),
          }),
      ],
    });
    return row;
  }

  async #remove(row: HTMLElement, act: () => Promise<unknown>): Promise<void> {
    try {
      await act();
      row.remove();
      this.#none.hidden = this.#rows.childElementCount > 0;
    } catch (e) {
      this.#error.say(e);
    }
  }
}
