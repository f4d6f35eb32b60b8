import { describe, expect, it } from "vitest";
import type { NodeState } from "@kinwire/sdk";
import { partsFor } from "../src/ops/home.ts";
import { timelineCSV } from "../src/ops/network/csv.ts";
import { eventText } from "../src/ops/network/events.ts";
import { bytes, millis, percent, rate } from "../src/ops/network/figures.ts";
import { levelOf, NO_FILTERS, queryOf } from "../src/ops/network/filters.ts";
import { chosen, colourOf, dashOf, lineName } from "../src/ops/network/legend.ts";
import { KEPT, Looks, sparkPath } from "../src/ops/network/rates.ts";
import { fillOf } from "../src/ops/network/score.ts";
import {
  alone,
  kindsOf,
  rangeOf,
  shortNames,
  stepAt,
  tickStep,
  timeLine,
  withNames,
} from "../src/ops/network/series.ts";
import { record, track } from "./record.ts";

describe("the time line of a call", () => {
  const t = timeLine(record())!;

  it("has one axis for all lines: the middle of each step", () => {
    expect([t.at, t.end]).toEqual([[5, 15, 25, 35], 40]);
    for (const l of t.lines) for (const list of Object.values(l.values)) expect(list).toHaveLength(4);
  });

  it("keeps gaps as gaps, and makes what ends early as long as the axis", () => {
    expect(t.lines.map((l) => l.values.loss)).toContainEqual([0, 0.05, null, 0.01]);
    expect(t.lines.map((l) => l.values.loss)).toContainEqual([0, 0.05, null, null]);
    expect(t.lines.map((l) => l.values.estimate)).toContainEqual([1e6, null, null, null]);
  });

  it("leaves out lines and metrics that were never measured", () => {
    expect(t.metrics).toEqual(["score", "rtt", "loss", "jitter", "estimate"]);
    expect(t.lines.some((l) => l.kind === "audio")).toBe(false);
  });

  it("takes a number that is none for a gap", () => {
    const streams = [track({ rtt_ms: [NaN, 3, Infinity, null] })];
    const broken = record({ timeline: { step_ms: 10_000, steps: 4, links: null, streams } });
    expect(timeLine(broken)!.lines[0]!.values.rtt).toEqual([null, 3, null, null]);
  });

  it("is not there before the first step", () => {
    const { timeline, ...without } = record();
    expect(timeLine(without)).toBeNull();
    expect(timeLine({ ...without, timeline: { ...timeline!, steps: 0 } })).toBeNull();
  });

  it("gives a stream one colour in both views, and tells the views apart by the stroke", () => {
    const [server, client] = t.lines.filter((l) => l.participant === "p_b");
    expect([server!.view, client!.view]).toEqual(["server", "client"]);
    expect(colourOf(server!)).toBe(colourOf(client!));
    expect([dashOf(server!).length, dashOf(client!).length > 0]).toEqual([0, true]);
    expect(new Set(t.lines.map((l) => l.key)).size).toBe(t.lines.length);
  });

  it("names lines by participant, direction, kind and source", () => {
    const names = shortNames(record());
    expect(t.lines.map((l) => lineName(l, names))).toEqual([
      "P1 path",
      "P1 path",
      "P1 ↑ camera",
      "P2 ↓ camera from P1",
      "P2 ↓ camera from P1",
    ]);
  });

  it("chooses lines; paths whoever measured, but not among streams of a kind", () => {
    const all = { participant: "", direction: "", kind: "", view: "" };
    const count = (c: Partial<typeof all>) => t.lines.filter((l) => chosen(l, { ...all, ...c })).length;
    expect([count({}), count({ view: "server" }), count({ kind: "video" })]).toEqual([5, 4, 3]);
    expect([count({ participant: "p_b" }), count({ direction: "up" })]).toEqual([2, 1]);
  });

  it("finds the step of a moment", () => {
    expect([-3, 0, 9.9, 10, 39.9, 99].map((s) => stepAt(t, s))).toEqual([0, 0, 0, 1, 3, 3]);
    expect(stepAt({ ...t, at: [] }, 1)).toBeNull();
  });
});

