import { concat, equal, random, type Bytes } from "./bytes.ts";

/**
 * Message franking: a sender commits to what a message says, so that who got it can prove it later, and nobody
 * can make others read something else than what would be reported.
 *
 *     commitment = HMAC-SHA-256(opening, content), opening: 32 random bytes for this message alone
 *
 * The commitment goes in MLS's authenticated data, which the server sees and binds to sender, conversation and
 * time with a tag of its own; opening and content go inside. HMAC under a key of fixed length is binding:
 * nobody finds two pairs of opening and content with one commitment (that would be a collision of SHA-256),
 * whereas AES-GCM by itself lets one ciphertext open in two ways under two keys. A message whose commitment
 * does not open is refused, and so can never be shown and then not be reported.
 */
export interface Franked {
  opening: Bytes;
  commitment: Bytes;
  /** What MLS encrypts: the opening, then the content. */
  plaintext: Bytes;
}

const OPENING = 32;

/** Commits to a content, with a new opening or, to encrypt the same message once more, its old one. */
export async function frank(content: Bytes, opening: Bytes = random(OPENING)): Promise<Franked> {
  return {
    opening,
    commitment: await commitmentOf(opening, content),
    plaintext: concat(opening, content),
  };
}

export async function commitmentOf(opening: Bytes, content: Bytes): Promise<Bytes> {
  if (opening.length !== OPENING) throw new Error(`an opening has ${OPENING} bytes, not ${opening.length}`);
  const key = await crypto.subtle.importKey("raw", opening, { name: "HMAC", hash: "SHA-256" }, false, [
    "sign",
  ]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", key, content));
}

/**
 * Opens what MLS has decrypted. commitments are all those that came along: the one in the authenticated data
 * and the one that the server vouches for; each has to be that of this content.
 */
export async function unfrank(
  plaintext: Bytes,
  ...commitments: Bytes[]
): Promise<{ opening: Bytes; content: Bytes }> {
  const opening = plaintext.slice(0, OPENING);
  const content = plaintext.slice(OPENING);
  const commitment = await commitmentOf(opening, content);
  if (commitments.length === 0 || !commitments.every((c) => equal(c, commitment))) {
    throw new Error("a message that is not what its sender committed to");
  }
  return { opening, content };
}
