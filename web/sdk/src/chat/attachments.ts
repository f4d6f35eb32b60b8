import { KinwireError } from "../errors.ts";
import { equal, random, sha256, uint32, type Bytes } from "./bytes.ts";
import type { Attached } from "./content.ts";

/**
 * Files, encrypted in chunks so that an interrupted transfer goes on where it stopped, and so that a chunk
 * that was changed, left out, repeated or moved is found out at that chunk.
 *
 * It is the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015) over AES-256-GCM: the nonce of
 * chunk i is seven random bytes, i as four, and one that is 1 for the last chunk and 0 for others. A key is
 * for one file alone. Each chunk grows by the 16 bytes of its tag; all of them but the last are as long as the
 * server's chunks.
 */
const TAG = 16;

/** How a file was sealed: what its message says of it but for the server's id. */
export type Sealing = Pick<Attached, "key" | "prefix" | "sha256" | "size" | "sealed" | "chunk">;

/** Draws a key for a file and computes what its message will say. chunk is the server's chunk_bytes. */
export async function sealingFor(file: Bytes, chunk: number): Promise<Sealing> {
  const chunks = Math.max(1, Math.ceil(file.length / (chunk - TAG)));
  return {
    key: random(32),
    prefix: random(7),
    sha256: await sha256(file),
    size: file.length,
    sealed: file.length + chunks * TAG,
    chunk,
  };
}

export function chunksOf(s: { sealed: number; chunk: number }): number {
  return Math.ceil(s.sealed / s.chunk);
}

function nonce(s: Sealing, i: number): Bytes {
  const n = new Uint8Array(12);
  n.set(s.prefix);
  n.set(uint32(i), 7);
  n[11] = i === chunksOf(s) - 1 ? 1 : 0;
  return n;
}

function keyOf(s: Sealing, use: "encrypt" | "decrypt"): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", s.key, "AES-GCM", false, [use]);
}

/** Chunk i of a file, sealed. The same i gives the same bytes, so that an upload may be repeated. */
export async function sealChunk(s: Sealing, file: Bytes, i: number): Promise<Bytes> {
  const plain = s.chunk - TAG;
  const key = await keyOf(s, "encrypt");
  const part = file.subarray(i * plain, (i + 1) * plain);
  return new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce(s, i) }, key, part));
}

export async function openChunk(s: Sealing, sealed: Bytes, i: number): Promise<Bytes> {
  const key = await keyOf(s, "decrypt");
  try {
    return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv: nonce(s, i) }, key, sealed));
  } catch {
    throw new KinwireError("gone", `chunk ${i} of a file is not what was sent`);
  }
}

/** Checks a whole file against what its message says of it. */
export async function checkFile(s: Sealing, file: Bytes): Promise<void> {
  if (file.length !== s.size || !equal(await sha256(file), s.sha256)) {
    throw new KinwireError("gone", "a file is not what was sent");
  }
}

/** The pages that transfers need; kept narrow so that tests can stand in for them. */
export interface BlobPages {
  begin(conversationID: string, size: number): Promise<{ id: string; chunkBytes: number; have: number[] }>;
  /** Which chunks are there; undefined: the server does not know this upload (any more). */
  have(id: string): Promise<number[] | undefined>;
  put(id: string, i: number, chunk: Bytes): Promise<void>;
  get(id: string, i: number): Promise<Bytes>;
}

/** Uploads what is missing of a file. Called again after an interruption it goes on. */
export async function upload(
  pages: BlobPages,
  s: Sealing,
  id: string,
  file: Bytes,
  progress: (done: number) => void,
): Promise<void> {
  const there = await pages.have(id);
  if (!there) throw new KinwireError("gone", "the upload is not known any more");
  const have = new Set(there);
  let done = 0;
  for (let i = 0; i < chunksOf(s); i++) {
    if (!have.has(i)) await pages.put(id, i, await sealChunk(s, file, i));
    done = Math.min(s.sealed, done + s.chunk);
    progress(done);
  }
}

/**
 * Fetches a file. keep is told each chunk once it was opened, and kept says which there are from an earlier
 * attempt, so that an interrupted download goes on.
 */
export async function download(
  pages: BlobPages,
  s: Attached,
  kept: (i: number) => Promise<Bytes | undefined>,
  keep: (i: number, chunk: Bytes) => Promise<void>,
  progress: (done: number) => void,
): Promise<Bytes> {
  const file = new Uint8Array(s.size);
  const plain = s.chunk - TAG;
  const chunks = chunksOf(s);
  if (Math.max(1, Math.ceil(s.size / plain)) !== chunks || s.sealed !== s.size + chunks * TAG) {
    throw new KinwireError("gone", "a file's sizes contradict one another");
  }
  for (let i = 0; i < chunks; i++) {
    let part = await kept(i);
    if (!part) {
      part = await openChunk(s, await pages.get(s.id, i), i);
      await keep(i, part);
    }
    if (i * plain + part.length > s.size) throw new KinwireError("gone", "a file is longer than was said");
    file.set(part, i * plain);
    progress(Math.min(s.sealed, (i + 1) * s.chunk));
  }
  await checkFile(s, file);
  return file;
}
