import { existsSync, readFileSync } from "node:fs";
import {
  decodeMlsMessage,
  emptyPskIndex,
  encodeMlsMessage,
  joinGroup,
  makePskIndex,
  processMessage,
  acceptAll,
  mlsExporter,
  type ClientState,
} from "ts-mls";
import { createConfirmedHash, createInterimHash } from "ts-mls/transcriptHash.js";
import { decodeAuthenticatedContent } from "ts-mls/authenticatedContent.js";
import { deriveSecret, deriveTreeSecret, expandWithLabel } from "ts-mls/crypto/kdf.js";
import { decryptWithLabel } from "ts-mls/crypto/hpke.js";
import { refhash } from "ts-mls/crypto/hash.js";
import { verifyWithLabel } from "ts-mls/crypto/signature.js";
import { encodeGroupContext, extractEpochSecret, extractJoinerSecret } from "ts-mls/groupContext.js";
import { extractWelcomeSecret } from "ts-mls/groupInfo.js";
import { initializeKeySchedule } from "ts-mls/keySchedule.js";
import { decodeRatchetTree } from "ts-mls/ratchetTree.js";
import { treeHash } from "ts-mls/treeHash.js";
import { verifyParentHashes } from "ts-mls/parentHash.js";
import { toNodeIndex } from "ts-mls/treemath.js";
import { describe, expect, test } from "vitest";
import { toHex } from "../../src/chat/bytes.ts";
import { suiteOf } from "../../src/chat/suites.ts";

/**
 * The test vectors that the MLS working group publishes for RFC 9420: the JSON files of the folder
 * test-vectors in github.com/mlswg/mls-implementations. They are not a part of this tree; MLS_VECTORS names
 * the folder where they are:
 *
 *     MLS_VECTORS=/path/to/test-vectors npx vitest run sdk/test/chat/vectors
 *
 * Of each file those of the suites 1 to 3 are run. X-Wing (83) has none.
 */
declare const process: { env: Record<string, string | undefined> };
const dir = process.env["MLS_VECTORS"] ?? "";
const there = dir !== "" && existsSync(`${dir}/crypto-basics.json`);

type Json = Record<string, any>;
const vectors = (name: string): Json[] => {
  const all = JSON.parse(readFileSync(`${dir}/${name}.json`, "utf8")) as Json[];
  return all.filter((v) => [1, 2, 3].includes(v["cipher_suite"] ?? 1));
};
const hex = (s: string) => Uint8Array.from(s.match(/../g) ?? [], (b) => parseInt(b, 16));
const first = <T>(decoded: [T, number] | undefined): T => decoded![0];

