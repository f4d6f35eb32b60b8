import type { NodeConfig, NodeCount, NodeState } from "@kinwire/sdk";
import type { OpsContext } from "../../context.ts";
import { h, setText } from "../../dom.ts";
import { errorLine } from "../../ui.ts";
import { ago, dateTime, number, say, words } from "../../words.ts";
import { opsError } from "../load.ts";
import type { Part } from "../part.ts";
import { bytes, percent } from "./figures.ts";
import { every } from "./poll.ts";
import { FIGURES, keyOf, Looks, sparkPath, type Figure } from "./rates.ts";
import "./network.css";

/** How often the node is looked at, ms. */
const LOOK_MS = 2_000;

const SVG = "http://www.w3.org/2000/svg";
const WIDE = 120;
const TALL = 28;

const TEXT: Partial<Record<Figure, (v: number) => string>> = { cpu: percent, memory: bytes, heap: bytes };

/** The state of this server, refreshed every two seconds, with small curves of the last two minutes. */
export function nodePart(ctx: OpsContext): Part {
  const looks = new Looks();
  const error = errorLine("node-error");
  const view = new NodeView();
  const el = h("div", { class: "column", testid: "node" }, error, view.el);
  const load = async () => {
    try {
      looks.add(await ctx.api.page("GET /v1/ops/node"));
      error.say("");
      view.show(looks);
    } catch (e) {
      error.say(opsError(e));
    }
  };
  void load();
  return { el, close: every(LOOK_MS, load) };
}

/** A small curve; it is not read out, its figure stands beside it. */
class Spark {
  readonly el = document.createElementNS(SVG, "svg");
  readonly #path = document.createElementNS(SVG, "path");

  constructor() {
    this.el.setAttribute("viewBox", `0 0 ${WIDE} ${TALL}`);
    this.el.setAttribute("preserveAspectRatio", "none");
    this.el.setAttribute("class", "spark");
    this.el.setAttribute("aria-hidden", "true");
    this.el.append(this.#path);
  }

  show(values: readonly (number | null)[]): void {
    this.#path.setAttribute("d", sparkPath(values, WIDE, TALL));
  }
}

class NodeView {
  readonly el: HTMLElement;
  readonly #head = h("p", { class: "hint", testid: "node-head" });
  readonly #figures = new Map<Figure, { value: HTMLElement; spark: Spark }>();
  readonly #config = h("section", { class: "card form", testid: "node-config" });
  readonly #sockets = h("tbody", { testid: "node-sockets" });
  readonly #drops: Counts;
  readonly #counters: Counts;
  #configText = "";
  #socketText = "";

