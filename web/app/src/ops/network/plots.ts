import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { RecordEvent } from "@kinwire/sdk";
import { h } from "../../dom.ts";
import { duration, words } from "../../words.ts";
import { colourOf, dashOf } from "./legend.ts";
import { alone, METRIC, rangeOf, tickStep, type Line, type Metric, type TimeLine } from "./series.ts";

/** Room of the axis at the left, the same for all plots, so that they line up; px. */
const LEFT = 78;
const RIGHT = 24;
const TALL = 132;
/** Room for the marks of time, in the first and the last plot; px. */
const TIME_TALL = 30;
/** How far apart marks of time are at least, px. */
const TICK_PX = 70;

export interface PlotsOptions {
  line: TimeLine;
  /** Which lines are drawn at the moment. */
  shown: (l: Line) => boolean;
  /** Events to mark. */
  events: () => readonly RecordEvent[];
  /** The cursor is at that many seconds, or nowhere. */
  cursor: (seconds: number | null) => void;
}

/** Plots above one another with one time axis, one cursor and one zoom. */
export class Plots {
  readonly el = h("div", { class: "plots", testid: "call-plots" });
  readonly #o: PlotsOptions;
  readonly #plots: { plot: uPlot; metric: Metric; lines: Line[] }[] = [];
  readonly #sync = uPlot.sync(`calls-${performance.now()}`);
  readonly #resized = new ResizeObserver(() => this.#resize());
  readonly #dark = matchMedia("(prefers-color-scheme: dark)");
  readonly #repaint = () => this.redraw();
  #line: TimeLine;
  #zoom: { min: number; max: number } | null = null;
  #zooming = false;