describe("plots", () => {
  it("draw a dot where a value stands alone", () => {
    expect(alone([null, 1, null, 2, 3, null, 4])).toEqual([1, 6]);
    expect(alone([1])).toEqual([0]);
    expect(alone([])).toEqual([]);
  });

  it("begin at 0, and do not blow noise up", () => {
    expect(rangeOf("loss", 0.2, 0.5)).toEqual([0, 0.55]);
    expect(rangeOf("loss", 0, 0.0001)[1]).toBeCloseTo(0.022);
    expect(rangeOf("score", 2, 3)).toEqual([1, 5]);
    expect(rangeOf("layer", 0, 2)).toEqual([0, 2.2]);
    expect(rangeOf("rtt", null, null)[1]).toBeGreaterThan(0);
  });

  it.each([
    [40, 8, 5],
    [600, 10, 60],
    [7200, 6, 1800],
    [1e6, 2, 28800],
  ])("%d s with %d marks at most: every %d s", (s, most, want) => expect(tickStep(s, most)).toBe(want));
});

describe("events", () => {
  const names = shortNames(record());
  const events = record().events!;

  it("are told in words", () => {
    expect(events.map((e) => eventText(e, names))).toEqual([
      "P1: joined",
      "P2: key frames asked for (↓ camera from P1, 2×)",
      "P2: picture froze (↓ camera from P1, 1,200 ms)",
      "P1: left (Hung up)",
      "unheard-of (x)",
    ]);
  });

  it("are counted by kind", () => {
    expect([...kindsOf([...events, events[0]!])][0]).toEqual(["join", 2]);
  });
});

describe("a sentence of the server's", () => {
  const names = new Map([["p_3hh5ii4vmkqynxqm27okfh66qp", "P1"]]);
  it("has short names", () => {
    const text = "video from p_3hh5ii4vmkqynxqm27okfh66qp to p_kntw3vacicnxfqtyt53b6zh6up.";
    expect(withNames(text, names)).toBe("video from P1 to p_kntw3v….");
    expect(withNames("loss on the uplink")).toBe("loss on the uplink");
  });
});

describe("the time line as CSV", () => {
  it("has a line for each step of each line, and no line of gaps", () => {
    const rows = timelineCSV(record()).trimEnd().split("\r\n");
    expect(rows[0]).toBe(
      "call,at_ms,participant,what,direction,kind,from,view,score,rtt,loss,jitter,bitrate,estimate,fps,height,layer",
    );
    expect(rows).toContain("c_1,10000,p_a,stream,up,video,p_a,server,3,,0.05,,,,,,");
    expect(rows).toContain("c_1,0,p_a,path,,,,client,,,,,,1000000,,,");
    expect(rows).toHaveLength(1 + 3 + 1 + 3 + 2 + 2);
  });

  it("gives no spreadsheet a formula", () => {
    const streams = [track({ participant: '=HYPERLINK("x")', from: "-a,b", rtt_ms: [1] })];
    const text = timelineCSV(record({ timeline: { step_ms: 1, steps: 1, links: [], streams } }));
    expect(text).toContain(`"'=HYPERLINK(""x"")"`);
    expect(text).toContain(`"'-a,b"`);
  });
});

