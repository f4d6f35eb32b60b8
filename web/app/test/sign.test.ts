import { afterEach, describe, expect, it, vi } from "vitest";
import type { ConnectionQuality } from "@kinwire/sdk";
import { signLabel, troubleText } from "../src/screens/sign.ts";
import { BETTER_MS, Steady, WORSE_MS } from "../src/screens/steady.ts";
import { languages, useLanguage, words, type Language } from "../src/words.ts";

const q = (level: string, where?: string, why?: string): ConnectionQuality => ({
  participant_id: "p",
  level,
  mos: 2,
  ...(where && { where }),
  ...(why && { why }),
});

afterEach(() => {
  useLanguage("en");
  vi.useRealTimers();
});

describe("the words of a sign", () => {
  it.each([
    [q("good"), "", ""],
    [q("fair"), "", ""],
    [q("poor", "uplink", "bandwidth"), "Your internet is slow", "Leo’s internet is slow"],
    [q("fair", "downlink", "loss"), "Your internet is wobbly", "Leo’s internet is wobbly"],
    [q("poor", "downlink", "jitter"), "Your internet is wobbly", "Leo’s internet is wobbly"],
    [q("poor", "uplink", "delay"), "Your internet is late", "Leo’s internet is late"],
    [q("poor", "uplink", "silence"), "Nothing comes from you", "Nothing comes from Leo"],
    [q("poor", "downlink", "silence"), "Nothing reaches you", "Nothing reaches Leo"],
    [q("poor", "device", "freezes"), "Your device is very busy", "Leo’s device is very busy"],
    [q("poor", "server", "load"), "Kinwire is very busy", "Kinwire is very busy"],
    [q("lost", "uplink", "silence"), "Your internet is gone", "Leo’s internet is gone"],
    [q("poor", "uplink", "something new"), "Your internet is wobbly", "Leo’s internet is wobbly"],
  ])("%j", (quality, mine, theirs) => {
    expect([troubleText(quality, null), troubleText(quality, "Leo")]).toEqual([mine, theirs]);
  });

  it("are read out also where there is no trouble", () => {
    expect([signLabel(q("good"), null), signLabel(q("fair"), "Leo")]).toEqual([
      "Your internet is good",
      "Leo’s internet is all right",
    ]);
  });

  it.each(Object.keys(languages) as Language[])("have every reason's own, in %s", (l) => {
    useLanguage(l);
    for (const kind of ["you", "them"] as const) {
      const said = Object.values(words.sign[kind]);
      expect(new Set(said).size).toBe(said.length);
    }
  });
});

describe("a sign that does not flicker", () => {
  function steady() {
    vi.useFakeTimers();
    const shown: (string | null)[] = [];
    const s = new Steady<string>({
      rank: (v) => Number(v[0]),
      text: (v) => v.slice(1),
      show: (v) => shown.push(v),
    });
    return { s, shown };
  }

  it("shows the first at once, worse soon, better late", () => {
    const { s, shown } = steady();
    s.set("0");
    s.set("2loss");
    vi.advanceTimersByTime(WORSE_MS - 1);
    expect(shown).toEqual(["0"]);
    vi.advanceTimersByTime(1);
    s.set("0");
    vi.advanceTimersByTime(BETTER_MS - 1);
    expect(shown).toEqual(["0", "2loss"]);
    vi.advanceTimersByTime(1);
    expect(shown).toEqual(["0", "2loss", "0"]);
  });

  it("keeps to what it shows while things go up and down", () => {
    const { s, shown } = steady();
    s.set("0");
    for (let i = 0; i < 20; i++) {
      s.set(i % 2 ? "0" : "2loss");
      vi.advanceTimersByTime(WORSE_MS / 2);
    }
    expect(shown).toEqual(["0"]);
  });

  it("does not wait for ever where the reason changes all the time", () => {
    const { s, shown } = steady();
    s.set("0");
    for (let i = 0; i < 4; i++) {
      s.set(`2${i}`);
      vi.advanceTimersByTime(WORSE_MS / 2);
    }
    expect(shown).toEqual(["0", "21"]);
  });

  it("forgets at once when nothing is measured any more, and when closed", () => {
    const { s, shown } = steady();
    s.set("0");
    s.set("2");
    s.set(null);
    s.set(null);
    vi.advanceTimersByTime(BETTER_MS);
    expect(shown).toEqual(["0", null]);
    s.set("0");
    s.set("2");
    s.close();
    vi.advanceTimersByTime(BETTER_MS);
    expect(shown).toEqual(["0", null, "0"]);
  });
});
