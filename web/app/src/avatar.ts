import type { Person } from "@kinwire/sdk";
import { h } from "./dom.ts";

const HUES = 8;

/** A person's picture: the emoji on a disc whose colour is always the same for the same person. */
export function avatar(person: Pick<Person, "avatar" | "name">, size = ""): HTMLElement {
  const face = person.avatar || person.name.slice(0, 1).toUpperCase();
  const hue = colour(person.name);
  return h("span", { class: `avatar ${size} hue-${hue}`, attrs: { "aria-hidden": "true" } }, face);
}

function colour(key: string): number {
  let sum = 0;
  for (const c of key) sum = (sum * 31 + c.codePointAt(0)!) % 9973;
  return sum % HUES;
}
