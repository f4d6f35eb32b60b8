import type { ConsentAges } from "@kinwire/sdk";

/** Full years between a date of birth (YYYY-MM-DD) and today (the same); NaN for something else. */
export function ageOn(birth: string, today: string): number {
  const [by, bm, bd] = parts(birth);
  const [ty, tm, td] = parts(today);
  const had = tm! > bm! || (tm === bm && td! >= bd!);
  return ty! - by! - (had ? 0 : 1);
}

/** From which age somebody in a country consents alone. */
export function consentAge(ages: ConsentAges, country: string): number {
  return (ages.countries ?? []).find((c) => c.country === country)?.age ?? ages.default;
}

/** The date here, as YYYY-MM-DD. */
export function today(now = new Date()): string {
  const two = (n: number) => String(n).padStart(2, "0");
  return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
}

function parts(date: string): number[] {
  const m = /^(\d{4})-(\d{2})-(\d{2})$/.exec(date);
  return m ? m.slice(1).map(Number) : [NaN, NaN, NaN];
}