  constructor(o: PlotsOptions) {
    this.#o = o;
    this.#line = o.line;
    const { metrics } = o.line;
    metrics.forEach((m, i) => this.#add(m, i === 0, i === metrics.length - 1));
    this.#resized.observe(this.el);
    this.#dark.addEventListener("change", this.#repaint);
    this.el.addEventListener("pointerleave", () => o.cursor(null));
  }

  /** Whether a newer time line has the same lines and metrics, so that these plots can show it. */
  fits(t: TimeLine): boolean {
    const name = (x: TimeLine) => [x.metrics.join(), ...x.lines.map((l) => l.key)].join("\n");
    return name(t) === name(this.#line);
  }

  /** Shows a newer time line of the same lines. */
  update(t: TimeLine): void {
    this.#line = t;
    const whole = !this.#zoom;
    for (const p of this.#plots) {
      p.lines = linesOf(t, p.metric);
      p.plot.setData(dataOf(t, p.metric, p.lines), false);
      if (whole) p.plot.setScale("x", { min: 0, max: t.end });
      else p.plot.redraw();
    }
  }

  /** Draws again: other lines, other events, other colours. */
  redraw(): void {
    for (const { plot, lines } of this.#plots) {
      lines.forEach((l, i) => {
        const show = this.#o.shown(l);
        if (plot.series[i + 1]?.show !== show) plot.setSeries(i + 1, { show });
      });
      plot.redraw(false, true);
    }
  }

  /** Puts the cursor of all plots at a moment. */
  point(seconds: number): void {
    for (const { plot } of this.#plots)
      plot.setCursor(
        { left: plot.valToPos(seconds, "x"), top: plot.bbox.height / 2 / devicePixelRatio },
        false,
      );
    this.#o.cursor(seconds);
  }

  /** Shows the whole call again. */
  whole(): void {
    this.#setZoom(null);
  }

  close(): void {
    this.#resized.disconnect();
    this.#dark.removeEventListener("change", this.#repaint);
    for (const { plot } of this.#plots) plot.destroy();
  }

  #add(metric: Metric, first: boolean, last: boolean): void {
    const lines = linesOf(this.#line, metric);
    const place = h("div", { class: "plot", testid: "plot", data: { metric } });
    const title = h("h3", {}, words.ops.calls.metrics[metric]);
    this.el.append(h("section", { attrs: { "aria-label": title.textContent ?? "" } }, title, place));
    const options: uPlot.Options = {
      width: 600,
      height: tallOf(first, last),
      padding: [8, RIGHT, first && !last ? 8 : last ? 0 : 8, 0],
      legend: { show: false },
      cursor: {
        sync: { key: this.#sync.key, setSeries: false, scales: ["x", null] },
        points: { size: 7 },
        drag: { x: true, y: false, setScale: true },
        y: false,
      },
      scales: {
        x: { time: false, range: (_, min, max) => [min, max] },
        y: { range: (_, min, max) => rangeOf(metric, min, max) },
      },
      axes: this.#axes(metric, first, last),
      series: [{}, ...lines.map((l) => this.#series(l, metric))],
      hooks: {
        drawClear: [(u) => this.#marks(u)],
        setCursor: [(u) => this.#moved(u)],
        setScale: [(u, scale) => scale === "x" && this.#scaled(u)],
      },
    };
    const plot = new uPlot(options, dataOf(this.#line, metric, lines), place);
    plot.over.addEventListener("dblclick", (e) => {
      e.stopImmediatePropagation();
      this.whole();
    });
    this.#sync.sub(plot);
    this.#plots.push({ plot, metric, lines });
    plot.setScale("x", { min: 0, max: this.#line.end });
  }

  #axes(metric: Metric, first: boolean, last: boolean): uPlot.Axis[] {
    const look = {
      stroke: () => css("--soft"),
      grid: { stroke: () => css("--line"), width: 1 },
      ticks: { show: false },
      font: "12px system-ui, sans-serif",
    };
    const splits: uPlot.Axis.Splits = (u, _axis, min, max) => {
      const step = tickStep(max - min, Math.max(2, u.bbox.width / devicePixelRatio / TICK_PX));
      const out: number[] = [];
      for (let at = Math.ceil(min / step) * step; at <= max; at += step) out.push(at);
      return out;
    };
    const time = (side: 0 | 2, marked: boolean): uPlot.Axis => ({
      ...look,
      side,
      scale: "x",
      size: marked ? TIME_TALL : 0,
      gap: 8,
      splits,
      values: (_, at) => at.map((s) => (marked ? duration(s * 1000) : "")),
      grid: side === 2 ? look.grid : { show: false },
    });
    const y: uPlot.Axis = {
      ...look,
      scale: "y",
      size: LEFT,
      space: 26,
      values: (_, at) => at.map((v) => METRIC[metric].text(v)),
      ...(METRIC[metric].steps && { incrs: [1, 2, 5] }),
    };
    return [time(2, last), y, time(0, first && !last)];
  }

  #series(l: Line, metric: Metric): uPlot.Series {
    const stepped = METRIC[metric].steps && uPlot.paths.stepped?.({ align: 1 });
    return {
      label: l.key,
      show: this.#o.shown(l),
      stroke: colourOf(l),
      width: 1.75,
      dash: dashOf(l),
      spanGaps: false,
      ...(stepped && { paths: stepped }),
      points: {
        show: (u, i) => alone(u.data[i] as (number | null)[]).length > 0,
        filter: (u, i) => alone(u.data[i] as (number | null)[]),
        size: 5,
        stroke: colourOf(l),
        fill: colourOf(l),
      },
    };
  }

  /** A line down every plot for each event. */
  #marks(u: uPlot): void {
    const { ctx, bbox } = u;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    ctx.lineWidth = devicePixelRatio;
    for (const e of this.#o.events()) {
      const x = Math.round(u.valToPos(e.at_ms / 1000, "x", true));
      if (x < bbox.left || x > bbox.left + bbox.width) continue;
      ctx.strokeStyle = css(HARD.has(e.event) ? "--no" : "--here");
      ctx.globalAlpha = 0.55;
      ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
    }
    ctx.restore();
  }

  #moved(u: uPlot): void {
    // Of plots that move together only the one under the pointer tells.
    if (!u.over.matches(":hover")) return;
    const { left } = u.cursor;
    this.#o.cursor(left === undefined || left < 0 ? null : u.posToVal(left, "x"));
  }

  #scaled(u: uPlot): void {
    const { min, max } = u.scales["x"]!;
    if (this.#zooming || min === undefined || max === undefined || min === null || max === null) return;
    if (min <= 0 && max >= this.#line.end) return;
    this.#setZoom({ min, max });
  }

  #setZoom(zoom: { min: number; max: number } | null): void {
    this.#zoom = zoom;
    this.#zooming = true;
    const to = zoom ?? { min: 0, max: this.#line.end };
    for (const { plot } of this.#plots) {
      const { min, max } = plot.scales["x"]!;
      if (min !== to.min || max !== to.max) plot.setScale("x", to);
    }
    // uPlot sets scales in a microtask of its own.
    queueMicrotask(() => queueMicrotask(() => (this.#zooming = false)));
  }

  #resize(): void {
    const width = Math.floor(this.el.clientWidth);
    if (width <= 0) return;
    for (const { plot } of this.#plots) {
      if (plot.width !== width) plot.setSize({ width, height: plot.height });
    }
  }
}

/** Events that are trouble. */
const HARD: ReadonlySet<string> = new Set(["freeze", "link", "restart", "signal"]);

function linesOf(t: TimeLine, metric: Metric): Line[] {
  return t.lines.filter((l) => l.values[metric]);
}

function dataOf(t: TimeLine, metric: Metric, lines: Line[]): uPlot.AlignedData {
  return [t.at, ...lines.map((l) => l.values[metric]!)];
}

function tallOf(first: boolean, last: boolean): number {
  return TALL + (first && !last ? TIME_TALL : 0) + (last ? TIME_TALL : 0);
}

function css(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim() || "#888";
}
