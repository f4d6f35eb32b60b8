import type { ChatInfo } from "../proto_gen.ts";
import { toBase64 } from "./bytes.ts";
import type { DeviceRecord, Pages } from "./core.ts";
import { makeSignatureKeys, signingFor } from "./suites.ts";
import type { Vault } from "./vault.ts";

/**
 * This device, out of the vault or, the first time, made at the server. Where the vault has one, no connection
 * is needed: what the server last said of its limits is kept along.
 */
export async function openDevice(vault: Vault, pages: Pages, name: string): Promise<DeviceRecord> {
  const kept = await vault.get<DeviceRecord>("device", "self");
  if (kept) return kept;
  const info = await pages.page("GET /v1/chat");
  const keys = await makeSignatureKeys(signingFor(info.suites));
  const made = await pages.page("POST /v1/chat/devices", {
    body: { name: [...name].slice(0, 64).join(""), signature_key: toBase64(keys.publicKey) },
  });
  const record: DeviceRecord = { id: made.id, secret: made.secret, keys, info };
  await vault.writeSafely({ put: ["device", "self"], value: record });
  return record;
}

/** Asks for the limits again and keeps them. */
export async function refreshInfo(vault: Vault, pages: Pages, device: DeviceRecord): Promise<ChatInfo> {
  const info = await pages.page("GET /v1/chat");
  await vault.write({ put: ["device", "self"], value: { ...device, info } });
  return info;
}
