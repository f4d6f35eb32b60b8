/** Figures as network people write them: SI units, the same in every language. */

/** "1.25 Mbit/s", "640 kbit/s" */
export function rate(bps: number): string {
  if (bps >= 1e6) return `${Number((bps / 1e6).toFixed(2))} Mbit/s`;
  return bps >= 1e3 ? `${Math.round(bps / 1e3)} kbit/s` : `${Math.round(bps)} bit/s`;
}

/** "12.3 MiB" */
export function bytes(n: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let i = 0;
  for (; n >= 1024 && i < units.length - 1; i++) n /= 1024;
  return `${i === 0 || n >= 100 ? Math.round(n) : n.toFixed(1)} ${units[i]}`;
}

/** "2.5 %" of a ratio. */
export function percent(ratio: number): string {
  const p = ratio * 100;
  return `${Number(p.toFixed(p >= 10 ? 0 : p < 1 ? 2 : 1))} %`;
}

/** "36 ms" */
export function millis(ms: number): string {
  return `${Number(ms.toFixed(ms < 10 ? 1 : 0))} ms`;
}
