/** The little of Node that the peer uses. */
declare const process: {
  stdin: { setEncoding(e: string): void; on(event: "data" | "end", f: (text: string) => void): void };
  stdout: { write(text: string): void };
  exit(code: number): never;
};
