import { KinwireError } from "../../src/errors.ts";
import type { ChatDelivery, ChatSent, Code } from "../../src/proto_gen.ts";
import type { Session } from "./session.ts";

/** A device as the service has it. */
export interface Device {
  id: string;
  user: string;
  name: string;
  key: string;
  secret: string;
  packages: Map<number, string[]>;
  last: Map<number, string>;
  queue: ChatDelivery[];
  nextPos: number;
  lastN: number;
  sent: Map<number, ChatSent>;
  session: Session | undefined;
}

/** A conversation as the service has it. */
export interface Room {
  id: string;
  kind: "direct" | "group";
  suite: number;
  generation: number;
  epoch: number;
  seq: number;
  groupInfo: string;
  committer: string;
  committedID: string;
  createdBy: string;
  members: Set<string>;
  leaves: Map<string, "in" | "out">;
  delivered: Map<string, number>;
}

/** What it tells of its limits. */
export const LIMITS = {
  key_packages: 4,
  max_body: 65536,
  max_attachment: 1 << 22,
  chunk_bytes: 1 << 16,
  max_people: 16,
  retention: 1_296_000,
  attachment_types: ["image/webp"],
  photos: true,
};

/** Refuses as the server does. */
export const refuse = (code: Code, message: string): never => {
  throw new KinwireError(code, message);
};

/** The outside of a PrivateMessage: version, wire format, group id, epoch (RFC 9420, section 6). */
export function outside(b: Uint8Array): { group: string; epoch: number } {
  const v = new DataView(b.buffer, b.byteOffset);
  if (v.getUint16(0) !== 1 || v.getUint16(2) !== 2) refuse("bad_message", "not a private message");
  const n = b[4]! & 63;
  if (b[4]! >> 6 !== 0) refuse("bad_message", "a long group id");
  return { group: new TextDecoder().decode(b.subarray(5, 5 + n)), epoch: Number(v.getBigUint64(5 + n)) };
}
