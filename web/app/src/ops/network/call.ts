import type { CallRecord } from "@kinwire/sdk";
import type { OpsContext } from "../../context.ts";
import { h } from "../../dom.ts";
import { button, errorLine, labelled, select } from "../../ui.ts";
import { dateTime, duration, list, say, words } from "../../words.ts";
import { opsError } from "../load.ts";
import { save, timelineCSV } from "./csv.ts";
import { EventList } from "./events.ts";
import { Legend, type Choice } from "./legend.ts";
import { peopleCards, type Known } from "./people.ts";
import type { Plots } from "./plots.ts";
import { every } from "./poll.ts";
import { scoreBar } from "./score.ts";
import { shortNames, stepAt, timeLine, withNames, type TimeLine } from "./series.ts";

/** How often a call that goes on is looked at, ms. */
const LIVE_MS = 5_000;

/** The page of one call: what was wrong, its time line, who was in it. It refreshes itself while the call goes on. */
export class CallPage {
  readonly el: HTMLElement;
  readonly #ctx: OpsContext;
  readonly #id: string;
  readonly #mayResolve: boolean;
  readonly #error = errorLine("call-error");
  readonly #head = h("div", { class: "column" });
  readonly #time = h("div", { class: "column" });
  readonly #people = h("div", { class: "column" });
  readonly #known: Known = new Map();
  readonly #off = new Set<string>();
  #choice: Choice = { participant: "", direction: "", kind: "", view: "server" };
  #record: CallRecord | null = null;
  #line: TimeLine | null = null;
  #plots: Plots | null = null;
  #legend: Legend | null = null;
  #events: EventList | null = null;
  #stop: () => void = () => undefined;
  #drawn = "";
  #closed = false;

  constructor(ctx: OpsContext, id: string, mayResolve: boolean, back: () => void) {
    this.#ctx = ctx;
    this.#id = id;
    this.#mayResolve = mayResolve;
    this.el = h(
      "div",
      { class: "column", testid: "call-page", data: { id } },
      h(
        "div",
        { class: "row" },
        button({
          testid: "call-back",
          class: "small",
          icon: "back",
          text: words.ops.calls.back,
          click: back,
        }),
      ),
      this.#error,
      this.#head,
      this.#time,
      this.#people,
    );
    void this.#load();
  }

  close(): void {
    this.#closed = true;
    this.#stop();
    this.#plots?.close();
  }

  async #load(): Promise<void> {
    let record: CallRecord;
    try {
      record = await this.#ctx.api.record(this.#id);
    } catch (e) {
      if (!this.#closed) this.#error.say(opsError(e));
      return;
    }
    if (this.#closed) return;
    this.#error.say("");
    const first = !this.#record;
    this.#record = record;
    this.#showHead(record);
    this.#showPeople(record);
    await this.#showTime(record);
    if (this.#closed) return;
    if (first && record.live) this.#stop = every(LIVE_MS, () => this.#load());
    if (!record.live) this.#stop();
  }

  #showHead(r: CallRecord): void {
    const w = words.ops.calls;
    const reasons: Partial<Record<string, string>> = w.reasons;
    const codecs = new Set(
      (r.participants ?? []).flatMap((p) =>
        (p.streams ?? []).flatMap((s) => [...(s.server?.codecs ?? []), ...(s.client?.codecs ?? [])]),
      ),
    );
    const facts = [
      dateTime(r.started_at),
      say(w.lasted, { time: duration(r.duration_ms), talk: duration(r.talk_ms) }),
      r.video ? w.video : w.voice,
      r.live ? "" : (reasons[r.reason ?? ""] ?? r.reason ?? ""),
      list([...codecs]),
    ];
    const verdict = withNames(r.verdict ?? "", shortNames(r)) || (r.score ? w.noTrouble : w.notMeasured);
    this.#head.replaceChildren(
      h(
        "section",
        { class: "card call-head-card", testid: "call-head", data: { live: String(!!r.live) } },
        h("h2", { testid: "call-verdict" }, verdict),
        h(
          "p",
          { class: "call-facts" },
          scoreBar(r.score),
          r.live ? h("span", { class: "live", testid: "call-live" }, w.live) : null,
          h("span", {}, facts.filter(Boolean).join(" · ")),
        ),
        h("p", { class: "hint call-id" }, r.id),
        h(
          "div",
          { class: "part-actions" },
          this.#download("json", () => [JSON.stringify(this.#record, null, 2), "application/json"]),
          this.#download("ndjson", () => [`${JSON.stringify(this.#record)}\n`, "application/x-ndjson"]),
          this.#download("csv", () => [timelineCSV(this.#record!), "text/csv"]),
        ),
      ),
    );
  }

