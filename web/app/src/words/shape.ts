/** A text that depends on a number, by the categories of Intl.PluralRules. {n} is the number. */
export interface Plural {
  readonly zero?: string;
  readonly one?: string;
  readonly two?: string;
  readonly few?: string;
  readonly many?: string;
  readonly other: string;
}

/**
 * A translation of the English file T: the same keys with other texts. An object with "one" and "other"
 * is a Plural, of which every language has its own categories.
 */
export type Translation<T> = T extends string
  ? string
  : T extends { readonly one: string; readonly other: string }
    ? Plural
    : { readonly [K in keyof T]: Translation<T[K]> };

type Holes<T extends string> = T extends `${string}{${infer Name}}${infer Rest}` ? Name | Holes<Rest> : never;

/** What has to be filled into a text, by the English one: "Hello, {name}!" takes { name }. */
export type Args<T extends string> = Record<Holes<T>, string | number>;

/** Fills a text's holes. */
export function fill(text: string, args: Record<string, string | number>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(args[name] ?? whole));
}
