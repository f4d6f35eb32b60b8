/** What the list of calls is narrowed to, as the form has it; "" narrows nothing. */
export interface Filters {
  /** "", a span up to now, or own: from and to, as a field of type datetime-local has them. */
  time: "" | "hour" | "day" | "week" | "own";
  from: string;
  to: string;
  live: "" | "true" | "false";
  reason: string;
  codec: string;
  path: string;
  score: "" | "good" | "fair" | "poor";
}

export const NO_FILTERS: Filters = {
  time: "",
  from: "",
  to: "",
  live: "",
  reason: "",
  codec: "",
  path: "",
  score: "",
};

/** From these scores on a call is fair and good: the levels of the protocol. */
export const FAIR_FROM = 3.1;
export const GOOD_FROM = 4;

const SPANS: Partial<Record<Filters["time"], number>> = {
  hour: 3_600_000,
  day: 24 * 3_600_000,
  week: 7 * 24 * 3_600_000,
};

const SCORES: Record<Filters["score"], Record<string, number>> = {
  "": {},
  good: { score_min: GOOD_FROM },
  fair: { score_min: FAIR_FROM, score_below: GOOD_FROM },
  poor: { score_below: FAIR_FROM },
};

/** The query of GET /v1/calls and of the export. now and what comes of it are ms since the epoch. */
export function queryOf(f: Filters, now: number): Record<string, string | number> {
  const query: Record<string, string | number> = { ...SCORES[f.score] };
  const span = SPANS[f.time];
  if (span) query["from"] = now - span;
  if (f.time === "own") {
    const from = Date.parse(f.from);
    const to = Date.parse(f.to);
    if (Number.isFinite(from)) query["from"] = from;
    if (Number.isFinite(to)) query["to"] = to;
  }
  for (const name of ["live", "reason", "codec", "path"] as const) {
    if (f[name]) query[name] = f[name];
  }
  return query;
}

/** The level of a score: as the protocol has them; null without one. */
export function levelOf(score: number | undefined): "good" | "fair" | "poor" | null {
  if (!score) return null;
  if (score >= GOOD_FROM) return "good";
  return score >= FAIR_FROM ? "fair" : "poor";
}
