import type { UserState } from "@kinwire/sdk";
import { avatar } from "../avatar.ts";
import { h } from "../dom.ts";
import { ago, country, date, number, words } from "../words.ts";

/** Whom something is about; of a deleted account the name is gone. */
export function nameOf(u: UserState): string {
  return u.person.name || words.ops.users.state.gone;
}

/** What an operator sees of an account: facts, no content. */
export function factsCard(title: string, u: UserState): HTMLElement {
  const w = words.ops.users;
  // Of an account that was deleted only the id is left.
  const gone = u.state === "gone";
  const rows: [string, string][] = [
    [w.facts.id, u.person.id],
    [w.facts.role, gone ? "" : words.roles[u.person.role]],
    [w.facts.state, w.state[u.state as keyof typeof w.state] ?? u.state],
    [w.facts.country, u.country ? country(u.country) : ""],
    [w.facts.age, u.age ? number(u.age) : ""],
    [w.facts.created, u.created_at ? date(u.created_at) : ""],
    [w.facts.seen, u.last_seen_at ? ago(u.last_seen_at) : ""],
    [w.facts.guardians, (u.guardians ?? []).join(", ")],
    [w.facts.children, (u.children ?? []).join(", ")],
    [w.facts.friends, gone ? "" : number(u.friends)],
    [w.facts.blocks, gone ? "" : number(u.blocks)],
    [w.facts.reports, number(u.reports)],
    [w.facts.warnings, gone ? "" : number(u.warnings)],
    [w.facts.until, u.suspended_until ? date(u.suspended_until) : ""],
    [w.facts.note, u.note ?? ""],
  ];
  return h(
    "section",
    { class: "card form facts", testid: "facts", data: { id: u.person.id, state: u.state } },
    h("h3", {}, title),
    !gone && h("div", { class: "facts-head" }, avatar(u.person, "small"), h("strong", {}, u.person.name)),
    h("dl", {}, ...rows.filter(([, v]) => v).flatMap(([k, v]) => [h("dt", {}, k), h("dd", {}, v)])),
  );
}
