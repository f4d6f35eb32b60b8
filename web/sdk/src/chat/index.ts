/**
 * Messages that only the devices of those who talk can read. It is a part of its own, `@kinwire/sdk/chat`, so
 * that what needs no messages does not load it; MLS itself (ts-mls) is loaded later still, when the first key
 * is made or used.
 *
 * From the outside in:
 *
 *     chat.ts        the facade: Chat.open, and what an app does
 *     engine.ts      the parts put together
 *     link.ts        this device on the person's session
 *     inbox.ts       deliveries, in order, once each        outbox.ts     messages on their way out
 *     epochs.ts      MLS state and roster brought together  rosters.ts    who is in a conversation
 *     commits.ts     commits until they have won or lost    packages.ts   key packages
 *     groups.ts      the states                             mls.ts, leaves.ts, suites.ts   over ts-mls
 *     people.ts      who has which keys, safety numbers     receipts.ts   delivered, opened
 *     book.ts        conversations and messages             views.ts      how they are shown
 *     letters.ts     what messages do besides               vanishing.ts  disappearing messages
 *     media.ts       files                                  attachments.ts how they are encrypted
 *     content.ts     what a message says                    franking.ts   what proves it later
 *     drafts.ts      messages before they are sent          refusals.ts, gates.ts   those that have to wait
 *     signals.ts     typing, here, opened                   safety.ts     safety numbers
 *     vault.ts       all that is kept, encrypted            backend.ts    where it lies
 *     tabs.ts        one tab at a time
 */
export { Chat, type ChatLike, type ChatOptions } from "./chat.ts";
export { ContentError, MAX_TEXT, MAX_THUMB, MAX_WAVEFORM } from "./content.ts";
export { MemoryDisk, type Backend } from "./backend.ts";
export type * from "./types.ts";