describe.skipIf(!there)("RFC 9420 test vectors", () => {
  test("crypto-basics", async () => {
    for (const v of vectors("crypto-basics")) {
      const cs = await suiteOf(v["cipher_suite"]);
      const {
        ref_hash,
        expand_with_label,
        derive_secret,
        derive_tree_secret,
        sign_with_label,
        encrypt_with_label,
      } = v as Record<string, Json>;
      const r = ref_hash!;
      expect(toHex(await refhash(r["label"], hex(r["value"]), cs.hash))).toBe(r["out"]);
      const e = expand_with_label!;
      const expanded = await expandWithLabel(
        hex(e["secret"]),
        e["label"],
        hex(e["context"]),
        e["length"],
        cs.kdf,
      );
      expect(toHex(expanded)).toBe(e["out"]);
      const d = derive_secret!;
      expect(toHex(await deriveSecret(hex(d["secret"]), d["label"], cs.kdf))).toBe(d["out"]);
      const t = derive_tree_secret!;
      const derived = await deriveTreeSecret(
        hex(t["secret"]),
        t["label"],
        t["generation"],
        t["length"],
        cs.kdf,
      );
      expect(toHex(derived)).toBe(t["out"]);
      const s = sign_with_label!;
      const valid = (signature: string) =>
        verifyWithLabel(hex(s["pub"]), s["label"], hex(s["content"]), hex(signature), cs.signature);
      expect(await valid(s["signature"])).toBe(true);
      const h = encrypt_with_label!;
      const key = await cs.hpke.importPrivateKey(hex(h["priv"]));
      const opened = await decryptWithLabel(
        key,
        h["label"],
        hex(h["context"]),
        hex(h["kem_output"]),
        hex(h["ciphertext"]),
        cs.hpke,
      );
      expect(toHex(opened)).toBe(h["plaintext"]);
    }
  });

  test("key-schedule", async () => {
    for (const v of vectors("key-schedule")) {
      const cs = await suiteOf(v["cipher_suite"]);
      let init = hex(v["initial_init_secret"]);
      for (const [i, e] of (v["epochs"] as Json[]).entries()) {
        const context = {
          version: "mls10" as const,
          cipherSuite: cs.name,
          groupId: hex(v["group_id"]),
          epoch: BigInt(i),
          treeHash: hex(e["tree_hash"]),
          confirmedTranscriptHash: hex(e["confirmed_transcript_hash"]),
          extensions: [],
        };
        expect(toHex(encodeGroupContext(context))).toBe(e["group_context"]);
        const psk = hex(e["psk_secret"]);
        const joiner = await extractJoinerSecret(context, init, hex(e["commit_secret"]), cs.kdf);
        expect(toHex(joiner)).toBe(e["joiner_secret"]);
        expect(toHex(await extractWelcomeSecret(joiner, psk, cs.kdf))).toBe(e["welcome_secret"]);
        const epochSecret = await extractEpochSecret(context, joiner, cs.kdf, psk);
        expect(toHex(await deriveSecret(epochSecret, "encryption", cs.kdf))).toBe(e["encryption_secret"]);
        const ks = await initializeKeySchedule(epochSecret, cs.kdf);
        expect({
          confirmation_key: toHex(ks.confirmationKey),
          epoch_authenticator: toHex(ks.epochAuthenticator),
          exporter_secret: toHex(ks.exporterSecret),
          external_secret: toHex(ks.externalSecret),
          init_secret: toHex(ks.initSecret),
          membership_key: toHex(ks.membershipKey),
          resumption_psk: toHex(ks.resumptionPsk),
          sender_data_secret: toHex(ks.senderDataSecret),
        }).toEqual(Object.fromEntries(Object.entries(e).filter(([k]) => NAMES.has(k))));
        const pair = await cs.hpke.deriveKeyPair(ks.externalSecret);
        expect(toHex(await cs.hpke.exportPublicKey(pair.publicKey))).toBe(e["external_pub"]);
        const x = e["exporter"] as Json;
        const exported = await mlsExporter(ks.exporterSecret, x["label"], hex(x["context"]), x["length"], cs);
        expect(toHex(exported)).toBe(x["secret"]);
        init = hex(e["init_secret"]);
      }
    }
  });

  test("transcript-hashes", async () => {
    for (const v of vectors("transcript-hashes")) {
      const cs = await suiteOf(v["cipher_suite"]);
      const c = first(decodeAuthenticatedContent(hex(v["authenticated_content"]), 0));
      if (c.content.contentType !== "commit" || c.auth.contentType !== "commit")
        throw new Error("not a commit");
      const input = { wireformat: c.wireformat, content: c.content, signature: c.auth.signature };
      const confirmed = await createConfirmedHash(hex(v["interim_transcript_hash_before"]), input, cs.hash);
      expect(toHex(confirmed)).toBe(v["confirmed_transcript_hash_after"]);
      const interim = await createInterimHash(confirmed, c.auth.confirmationTag, cs.hash);
      expect(toHex(interim)).toBe(v["interim_transcript_hash_after"]);
    }
  });

  test("tree-validation", async () => {
    for (const v of vectors("tree-validation")) {
      const cs = await suiteOf(v["cipher_suite"]);
      const tree = first(decodeRatchetTree(hex(v["tree"]), 0));
      for (const [i, wanted] of (v["tree_hashes"] as string[]).entries()) {
        expect(toHex(await treeHash(tree, toNodeIndex(i), cs.hash))).toBe(wanted);
      }
      expect(await verifyParentHashes(tree, cs.hash)).toBe(true);
    }
  }, 60_000);

  test("messages: every kind of MLSMessage reads and writes back the same", () => {
    const kinds = new Set<string>();
    for (const v of vectors("messages")) {
      for (const [name, bytes] of Object.entries(v)) {
        if (!/^(mls_|public_message|private_message)/.test(name)) continue;
        const decoded = decodeMlsMessage(hex(bytes), 0)!;
        expect(decoded[1]).toBe(bytes.length / 2);
        expect(toHex(encodeMlsMessage(decoded[0]))).toBe(bytes);
        kinds.add(name);
      }
    }
    expect(kinds.size).toBeGreaterThanOrEqual(7);
  });

  for (const [file, most] of [
    ["passive-client-welcome", 1000],
    ["passive-client-handling-commit", 1000],
    ["passive-client-random", 60],
  ] as const) {
    test(
      file,
      async () => {
        let run = 0;
        for (const v of vectors(file)) {
          await passive(v, most);
          run++;
        }
        expect(run).toBeGreaterThan(0);
      },
      120_000,
    );
  }
});

const NAMES = new Set(
  (
    "confirmation_key,epoch_authenticator,exporter_secret,external_secret,init_secret,membership_key," +
    "resumption_psk,sender_data_secret"
  ).split(","),
);

/** A client that only listens: in by a Welcome, then epoch after epoch. */
async function passive(v: Json, most: number): Promise<void> {
  const cs = await suiteOf(v["cipher_suite"]);
  const kp = first(decodeMlsMessage(hex(v["key_package"]), 0));
  const welcome = first(decodeMlsMessage(hex(v["welcome"]), 0));
  if (kp.wireformat !== "mls_key_package" || welcome.wireformat !== "mls_welcome")
    throw new Error("other messages");
  const psks: Record<string, Uint8Array> = {};
  for (const p of v["external_psks"] as Json[])
    psks[btoa(String.fromCharCode(...hex(p["psk_id"])))] = hex(p["psk"]);
  const keys = {
    initPrivateKey: hex(v["init_priv"]),
    hpkePrivateKey: hex(v["encryption_priv"]),
    signaturePrivateKey: hex(v["signature_priv"]),
  };
  const index = (state?: ClientState) =>
    Object.keys(psks).length > 0 || state ? makePskIndex(state, psks) : emptyPskIndex;
  const tree = v["ratchet_tree"] ? first(decodeRatchetTree(hex(v["ratchet_tree"]), 0)) : undefined;
  let state = await joinGroup(welcome.welcome, kp.keyPackage, keys, index(), cs, tree);
  expect(toHex(state.keySchedule.epochAuthenticator)).toBe(v["initial_epoch_authenticator"]);
  for (const e of (v["epochs"] as Json[]).slice(0, most)) {
    for (const m of [...(e["proposals"] as string[]), e["commit"] as string]) {
      const message = first(decodeMlsMessage(hex(m), 0));
      if (message.wireformat !== "mls_private_message" && message.wireformat !== "mls_public_message") {
        throw new Error(message.wireformat);
      }
      const done = await processMessage(message, state, index(state), acceptAll, cs);
      state = done.newState;
    }
    expect(toHex(state.keySchedule.epochAuthenticator)).toBe(e["epoch_authenticator"]);
  }
}
