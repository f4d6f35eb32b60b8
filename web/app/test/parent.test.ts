import { describe, expect, it } from "vitest";
import { quietWrong } from "../src/parent/child_rules.ts";
import { Loading } from "../src/parent/loading.ts";
import { words } from "../src/words.ts";

/** A Loading whose answers are given by hand, in any order. */
function byHand() {
  const asked: { give(data: string[]): void; fail(e: Error): void }[] = [];
  const shown: string[][] = [];
  const failed: unknown[] = [];
  const loading = new Loading<string[]>(
    () => new Promise((give, fail) => asked.push({ give, fail })),
    (data) => shown.push(data),
    (e) => failed.push(e),
  );
  return { loading, asked, shown, failed };
}

describe("what is fetched again and again", () => {
  it("drops an answer that a newer one has overtaken", async () => {
    const { loading, asked, shown } = byHand();
    const both = [loading.again(), loading.again()];
    asked[1]!.give(["new"]);
    asked[0]!.give(["old"]);
    await Promise.all(both);
    expect(shown).toEqual([["new"]]);
  });

  it("shows the same once, until it is told to forget", async () => {
    const { loading, asked, shown } = byHand();
    for (const [i, forget] of [false, false, true].entries()) {
      if (forget) loading.forget();
      const done = loading.again();
      asked[i]!.give(["same"]);
      await done;
    }
    expect(shown).toEqual([["same"], ["same"]]);
  });

  it("says what went wrong, and nothing once it is closed", async () => {
    const { loading, asked, shown, failed } = byHand();
    const first = loading.again();
    asked[0]!.fail(new Error("offline"));
    await first;
    expect(failed).toHaveLength(1);
    const rest = [loading.again(), loading.again()];
    loading.close();
    asked[1]!.give(["late"]);
    asked[2]!.fail(new Error("late"));
    await Promise.all(rest);
    expect([shown, failed.length]).toEqual([[], 1]);
  });
});

describe("quiet times", () => {
  const w = words.parent.rules;
  it.each([
    ["none", [], ""],
    ["over midnight", [{ days: [1, 7], from: "20:00", to: "07:00" }], ""],
    ["without a day", [{ days: [], from: "20:00", to: "07:00" }], w.quietDays],
    [
      "of no length, the second",
      [
        { days: [1], from: "20:00", to: "07:00" },
        { days: [2], from: "12:00", to: "12:00" },
      ],
      w.quietSame,
    ],
  ])("%s", (_, list, want) => expect(quietWrong(list)).toBe(want));
});
