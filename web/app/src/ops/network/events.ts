import type { CallRecord, RecordEvent } from "@kinwire/sdk";
import { h } from "../../dom.ts";
import { count, duration, number, say, words } from "../../words.ts";
import { kindsOf, NOISE } from "./series.ts";

/** How many events the list shows before one asks for more. */
const SHOWN = 200;

/** An event in words: "P1: another path, relay/udp". */
export function eventText(e: RecordEvent, names: ReadonlyMap<string, string>): string {
  const w = words.ops.calls;
  const what = w.events[e.event as keyof typeof w.events] ?? e.event;
  const of = (id: string | undefined) => (id ? (names.get(id) ?? id) : "");
  const kind = e.kind ? (w.kinds[e.kind as keyof typeof w.kinds] ?? e.kind) : "";
  const arrow = e.direction === "up" ? "↑" : e.direction === "down" ? "↓" : "";
  const stream = [arrow, kind, e.from && e.from !== e.participant ? say(w.from, { who: of(e.from) }) : ""];
  const details = [stream.filter(Boolean).join(" "), detailText(e)].filter(Boolean).join(", ");
  const said = details ? `${what} (${details})` : what;
  return e.participant ? `${of(e.participant)}: ${said}` : said;
}

/** The detail, where it is one of a list of words in the reader's own. */
function detailText(e: RecordEvent): string {
  if (!e.detail) return "";
  const reasons: Partial<Record<string, string>> = words.ops.calls.reasons;
  if (e.event === "leave" || e.event === "end") return reasons[e.detail] ?? e.detail;
  if (e.event === "freeze") return `${number(Number(e.detail))} ms`;
  if (e.event === "pli") return `${e.detail}×`;
  return e.detail;
}

/** The list of what happened, beside the plots; the same events are marked in them. */
export class EventList {
  readonly el: HTMLElement;
  readonly #list = h("ol", { class: "events", testid: "call-events" });
  readonly #kinds = h("div", { class: "chips", attrs: { role: "group" } });
  readonly #off = new Set<string>(NOISE);
  readonly #changed: () => void;
  readonly #point: (seconds: number) => void;
  readonly #names: ReadonlyMap<string, string>;
  #events: readonly RecordEvent[] = [];
  #lost = 0;
  #most = SHOWN;
  #rows: { at: number; row: HTMLElement }[] = [];

  /** point is told where an event that was chosen lies. */
  constructor(names: ReadonlyMap<string, string>, changed: () => void, point: (seconds: number) => void) {
    this.#names = names;
    this.#changed = changed;
    this.#point = point;
    this.el = h(
      "section",
      { class: "card call-events", attrs: { "aria-label": words.ops.calls.happened } },
      h("h3", {}, words.ops.calls.happened),
      this.#kinds,
      this.#list,
    );
  }

  /** The events that are shown and marked. */
  get shown(): readonly RecordEvent[] {
    return this.#events.filter((e) => !this.#off.has(e.event));
  }

  show(r: CallRecord): void {
    const events = r.events ?? [];
    if (events.length === this.#events.length && (r.events_lost ?? 0) === this.#lost && this.#rows.length > 0)
      return;
    this.#events = events;
    this.#lost = r.events_lost ?? 0;
    this.#draw();
  }

  /** Marks the events of a step, from a moment to another (seconds); null marks none. */
  mark(from: number | null, to: number): void {
    for (const { at, row } of this.#rows)
      row.classList.toggle("near", from !== null && at >= from && at < to);
  }

  #draw(): void {
    const w = words.ops.calls;
    const kinds = kindsOf(this.#events);
    this.#kinds.replaceChildren(
      ...[...kinds].map(([kind, n]) => {
        const box = h("input", { testid: "event-kind", data: { kind }, attrs: { type: "checkbox" } });
        box.checked = !this.#off.has(kind);
        box.addEventListener("change", () => {
          if (box.checked) this.#off.delete(kind);
          else this.#off.add(kind);
          this.#rowsOf();
          this.#changed();
        });
        const name = w.events[kind as keyof typeof w.events] ?? kind;
        return h("label", { class: "chip" }, box, h("span", {}, `${name} ${number(n)}`));
      }),
    );
    this.#rowsOf();
  }

  #rowsOf(): void {
    const w = words.ops.calls;
    const shown = this.shown;
    this.#rows = shown.slice(0, this.#most).map((e) => ({ at: e.at_ms / 1000, row: this.#row(e) }));
    const rest = shown.length - this.#rows.length;
    const more =
      rest > 0 &&
      h(
        "button",
        {
          class: "button small",
          attrs: { type: "button" },
          on: {
            click: () => {
              this.#most += SHOWN;
              this.#rowsOf();
            },
          },
        },
        count(w.moreEvents, rest),
      );
    const lost = this.#lost > 0 && h("p", { class: "hint" }, count(w.eventsLost, this.#lost));
    const none = shown.length === 0 && h("p", { class: "hint" }, words.common.nothing);
    const tail = [more, lost, none].flatMap((x) => (x ? [h("li", {}, x)] : []));
    this.#list.replaceChildren(...this.#rows.map(({ row }) => row), ...tail);
  }

  #row(e: RecordEvent): HTMLElement {
    return h(
      "li",
      { testid: "call-event", data: { event: e.event } },
      h(
        "button",
        {
          class: "event",
          attrs: { type: "button" },
          on: { click: () => this.#point(e.at_ms / 1000) },
        },
        h("span", { class: "event-at" }, duration(e.at_ms)),
        h("span", {}, eventText(e, this.#names)),
      ),
    );
  }
}
