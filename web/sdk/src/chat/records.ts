import type { ChatDevice, ConversationKind, ConversationShut, Person } from "../proto_gen.ts";
import type { Bytes } from "./bytes.ts";
import type { About } from "./content.ts";
import type { Sealing } from "./attachments.ts";
import type { MessageID, OutgoingContent, Problem, SystemLine } from "./types.ts";

/**
 * What the vault keeps, and under which names:
 *
 *     device       self      DeviceRecord
 *     device       pos       up to which place of its queue this device has everything
 *     device       acked     up to which place the server was told so
 *     device       n         the number of the last message that the server took
 *     device       inflight  Inflight: the one message that is being sent
 *     conversation <id>      ConversationRecord
 *     group        <id>      GroupRecord: the MLS state of a conversation
 *     pending      <id>      PendingRecord: a commit of one's own whose fate is open
 *     message      <id>      MessageRecord, listed in "messages <conversation>" by order
 *     seq          <conversation> <seq>   message id, listed in "seqs <conversation>"
 *     outbox       <id>      {conversationID}, by order
 *     person       <id>      PersonRecord: known devices, verified mark
 *     keys         <ref>     key packages that can still be used
 *     media        <message> <chunk>      bytes of files, listed in "media <message>"
 */
export interface MemberRecord {
  person: Person;
  devices: Pick<ChatDevice, "id" | "signature_key">[];
}

export interface ConversationRecord {
  id: string;
  kind: ConversationKind;
  createdBy: string;
  suite: number;
  /** As the server last told. */
  generation: number;
  epoch: number;
  members: MemberRecord[];
  leaves: string[];
  remove: string[];
  shut: ConversationShut | "";
  out: boolean;
  about: About;
  nextOrder: number;
  lastAt: number;
  lastID: MessageID | "";
  unread: number;
  /** The highest seq that was seen, and that this person has read. */
  seq: number;
  readSeq: number;
  /** By user id: everything up to this seq was delivered to, or read by. */
  delivered: Record<string, number>;
  opened: Record<string, number>;
}

export interface GroupRecord {
  generation: number;
  state: Bytes;
}

/** A commit that was made, kept until it is known to have won or lost. */
export interface PendingRecord {
  commitID: string;
  /** Of the state: the generation in which it is. */
  generation: number;
  /** Which epoch of the generation it ends; -1 for the first of a generation. */
  ends: number;
  external: boolean;
  state: Bytes;
  /** The page's key and body, to ask once more. */
  page: "POST /v1/chat/conversations" | "POST /v1/chat/conversations/{id}/commits";
  body: unknown;
}

/** A file of an own message before it is sent. */
export interface DraftMedia {
  /** The server's id once the upload has begun. */
  id: string;
  sealing: Sealing;
  done: boolean;
}

export interface MessageRecord {
  id: MessageID;
  conversationID: string;
  sender: string;
  device: string;
  mine: boolean;
  at: number;
  order: number;
  /** 0: not sent yet. */
  seq: number;
  timer: number;
  /** The letter's bytes, its opening and the server's tag: what a report reveals. */
  raw?: Bytes;
  opening?: Bytes;
  tag?: Bytes;
  /** An own message that has not been encrypted yet: its content without the bytes of its file. */
  draft?: OutgoingContent | { kind: "about" };
  media?: DraftMedia;
  /** Of a file that was got: "here", "gone"; absent: it can be fetched. */
  file?: "here" | "gone";
  line?: SystemLine;
  /** Not shown: a reaction of one's own on its way. */
  hidden?: boolean;
  /** To whom an own message went, and whom it did not reach. */
  to: string[];
  lost: Record<string, "expired" | "stopped">;
  problem?: Problem;
  refused?: boolean;
  reactions: Record<string, string>;
  disappearsAt?: number;
}

/** The message that is being sent: as it was encrypted, until the server's answer is known. */
export interface Inflight {
  n: number;
  messageID: MessageID;
  conversationID: string;
  generation: number;
  epoch: number;
  body: Bytes;
  commitment: Bytes;
  attachments: string[];
  expireS: number;
}

export interface PersonRecord {
  /** Signature keys in base64 by device id. */
  devices: Record<string, string>;
  /** Hex of both fingerprints when this person was verified. */
  verified?: string;
}

export const messagesOf = (conversationID: string) => `messages ${conversationID}`;
export const seqsOf = (conversationID: string) => `seqs ${conversationID}`;
export const mediaOf = (messageID: MessageID) => `media ${messageID}`;
