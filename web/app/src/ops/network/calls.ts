import type { CallSummary } from "@kinwire/sdk";
import type { OpsContext } from "../../context.ts";
import { h } from "../../dom.ts";
import { icon } from "../../icons.ts";
import { busy, button, errorLine, input, labelled, select } from "../../ui.ts";
import { count, dateTime, duration, words } from "../../words.ts";
import { opsError } from "../load.ts";
import type { Part } from "../part.ts";
import { CallPage } from "./call.ts";
import { save } from "./csv.ts";
import { NO_FILTERS, queryOf, type Filters } from "./filters.ts";
import { every } from "./poll.ts";
import { scoreBar } from "./score.ts";
import { withNames } from "./series.ts";
import "./network.css";

/** How often the first page of the list is looked at again, ms. */
const REFRESH_MS = 5_000;

/** What can be chosen; the server takes others too, as codecs and paths come. */
const CODECS = ["opus", "vp8", "vp9", "h264", "av1"];
const PATHS = [
  "host/udp",
  "srflx/udp",
  "prflx/udp",
  "relay/udp",
  "relay/tcp",
  "relay/tls",
  "host/tcp",
  "prflx/tcp",
];

/** Calls, live and past; one of them on a page of its own, that with the id first at once. */
export function callsPart(ctx: OpsContext, roles: readonly string[], first = ""): Part {
  const place = h("div", { class: "column" });
  let page: { close(): void } | null = null;
  const list = new CallList(ctx, (id) => open(id));
  const open = (id: string) => {
    list.pause();
    const shown = new CallPage(ctx, id, roles.includes("resolve"), () => {
      shown.close();
      page = null;
      place.replaceChildren(list.el);
      list.resume();
    });
    page = shown;
    place.replaceChildren(shown.el);
    window.scrollTo(0, 0);
  };
  if (first) {
    open(first);
  } else {
    place.append(list.el);
    list.resume();
  }
  return {
    el: place,
    close: () => {
      page?.close();
      list.pause();
    },
  };
}

