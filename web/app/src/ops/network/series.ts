import type { CallRecord, RecordEvent, RecordLine, RecordSeries, RecordTrack } from "@kinwire/sdk";
import { millis, percent, rate } from "./figures.ts";

/** What is plotted, in this order, each in a plot of its own. */
export const METRICS = [
  "score",
  "rtt",
  "loss",
  "jitter",
  "bitrate",
  "estimate",
  "fps",
  "height",
  "layer",
] as const;

export type Metric = (typeof METRICS)[number];

interface MetricLook {
  text: (v: number) => string;
  /** The range of its axis, where that is fixed. */
  range?: [number, number];
  /** Up to where its axis goes at least, so that noise does not look like trouble. */
  least: number;
  steps?: true;
}

/** How each metric is written and drawn. */
export const METRIC: Record<Metric, MetricLook> = {
  score: { text: (v) => v.toFixed(1), range: [1, 5], least: 5 },
  rtt: { text: millis, least: 20 },
  loss: { text: percent, least: 0.02 },
  jitter: { text: millis, least: 10 },
  bitrate: { text: rate, least: 50_000 },
  estimate: { text: rate, least: 50_000 },
  fps: { text: (v) => String(Number(v.toFixed(v < 10 ? 1 : 0))), least: 10 },
  height: { text: (v) => `${Math.round(v)} px`, least: 180 },
  layer: { text: (v) => v.toFixed(Number.isInteger(v) ? 0 : 1), least: 1, steps: true },
};

const OF_TRACK: Record<Metric, (t: RecordTrack) => RecordSeries> = {
  score: (t) => t.mos,
  rtt: (t) => t.rtt_ms,
  loss: (t) => t.loss_ratio,
  jitter: (t) => t.jitter_ms,
  bitrate: (t) => t.bitrate_bps,
  estimate: (t) => t.estimate_bps,
  fps: (t) => t.fps,
  height: (t) => t.height_px,
  layer: (t) => t.layer,
};

/** A line of the plots: one stream as one side measured it, or a participant's path. */
export interface Line {
  /** The same from one refresh to the next. */
  key: string;
  participant: string;
  /** path: of no one stream. */
  what: "stream" | "path";
  direction: string;
  kind: string;
  from: string;
  view: string;
  /** Its place among the participant's lines of all views: a stream has one colour in both views. */
  colour: number;
  values: Partial<Record<Metric, (number | null)[]>>;
}

/** A call's time line, ready to be drawn. */
export interface TimeLine {
  stepMS: number;
  /** The one time axis of all plots: the middle of each step, seconds since the call's start. */
  at: number[];
  /** Until when the axis goes, seconds. */
  end: number;
  lines: Line[];
  /** The metrics that have any value, in order. */
  metrics: Metric[];
}

/** Makes lines of a record; null if it has no time line yet. All lists are as long as the axis. */
export function timeLine(r: CallRecord): TimeLine | null {
  const t = r.timeline;
  if (!t || t.steps <= 0 || t.step_ms <= 0) return null;
  const lines = [
    ...(t.links ?? []).flatMap((l) => linesOfPath(l, t.steps)),
    ...(t.streams ?? []).map((s) => lineOfTrack(s, t.steps)),
  ];
  const colours = new Map<string, number>();
  for (const line of lines) {
    const own = line.key.slice(0, line.key.lastIndexOf("|"));
    if (!colours.has(own)) colours.set(own, colours.size);
    line.colour = colours.get(own)!;
  }
  return {
    stepMS: t.step_ms,
    at: Array.from({ length: t.steps }, (_, i) => ((i + 0.5) * t.step_ms) / 1000),
    end: (t.steps * t.step_ms) / 1000,
    lines: lines.filter((l) => Object.keys(l.values).length > 0),
    metrics: METRICS.filter((m) => lines.some((l) => l.values[m])),
  };
}

function lineOfTrack(t: RecordTrack, steps: number): Line {
  const values: Line["values"] = {};
  for (const m of METRICS) put(values, m, OF_TRACK[m](t), steps);
  const { participant, direction, kind, from, view } = t;
  const key = ["stream", participant, direction, kind, from, view].join("|");
  return { key, participant, what: "stream", direction, kind, from, view, colour: 0, values };
}

function linesOfPath(l: RecordLine, steps: number): Line[] {
  const path = (view: string, rtt: RecordSeries, estimate: RecordSeries): Line => {
    const values: Line["values"] = {};
    put(values, "rtt", rtt, steps);
    put(values, "estimate", estimate, steps);
    const key = ["path", l.participant, view].join("|");
    return {
      key,
      participant: l.participant,
      what: "path",
      direction: "",
      kind: "",
      from: "",
      view,
      colour: 0,
      values,
    };
  };
  return [path("server", l.rtt_ms, null), path("client", l.client_rtt_ms, l.available_bps)];
}

/** Keeps a list that has any value, padded with gaps to the length of the axis. */
function put(values: Line["values"], m: Metric, list: RecordSeries, steps: number): void {
  if (!list?.some((v) => v !== null)) return;
  values[m] = Array.from({ length: steps }, (_, i) => {
    const v = list[i];
    return typeof v === "number" && Number.isFinite(v) ? v : null;
  });
}

/** Which values stand alone between gaps: a line through one point is not seen, so a dot is drawn. */
export function alone(values: readonly (number | null | undefined)[]): number[] {
  const there = (i: number) => values[i] !== null && values[i] !== undefined;
  return values.flatMap((_, i) => (there(i) && !there(i - 1) && !there(i + 1) ? [i] : []));
}

/** The step that a moment lies in, held within the axis; null without steps. */
export function stepAt(t: TimeLine, seconds: number): number | null {
  if (t.at.length === 0) return null;
  const i = Math.floor((seconds * 1000) / t.stepMS);
  return Math.min(t.at.length - 1, Math.max(0, i));
}

/** Marks of the time axis, seconds apart: the smallest round step with at most `most` marks. */
export function tickStep(seconds: number, most: number): number {
  const round = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400];
  return round.find((step) => seconds / step <= most) ?? 28800;
}

/** What is shown in short for a participant: P1, P2 … in the order of the record. */
export function shortNames(r: CallRecord): Map<string, string> {
  return new Map((r.participants ?? []).map((p, i) => [p.id, `P${i + 1}`]));
}

/** Events of these kinds are many and each means little: they are not shown until asked for. */
export const NOISE: ReadonlySet<string> = new Set(["pli", "quality"]);

/** The kinds of event that a record has, with how many there are, in order of their first one. */
export function kindsOf(events: readonly RecordEvent[]): Map<string, number> {
  const kinds = new Map<string, number>();
  for (const e of events) kinds.set(e.event, (kinds.get(e.event) ?? 0) + 1);
  return kinds;
}

/** The axis begins at 0, so that a small change looks small. */
export function rangeOf(metric: Metric, _min: number | null, max: number | null): [number, number] {
  const { range, steps, least } = METRIC[metric];
  if (range) return range;
  const most = Math.max(least, max !== null && Number.isFinite(max) ? max : 0);
  return [0, steps ? Math.ceil(most) + 0.2 : most * 1.1];
}

/** A sentence of the server's with participants' ids in it, with their short names instead; others are cut short. */
export function withNames(text: string, names: ReadonlyMap<string, string> = new Map()): string {
  return text.replace(/\bp_[a-z0-9]+/g, (id) => names.get(id) ?? (id.length > 9 ? `${id.slice(0, 8)}…` : id));
}
