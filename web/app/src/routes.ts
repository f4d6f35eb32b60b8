/**
 * Links into the app: what stands behind the # of its address. It never reaches a server, so a token in it
 * stands in no log.
 */
const NAMES = [
  "confirm",
  "reset",
  "consent",
  "ticket",
  "code",
  "friend",
  "guardian",
  "error",
  "call",
] as const;

export type LinkName = (typeof NAMES)[number];

/** A link into the app. */
export type Link = { name: LinkName; value: string } | { name: PlaceName; value: "" };

/** Pages that need no token in their address. */
const PLACES = ["ops", "netcheck"] as const;

export type PlaceName = (typeof PLACES)[number];

/** Reads "#confirm=TOKEN" and its like, "#ops" and "#netcheck", "#call=ID" for an operator; null for anything else. */
export function readLink(hash: string): Link | null {
  const text = hash.replace(/^#/, "");
  const place = PLACES.find((p) => p === text);
  if (place) return { name: place, value: "" };
  const [, name, raw] = /^([a-z]+)=(.+)$/s.exec(text) ?? [];
  if (!name || !raw || !(NAMES as readonly string[]).includes(name)) return null;
  return { name: name as LinkName, value: decoded(raw) };
}

/** The code in a text that was scanned: a link of that kind, or the code alone; "" for anything else. */
export function codeIn(kind: LinkName, text: string): string {
  const at = text.indexOf("#");
  if (at >= 0) {
    const link = readLink(text.slice(at));
    return link?.name === kind ? link.value : "";
  }
  return /^[\w -]{4,64}$/.test(text) ? text : "";
}

function decoded(raw: string): string {
  try {
    return decodeURIComponent(raw);
  } catch {
    return raw;
  }
}