describe("filters", () => {
  const now = 1_800_000_000_000;
  it("make no query where nothing is chosen", () => expect(queryOf(NO_FILTERS, now)).toEqual({}));

  it.each([
    [{ time: "hour" }, { from: now - 3_600_000 }],
    [{ time: "own", from: "2026-11-22T10:00", to: "" }, { from: new Date(2026, 10, 22, 10).getTime() }],
    [{ time: "own", from: "nonsense", to: "x" }, {}],
    [{ from: "2026-11-22T10:00" }, {}],
    [{ score: "fair" }, { score_min: 3.1, score_below: 4 }],
    [
      { score: "poor", live: "false" },
      { score_below: 3.1, live: "false" },
    ],
    [
      { reason: "lost", codec: "vp8", path: "relay/tls" },
      { reason: "lost", codec: "vp8", path: "relay/tls" },
    ],
  ] as const)("%j", (f, want) => expect(queryOf({ ...NO_FILTERS, ...f }, now)).toEqual(want));

  it("have the levels of the protocol", () => {
    expect([4.2, 4, 3.99, 3.1, 3.0, 0, undefined].map(levelOf)).toEqual([
      "good",
      "good",
      "fair",
      "fair",
      "poor",
      null,
      null,
    ]);
  });
});

describe("figures", () => {
  it("are short", () => {
    expect([rate(999), rate(64_400), rate(1_250_000)]).toEqual(["999 bit/s", "64 kbit/s", "1.25 Mbit/s"]);
    expect([bytes(512), bytes(1536), bytes(250 * 2 ** 20)]).toEqual(["512 B", "1.5 KiB", "250 MiB"]);
    expect([percent(0), percent(0.0031), percent(0.052), percent(0.5)]).toEqual([
      "0 %",
      "0.31 %",
      "5.2 %",
      "50 %",
    ]);
    expect([millis(0), millis(3.25), millis(81.6)]).toEqual(["0 ms", "3.3 ms", "82 ms"]);
  });

  it("fill the bar of a score", () => {
    expect([1, 3, 5, 9, 0].map(fillOf)).toEqual([0, 24, 48, 48, 0]);
  });
});

describe("roles", () => {
  it("open their parts and no others", () => {
    expect(partsFor(["calls"])).toEqual(["calls", "node"]);
    expect(partsFor(["safety"])).toEqual(["reports", "reviews", "users", "audit", "mail"]);
    expect(partsFor(["resolve"])).toEqual([]);
    expect(partsFor(["safety", "calls"])).toHaveLength(7);
  });
});

describe("the node", () => {
  const look = (now: number, o: Partial<NodeState> = {}): NodeState => ({
    version: "1",
    started_at: 1,
    now,
    cpu_seconds: now / 2000,
    processors: 2,
    memory_bytes: 10,
    heap_bytes: 5,
    goroutines: 3,
    open_files: 1,
    sessions: 0,
    calls: 0,
    participants: 0,
    turn_allocations: 0,
    sockets: [],
    counters: [],
    drops: [{ plane: "sfu", name: "late", value: now / 100 }],
    config: { loaded_at: 1, reloads: 0, refused: 0, pending: [] },
    ...o,
  });

  it("tells the share of its processors, and how fast counters grow", () => {
    const looks = new Looks();
    looks.add(look(2_000));
    looks.add(look(4_000));
    expect(looks.figure("cpu")).toEqual([null, 0.25]);
    expect(looks.rate("drops", { plane: "sfu", name: "late", value: 0 })).toEqual([null, 10]);
    expect(looks.rate("drops", { plane: "sfu", name: "new", value: 0 })).toEqual([null, 0]);
  });

  it("begins anew with a server that was started anew, and forgets what is long ago", () => {
    const looks = new Looks();
    for (let i = 1; i <= KEPT + 5; i++) looks.add(look(i * 1000));
    looks.add(look(1000));
    expect(looks.figure("memory")).toHaveLength(KEPT);
    looks.add(look(500, { started_at: 400 }));
    expect(looks.figure("cpu")).toEqual([null]);
  });

  it("draws its curves to the right edge, with gaps", () => {
    expect(sparkPath([1], 100, 20)).toBe("");
    const path = sparkPath([0, 10, null, 5, 5], 118, 22);
    expect(path.match(/M/g)).toHaveLength(2);
    expect(path).toMatch(/L118 \S+$/);
  });
});
