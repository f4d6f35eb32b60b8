import { describe, expect, it } from "vitest";
import { CameraSize, type CameraFacts } from "../src/adapt.ts";
import { backoff } from "../src/backoff.ts";
import { Inbox } from "../src/inbox.ts";
import { Restarter } from "../src/restart.ts";
import { SlotMap } from "../src/slots.ts";
import { FakeClock } from "./fakes.ts";

describe("backoff", () => {
  it("stays between half and all of the exponential wait", () => {
    for (let n = 0; n < 50; n++) {
      const full = Math.min(15_000, 300 * 2 ** n);
      expect(backoff(n, () => 0)).toBe(Math.round(full / 2));
      expect(backoff(n, () => 1)).toBe(Math.round(full));
    }
  });
});

describe("Inbox", () => {
  it("takes each seq once and notices a gap", () => {
    const i = new Inbox();
    expect([1, 2, 2, 1, 4, 3].map((s) => i.take(s))).toEqual([
      "fresh",
      "fresh",
      "repeated",
      "repeated",
      "gap",
      "fresh",
    ]);
    expect(i.last).toBe(3);
  });

  it("lets a welcome run ahead of what is repeated after it", () => {
    const i = new Inbox();
    i.take(1);
    i.takeEarly(4);
    expect(i.last).toBe(1);
    expect([2, 3, 4, 5].map((s) => i.take(s))).toEqual(["fresh", "fresh", "repeated", "fresh"]);
    expect(i.last).toBe(5);
  });
});

describe("SlotMap", () => {
  const slot = (mid: string, participant_id: string, kind: "audio" | "video" | "screen" = "video") => ({
    mid,
    participant_id,
    kind,
  });

  it("says what was added, removed and handed on", () => {
    const m = new SlotMap();
    expect(m.apply({ rev: 1, slots: [slot("3", "a"), slot("4", "b")] })).toEqual({
      added: [slot("3", "a"), slot("4", "b")],
      removed: [],
    });
    expect(m.apply({ rev: 2, slots: [slot("3", "a"), slot("4", "c")] })).toEqual({
      added: [slot("4", "c")],
      removed: [slot("4", "b")],
    });
    expect(m.get("4")?.participant_id).toBe("c");
  });

  it("ignores an older mapping", () => {
    const m = new SlotMap();
    m.apply({ rev: 5, slots: [slot("3", "a")] });
    expect(m.apply({ rev: 5, slots: [] })).toBeNull();
    expect(m.apply({ rev: 4, slots: [] })).toBeNull();
    expect(m.all()).toHaveLength(1);
  });

  it("takes an empty list that came as null", () => {
    const m = new SlotMap();
    m.apply({ rev: 0, slots: [slot("3", "a")] });
    expect(m.apply({ rev: 1, slots: null as never })?.removed).toHaveLength(1);
  });

  it("starts afresh after clear", () => {
    const m = new SlotMap();
    m.apply({ rev: 9, slots: [slot("3", "a")] });
    expect(m.clear()).toEqual([slot("3", "a")]);
    expect(m.apply({ rev: 1, slots: [slot("3", "a")] })?.added).toHaveLength(1);
  });
});

describe("Restarter", () => {
  function make() {
    const clock = new FakeClock();
    const restarts: number[] = [];
    const r = new Restarter(clock, async () => void restarts.push(clock.now()));
    return { clock, restarts, r };
  }

  it("lets a short break mend by itself", async () => {
    const { clock, restarts, r } = make();
    r.link("up");
    r.link("shaky");
    await clock.pass(1_900);
    r.link("up");
    await clock.pass(60_000);
    expect(restarts).toEqual([]);
  });

  it("restarts after two shaky seconds, and again until the link is up", async () => {
    const { clock, restarts, r } = make();
    r.link("up");
    r.link("shaky");
    await clock.pass(9_000);
    expect(restarts).toEqual([2_000, 8_000]);
    r.link("up");
    await clock.pass(60_000);
    expect(restarts).toHaveLength(2);
  });

  it("restarts at once when the link is down, and once after a change of networks", async () => {
    const { clock, restarts, r } = make();
    r.link("up");
    r.networkChanged();
    await clock.pass(200);
    r.networkChanged();
    await clock.pass(10_000);
    expect(restarts).toEqual([700]);
    r.link("down");
    await clock.pass(0);
    expect(restarts).toHaveLength(2);
  });

  it("restarts when the first connection does not come up", async () => {
    const { clock, restarts, r } = make();
    r.started();
    await clock.pass(6_000);
    expect(restarts).toEqual([6_000]);
  });

  it("goes on when a restart fails, and stops when told", async () => {
    const clock = new FakeClock();
    let n = 0;
    const r = new Restarter(clock, () => (n++, Promise.reject(new Error("no answer"))));
    r.link("down");
    await clock.pass(13_000);
    expect(n).toBe(3);
    r.stop();
    await clock.pass(60_000);
    expect(n).toBe(3);
  });
});

describe("CameraSize", () => {
  const plenty: CameraFacts = { availableKbps: 4_000, limitedBy: "none", people: 2, processors: 8 };

  it("grows after ten seconds of plenty and shrinks at once", () => {
    const c = new CameraSize();
    expect(c.sample(plenty, 0)).toBe(false);
    expect(c.sample(plenty, 9_000)).toBe(false);
    expect(c.sample(plenty, 10_000)).toBe(true);
    expect(c.large).toBe(true);
    expect(c.sample({ ...plenty, availableKbps: 1_500 }, 12_000)).toBe(false);
    expect(c.sample({ ...plenty, availableKbps: 900 }, 14_000)).toBe(true);
    expect(c.large).toBe(false);
  });

  it("starts counting again after a dip", () => {
    const c = new CameraSize();
    c.sample(plenty, 0);
    c.sample({ ...plenty, limitedBy: "bandwidth" }, 8_000);
    expect(c.sample(plenty, 10_000)).toBe(false);
    expect(c.sample(plenty, 20_000)).toBe(true);
  });

  it("never grows on a small machine or in a group, nor again after a slow processor", () => {
    const small = new CameraSize();
    small.sample({ ...plenty, processors: 2 }, 0);
    expect(small.sample({ ...plenty, processors: 2 }, 60_000)).toBe(false);
    const c = new CameraSize();
    c.sample(plenty, 0);
    c.sample(plenty, 10_000);
    expect(c.sample({ ...plenty, limitedBy: "cpu" }, 12_000)).toBe(true);
    c.sample(plenty, 20_000);
    expect(c.sample(plenty, 90_000)).toBe(false);
  });
});
