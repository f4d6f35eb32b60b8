/** Words that are the same in another language as in English, on purpose: this one is holes alone. */
export const same: string[] = ["ops.reports.line"];
