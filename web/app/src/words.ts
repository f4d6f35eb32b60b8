import { en } from "./words/en.ts";
import { hi } from "./words/hi.ts";
import { pl } from "./words/pl.ts";
import { fill, type Args, type Plural, type Translation } from "./words/shape.ts";
import { zhHant } from "./words/zh-Hant.ts";

/** All words, typed as the English ones are, so that say() knows what has to be filled in. */
export type Words = typeof en;

/** The languages, by their own names. One that is written from the right has dir "rtl". */
export const languages = {
  en: { name: "English", dir: "ltr", words: en },
  hi: { name: "हिन्दी", dir: "ltr", words: hi },
  pl: { name: "Polski", dir: "ltr", words: pl },
  "zh-Hant": { name: "繁體中文", dir: "ltr", words: zhHant },
} satisfies Record<string, { name: string; dir: "ltr" | "rtl"; words: Translation<Words> }>;

export type Language = keyof typeof languages;

/** Where the choice is kept, on this device. */
const KEPT = "kinwire.language";

let current: Language = "en";

/** Every word that the app shows or reads out, in the language chosen: a live binding. */
export let words: Words = en;

/** The language chosen. */
export function language(): Language {
  return current;
}

/** Uses a language from now on; screens made before keep their words. */
export function useLanguage(l: Language): void {
  current = l;
  words = languages[l].words as unknown as Words;
  if (typeof document === "undefined") return;
  document.documentElement.lang = l;
  document.documentElement.dir = languages[l].dir;
}

/** Uses what was chosen on this device before, or else what the browser asks for. */
export function startLanguage(): void {
  useLanguage(pickLanguage(storage()?.getItem(KEPT) ?? "", navigator.languages ?? []));
}

/** Uses a language and keeps the choice. */
export function chooseLanguage(l: Language): void {
  useLanguage(l);
  storage()?.setItem(KEPT, l);
}

/** The first of the wishes (BCP 47) that there is: zh-TW and any other Chinese get zh-Hant. */
export function pickLanguage(kept: string, wishes: readonly string[]): Language {
  for (const wish of [kept, ...wishes]) {
    const whole = Object.keys(languages).find((l) => l === wish);
    const base = wish.split("-")[0]!.toLowerCase();
    const found = whole ?? Object.keys(languages).find((l) => l.split("-")[0] === base);
    if (found) return found as Language;
  }
  return "en";
}

/** A text with its holes filled: say(words.people.hello, { name }). */
export function say<T extends string>(text: T, args: Args<T>): string {
  return fill(text, args);
}

/** The form of a text for n, with {n} and other holes filled: count(words.people.callChosen, 2). */
export function count<T extends { readonly one: string; readonly other: string }>(
  plural: T,
  n: number,
  args?: Omit<Args<T["other"]>, "n">,
): string {
  const forms: Plural = plural;
  const text = forms[new Intl.PluralRules(current).select(n)] ?? forms.other;
  return fill(text, { ...(args as Record<string, string | number>), n: number(n) });
}

/** "Mia, Leo and Ola" */
export function list(names: readonly string[]): string {
  return new Intl.ListFormat(current, { type: "conjunction" }).format(names);
}

export function number(n: number): string {
  return new Intl.NumberFormat(current).format(n);
}

/** "45 minutes" */
export function minutes(n: number): string {
  return new Intl.NumberFormat(current, { style: "unit", unit: "minute", unitDisplay: "long" }).format(n);
}

/** The time of day, as the language writes it. */
export function time(ms: number): string {
  return new Intl.DateTimeFormat(current, { timeStyle: "short" }).format(ms);
}

/** The day. */
export function date(ms: number): string {
  return new Intl.DateTimeFormat(current, { dateStyle: "medium" }).format(ms);
}

/** The day and the time. */
export function dateTime(ms: number): string {
  return new Intl.DateTimeFormat(current, { dateStyle: "medium", timeStyle: "short" }).format(ms);
}

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
];

/** How long ago or until: "5 minutes ago", "yesterday", "in 3 days", "now". */
export function ago(ms: number, now = Date.now()): string {
  const format = new Intl.RelativeTimeFormat(current, { numeric: "auto" });
  const by = ms - now;
  for (const [unit, size] of STEPS) {
    if (Math.abs(by) >= size) return format.format(Math.trunc(by / size), unit);
  }
  return format.format(0, "second");
}

/** A country's name by its ISO 3166-1 alpha-2 code. */
export function country(code: string): string {
  return new Intl.DisplayNames(current, { type: "region" }).of(code) ?? code;
}

/** A weekday's name: 1 Monday to 7 Sunday. */
export function weekday(n: number, style: "long" | "short" = "long"): string {
  // 1 January 2024 was a Monday.
  return new Intl.DateTimeFormat(current, { weekday: style, timeZone: "UTC" }).format(Date.UTC(2024, 0, n));
}

/** Puts words in the order of the language's alphabet. */
export function inOrder<T>(items: readonly T[], by: (item: T) => string): T[] {
  const order = new Intl.Collator(current);
  return [...items].sort((a, b) => order.compare(by(a), by(b)));
}

/** Minutes and seconds, as on a clock. */
export function duration(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  const two = (n: number) => String(n).padStart(2, "0");
  const hours = Math.floor(s / 3600);
  const rest = `${hours ? two(Math.floor(s / 60) % 60) : Math.floor(s / 60)}:${two(s % 60)}`;
  return hours ? `${hours}:${rest}` : rest;
}

/** localStorage throws where the browser keeps nothing. */
function storage(): Storage | null {
  try {
    return localStorage;
  } catch {
    return null;
  }
}
