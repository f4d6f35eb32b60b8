import type { ConversationView, OutgoingContent } from "@kinwire/sdk/chat";
import { h, setText } from "../dom.ts";
import type { IconName } from "../icons.ts";
import { button, errorLine } from "../ui.ts";
import { say, words } from "../words.ts";
import { PhotoSheet, VideoSheet, type Clip } from "./camera.ts";
import { shutText } from "./errors.ts";
import type { Picture } from "./photo.ts";
import { staysText } from "./preview.ts";
import type { Recording } from "./recorder.ts";
import { StickerBoard } from "./stickers.ts";
import { VoicePanel, whenReleased } from "./voice.ts";

/** The longest text of one message, in UTF-16 units: well within what fits into a body. */
const LONGEST = 4_000;

export interface ComposerOptions {
  /** Resolves once the message is kept on this device. */
  send(content: OutgoingContent): Promise<unknown>;
  typing(on: boolean): void;
  timer(): void;
  /** What an error means here, in words. */
  explain(e: unknown): string;
  /** This person may send photos, voices and videos. */
  photos: boolean;
}

/** What one writes with: pictures for those who cannot write yet, and a line for those who can. */
export class Composer {
  readonly el: HTMLElement;
  readonly #o: ComposerOptions;
  readonly #text = h("textarea", {
    testid: "chat-input",
    attrs: { rows: "1", maxlength: String(LONGEST), enterkeyhint: "send", autocomplete: "off" },
  });
  readonly #error = errorLine("chat-send-error");
  readonly #shut = h("p", {
    class: "card callout chat-shut",
    testid: "chat-shut",
    attrs: { role: "status" },
  });
  readonly #tools: HTMLElement;
  readonly #line: HTMLElement;
  readonly #stays = h("p", { class: "hint chat-stays", testid: "chat-stays", attrs: { hidden: true } });
  readonly #board: StickerBoard;
  readonly #boardButton: HTMLButtonElement;
  readonly #file = h("input", {
    testid: "chat-file",
    attrs: { type: "file", accept: "image/*", hidden: true },
  });
  #photo: PhotoSheet | null = null;
  #voice: VoicePanel | null = null;
  #closed = false;

  constructor(o: ComposerOptions) {
    this.#o = o;
    const w = words.chat.compose;
    this.#text.placeholder = w.text;
    this.#text.setAttribute("aria-label", w.text);
    this.#text.addEventListener("input", () => {
      this.#grow();
      o.typing(this.#text.value.trim() !== "");
    });
    this.#text.addEventListener("keydown", (e) => {
      if (e.key !== "Enter" || e.shiftKey || e.isComposing) return;
      e.preventDefault();
      void this.#sendText();
    });
    this.#file.addEventListener("change", () => this.#chosen());
    this.#board = new StickerBoard((ref) => void this.#send({ kind: "sticker", ...ref }));
    this.#boardButton = this.#tool("chat-stickers", "smile", w.sticker, () => this.#toggleBoard());
    this.#boardButton.setAttribute("aria-expanded", "false");
    this.#tools = h(
      "div",
      { class: "chat-tools", attrs: { role: "toolbar", "aria-label": w.more } },
      this.#boardButton,
      this.#attachment("chat-photo", "camera", w.photo, () => this.#openPhoto()),
      this.#voiceButton(),
      this.#attachment("chat-video", "video", w.video, () => this.#openVideo()),
      this.#tool("chat-timer", "hourglass", w.timer, () => o.timer()),
    );
    this.#line = h(
      "form",
      {
        class: "chat-line",
        testid: "chat-form",
        on: {
          submit: (e) => {
            e.preventDefault();
            void this.#sendText();
          },
        },
      },
      this.#text,
      button({ testid: "chat-send", class: "round primary", icon: "send", title: w.send, submit: true }),
    );
    this.el = h(
      "footer",
      { class: "composer", testid: "chat-composer", on: { keydown: (e) => this.#escape(e) } },
      this.#error,
      this.#shut,
      this.#stays,
      !o.photos && h("p", { class: "hint", testid: "chat-no-photos" }, w.noPhotos),
      this.#tools,
      this.#line,
      this.#file,
      this.#board.el,
    );
  }

  /** What the conversation allows now. */
  update(c: ConversationView): void {
    const why = shutText(c);
    setText(this.#shut, why);
    this.#shut.hidden = !why;
    for (const el of [this.#tools, this.#line, this.#board.el]) el.classList.toggle("gone", !!why);
    if (why) this.#voice?.close();
    this.#stays.hidden = !c.timer || !!why;
    setText(this.#stays, c.timer ? say(words.chat.timer.on, { time: staysText(c.timer) }) : "");
  }

  say(e: unknown): void {
    this.#error.say(this.#o.explain(e));
  }

  focus(): void {
    // On a touch screen the keyboard would cover half of what there is to see.
    if (matchMedia("(pointer: fine)").matches) this.#text.focus({ preventScroll: true });
  }

  close(): void {
    this.#closed = true;
    this.#voice?.close();
    this.#o.typing(false);
  }

  #tool(testid: string, symbol: IconName, title: string, click: () => void): HTMLButtonElement {
    return button({ testid, class: "round quiet", icon: symbol, title, click });
  }

  /** A button for what goes as a file. */
  #attachment(testid: string, symbol: IconName, title: string, click: () => void): HTMLButtonElement {
    const el = this.#tool(testid, symbol, title, click);
    el.disabled = !this.#o.photos;
    return el;
  }

  /** A tap starts; a hold starts and sends when it ends. The keyboard taps. */
  #voiceButton(): HTMLButtonElement {
    const el = this.#attachment("chat-voice", "mic", words.chat.compose.voice, () => void this.#record());
    el.addEventListener("pointerdown", (e) => {
      if (e.button !== 0 || el.disabled) return;
      whenReleased(performance.now(), () => void this.#voice?.send());
      void this.#record();
    });
    return el;
  }

  async #send(content: OutgoingContent): Promise<boolean> {
    this.#error.say("");
    try {
      await this.#o.send(content);
      return true;
    } catch (e) {
      this.say(e);
      return false;
    }
  }

  async #sendText(): Promise<void> {
    const text = this.#text.value.trim();
    if (!text) return this.#text.focus();
    this.#text.value = "";
    this.#grow();
    this.#o.typing(false);
    const kept = await this.#send({ kind: "text", text });
    // What could not even be kept goes back to where it was written, unless there is something new.
    if (!kept && !this.#text.value) {
      this.#text.value = text;
      this.#grow();
    }
  }

  /** As many rows as what is written fills, up to five. */
  #grow(): void {
    this.#text.rows = 1;
    const style = getComputedStyle(this.#text);
    const padding = parseFloat(style.paddingTop) + parseFloat(style.paddingBottom);
    const rows = Math.round((this.#text.scrollHeight - padding) / parseFloat(style.lineHeight));
    this.#text.rows = Math.min(5, Math.max(1, rows || 1));
  }

  #toggleBoard(): void {
    this.#board.open = !this.#board.open;
    this.#boardButton.setAttribute("aria-expanded", String(this.#board.open));
    if (this.#board.open) this.#board.focus();
    else this.#boardButton.focus();
  }

  /** Escape closes what is open here before it leaves the page. */
  #escape(e: KeyboardEvent): void {
    if (e.key !== "Escape") return;
    if (this.#voice) this.#voice.close();
    else if (this.#board.open) this.#toggleBoard();
    else return;
    e.preventDefault();
  }

  #openPhoto(): void {
    this.#photo = new PhotoSheet({
      send: (p) => void this.#sendPicture(p),
      choose: () => this.#file.click(),
    });
  }

  #chosen(): void {
    const file = this.#file.files?.[0];
    this.#file.value = "";
    if (!file || !this.#o.photos) return;
    const open = document.querySelector("dialog.camera");
    if (open && this.#photo) void this.#photo.take(file);
    else
      this.#photo = new PhotoSheet({
        file,
        send: (p) => void this.#sendPicture(p),
        choose: () => this.#file.click(),
      });
  }

  async #sendPicture({ blob, width, height, thumb }: Picture): Promise<void> {
    const media = { data: blob, type: blob.type, width, height, thumb };
    await this.#send({ kind: blob.type === "image/gif" ? "gif" : "photo", media });
  }

  #openVideo(): void {
    new VideoSheet((clip) => void this.#sendClip(clip));
  }

  async #sendClip({ blob, width, height, thumb, length }: Clip): Promise<void> {
    await this.#send({
      kind: "video",
      media: { data: blob, type: blob.type, width, height, thumb },
      duration: length,
    });
  }

  async #record(): Promise<void> {
    if (this.#voice || this.#tools.hasAttribute("aria-busy")) return;
    this.#error.say("");
    this.#tools.setAttribute("aria-busy", "true");
    try {
      const panel = await VoicePanel.open((recording) => this.#recorded(recording));
      if (this.#closed) return panel.close();
      this.#voice = panel;
      this.#tools.hidden = this.#line.hidden = true;
      this.#tools.before(panel.el);
      panel.focus();
    } catch (e) {
      this.#error.say(e);
    } finally {
      this.#tools.removeAttribute("aria-busy");
    }
  }

  #recorded(recording: Recording | null): void {
    this.#voice?.el.remove();
    this.#voice = null;
    this.#tools.hidden = this.#line.hidden = false;
    this.#tools.querySelector<HTMLElement>('[data-testid="chat-voice"]')?.focus({ preventScroll: true });
    if (!recording) return;
    const { blob, length, bars } = recording;
    void this.#send({
      kind: "voice",
      media: { data: blob, type: blob.type },
      duration: length,
      waveform: bars,
    });
  }
}
