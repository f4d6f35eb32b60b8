/** Words that are the same in another language as in English, on purpose. */
export const same: string[] = [
  "parent.consent.methods.demo", // Polish says so too
];
