/** Words that are the same in another language as in English, on purpose: these are holes alone. */
export const same: string[] = [
  "ops.reports.line",
  "ops.evidence.line",
  "ops.calls.who.is",
  "ops.calls.line.up",
];
