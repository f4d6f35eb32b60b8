/**
 * Bytes and their texts. Bytes are always backed by a plain ArrayBuffer, as WebCrypto and IndexedDB want them.
 */

export type Bytes = Uint8Array<ArrayBuffer>;

const encoder = new TextEncoder();
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** UTF-8 of a text. */
export function utf8(text: string): Bytes {
  return encoder.encode(text) as Bytes;
}

/** The text of UTF-8 bytes; throws where they are none. */
export function text(bytes: Uint8Array): string {
  return strict.decode(bytes);
}

/** A copy in a buffer of its own, or the same bytes if they have one already. */
export function own(bytes: Uint8Array): Bytes {
  if (bytes.buffer instanceof ArrayBuffer && bytes.byteLength === bytes.buffer.byteLength)
    return bytes as Bytes;
  return new Uint8Array(bytes);
}

export function concat(...parts: Uint8Array[]): Bytes {
  const all = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) {
    all.set(p, at);
    at += p.length;
  }
  return all;
}

/** What a table has under a name that came from outside; nothing of what all objects have. */
export function entry<T>(table: Record<string, T>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

/** Whether two are the same, in a time that does not tell where they differ. */
export function equal(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ b[i]!;
  return difference === 0;
}

export function random(n: number): Bytes {
  return crypto.getRandomValues(new Uint8Array(n));
}

/** Overwrites secrets that are not needed any more. */
export function wipe(secrets: Uint8Array[]): void {
  for (const s of secrets) s.fill(0);
}

/** 32-bit and 64-bit numbers, the most significant byte first. */
export function uint32(n: number): Bytes {
  const b = new Uint8Array(4);
  new DataView(b.buffer).setUint32(0, n);
  return b;
}
export function uint64(n: number): Bytes {
  const b = new Uint8Array(8);
  new DataView(b.buffer).setBigUint64(0, BigInt(n));
  return b;
}

/** Base64 with padding, as the wire has bytes. */
export function toBase64(bytes: Uint8Array): string {
  let s = "";
  for (let i = 0; i < bytes.length; i += 0x8000) {
    s += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  }
  return btoa(s);
}

/** The bytes of base64; throws where it is none. */
export function fromBase64(s: string): Bytes {
  const binary = atob(s);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

/** Base64 for names: without padding, and with - and _. */
export function toName(bytes: Uint8Array): string {
  return toBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

export function toHex(bytes: Uint8Array): string {
  return [...bytes].map((b) => b.toString(16).padStart(2, "0")).join("");
}

const BASE32 = "abcdefghijklmnopqrstuvwxyz234567";

/** n letters of base32 by chance, five random bits each: the ids that devices make. */
export function randomBase32(n: number): string {
  return [...random(n)].map((b) => BASE32[b & 31]).join("");
}

export async function sha256(bytes: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}
