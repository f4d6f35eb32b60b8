import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { countMissed, sawCalls } from "../src/child/missed.ts";
import { backFromProvider, forgetToken, goToProvider, keepToken, keptToken } from "../src/tokens.ts";

class FakeStorage {
  readonly kept = new Map<string, string>();
  getItem(key: string): string | null {
    return this.kept.get(key) ?? null;
  }
  setItem(key: string, value: string): void {
    this.kept.set(key, value);
  }
  removeItem(key: string): void {
    this.kept.delete(key);
  }
}

const newTab = () => vi.stubGlobal("sessionStorage", new FakeStorage());

beforeEach(() => {
  vi.stubGlobal("localStorage", new FakeStorage());
  newTab();
});
afterEach(() => vi.unstubAllGlobals());

describe("a ticket", () => {
  it("is taken once, by the tab that went to the provider", () => {
    expect(backFromProvider()).toBe(false);
    goToProvider();
    newTab();
    expect(backFromProvider()).toBe(false);
    goToProvider();
    expect(backFromProvider()).toBe(true);
    expect(backFromProvider()).toBe(false);
  });
});

describe("a login", () => {
  it("is the tab's alone, unless it shall stay", () => {
    keepToken("t1", false);
    expect(keptToken()).toBe("t1");
    newTab();
    expect(keptToken()).toBe("");
    keepToken("t2", true);
    newTab();
    expect(keptToken()).toBe("t2");
  });

  it("is forgotten here and on the device; another tab's is not", () => {
    keepToken("t1", true);
    newTab();
    keepToken("t2", false);
    forgetToken();
    expect(keptToken()).toBe("t1");
    forgetToken();
    expect(keptToken()).toBe("");
  });

  it("works where the browser keeps nothing", () => {
    vi.stubGlobal("localStorage", undefined);
    keepToken("t1", true);
    expect(keptToken()).toBe("t1");
  });
});

describe("missed calls", () => {
  const missed = (at: number) =>
    ({ at, outgoing: false, seconds: 0, reason: "missed", call_id: `c${at}`, with: [] }) as never;

  it("are counted since this person last looked", () => {
    expect(countMissed("u_1", [missed(1), missed(2)])).toBe(2);
    sawCalls("u_1", [missed(1), missed(2)]);
    expect(countMissed("u_1", [missed(2), missed(3)])).toBe(1);
    expect(countMissed("u_2", [missed(2), missed(3)])).toBe(2);
    sawCalls("u_2", []);
    expect(countMissed("u_2", [missed(2)])).toBe(1);
  });
});
