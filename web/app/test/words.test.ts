import { afterEach, describe, expect, it } from "vitest";
import { same as chatSame } from "../src/chat/words/same.ts";
import { same as opsSame } from "../src/ops/words/same.ts";
import { same as parentSame } from "../src/parent/words/same.ts";
import { familyName } from "../src/signin/login.ts";
import {
  ago,
  count,
  country,
  duration,
  languages,
  list,
  minutes,
  pickLanguage,
  say,
  useLanguage,
  weekday,
  words,
  type Language,
} from "../src/words.ts";

/** Texts that are right as they are in English, by language or in all ("*"). */
const SAME: Record<string, readonly string[]> = {
  "*": ["app", "call.labels.mic", ...parentSame, ...opsSame, ...chatSame],
  pl: ["signin.forgotPage.email", "signin.signup.email"],
  hi: [],
  "zh-Hant": [],
};

type Leaf = string | Record<string, string>;

/** Every text by its path; a plural is one leaf. */
function leaves(node: unknown, path = ""): [string, Leaf][] {
  if (typeof node === "string") return [[path, node]];
  const o = node as Record<string, unknown>;
  if (isPlural(o)) return [[path, o as Record<string, string>]];
  return Object.entries(o).flatMap(([k, v]) => leaves(v, path ? `${path}.${k}` : k));
}

/** The shapes are the English file's; a language without "one" has plurals of "other" alone. */
const CATEGORIES = new Set(["zero", "one", "two", "few", "many", "other"]);
function isPlural(o: Record<string, unknown>): boolean {
  const keys = Object.keys(o);
  return keys.includes("other") && keys.every((k) => CATEGORIES.has(k));
}

const holes = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((m) => m[1]!).sort();
const texts = (leaf: Leaf) => (typeof leaf === "string" ? [leaf] : Object.values(leaf));
const english = new Map(leaves(languages.en.words));
const others = (Object.keys(languages) as Language[]).filter((l) => l !== "en");

afterEach(() => useLanguage("en"));

describe.each(others)("%s", (code) => {
  const own = new Map(leaves(languages[code].words));

  it("has the keys of English, and no others", () => {
    expect([...own.keys()].sort()).toEqual([...english.keys()].sort());
  });

  it("has the same holes in every text", () => {
    const wrong: string[] = [];
    for (const [key, leaf] of english) {
      const there = own.get(key) ?? "";
      if (typeof leaf === "string") {
        const want = [...new Set(holes(leaf))].join();
        if (texts(there).some((t) => [...new Set(holes(t))].join() !== want)) wrong.push(key);
        continue;
      }
      // A form for one may leave {n} out; everything else has to be in every form.
      const want = holes(leaf["other"]!).filter((n) => n !== "n");
      for (const t of texts(there)) {
        const has = holes(t);
        if (has.filter((n) => n !== "n").join() !== want.join()) wrong.push(key);
      }
    }
    expect(wrong).toEqual([]);
  });

  it("has the forms of its plurals, and no others", () => {
    const rules = new Intl.PluralRules(code);
    const needed = new Set([...Array(200).keys()].map((n) => rules.select(n)));
    needed.add("other");
    const wrong = [...own].filter(
      ([key, leaf]) =>
        typeof english.get(key) !== "string" &&
        Object.keys(leaf as object)
          .sort()
          .join() !== [...needed].sort().join(),
    );
    expect(wrong.map(([key]) => key)).toEqual([]);
  });

  it("is not left in English", () => {
    const kept = new Set([...SAME["*"]!, ...(SAME[code] ?? [])]);
    const left = [...own].filter(
      ([key, leaf]) =>
        !kept.has(key) &&
        texts(leaf).some((t) => /[a-z]{2}/i.test(t) && texts(english.get(key)!).includes(t)),
    );
    expect(left.map(([key]) => key)).toEqual([]);
  });
});

describe("words", () => {
  it("fills holes, and keeps one that nothing is given for", () => {
    expect(say(words.people.hello, { name: "Mia" })).toBe("Hello, Mia!");
    expect(say("{a} {b}", { a: 1 } as never)).toBe("1 {b}");
  });

  it("counts in each language's own way", () => {
    const of = (l: Language, n: number) => {
      useLanguage(l);
      return count(words.people.callChosen, n);
    };
    expect([1, 2].map((n) => of("en", n))).toEqual(["Call 1 person", "Call 2 people"]);
    expect([1, 2, 5, 22].map((n) => of("pl", n))).toEqual([
      "Zadzwoń do 1 osoby",
      "Zadzwoń do 2 osób",
      "Zadzwoń do 5 osób",
      "Zadzwoń do 22 osób",
    ]);
    expect([1, 2].map((n) => of("hi", n))).toEqual(["1 व्यक्ति को कॉल करें", "2 लोगों को कॉल करें"]);
    expect([1, 2].map((n) => of("zh-Hant", n))).toEqual(["打給 1 個人", "打給 2 個人"]);
    useLanguage("en");
    expect(count(words.incoming.group, 2, { name: "Mia" })).toBe("Mia is calling you and 2 more");
  });

  it("joins names", () => {
    expect(list(["Mia"])).toBe("Mia");
    expect(list(["Mia", "Leo"])).toBe("Mia and Leo");
    useLanguage("pl");
    expect(list(["Mia", "Leo", "Ola"])).toBe("Mia, Leo i Ola");
    useLanguage("zh-Hant");
    expect(list(["Mia", "Leo", "Ola"])).toBe("Mia、Leo和Ola");
  });

  it("says times and days as the language does", () => {
    const now = Date.UTC(2026, 0, 10, 12);
    expect(ago(now - 5 * 60_000, now)).toBe("5 minutes ago");
    expect(ago(now + 24 * 3_600_000, now)).toBe("tomorrow");
    expect(ago(now - 1_000, now)).toBe("now");
    expect([weekday(1), weekday(7, "short"), minutes(45), country("PL")]).toEqual([
      "Monday",
      "Sun",
      "45 minutes",
      "Poland",
    ]);
    useLanguage("pl");
    expect([ago(now - 24 * 3_600_000, now), weekday(1), country("DE")]).toEqual([
      "wczoraj",
      "poniedziałek",
      "Niemcy",
    ]);
  });

  it("counts time as a clock does", () => {
    expect([0, 5_999, 65_000, 3_725_000].map(duration)).toEqual(["0:00", "0:05", "1:05", "1:02:05"]);
  });

  it("names a family once", () => {
    expect(familyName("Sharma")).toBe("Family Sharma");
    expect(familyName("Family Sharma")).toBe("Family Sharma");
  });

  it.each([
    ["", ["pl-PL", "en"], "pl"],
    ["", ["fr", "zh-TW"], "zh-Hant"],
    ["", ["zh-Hant-HK"], "zh-Hant"],
    ["", ["fr"], "en"],
    ["", [], "en"],
    ["hi", ["pl"], "hi"],
    ["nonsense", ["pl"], "pl"],
  ])("picks a language: kept %j, wanted %j", (kept, wishes, want) =>
    expect(pickLanguage(kept, wishes)).toBe(want),
  );
});
