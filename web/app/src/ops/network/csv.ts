import type { CallRecord } from "@kinwire/sdk";
import { METRICS, timeLine } from "./series.ts";

/**
 * A call's time line for a spreadsheet: a line for each step of each stream and path (RFC 4180). Units are those of
 * the record: milliseconds, ratios, bit/s, pixels.
 */
export function timelineCSV(r: CallRecord): string {
  const t = timeLine(r);
  const head = ["call", "at_ms", "participant", "what", "direction", "kind", "from", "view", ...METRICS];
  const rows = (t?.lines ?? []).flatMap((l) =>
    t!.at.flatMap((_, i) => {
      const values = METRICS.map((m) => l.values[m]?.[i] ?? null);
      if (values.every((v) => v === null)) return [];
      const names = [r.id, String(i * t!.stepMS), l.participant, l.what, l.direction, l.kind, l.from, l.view];
      return [[...names, ...values.map((v) => (v === null ? "" : String(v)))]];
    }),
  );
  return [head, ...rows].map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
}

/** A cell that a spreadsheet would take for a formula is led in by an apostrophe. */
function cell(text: string): string {
  const safe = /^[=+@\t\r]|^-(?![\d.])/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Has the browser save something as a file. */
export function save(name: string, blob: Blob): void {
  const url = URL.createObjectURL(blob);
  const a = document.createElement("a");
  a.href = url;
  a.download = name;
  a.click();
  // The browser needs it until it has begun to save.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
