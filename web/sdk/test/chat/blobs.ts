import { randomBase32 } from "../../src/chat/bytes.ts";
import type { Attachment } from "../../src/proto_gen.ts";
import { refuse } from "./parts.ts";
import type { Service } from "./service.ts";

type Page = (user: string, path: Record<string, string>, body: never) => unknown;

/** The pages of attachments. */
export function blobPages(service: Service): Record<string, Page> {
  const blob = (id: string): Attachment => {
    const b = service.blobs.get(id) ?? refuse("not_found", "attachment");
    return { id, size: b.size, chunk_bytes: 1 << 16, have: [...b.chunks.keys()], expires_at: 0 };
  };
  return {
    "POST /v1/chat/attachments": (user, _, body: { conversation_id: string; size: number }) => {
      service.room(user, body.conversation_id);
      const id = `at_${randomBase32(26)}`;
      service.blobs.set(id, { chunks: new Map(), size: body.size, grants: new Set() });
      return blob(id);
    },
    "GET /v1/chat/attachments/{id}": (_, { id }) => blob(id!),
    "PUT /v1/chat/attachments/{id}/chunks/{other}": (_, { id, other }, body: Uint8Array) => {
      blob(id!);
      service.blobs.get(id!)!.chunks.set(Number(other), body);
    },
    "GET /v1/chat/attachments/{id}/chunks/{other}": (user, { id, other }) => {
      blob(id!);
      const b = service.blobs.get(id!)!;
      if (!service.of(user).some((d) => b.grants.has(d.id))) refuse("not_found", "no right to it");
      return b.chunks.get(Number(other)) ?? refuse("not_found", "chunk");
    },
    "DELETE /v1/chat/attachments/{id}/devices/{other}": (user, { id, other }) => {
      service.own(user, other!);
      const b = service.blobs.get(id!) ?? refuse("not_found", "attachment");
      b.grants.delete(other!);
      if (b.grants.size === 0) service.blobs.delete(id!);
    },
  };
}
