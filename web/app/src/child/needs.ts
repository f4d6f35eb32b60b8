import type { FriendRequest, Missing, Need } from "@kinwire/sdk";
import { fill } from "../words/shape.ts";
import { say, words } from "../words.ts";

/** This person has to say yes or no. */
export function needsMe(r: FriendRequest): boolean {
  return r.state === "pending" && (r.missing ?? []).includes("a");
}

/** This person's own parent has to decide. */
export function needsMyParent(r: FriendRequest): boolean {
  return r.state === "pending" && !needsMe(r) && (r.missing ?? []).includes("parent_a");
}

/** Who would like to be a friend, and who knows both. */
export function wantText(r: FriendRequest): string {
  const { name } = r.with;
  return r.via ? say(words.child.wantsVia, { name, via: r.via }) : say(words.child.wants, { name });
}

/** What a request waits for, in words of the one who reads it, each once. */
export function waitsFor(r: FriendRequest): string[] {
  const texts = words.child.waits as Partial<Record<Need, string>>;
  const known = (r.missing ?? []).map((need) => texts[need] ?? texts.b!);
  return [...new Set(known)].map((text) => say(text as typeof words.child.waits.b, { name: r.with.name }));
}

/** What is missing between two people, so that all may meet in one call; me is who reads it. */
export function missingText(m: Missing, me: string): string {
  const w = words.child.missing;
  const mine = m.a.id === me || m.b.id === me;
  const texts: Partial<Record<Need, string>> = mine ? w.mine : w.needs;
  // Seen from the one who reads it, a is always they themselves.
  const text = texts[m.b.id === me ? (SWAPPED[m.need] ?? m.need) : m.need];
  if (!text) return m.text;
  const name = m.b.id === me ? m.a.name : m.b.name;
  return fill(text, { a: m.a.name, b: m.b.name, name });
}

const SWAPPED: Partial<Record<Need, Need>> = {
  a: "b",
  b: "a",
  parent_a: "parent_b",
  parent_b: "parent_a",
  consent_a: "consent_b",
  consent_b: "consent_a",
};