class CallList {
  readonly el: HTMLElement;
  readonly #ctx: OpsContext;
  readonly #open: (id: string) => void;
  readonly #error = errorLine("calls-error");
  readonly #rows = h("ul", { class: "list", testid: "calls" });
  readonly #none = h(
    "p",
    { class: "hint", testid: "calls-none", attrs: { hidden: true } },
    words.ops.calls.none,
  );
  readonly #more: HTMLButtonElement;
  readonly #shown = new Map<string, { text: string; row: HTMLElement }>();
  #filters: Filters = { ...NO_FILTERS };
  #next = "";
  #pages = 0;
  #asked = 0;
  #stop: () => void = () => undefined;

  constructor(ctx: OpsContext, open: (id: string) => void) {
    this.#ctx = ctx;
    this.#open = open;
    this.#more = button({
      testid: "calls-more",
      text: words.common.more,
      attrs: { hidden: true },
      click: () =>
        void busy(
          this.el,
          () => this.#load(true),
          (e) => this.#error.say(opsError(e)),
        ),
    });
    this.el = h(
      "div",
      { class: "column" },
      this.#form(),
      this.#error,
      this.#none,
      this.#rows,
      this.#more,
      this.#export(),
    );
  }

  resume(): void {
    this.#stop();
    void this.#again();
    // More pages than one stay as they are: rows that move would take the reader's place away.
    this.#stop = every(REFRESH_MS, async () => {
      if (this.#pages <= 1) await this.#load(false);
    });
  }

  pause(): void {
    this.#stop();
  }

  async #again(): Promise<void> {
    this.#error.say("");
    await this.#load(false).catch((e: unknown) => this.#error.say(opsError(e)));
  }

  /** Loads the first page anew, or the next one. An answer that a newer question has overtaken is dropped. */
  async #load(further: boolean): Promise<void> {
    const asked = ++this.#asked;
    const query = { ...queryOf(this.#filters, Date.now()), ...(further && { cursor: this.#next }) };
    const { calls, next } = await this.#ctx.api.page("GET /v1/calls", { query });
    if (asked !== this.#asked) return;
    this.#next = next ?? "";
    this.#pages = further ? this.#pages + 1 : 1;
    if (!further) this.#drop(new Set((calls ?? []).map((c) => c.id)));
    const rows = (calls ?? []).map((c) => this.#row(c));
    if (further) this.#rows.append(...rows);
    else
      rows.forEach(
        (row, i) =>
          this.#rows.children[i] !== row && this.#rows.insertBefore(row, this.#rows.children[i] ?? null),
      );
    this.#none.hidden = this.#rows.childElementCount > 0;
    this.#more.hidden = !this.#next;
  }

  #drop(stay: ReadonlySet<string>): void {
    for (const [id, { row }] of this.#shown) {
      if (stay.has(id)) continue;
      row.remove();
      this.#shown.delete(id);
    }
  }

  /** The row of a call; one that has not changed stays, and with it the keyboard's place. */
  #row(c: CallSummary): HTMLElement {
    const text = JSON.stringify(c);
    const known = this.#shown.get(c.id);
    if (known?.text === text) return known.row;
    const row = known?.row ?? h("li", { class: "card call-row", testid: "call" });
    const button = row.querySelector("button") ?? this.#button(c.id);
    row.dataset["id"] = c.id;
    row.dataset["live"] = String(!!c.live);
    button.replaceChildren(...cells(c));
    row.replaceChildren(button);
    this.#shown.set(c.id, { text, row });
    return row;
  }

  #button(id: string): HTMLButtonElement {
    return h("button", {
      class: "call-open",
      testid: "call-open",
      attrs: { type: "button" },
      on: { click: () => this.#open(id) },
    });
  }

  #form(): HTMLElement {
    const w = words.ops.calls;
    const any = { value: "", text: w.any };
    const named = (names: Record<string, string>) =>
      Object.entries(names).map(([value, text]) => ({ value, text }));
    const plain = (values: readonly string[]) => values.map((value) => ({ value, text: value }));
    const options = {
      time: [any, ...named(w.times)],
      live: [any, { value: "true", text: w.live }, { value: "false", text: w.past }],
      reason: [any, ...named(w.reasons)],
      codec: [any, ...plain(CODECS)],
      path: [any, ...plain(PATHS)],
      score: [any, ...named(w.scores)],
    };
    const own = (["from", "to"] as const).map((name) => {
      const el = input({ testid: `calls-${name}`, type: "datetime-local", required: false });
      el.addEventListener("change", () => this.#set({ [name]: el.value }));
      const label = labelled(w.filters[name], el);
      label.hidden = true;
      return label;
    });
    const fields = (Object.keys(options) as (keyof typeof options)[]).map((name) => {
      const el = select(`calls-${name}`, options[name]);
      el.addEventListener("change", () => {
        if (name === "time") for (const label of own) label.hidden = el.value !== "own";
        this.#set({ [name]: el.value });
      });
      return labelled(w.filters[name], el);
    });
    const id = input({ testid: "calls-id", required: true });
    const find = h(
      "form",
      {
        class: "find-call",
        on: {
          submit: (e) => {
            e.preventDefault();
            this.#open(id.value.trim());
          },
        },
      },
      labelled(w.find, id),
      button({ testid: "calls-find", class: "small", text: w.open, submit: true }),
    );
    return h("div", { class: "column" }, h("div", { class: "filters" }, ...fields, ...own), find);
  }

  #set(change: Partial<Filters>): void {
    this.#filters = { ...this.#filters, ...change };
    void this.#again();
  }

  #export(): HTMLElement {
    const w = words.ops.calls;
    const download = (format: "ndjson" | "csv") =>
      button({
        testid: `calls-${format}`,
        class: "small",
        icon: "save",
        text: format.toUpperCase(),
        click: () =>
          void busy(
            this.el,
            async () => {
              const file = await this.#ctx.api.exportCalls(format, queryOf(this.#filters, Date.now()));
              save(`calls.${format}`, file);
            },
            (e) => this.#error.say(opsError(e)),
          ),
      });
    return h(
      "div",
      { class: "part-actions exports" },
      h("span", { class: "hint" }, w.exportHint),
      download("ndjson"),
      download("csv"),
    );
  }
}

function cells(c: CallSummary): (Node | string)[] {
  const w = words.ops.calls;
  const reasons: Partial<Record<string, string>> = w.reasons;
  const state = c.live ? h("span", { class: "live" }, w.live) : (reasons[c.reason ?? ""] ?? c.reason ?? "");
  const kind = h("span", { attrs: { role: "img", "aria-label": c.video ? w.video : w.voice } });
  kind.append(icon(c.video ? "video" : "phone"));
  return [
    h(
      "span",
      { class: "call-when" },
      h("span", { class: "call-date" }, kind, h("strong", {}, dateTime(c.started_at))),
      h("span", {}, duration(c.duration_ms)),
      h("span", {}, count(w.peopleCount, c.participants)),
      h("span", {}, state),
    ),
    scoreBar(c.score),
    c.verdict ? h("span", { class: "call-verdict" }, withNames(c.verdict)) : "",
    h("span", { class: "hint call-tech" }, [...(c.codecs ?? []), ...(c.paths ?? [])].join(" · ")),
  ].filter((x) => x !== "");
}
