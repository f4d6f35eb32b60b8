import type { Off } from "@kinwire/sdk";
import type { ChatLike, Media, MessageID, Progress } from "@kinwire/sdk/chat";

/** How many files are fetched by themselves at a time. */
const AT_ONCE = 2;

/**
 * The files of one screen: fetched once, shown by addresses that end with the screen. Photos, moving pictures
 * and voices are fetched by themselves, a few at a time; what somebody asks for does not wait for those.
 */
export class Files {
  readonly #chat: Pick<ChatLike, "media" | "on">;
  readonly #urls = new Map<string, string>();
  readonly #coming = new Map<MessageID, Promise<string>>();
  readonly #waiting: (() => Promise<unknown>)[] = [];
  readonly #watchers = new Map<MessageID, (p: Progress) => void>();
  readonly #off: Off;
  #running = 0;
  #closed = false;

  constructor(chat: Pick<ChatLike, "media" | "on">) {
    this.#chat = chat;
    this.#off = chat.on("progress", (p) => this.#watchers.get(p.messageID)?.(p));
  }

  /** The address of the small picture within a message. */
  thumb(id: MessageID, media: Media): string | undefined {
    if (!media.thumb) return undefined;
    const key = `thumb/${id}`;
    const known = this.#urls.get(key);
    if (known) return known;
    return this.#keep(key, new Blob([media.thumb.slice()], { type: "image/jpeg" }));
  }

  /** The address of a message's file, which is fetched unless it is here. */
  url(id: MessageID): Promise<string> {
    const known = this.#coming.get(id);
    if (known) return known;
    const coming = this.#chat.media(id).then((blob) => this.#keep(id, blob));
    this.#coming.set(id, coming);
    // What failed may be tried again.
    coming.catch(() => this.#coming.delete(id));
    return coming;
  }

  /** The same when it is this one's turn: nobody waits for it. */
  later(id: MessageID): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#waiting.push(() => this.url(id).then(resolve, reject));
      this.#next();
    });
  }

  /** Tells how far a message's file has come, up or down. */
  watch(id: MessageID, f: (p: Progress) => void): void {
    this.#watchers.set(id, f);
  }

  close(): void {
    this.#closed = true;
    this.#waiting.length = 0;
    this.#off();
    this.#watchers.clear();
    for (const url of this.#urls.values()) URL.revokeObjectURL(url);
    this.#urls.clear();
  }

  #next(): void {
    if (this.#running >= AT_ONCE || this.#closed) return;
    const one = this.#waiting.shift();
    if (!one) return;
    this.#running++;
    void one().finally(() => {
      this.#running--;
      this.#next();
    });
  }

  #keep(key: string, blob: Blob): string {
    if (this.#closed) return "";
    const url = URL.createObjectURL(blob);
    this.#urls.set(key, url);
    return url;
  }
}

/** The one voice or video of a screen that plays: another that starts stops it. */
export class Playing {
  #now: HTMLMediaElement | null = null;

  /** Starts el and stops what played before. */
  async play(el: HTMLMediaElement): Promise<void> {
    if (this.#now !== el) this.#now?.pause();
    this.#now = el;
    await el.play();
  }

  stop(): void {
    this.#now?.pause();
    this.#now = null;
  }
}