  constructor() {
    const w = words.ops.node;
    this.#drops = new Counts("drops", w.drops, w.noDrops, "node-drops");
    this.#counters = new Counts("counters", w.counters, w.noCounters, "node-counters");
    const tiles = FIGURES.map((f) => {
      const value = h("strong", { testid: `node-${f}` }, "–");
      const spark = new Spark();
      this.#figures.set(f, { value, spark });
      return h("div", { class: "card figure" }, h("span", { class: "hint" }, w.figures[f]), value, spark.el);
    });
    this.el = h(
      "div",
      { class: "column" },
      this.#head,
      h("div", { class: "figures" }, ...tiles),
      h("div", { class: "side-by-side" }, this.#config, this.#ports()),
      h("div", { class: "side-by-side counts" }, this.#drops.el, this.#counters.el),
    );
  }

  show(looks: Looks): void {
    const n = looks.last;
    if (!n) return;
    const w = words.ops.node;
    const processors = number(n.processors);
    setText(this.#head, say(w.head, { version: n.version, when: ago(n.started_at, n.now), processors }));
    for (const [f, { value, spark }] of this.#figures) {
      const list = looks.figure(f);
      const last = list.at(-1);
      setText(value, last === null || last === undefined ? "–" : (TEXT[f] ?? number)(last));
      spark.show(list);
    }
    this.#showConfig(n.config);
    this.#showSockets(n);
    this.#drops.show(looks, n.drops ?? []);
    this.#counters.show(looks, n.counters ?? []);
  }

  #ports(): HTMLElement {
    const w = words.ops.node;
    const heads = [w.plane, w.protocol, w.address];
    return h(
      "section",
      { class: "card form" },
      h("h3", {}, w.sockets),
      h(
        "div",
        { class: "scroll-x", attrs: { tabindex: "0", role: "region", "aria-label": w.sockets } },
        h(
          "table",
          { class: "log" },
          h("thead", {}, h("tr", {}, ...heads.map((t) => h("th", { attrs: { scope: "col" } }, t)))),
          this.#sockets,
        ),
      ),
    );
  }

  #showSockets(n: NodeState): void {
    const text = JSON.stringify(n.sockets);
    if (text === this.#socketText) return;
    this.#socketText = text;
    this.#sockets.replaceChildren(
      ...(n.sockets ?? []).map((s) =>
        h("tr", {}, ...[s.plane, s.protocol, s.address].map((c) => h("td", {}, c))),
      ),
    );
  }

  #showConfig(c: NodeConfig): void {
    const text = JSON.stringify(c);
    if (text === this.#configText) return;
    this.#configText = text;
    const w = words.ops.node.config;
    const pending = c.pending ?? [];
    this.#config.dataset["state"] = c.error ? "refused" : pending.length > 0 ? "pending" : "fine";
    const facts = [
      [w.loaded, dateTime(c.loaded_at)],
      [w.reloads, number(c.reloads)],
      [w.refused, number(c.refused)],
    ] as const;
    this.#config.replaceChildren(
      h("h3", {}, w.title),
      h(
        "div",
        { class: "facts" },
        h("dl", {}, ...facts.flatMap(([k, v]) => [h("dt", {}, k), h("dd", {}, v)])),
      ),
      ...(c.error
        ? [
            h("p", { class: "error" }, w.why),
            h("pre", { class: "mail-text config-why", testid: "config-error" }, c.error),
          ]
        : []),
      ...(pending.length > 0
        ? [
            h("p", {}, w.pending),
            h(
              "ul",
              { testid: "config-pending", class: "keys" },
              ...pending.map((k) => h("li", {}, h("code", {}, k))),
            ),
          ]
        : [h("p", { class: "hint" }, c.error ? "" : w.fine)]),
    );
  }
}

/** A list of counters with how fast they grow; rows stay where they are. */
class Counts {
  readonly el: HTMLElement;
  readonly #which: "counters" | "drops";
  readonly #rows = h("tbody");
  readonly #none: HTMLElement;
  readonly #known = new Map<string, { cells: HTMLElement[]; spark: Spark }>();

  constructor(which: "counters" | "drops", title: string, none: string, testid: string) {
    const w = words.ops.node;
    this.#which = which;
    this.#none = h("p", { class: "hint" }, none);
    const heads = [w.name, w.total, w.perSecond, ""];
    this.el = h(
      "section",
      { class: "card form", testid },
      h("h3", {}, title),
      this.#none,
      h(
        "div",
        { class: "scroll-x", attrs: { tabindex: "0", role: "region", "aria-label": title } },
        h(
          "table",
          { class: "log" },
          h("thead", {}, h("tr", {}, ...heads.map((t) => h(t ? "th" : "td", {}, t)))),
          this.#rows,
        ),
      ),
    );
  }

  show(looks: Looks, list: readonly NodeCount[]): void {
    // What has never been dropped is no news.
    const there = this.#which === "drops" ? list.filter((c) => c.value > 0) : list;
    this.#none.hidden = there.length > 0;
    for (const c of there) {
      const { cells, spark } = this.#known.get(keyOf(c)) ?? this.#add(c);
      const rates = looks.rate(this.#which, c);
      const rate = rates.at(-1);
      setText(cells[0]!, number(c.value));
      setText(cells[1]!, rate === null || rate === undefined ? "–" : number(Math.round(rate * 10) / 10));
      spark.show(rates);
    }
  }

  #add(c: NodeCount): { cells: HTMLElement[]; spark: Spark } {
    const cells = [h("td"), h("td")];
    const spark = new Spark();
    const known = { cells, spark };
    this.#known.set(keyOf(c), known);
    const name = h("td", { class: "count-name" }, h("span", { class: "hint" }, c.plane), ` ${c.name}`);
    this.#rows.append(
      h("tr", { testid: "node-count", data: { name: c.name } }, name, ...cells, h("td", {}, spark.el)),
    );
    return known;
  }
}
