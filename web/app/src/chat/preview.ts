import type { Content, SystemLine } from "@kinwire/sdk/chat";
import { duration, list, minutes, number, say, words } from "../words.ts";
import { isDrawing } from "./drawings.ts";
import { shownOf, stickerName } from "./stickers.ts";

/** How long messages stay, by the seconds that travel with them. */
export const TIMES = { s30: 30, m5: 300, h1: 3_600, d1: 86_400, w1: 604_800 } as const;

/** "5 minutes": how long messages stay. */
export function staysText(seconds: number): string {
  const w = words.chat.timer.times;
  const known = (Object.keys(TIMES) as (keyof typeof TIMES)[]).find((k) => TIMES[k] === seconds);
  return known ? w[known] : minutes(Math.max(1, Math.round(seconds / 60)));
}

/** What a game is called. */
export function gameName(game: string): string {
  const games: Partial<Record<string, string>> = words.chat.score.games;
  return games[game] ?? words.chat.score.other;
}

type Kind = Content["kind"];
type Of<K extends Kind> = Extract<Content, { kind: K }>;

/** What a message says, in one line; name(id) is what somebody is called. */
export function preview(content: Content, name: (id: string) => string): string {
  const w = words.chat.preview;
  const table: { [K in Kind]: (c: Of<K>) => string } = {
    text: (c) => c.text.replace(/\s+/g, " ").slice(0, 140),
    sticker: (c) => (isEmoji(c) ? shownOf(c) : say(w.sticker, { name: stickerName(c) })),
    gif: (c) => c.caption || w.gif,
    photo: (c) => (c.caption ? `📷 ${c.caption}` : w.photo),
    voice: (c) => say(w.voice, { time: duration(c.duration) }),
    video: (c) => say(w.video, { time: duration(c.duration) }),
    score: (c) => say(w.score, { game: gameName(c.game), score: number(c.points) }),
    reaction: (c) => c.emoji,
    title: () => w.title,
    timer: () => w.timer,
    unknown: () => w.unknown,
    system: (c) => lineText(c.line, "", name),
  };
  return (table[content.kind] as (c: Content) => string)(content);
}

/** What has happened in a conversation, in words; me is who reads it. */
export function lineText(line: SystemLine, me: string, name: (id: string) => string): string {
  const w = words.chat.event;
  const names = (ids: readonly string[]) => list(ids.filter((id) => id !== me).map(name));
  const people = (ids: readonly string[], others: string, own: string) => {
    const rest = ids.filter((id) => id !== me);
    const parts = [
      ...(ids.includes(me) ? [own] : []),
      ...(rest.length ? [say(others as typeof w.joined, { name: names(rest) })] : []),
    ];
    return parts.join(" ");
  };
  const texts: { [W in SystemLine["what"]]: (l: Extract<SystemLine, { what: W }>) => string } = {
    joined: (l) => people(l.userIDs, w.joined, w.joinedMine),
    left: (l) => people(l.userIDs, w.left, w.leftMine),
    keys_changed: (l) => {
      if (l.userID === me) return l.added > 0 ? w.keyMine : w.lostMine;
      return say(l.added > 0 ? w.key : w.lost, { name: name(l.userID) });
    },
    missed: () => w.missed,
    refused: (l) => say(w.refused, { name: name(l.userID) }),
  };
  return (texts[line.what] as (l: SystemLine) => string)(line);
}

function isEmoji(c: Of<"sticker">): boolean {
  const shown = shownOf(c);
  return shown !== "" && !isDrawing(shown);
}
