import type { Call, CallFigures, StreamFigures } from "@kinwire/sdk";
import { h, setText } from "../dom.ts";
import { icon } from "../icons.ts";
import { checkLink } from "../netcheck/link.ts";
import { words } from "../words.ts";

export type Quality = "good" | "fair" | "poor";

/** What a family would say of these numbers. */
export function quality(s: CallFigures): Quality {
  if (s.rttMS > 400 || s.lossPercent > 8 || s.jitterMS > 80) return "poor";
  if (s.rttMS > 200 || s.lossPercent > 2 || s.jitterMS > 40) return "fair";
  return "good";
}

/** The live figures of the call. It is not read out: numbers that change every two seconds would drown the talk. */
export class Panel {
  readonly el: HTMLElement;
  readonly #call: Call;
  readonly #quality = h("strong", { testid: "stats-quality" }, words.panel.measuring);
  readonly #facts: Record<"rtt" | "loss" | "jitter" | "path" | "room", HTMLElement>;
  readonly #rows = h("tbody", { testid: "stats-streams" });

  constructor(call: Call, close: () => void) {
    this.#call = call;
    const fact = (name: string) => h("dd", { testid: `stats-${name}` }, "–");
    this.#facts = {
      rtt: fact("rtt"),
      loss: fact("loss"),
      jitter: fact("jitter"),
      path: fact("path"),
      room: fact("room"),
    };
    const w = words.panel;
    this.el = h(
      "aside",
      {
        class: "panel",
        testid: "stats-panel",
        attrs: { hidden: true, "aria-label": w.title, "aria-live": "off", id: "stats-panel" },
      },
      h(
        "header",
        { class: "row" },
        h("h2", {}, w.title),
        h(
          "button",
          {
            class: "button round quiet",
            testid: "stats-close",
            attrs: { type: "button", "aria-label": words.common.close, title: words.common.close },
            on: { click: close },
          },
          icon("close"),
        ),
      ),
      h("p", {}, this.#quality),
      h(
        "dl",
        {},
        ...(["rtt", "loss", "jitter", "path", "room"] as const).flatMap((k) => [
          h("dt", {}, w[k]),
          this.#facts[k],
        ]),
      ),
      h(
        "div",
        { class: "scroll", attrs: { tabindex: "0", role: "region", "aria-label": w.stream } },
        h(
          "table",
          {},
          h(
            "thead",
            {},
            h(
              "tr",
              {},
              ...[w.stream, w.codec, w.size, w.rate].map((t) => h("th", { attrs: { scope: "col" } }, t)),
            ),
          ),
          this.#rows,
        ),
      ),
      checkLink("stats-check", "button small"),
    );
  }

  get open(): boolean {
    return !this.el.hidden;
  }

  toggle(open: boolean): void {
    this.el.hidden = !open;
  }

  show(s: CallFigures): void {
    setText(this.#quality, words.panel[quality(s)]);
    setText(this.#facts.rtt, `${Math.round(s.rttMS)} ms`);
    setText(this.#facts.loss, `${s.lossPercent.toFixed(1)} %`);
    setText(this.#facts.jitter, `${s.jitterMS.toFixed(1)} ms`);
    setText(this.#facts.path, s.path || "–");
    setText(this.#facts.room, s.availableKbps > 0 ? rate(s.availableKbps) : "–");
    this.#rows.replaceChildren(...s.streams.map((x) => this.#row(x)));
  }

  #row(s: StreamFigures): HTMLElement {
    const name =
      s.direction === "send" ? words.panel.you : (this.#call.participant(s.participantID)?.person.name ?? "");
    const picture = s.width > 0 ? `${s.width}×${s.height} · ${Math.round(s.fps)}/s` : "";
    return h(
      "tr",
      { data: { direction: s.direction, kind: s.kind } },
      h(
        "th",
        { attrs: { scope: "row" } },
        `${name} ${s.direction === "send" ? "↑" : "↓"} ${words.panel.kinds[s.kind]}`,
      ),
      h("td", {}, s.codec),
      h("td", {}, picture),
      h("td", {}, s.kbps > 0 ? rate(s.kbps) : "–"),
    );
  }
}

function rate(kbps: number): string {
  return kbps >= 1000 ? `${(kbps / 1000).toFixed(1)} Mbit/s` : `${Math.round(kbps)} kbit/s`;
}
