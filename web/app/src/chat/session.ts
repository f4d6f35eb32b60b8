import { codeOf, Emitter, type API, type Kinwire, type Off } from "@kinwire/sdk";
import type { ChatLike, ConversationView } from "@kinwire/sdk/chat";

/**
 * How it stands with messages on this device. absent: this server has none. unable: this browser cannot keep
 * them. elsewhere: another window of this browser has them. removed: this device was taken out. broken: see
 * error.
 */
export type MessagesState = "opening" | "ready" | "elsewhere" | "removed" | "absent" | "unable" | "broken";

/** Opens the messages of a person on this device; null where this browser cannot. */
export type OpenChat = (takeOver: boolean) => Promise<ChatLike | null>;

/**
 * A person's messages for as long as they are signed in. They are opened in the background, since what
 * encrypts them is large; every screen asks here whether they are there yet.
 */
export class Messages extends Emitter<{ changed: void }> {
  readonly #open: OpenChat;
  #chat: ChatLike | null = null;
  #state: MessagesState = "opening";
  #error: unknown = null;
  #offs: Off[] = [];
  #run = 0;

  constructor(open: OpenChat) {
    super();
    this.#open = open;
  }

  get state(): MessagesState {
    return this.#state;
  }
  /** What went wrong, while the state is broken. */
  get error(): unknown {
    return this.#error;
  }
  /** The messages themselves; null unless the state is ready. */
  get chat(): ChatLike | null {
    return this.#state === "ready" ? this.#chat : null;
  }
  /** How many messages nobody has looked at yet. */
  get unread(): number {
    return unreadOf(this.chat?.conversations() ?? []);
  }

  /** Calls f now and whenever the state, or anything in the list of conversations, has changed. */
  watch(f: () => void): Off {
    f();
    return this.on("changed", f);
  }

  /** takeOver closes the messages in another window of this browser. */
  async open(takeOver = false): Promise<void> {
    const own = ++this.#run;
    this.#become("opening");
    try {
      const chat = await this.#open(takeOver);
      if (own !== this.#run) return void chat?.close();
      if (!chat) return this.#become("unable");
      this.#chat = chat;
      this.#offs = [
        chat.on("conversations", () => this.emit("changed", undefined)),
        chat.on("end", (end) => {
          if (own === this.#run && end !== "closed")
            this.#ended(end === "device_removed" ? "removed" : "elsewhere");
        }),
      ];
      this.#become("ready");
    } catch (e) {
      if (own !== this.#run) return;
      this.#error = e;
      const code: string = codeOf(e);
      this.#become(code === "other_tab" ? "elsewhere" : code === "not_found" ? "absent" : "broken");
    }
  }

  /** Signing out of a device that others may use, too: nothing of the messages is left on it. */
  async forget(): Promise<void> {
    const chat = this.#chat;
    this.#let();
    await chat?.forgetDevice();
  }

  close(): void {
    const chat = this.#chat;
    this.#let();
    void chat?.close();
  }

  #ended(state: MessagesState): void {
    this.#let();
    this.#become(state);
  }

  #let(): void {
    this.#run++;
    for (const off of this.#offs) off();
    this.#offs = [];
    this.#chat = null;
  }

  #become(state: MessagesState): void {
    this.#state = state;
    this.emit("changed", undefined);
  }
}

export function unreadOf(all: readonly Pick<ConversationView, "unread">[]): number {
  return all.reduce((n, c) => n + c.unread, 0);
}

/** Where this browser keeps whether this person tells others what they have looked at. */
const receiptsKey = (me: string) => `kinwire.receipts.${me}`;

export function receipts(me: string): boolean {
  return localStorage.getItem(receiptsKey(me)) !== "off";
}

export function keepReceipts(me: string, on: boolean): void {
  localStorage.setItem(receiptsKey(me), on ? "on" : "off");
}

/** Opens the SDK's messages; their code is fetched only now. */
export async function openChat(
  o: { api: API; kinwire: Kinwire; me: string; deviceName: string },
  takeOver: boolean,
): Promise<ChatLike | null> {
  const { Chat } = await import("@kinwire/sdk/chat");
  if (!Chat.supported()) return null;
  const { api, kinwire, deviceName } = o;
  return Chat.open({ api, kinwire, deviceName, receipts: receipts(o.me), takeOver });
}
