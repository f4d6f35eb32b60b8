/** The little of Node that the peer uses. */
declare const process: {
  stdin: { setEncoding(e: string): void; on(event: "data" | "end", f: (text: string) => void): void };
  stdout: { write(text: string): void };
  exit(code: number): never;
};

declare module "node:url" {
  export function fileURLToPath(url: URL): string;
}

declare module "node:fs" {
  export function existsSync(path: string): boolean;
  export function readFileSync(path: string, encoding: "utf8"): string;
}
