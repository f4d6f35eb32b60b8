import { describe, expect, it } from "vitest";
import { mediaOptions } from "../src/parameters.ts";
import { columnsFor } from "../src/screens/layout.ts";
import { quality } from "../src/screens/panel.ts";
import { duration, words } from "../src/words.ts";

describe("parameters", () => {
  it.each([
    ["", {}],
    ["?relay=1", { iceTransportPolicy: "relay" }],
    ["?relay=0", {}],
    ["?codec=VP9&relay=1", { codec: "vp9", iceTransportPolicy: "relay" }],
    ["?codec=h263", {}],
  ])("%s", (search, want) => expect(mediaOptions(search)).toEqual(want));
});

describe("columnsFor", () => {
  it.each([
    [1, 1280, 640, 1],
    [2, 1280, 640, 2],
    [2, 360, 600, 1],
    [4, 1280, 640, 2],
    [9, 1280, 640, 3],
    [15, 1280, 640, 4],
    [15, 360, 600, 2],
    [4, 0, 0, 1],
  ])("%d pictures in %d×%d: %d", (n, w, h, want) => expect(columnsFor(n, w, h)).toBe(want));
});

describe("words", () => {
  it("counts time as a clock does", () => {
    expect([0, 5_999, 65_000, 3_725_000].map(duration)).toEqual(["0:00", "0:05", "1:05", "1:02:05"]);
  });

  it("joins names", () => {
    expect(words.call.and(["Mia"])).toBe("Mia");
    expect(words.call.and(["Mia", "Leo"])).toBe("Mia and Leo");
    expect(words.call.and(["Mia", "Leo", "Ola"])).toBe("Mia, Leo and Ola");
  });

  it("names a family once", () => {
    expect(words.login.family("Sharma")).toBe("Family Sharma");
    expect(words.login.family("Family Sharma")).toBe("Family Sharma");
  });
});

describe("quality", () => {
  const s = { rttMS: 40, lossPercent: 0, jitterMS: 5, path: "", availableKbps: 0, streams: [] };
  it("says what a family would", () => {
    expect(quality(s)).toBe("good");
    expect(quality({ ...s, lossPercent: 3 })).toBe("fair");
    expect(quality({ ...s, rttMS: 500 })).toBe("poor");
  });
});
