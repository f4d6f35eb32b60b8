import type { Person } from "@kinwire/sdk";
import type { ConversationView } from "@kinwire/sdk/chat";
import { avatar } from "../avatar.ts";
import { h } from "../dom.ts";
import { list, words } from "../words.ts";

/**
 * A group's picture is the emoji that its name begins with. So it travels with the name, and an app that
 * knows nothing of this shows it all the same.
 */
export function splitTitle(title: string): { face: string; name: string } {
  const [, face = "", name = ""] =
    /^((?:\p{Extended_Pictographic}|\p{Regional_Indicator})[\p{Extended_Pictographic}\p{Emoji_Modifier}\p{Regional_Indicator}\u200d\ufe0f]*)?\s*(.*)$/su.exec(
      title.trim(),
    ) ?? [];
  return { face, name };
}

export function joinTitle(face: string, name: string): string {
  return `${face} ${name}`.trim();
}

/** What a conversation is called: the friend's name, the group's, or the names of those in it. */
export function nameOf(c: Pick<ConversationView, "kind" | "title" | "people">): string {
  const people = c.people.map((p) => p.person.name);
  if (c.kind === "direct") return people[0] ?? words.chat.list.alone;
  const { name } = splitTitle(c.title);
  if (name) return name;
  return people.length ? list(people) : words.chat.list.alone;
}

/** A conversation's picture: the friend's, the group's, or those of the first in it. */
export function faceOf(c: Pick<ConversationView, "kind" | "title" | "people">, size = "small"): HTMLElement {
  const people = c.people.map((p) => p.person);
  const { face, name } = splitTitle(c.title);
  if (c.kind === "group" && (face || name)) return avatar({ avatar: face, name: name || face }, size);
  if (people.length === 1) return avatar(people[0]!, size);
  if (people.length === 0) return avatar({ avatar: "👤", name: "" }, size);
  return h(
    "span",
    { class: `faces-of ${size}`, attrs: { "aria-hidden": "true" } },
    ...people.slice(0, 2).map((p) => avatar(p, "tiny")),
  );
}

/** Who somebody in a conversation is; somebody who has left it may not be known any more. */
export function personOf(c: ConversationView, id: string, known: readonly Person[] = []): Person {
  return (
    c.people.find((p) => p.person.id === id)?.person ??
    known.find((p) => p.id === id) ?? { id, name: "?", avatar: "👤", role: "child", family: "" }
  );
}
