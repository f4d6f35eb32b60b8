/**
 * GIF files as they may be sent: what moves stays, what tells tales goes. Comments, plain text and the data
 * of applications (XMP, ICC …) are left out, but for the block that says how often it repeats. After the
 * GIF89a specification, W3C.
 */

const EXTENSION = 0x21;
const IMAGE = 0x2c;
const TRAILER = 0x3b;
const GRAPHIC_CONTROL = 0xf9;
const APPLICATION = 0xff;
const REPEATS = ["NETSCAPE2.0", "ANIMEXTS1.0"];

/** The same GIF without what is not its picture; null where it is none, or is broken off. */
export function cleanGIF(file: Uint8Array): Uint8Array<ArrayBuffer> | null {
  const head = String.fromCharCode(...file.subarray(0, 6));
  if ((head !== "GIF87a" && head !== "GIF89a") || file.length < 13) return null;
  let at = 13 + colours(file[10]!);
  const parts = [file.subarray(0, at)];
  while (at < file.length) {
    const start = at;
    const kind = file[at];
    if (kind === TRAILER) return joined([...parts, Uint8Array.of(TRAILER)]);
    let keep = true;
    if (kind === EXTENSION) {
      keep = kept(file, at);
      at = blocksEnd(file, at + 2);
    } else if (kind === IMAGE && at + 10 < file.length) {
      at = blocksEnd(file, at + 10 + colours(file[at + 9]!) + 1);
    } else return null;
    if (at < 0) return null;
    if (keep) parts.push(file.subarray(start, at));
  }
  return null;
}

/** The size of a GIF's picture, in pixels. */
export function sizeOfGIF(file: Uint8Array): { width: number; height: number } {
  const two = (i: number) => (file[i] ?? 0) | ((file[i + 1] ?? 0) << 8);
  return { width: two(6), height: two(8) };
}

/** How long a table of colours is, by the flags before it. */
function colours(flags: number): number {
  return flags & 0x80 ? 3 << ((flags & 7) + 1) : 0;
}

function kept(file: Uint8Array, at: number): boolean {
  if (file[at + 1] === GRAPHIC_CONTROL) return true;
  if (file[at + 1] !== APPLICATION) return false;
  return REPEATS.includes(String.fromCharCode(...file.subarray(at + 3, at + 14)));
}

/** Where a row of blocks that begins at at has ended; -1: it has not. */
function blocksEnd(file: Uint8Array, at: number): number {
  while (at < file.length) {
    const length = file[at]!;
    at += 1 + length;
    if (length === 0) return at;
  }
  return -1;
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) {
    all.set(p, at);
    at += p.length;
  }
  return all;
}
