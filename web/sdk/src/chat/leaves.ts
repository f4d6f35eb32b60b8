import type { CiphersuiteImpl, ClientState, KeyPackage } from "ts-mls";
import { own, text, toHex, utf8, type Bytes } from "./bytes.ts";
import { numberOf, suiteOf, type SignatureKeys } from "./suites.ts";

/** A person's device: who a leaf is. */
export interface Member {
  userID: string;
  deviceID: string;
}

/** A device in a group's tree. */
export interface Leaf extends Member {
  index: number;
  signatureKey: Bytes;
}

export type Library = typeof import("ts-mls");
/** ts-mls, loaded when it is first needed. */
export const library = (): Promise<Library> => import("ts-mls");

export function identityOf(m: Member): Bytes {
  return utf8(`${m.userID}/${m.deviceID}`);
}

/** The devices in a state's tree. Throws where a leaf has another credential than this app's. */
export function leaves(state: ClientState): Leaf[] {
  const found: Leaf[] = [];
  for (const [i, node] of state.ratchetTree.entries()) {
    if (node?.nodeType !== "leaf") continue;
    found.push({
      ...memberOf(node.leaf.credential),
      index: i / 2,
      signatureKey: own(node.leaf.signaturePublicKey),
    });
  }
  return found;
}

/** Whose a credential is. Throws where it is none of this app's. */
export function memberOf(credential: { credentialType: string; identity?: Uint8Array }): Member {
  const parts = credential.identity ? text(credential.identity).split("/") : [];
  if (credential.credentialType !== "basic" || parts.length !== 2 || !parts[0] || !parts[1]) {
    throw new Error(`a leaf's credential is not "user id/device id"`);
  }
  return { userID: parts[0], deviceID: parts[1] };
}

/** Reads an MLSMessage to its last byte. */
export async function decode(message: Bytes) {
  const m = await library();
  const decoded = m.decodeMlsMessage(message, 0);
  if (!decoded || decoded[1] !== message.length) throw new Error("not an MLS message");
  return decoded[0];
}

/** A key package: what others need to add this device, and what this device needs to come in by it. */
export interface OwnKeyPackage {
  /** Its reference (RFC 9420, section 5.2) in hex. */
  ref: string;
  suite: number;
  /** MLSMessage. */
  message: Bytes;
  initKey: Bytes;
  leafKey: Bytes;
}

export async function makeKeyPackage(suite: number, me: Member, keys: SignatureKeys): Promise<OwnKeyPackage> {
  const cs = await suiteOf(suite);
  const m = await library();
  const made = await freshKeyPackage(m, cs, me, keys);
  return {
    ref: await refOf(made.publicPackage, cs),
    suite,
    message: own(
      m.encodeMlsMessage({
        version: "mls10",
        wireformat: "mls_key_package",
        keyPackage: made.publicPackage,
      }),
    ),
    initKey: own(made.privatePackage.initPrivateKey),
    leafKey: own(made.privatePackage.hpkePrivateKey),
  };
}

/** A year from now, and a day back for clocks that are wrong. The server takes packages away long before. */
function lifetime() {
  const now = BigInt(Math.floor(Date.now() / 1000));
  return { notBefore: now - 86_400n, notAfter: now + 31_536_000n };
}

/** A key package with fresh keys, and its secrets. */
export function freshKeyPackage(m: Library, cs: CiphersuiteImpl, me: Member, keys: SignatureKeys) {
  const capabilities = { ...m.defaultCapabilities(), credentials: ["basic" as const] };
  return m.generateKeyPackageWithKey(
    { credentialType: "basic", identity: identityOf(me) },
    capabilities,
    lifetime(),
    [],
    keys,
    cs,
  );
}

async function refOf(kp: KeyPackage, cs: CiphersuiteImpl): Promise<string> {
  const { makeKeyPackageRef } = await import("ts-mls/keyPackage.js");
  return toHex(await makeKeyPackageRef(kp, cs.hash));
}

/** Whose device a key package is. Its signature is verified; throws where it is not as it should be. */
export async function readKeyPackage(message: Bytes, suite: number): Promise<Leaf & { package: KeyPackage }> {
  const cs = await suiteOf(suite);
  const decoded = await decode(message);
  if (decoded.wireformat !== "mls_key_package") throw new Error("not a key package");
  const kp = decoded.keyPackage;
  if (numberOf(kp.cipherSuite) !== suite) throw new Error(`a key package of another suite than ${suite}`);
  const { verifyKeyPackage } = await import("ts-mls/keyPackage.js");
  if (!(await verifyKeyPackage(kp, cs.signature))) throw new Error("a key package's signature is wrong");
  const member = memberOf(kp.leafNode.credential);
  return { ...member, index: -1, signatureKey: own(kp.leafNode.signaturePublicKey), package: kp };
}
