import { own, type Bytes } from "./bytes.ts";
import {
  ContentError,
  encodeLetter,
  MAX_THUMB,
  newContentID,
  NOTHING_SAID,
  type Attached,
  type WireContent,
} from "./content.ts";
import type { MessageRecord } from "./records.ts";
import type { OutgoingContent, OutgoingMedia } from "./types.ts";

/** about: what the conversation is like, for those who have just come in. */
export type Outgoing = OutgoingContent | { kind: "about" };

/** Kinds that do not disappear, for they are nothing that is read. */
export const SILENT = new Set(["reaction", "about", "title", "timer"]);

/** The bytes of a file on its way out. */
export async function bytesOf(media: OutgoingMedia): Promise<Bytes> {
  if (media.thumb && media.thumb.length > MAX_THUMB) {
    throw new ContentError(`thumb: ${media.thumb.length} bytes; at most ${MAX_THUMB}`);
  }
  return media.data instanceof Uint8Array ? own(media.data) : new Uint8Array(await media.data.arrayBuffer());
}

/** What is kept with the message: the file's bytes lie elsewhere. */
export function withoutBytes(content: Outgoing): Outgoing {
  if (!("media" in content)) return content;
  return { ...content, media: { ...content.media, data: new Uint8Array(0) } };
}

/** What a message says on the wire: with the file's place and key, where it has one. */
export function wireContent(m: MessageRecord): WireContent {
  const draft = m.draft!;
  if (!("media" in draft)) return draft;
  const { data: _, thumb, ...facts } = draft.media;
  const media: Attached = {
    id: m.media!.id,
    ...m.media!.sealing,
    ...facts,
    ...(thumb && { thumb: own(thumb) }),
  };
  return { ...draft, media } as WireContent;
}

/** Throws ContentError where a reader would refuse this, before anything is kept. */
export function check(content: Outgoing): void {
  const sealing = {
    id: "a",
    key: new Uint8Array(32),
    prefix: new Uint8Array(7),
    sha256: new Uint8Array(32),
    size: 0,
    sealed: 16,
    chunk: 1024,
  };
  const tried = { id: "", sealing, done: true };
  const m = { draft: withoutBytes(content), media: tried } as unknown as MessageRecord;
  encodeLetter({
    id: newContentID(),
    content: wireContent({ ...m, media: { ...tried, id: "a" } }),
    timer: 0,
    opened: 0,
    about: NOTHING_SAID,
  });
}
