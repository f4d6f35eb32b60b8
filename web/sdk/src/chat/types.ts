import type { Missing } from "../proto_gen.ts";
import type { ConversationKind, ConversationShut, Person } from "../proto_gen.ts";
import type { Code } from "../proto_gen.ts";
import type { LocalCode } from "../errors.ts";

/** The name of a message, the same on all devices: its sender's user id, a slash, and what the sender drew. */
export type MessageID = string;

/**
 * A file on its way out. thumb is a small picture (JPEG or WebP, at most 16 KiB) that goes inside the message.
 */
export interface OutgoingMedia {
  data: Blob | Uint8Array;
  /** Media type, such as "image/webp". */
  type: string;
  width?: number;
  height?: number;
  thumb?: Uint8Array;
}

/** A file of a message, as an app sees it; Chat.media brings its bytes. */
export interface Media {
  type: string;
  /** Of the file, in bytes. */
  size: number;
  width?: number;
  height?: number;
  thumb?: Uint8Array;
  /**
   * here: the bytes are on this device. there: they can be fetched. gone: they were deleted before this device
   * had them, or do not match the message.
   */
  state: "here" | "there" | "gone";
}

interface Common {
  /** The message that this one answers. */
  replyTo?: MessageID;
}

/** What a message says; M is how it holds a file. Durations are milliseconds. */
export type ContentWith<M> =
  | (Common & { kind: "text"; text: string })
  | (Common & { kind: "sticker"; pack: string; sticker: string })
  | (Common & { kind: "gif"; media: M; caption?: string })
  | (Common & { kind: "photo"; media: M; caption?: string })
  | (Common & { kind: "voice"; media: M; duration: number; waveform: number[] })
  | (Common & { kind: "video"; media: M; duration: number; caption?: string })
  | (Common & { kind: "score"; game: string; points: number; note?: string })
  /** An emoji at a message, in place of this person's one before; "" takes it back. */
  | { kind: "reaction"; to: MessageID; emoji: string }
  /** The group's name from here on. */
  | { kind: "title"; title: string }
  /** From here on messages disappear so many seconds after they were read; 0: they stay. */
  | { kind: "timer"; seconds: number };

/** What can be sent. */
export type OutgoingContent = ContentWith<OutgoingMedia>;

/** What this device notes by itself. It is on no wire. */
export type SystemLine =
  | { what: "joined"; userIDs: string[] }
  | { what: "left"; userIDs: string[] }
  /** A person has a device that was not there before, or one fewer: their safety number is another. */
  | { what: "keys_changed"; userID: string; added: number; removed: number }
  /** Messages that this device cannot read: it was away too long, or came in later. */
  | { what: "missed" }
  /** A message that was not what it claimed to be was refused. */
  | { what: "refused"; userID: string };

/** What a shown message holds. unknown: made by a newer app; name is what it calls itself. */
export type Content =
  ContentWith<Media> | { kind: "unknown"; name: string } | { kind: "system"; line: SystemLine };

/**
 * How far an own message has come. waiting: kept here until there is a connection or the conversation opens
 * again. sent: the server has it. delivered: a device of everybody else has it. opened: everybody else has
 * read it, as far as they say so. expired: somebody did not fetch it in time. stopped: it was cut off, because
 * the two may not write to each other any more. refused: it will not be sent; problem says why. Others'
 * messages are "received".
 */
export type MessageStatus =
  "waiting" | "sent" | "delivered" | "opened" | "expired" | "stopped" | "refused" | "received";

/** Why a message waits or was refused. */
export interface Problem {
  code: Code | LocalCode;
  message: string;
  /** With not_approved. */
  missing: Missing[];
}

/** A message as it is shown. Times are milliseconds since the Unix epoch. */
export interface Message {
  id: MessageID;
  conversationID: string;
  /** User id; empty with system lines. */
  senderID: string;
  mine: boolean;
  at: number;
  /** Its place in the list on this device: ascending, with gaps. */
  order: number;
  content: Content;
  status: MessageStatus;
  /** For an own message: who has it, and who has read it, by user id. */
  deliveredTo: string[];
  openedBy: string[];
  problem?: Problem;
  /** emoji by user id. */
  reactions: Record<string, string>;
  /** When it disappears; absent while that is not known. */
  disappearsAt?: number;
}

/** Somebody else in a conversation. */
export interface ChatPerson {
  person: Person;
  /** Whether there is a device that could read a message. */
  reachable: boolean;
  /** yes: this person compared safety numbers. changed: they did, and the keys have changed since. */
  verified: "no" | "yes" | "changed";
}

/** A conversation as it is shown. */
export interface ConversationView {
  id: string;
  kind: ConversationKind;
  /** A group's name; empty for one without, and for two. */
  title: string;
  /** The others. */
  people: ChatPerson[];
  /** User id of who made it. */
  createdBy: string;
  /** Why nobody can write here now; undefined: one can. */
  shut: ConversationShut | undefined;
  /** This person has left or was taken out: what was said can still be read here. */
  out: boolean;
  /** This device can read and write. False for a moment on a new device. */
  ready: boolean;
  /** The newest message that is more than a reaction. */
  last: Message | undefined;
  lastAt: number;
  unread: number;
  /** Seconds after which messages disappear; 0: never. */
  timer: number;
  /** User ids of those who are writing at this moment. */
  typing: string[];
}

/** What two people compare: the same on both sides when nobody is in between. */
export interface Safety {
  userID: string;
  /** 60 digits in 12 groups of five. */
  digits: string[];
  /** 12 pictures (emoji), each with the word of its name in English for screen readers and tests. */
  pictures: { emoji: string; name: string }[];
  verified: ChatPerson["verified"];
}

/** A device of this person's that reads messages. */
export interface OwnDevice {
  id: string;
  name: string;
  createdAt: number;
  seenAt: number;
  /** It is this one. */
  current: boolean;
}

/** Where an upload or download stands, in bytes. */
export interface Progress {
  messageID: MessageID;
  direction: "up" | "down";
  done: number;
  total: number;
}

/** Why a Chat ended by itself. */
export type ChatEnd =
  | "closed"
  /** Another tab of this browser took over. */
  | "other_tab"
  /** This device was removed from the account: open again to make a new one. */
  | "device_removed";

/** The events of Chat. */
export interface ChatEvents {
  /** The list changed, or one in it. Newest first. */
  conversations: ConversationView[];
  /** One conversation changed: title, people, unread, typing, shut … */
  conversation: ConversationView;
  /** A message is new here, own ones and system lines included. */
  message: Message;
  /** A known message changed: status, reactions, media, disappearsAt. */
  changed: Message;
  /** Messages were deleted from this device. */
  removed: { conversationID: string; ids: MessageID[] };
  /** A friend's app said something that holds for a moment. */
  signal: { conversationID: string; userID: string; kind: "typing" | "here"; on: boolean };
  /** A person's safety number is another now. */
  keys: { userID: string; conversationIDs: string[]; wasVerified: boolean };
  progress: Progress;
  /** Whether this device is connected and gets messages at this moment. */
  online: boolean;
  /** Something failed that no call waits for. Nothing is lost: it is tried again. */
  error: Error;
  /** It ended; only after this the vault is free for another. */
  end: ChatEnd;
}