  #download(format: string, make: () => [text: string, type: string]): HTMLElement {
    return button({
      testid: `call-${format}`,
      class: "small",
      icon: "save",
      text: format.toUpperCase(),
      title: say(words.ops.calls.saveAs, { format: format.toUpperCase() }),
      click: () => {
        const [text, type] = make();
        save(`call-${this.#id}.${format}`, new Blob([text], { type }));
      },
    });
  }

  /** Drawn anew only when something changed, and not while somebody is asking who it is. */
  #showPeople(r: CallRecord): void {
    const text = JSON.stringify(r.participants);
    if (text === this.#drawn || this.#people.querySelector('[data-testid="who-form"]')) return;
    this.#drawn = text;
    this.#people.replaceChildren(
      h("h2", {}, words.ops.calls.people),
      peopleCards(this.#ctx, r, shortNames(r), this.#mayResolve, this.#known),
    );
  }

  async #showTime(r: CallRecord): Promise<void> {
    const line = timeLine(r);
    if (!line || line.metrics.length === 0) {
      if (!this.#plots) this.#time.replaceChildren(h("p", { class: "hint" }, words.ops.calls.noTime));
      return;
    }
    if (this.#plots?.fits(line)) {
      this.#line = line;
      this.#plots.update(line);
      this.#events?.show(r);
      this.#plots.redraw();
      this.#cursor(null);
      return;
    }
    // The plots' code is loaded with the first call that is looked at.
    const { Plots } = await import("./plots.ts");
    if (!this.#closed) this.#draw(r, line, Plots);
  }

  #draw(r: CallRecord, line: TimeLine, make: typeof Plots): void {
    const names = shortNames(r);
    this.#plots?.close();
    this.#line = line;
    const redraw = () => this.#plots?.redraw();
    const legend = new Legend(line, names, this.#off, redraw);
    const events = new EventList(names, redraw, (at) => this.#plots?.point(at));
    legend.choose(this.#choice);
    events.show(r);
    this.#legend = legend;
    this.#events = events;
    const plots = new make({
      line,
      shown: (l) => legend.shown(l),
      events: () => events.shown,
      cursor: (at) => this.#cursor(at),
    });
    this.#plots = plots;
    this.#time.replaceChildren(
      h("h2", {}, words.ops.calls.timeLine),
      this.#choices(names, () => {
        legend.choose(this.#choice);
        plots.redraw();
      }),
      legend.el,
      h("div", { class: "call-time" }, plots.el, events.el),
      h("p", { class: "hint" }, words.ops.calls.zoomHint),
    );
    this.#cursor(null);
  }

  #choices(names: ReadonlyMap<string, string>, changed: () => void): HTMLElement {
    const w = words.ops.calls;
    const all = { value: "", text: w.all };
    const options: Record<keyof Choice, { value: string; text: string }[]> = {
      participant: [all, ...[...names].map(([value, text]) => ({ value, text }))],
      direction: [all, { value: "up", text: w.directions.up }, { value: "down", text: w.directions.down }],
      kind: [
        all,
        ...(["audio", "video", "screen"] as const).map((value) => ({ value, text: w.kinds[value] })),
      ],
      view: [
        { value: "", text: w.views.both },
        { value: "server", text: w.views.server },
        { value: "client", text: w.views.client },
      ],
    };
    const fields = (Object.keys(options) as (keyof Choice)[]).map((name) => {
      const el = select(`choose-${name}`, options[name], this.#choice[name]);
      el.addEventListener("change", () => {
        this.#choice = { ...this.#choice, [name]: el.value };
        changed();
      });
      return labelled(w.choose[name], el);
    });
    return h(
      "div",
      { class: "filters" },
      ...fields,
      button({ testid: "plots-whole", class: "small", text: w.whole, click: () => this.#plots?.whole() }),
    );
  }

  /** The cursor is at a moment: its values in the legend, its events in the list. */
  #cursor(at: number | null): void {
    const line = this.#line;
    if (!line || !this.#legend) return;
    const step = at === null ? null : stepAt(line, at);
    const w = words.ops.calls;
    const text = step === null ? w.last : say(w.at, { time: duration(step * line.stepMS) });
    this.#legend.at(line, step, text);
    const from = step === null ? null : (step * line.stepMS) / 1000;
    this.#events?.mark(from, (from ?? 0) + line.stepMS / 1000);
  }
}
