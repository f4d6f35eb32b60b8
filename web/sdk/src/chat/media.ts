import { codeOf, KinwireError } from "../errors.ts";
import { checkFile, download, sealingFor, upload, type BlobPages, type Sealing } from "./attachments.ts";
import type { Book } from "./book.ts";
import { concat, own, type Bytes } from "./bytes.ts";
import type { Attached } from "./content.ts";
import { Tx, type Core, type Pages } from "./core.ts";
import { mediaOf, type MessageRecord } from "./records.ts";
import type { MessageID } from "./types.ts";

/** Files lie in the vault in pieces of this size. */
const PIECE = 1 << 20;

/** Files of messages: kept in the vault, brought to the server and fetched from there. */
export class Files {
  readonly #core: Core;
  readonly #book: Book;
  readonly #blobs: BlobPages;
  #fetching = new Map<MessageID, Promise<Bytes>>();

  constructor(core: Core, book: Book) {
    this.#core = core;
    this.#book = book;
    this.#blobs = blobPages(core.pages);
  }

  /** Keeps the bytes of an own message's file, as part of a write. */
  async keep(tx: Tx, messageID: MessageID, file: Bytes): Promise<Sealing> {
    if (file.length > this.#core.info.max_attachment) {
      throw new KinwireError(
        "too_large",
        `given ${file.length} bytes; allowed are ${this.#core.info.max_attachment}`,
      );
    }
    const sealing = await sealingFor(file, this.#core.info.chunk_bytes);
    for (let i = 0; i * PIECE < Math.max(1, file.length); i++) {
      const piece = file.slice(i * PIECE, (i + 1) * PIECE);
      tx.put("media", `${messageID} ${i}`, piece, { order: i, group: mediaOf(messageID) });
    }
    return sealing;
  }

  async #kept(messageID: MessageID): Promise<Bytes> {
    const pieces = await this.#core.vault.list<Bytes>(mediaOf(messageID));
    return concat(...pieces.reverse().map((p) => p.value));
  }

  /**
   * Brings the file of an own message to the server, or goes on with it. Returns the message as it is kept
   * then. An upload that the server does not know any more is begun again.
   */
  async send(m: MessageRecord): Promise<MessageRecord> {
    const file = await this.#kept(m.id);
    let now = m;
    for (let attempt = 0; !now.media!.done; attempt++) {
      const media = now.media!;
      if (!media.id) {
        const made = await this.#blobs.begin(m.conversationID, media.sealing.sealed);
        if (made.chunkBytes !== media.sealing.chunk) {
          // The server's chunks have another size by now.
          now = await this.#keepDraft(m, { id: "", sealing: await sealingFor(file, made.chunkBytes) });
          this.#core.info = { ...this.#core.info, chunk_bytes: made.chunkBytes };
          continue;
        }
        now = await this.#keepDraft(m, { ...media, id: made.id });
      }
      const { id, sealing } = now.media!;
      try {
        await upload(this.#blobs, sealing, id, file, (done) => this.#tell(m.id, "up", done, sealing.sealed));
        now = await this.#keepDraft(m, { id, sealing }, true);
      } catch (e) {
        if (codeOf(e) !== "gone" || attempt > 2) throw e;
        now = await this.#keepDraft(m, { id: "", sealing });
      }
    }
    return now;
  }

  #keepDraft(
    { id, conversationID }: MessageRecord,
    media: { id: string; sealing: Sealing },
    done = false,
  ): Promise<MessageRecord> {
    return this.#core.locks.run(conversationID, async () => {
      const m = await this.#book.message(id);
      if (!m) throw new KinwireError("gone", "the message was deleted");
      const tx = new Tx();
      const now = { ...m, media: { ...media, done } };
      this.#book.put(tx, now);
      await tx.commit(this.#core.vault);
      return now;
    });
  }

  #tell(messageID: MessageID, direction: "up" | "down", done: number, total: number): void {
    this.#core.emit("progress", { messageID, direction, done, total });
  }

  /** The bytes of a message's file: out of the vault, or fetched, and then given up at the server. */
  get(m: MessageRecord, a: Attached | undefined): Promise<Bytes> {
    if (m.media || m.file === "here") return this.#kept(m.id);
    if (m.file === "gone" || !a)
      return Promise.reject(new KinwireError("gone", "the file is not there any more"));
    const running = this.#fetching.get(m.id);
    if (running) return running;
    const fetching = this.#fetch(m, a).finally(() => this.#fetching.delete(m.id));
    this.#fetching.set(m.id, fetching);
    return fetching;
  }

  async #fetch(m: MessageRecord, a: Attached): Promise<Bytes> {
    const { vault, me, pages } = this.#core;
    // Chunks are kept in the vault as they come, one piece each, so that a download goes on after an interruption.
    const piece = (i: number) => [`${m.id} ${i}`, { order: i, group: mediaOf(m.id) }] as const;
    try {
      const file = await download(
        this.#blobs,
        a,
        (i) => vault.get<Bytes>("media", piece(i)[0]),
        (i, chunk) => vault.write({ put: ["media", piece(i)[0]], value: chunk, ...piece(i)[1] }),
        (done) => this.#tell(m.id, "down", done, a.sealed),
      );
      await checkFile(a, file);
      await this.#mark(m.id, "here");
      await this.#giveUp(a.id, pages, me.deviceID);
      return file;
    } catch (e) {
      if (codeOf(e) === "not_found" || codeOf(e) === "gone") {
        await this.#mark(m.id, "gone");
        if (codeOf(e) === "gone") await this.#giveUp(a.id, pages, me.deviceID);
        throw new KinwireError("gone", "the file is not there any more", { cause: e });
      }
      throw e;
    }
  }

  async #giveUp(id: string, pages: Pages, device: string): Promise<void> {
    try {
      const path = { id, other: device };
      await pages.page("DELETE /v1/chat/attachments/{id}/devices/{other}", { path });
    } catch (e) {
      // It goes by itself when its time is over.
      if (codeOf(e) !== "not_found") this.#core.fail(e);
    }
  }

  async #mark(id: MessageID, file: "here" | "gone"): Promise<void> {
    const known = await this.#book.message(id);
    if (!known) return;
    await this.#core.locks.run(known.conversationID, async () => {
      const m = await this.#book.message(id);
      if (!m) return;
      const tx = new Tx();
      if (file === "gone") tx.drop(mediaOf(id));
      this.#book.change(tx, { ...m, file });
      await tx.commit(this.#core.vault);
    });
  }
}

function blobPages(pages: Pages): BlobPages {
  const path = (id: string, other: number) => ({ path: { id, other: String(other) } });
  return {
    async begin(conversation_id, size) {
      const made = await pages.page("POST /v1/chat/attachments", { body: { conversation_id, size } });
      return { id: made.id, chunkBytes: made.chunk_bytes, have: made.have };
    },
    async have(id) {
      try {
        return (await pages.page("GET /v1/chat/attachments/{id}", { path: { id } })).have;
      } catch (e) {
        if (codeOf(e) === "not_found") return undefined;
        throw e;
      }
    },
    async put(id, i, chunk) {
      await pages.page("PUT /v1/chat/attachments/{id}/chunks/{other}", { ...path(id, i), body: chunk });
    },
    async get(id, i) {
      return own(await pages.page("GET /v1/chat/attachments/{id}/chunks/{other}", path(id, i)));
    },
  };
}
