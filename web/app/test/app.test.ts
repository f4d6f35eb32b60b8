import { describe, expect, it } from "vitest";
import { mediaOptions } from "../src/parameters.ts";
import { columnsFor } from "../src/screens/layout.ts";
import { quality } from "../src/screens/panel.ts";
import { ageOn, consentAge, today } from "../src/age.ts";
import { needsMe, needsMyParent, missingText, waitsFor, wantText } from "../src/child/needs.ts";
import { browserName } from "../src/device.ts";
import { codeIn, readLink } from "../src/routes.ts";
import { AVATARS } from "../src/widgets/avatars.ts";
import { qrPath } from "../src/widgets/code.ts";
import { guessCountry } from "../src/widgets/countries.ts";
import { lookOf } from "../src/widgets/history.ts";
import { PICTURES } from "../src/widgets/pictures.ts";
import type { FriendRequest, Missing, Need } from "@kinwire/sdk";

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

describe("quality", () => {
  const s = { rttMS: 40, lossPercent: 0, jitterMS: 5, path: "", availableKbps: 0, streams: [] };
  it("says what a family would", () => {
    expect(quality(s)).toBe("good");
    expect(quality({ ...s, lossPercent: 3 })).toBe("fair");
    expect(quality({ ...s, rttMS: 500 })).toBe("poor");
  });
});

describe("links", () => {
  it.each([
    ["#confirm=abc", { name: "confirm", value: "abc" }],
    ["#friend=AB%20CD", { name: "friend", value: "AB CD" }],
    ["#code=%zz", { name: "code", value: "%zz" }],
    ["#ticket=a=b", { name: "ticket", value: "a=b" }],
    ["#call=c_abc", { name: "call", value: "c_abc" }],
    ["#ops", { name: "ops", value: "" }],
    ["#ops=x", null],
    ["#reset=", null],
    ["#other=x", null],
    ["", null],
  ])("%s", (hash, want) => expect(readLink(hash)).toEqual(want));

  it.each([
    ["friend", "https://kin.example/#friend=ABCD-EFGH", "ABCD-EFGH"],
    ["friend", "https://kin.example/#code=ABCD", ""],
    ["code", "ABCD EFGH", "ABCD EFGH"],
    ["code", "https://elsewhere.example/", ""],
    ["code", "WIFI:S:x;;", ""],
  ] as const)("a scanned %s: %s", (kind, text, want) => expect(codeIn(kind, text)).toBe(want));
});

describe("age", () => {
  it.each([
    ["2013-06-15", "2026-06-14", 12],
    ["2013-06-15", "2026-06-15", 13],
    ["2012-02-29", "2026-02-28", 13],
    ["2012-02-29", "2026-03-01", 14],
    ["x", "2026-03-01", NaN],
  ])("%s on %s: %d", (birth, day, want) => expect(ageOn(birth, day)).toBe(want));

  it("of consent is the country's, or the default", () => {
    const ages = { default: 13, countries: [{ country: "DE", age: 16 }] };
    expect([consentAge(ages, "DE"), consentAge(ages, "US")]).toEqual([16, 13]);
    expect(consentAge({ default: 13, countries: null as never }, "US")).toBe(13);
  });

  it("knows the date here", () => expect(today(new Date(2026, 0, 5))).toBe("2026-01-05"));
});

describe("a friend request", () => {
  const request = (missing: Need[], o: Partial<FriendRequest> = {}): FriendRequest => ({
    id: "f_1",
    with: { name: "Leo" },
    mine: true,
    state: "pending",
    missing,
    created_at: 1,
    expires_at: 2,
    ...o,
  });

  it("waits for whoever has not said yes, each told once", () => {
    expect(waitsFor(request(["b", "parent_a", "parent_b", "consent_b"]))).toEqual([
      "We wait for Leo.",
      "We wait for your parent.",
      "We wait for Leo’s side.",
    ]);
    expect(waitsFor(request(["never"]))).toEqual(["We wait for Leo."]);
  });

  it("is mine to answer, or my parent's", () => {
    expect([needsMe(request(["a", "parent_a"])), needsMyParent(request(["a", "parent_a"]))]).toEqual([
      true,
      false,
    ]);
    expect([needsMe(request(["parent_a"])), needsMyParent(request(["parent_a"]))]).toEqual([false, true]);
    expect(needsMe(request(["a"], { state: "expired" }))).toBe(false);
  });

  it("tells who introduced", () => {
    expect(wantText(request(["a"], { via: "Mia" }))).toContain("Mia knows you both");
  });

  it("says what is missing between two people, and to me as you", () => {
    const m: Missing = { a: { id: "u_a", name: "Ana" }, b: { name: "Ben" }, need: "parent_a", text: "t" };
    expect(missingText(m, "u_z")).toBe("Ana’s parent has not approved Ben yet.");
    expect(missingText({ ...m, need: "a" }, "u_a")).toBe("You have not said yes to Ben yet.");
    const ben: Missing = { ...m, b: { id: "u_b", name: "Ben" } };
    expect(missingText(ben, "u_b")).toBe("Ana’s parent has not approved you yet.");
    expect(missingText({ ...ben, need: "never" }, "u_b")).toBe("You and Ana cannot be in a call together.");
    expect(missingText({ ...m, need: "new" as Need }, "u_z")).toBe("t");
  });
});

describe("a call in the history", () => {
  it.each([
    [false, 0, "missed", "missed"],
    [false, 0, "cancelled", "missed"],
    [false, 0, "declined", "in"],
    [false, 60, "hangup", "in"],
    [true, 0, "missed", "out"],
  ] as const)("outgoing %s, %d s, %s: %s", (outgoing, seconds, reason, want) =>
    expect(lookOf({ outgoing, seconds, reason })).toBe(want),
  );
});

describe("pictures", () => {
  it("draws the runs of a QR code", () => {
    expect(
      qrPath([
        [true, true, false],
        [false, true, false],
      ]),
    ).toBe("M0 0h2v1h-2zM1 1h1v1h-1z");
  });

  it("are single code points, each once", () => {
    for (const set of [PICTURES, AVATARS]) {
      expect(new Set(set).size).toBe(set.length);
      for (const p of set) expect([...p]).toHaveLength(1);
    }
  });
});

describe("the device", () => {
  it("is named by its browser", () => {
    const chrome =
      "Mozilla/5.0 (X11; Linux) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36";
    expect(browserName(chrome)).toBe("Chrome");
    expect(browserName(`${chrome} Edg/140.0`)).toBe("Edge");
    expect(browserName("Mozilla/5.0 (X11; rv:140.0) Gecko/20100101 Firefox/140.0")).toBe("Firefox");
    expect(browserName("curl/8")).toBe("");
  });

  it("guesses the country from the language", () => {
    expect(guessCountry(["pl", "de-AT"])).toBe("AT");
    expect(guessCountry(["!!", "en"])).toBe("");
  });
});
