import type { CiphersuiteImpl } from "ts-mls";
import { KinwireError } from "../errors.ts";
import { concat, fromBase64, own, type Bytes } from "./bytes.ts";

/** How a device signs: each has one kind of signature key for all its conversations. */
export type Signing = "ed25519" | "p256";

interface SuiteFacts {
  name:
    | "MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519"
    | "MLS_128_DHKEMP256_AES128GCM_SHA256_P256"
    | "MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519"
    | "MLS_256_XWING_AES256GCM_SHA512_Ed25519";
  signing: Signing;
}

/**
 * The cipher suites that this SDK can do, by their MLS numbers: 1 to 3 of RFC 9420 (section 17.1), and 83,
 * X-Wing (ML-KEM-768 together with X25519), which stays secret even from who records today and has a quantum
 * computer later. 83 is no registered number yet: it is the one ts-mls uses.
 */
const SUITES: Record<number, SuiteFacts> = {
  1: { name: "MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519", signing: "ed25519" },
  2: { name: "MLS_128_DHKEMP256_AES128GCM_SHA256_P256", signing: "p256" },
  3: { name: "MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519", signing: "ed25519" },
  83: { name: "MLS_256_XWING_AES256GCM_SHA512_Ed25519", signing: "ed25519" },
};

const loaded = new Map<number, Promise<CiphersuiteImpl>>();

/**
 * What carries out a suite. The library, and what only this suite needs, are loaded when it is first asked
 * for.
 */
export function suiteOf(number: number): Promise<CiphersuiteImpl> {
  const facts = factsOf(number);
  const known = loaded.get(number);
  if (known) return known;
  const loading = import("ts-mls").then((m) => m.getCiphersuiteImpl(m.getCiphersuiteFromName(facts.name)));
  loading.catch(() => loaded.delete(number));
  loaded.set(number, loading);
  return loading;
}

/** The number of a suite by its name, or 0. */
export function numberOf(name: string): number {
  return Number(Object.entries(SUITES).find(([, f]) => f.name === name)?.[0] ?? 0);
}

/** Of the server's suites those that a device with this kind of key can do, the best first. */
export function usable(suites: number[], signing: Signing): number[] {
  return suites.filter((n) => SUITES[n]?.signing === signing);
}

/** With which kind of key a new device fits the server's best suite. */
export function signingFor(suites: number[]): Signing {
  const best = suites.find((n) => SUITES[n]);
  if (best === undefined) {
    throw new KinwireError("not_allowed", `this app has none of the server's cipher suites (${suites})`);
  }
  return SUITES[best]!.signing;
}

function factsOf(number: number): SuiteFacts {
  const facts = SUITES[number];
  if (!facts) throw new KinwireError("not_allowed", `cipher suite ${number} is not known to this app`);
  return facts;
}

/** A signature key pair as MLS has it: the public key as it stands in leaves. */
export interface SignatureKeys {
  signing: Signing;
  publicKey: Bytes;
  /** As ts-mls takes it: PKCS #8 of an Ed25519 key, the 32 bytes of a P-256 one. */
  signKey: Bytes;
}

/** Makes a key pair. A browser that cannot, for it is too old, is told so. */
export async function makeSignatureKeys(signing: Signing): Promise<SignatureKeys> {
  try {
    return await (signing === "ed25519" ? makeEd25519() : makeP256());
  } catch (e) {
    if ((e as Error | null)?.name !== "NotSupportedError") throw e;
    throw new KinwireError("not_allowed", "this browser is too old for messages", { cause: e });
  }
}

async function makeEd25519(): Promise<SignatureKeys> {
  const suite = await suiteOf(1);
  const { publicKey, signKey } = await suite.signature.keygen();
  return { signing: "ed25519", publicKey: own(publicKey), signKey: own(signKey) };
}

/** The library's own keygen gives the point compressed, which MLS does not (RFC 9420, section 5.1.1). */
async function makeP256(): Promise<SignatureKeys> {
  const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign"]);
  const jwk = await crypto.subtle.exportKey("jwk", pair.privateKey);
  const part = (s: string | undefined) =>
    fromBase64(
      s!
        .replaceAll("-", "+")
        .replaceAll("_", "/")
        .padEnd(Math.ceil(s!.length / 4) * 4, "="),
    );
  return {
    signing: "p256",
    publicKey: concat(new Uint8Array([4]), part(jwk.x), part(jwk.y)),
    signKey: part(jwk.d),
  };
}
