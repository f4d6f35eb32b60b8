import { codeOf } from "@kinwire/sdk";
import type { Content, Message, Progress } from "@kinwire/sdk/chat";
import { h, setText } from "../dom.ts";
import { icon } from "../icons.ts";
import { button } from "../ui.ts";
import { duration, language, say, words } from "../words.ts";
import { Playing, type Files } from "./files.ts";
import { sheet } from "./sheet.ts";
import { fitBars, Wave } from "./wave.ts";

/** What shows a file of a message, and changes with it. */
export interface MediaView {
  readonly el: HTMLElement;
  update(m: Message): void;
}

type With<K extends Content["kind"]> = Extract<Content, { kind: K }>;
type Seen = With<"photo"> | With<"gif"> | With<"video">;

/** "45 %" */
function percent(done: number, total: number): string {
  return new Intl.NumberFormat(language(), { style: "percent" }).format(total ? done / total : 0);
}

/** How far a file has come: a bar, and the same in words. */
class Transfer {
  readonly el: HTMLElement;
  readonly #bar = h("progress", { attrs: { max: "1", "aria-hidden": "true" } });
  readonly #text = h("span", {});

  constructor() {
    this.el = h("span", { class: "transfer", testid: "chat-transfer", attrs: { hidden: true } });
    this.el.append(this.#bar, this.#text);
  }

  show(p: Pick<Progress, "done" | "total" | "direction">): void {
    const w = words.chat.media;
    this.el.hidden = p.total > 0 && p.done >= p.total;
    this.#bar.value = p.total ? p.done / p.total : 0;
    const text = p.direction === "up" ? w.uploading : w.fetching;
    setText(this.#text, say(text, { percent: percent(p.done, p.total) }));
  }

  hide(): void {
    this.el.hidden = true;
  }
}

/** A photo, a moving picture or a video: small in the thread, large when it is tapped. */
export class PictureView implements MediaView {
  readonly el: HTMLElement;
  readonly #files: Files;
  readonly #playing: Playing;
  readonly #label: string;
  readonly #img = h("img", { attrs: { alt: "", decoding: "async" } });
  readonly #open: HTMLButtonElement;
  readonly #transfer = new Transfer();
  readonly #note = h("span", { class: "media-note", testid: "chat-media-note", attrs: { hidden: true } });
  #message: Message;
  #asked = false;

  constructor(m: Message & { content: Seen }, label: string, files: Files, playing: Playing) {
    const { content } = m;
    this.#message = m;
    this.#files = files;
    this.#playing = playing;
    this.#label = label;
    const { width = 4, height = 3 } = content.media;
    this.#img.width = Math.min(width, 480);
    this.#img.height = Math.round((this.#img.width * height) / width);
    this.#open = h(
      "button",
      {
        class: "chat-picture",
        testid: "chat-picture",
        data: { kind: content.kind, state: content.media.state },
        attrs: {
          type: "button",
          "aria-label": `${label}. ${words.chat.media.open}`,
          title: words.chat.media.open,
        },
        on: { click: () => void this.#show() },
      },
      this.#img,
      content.kind === "video" && h("span", { class: "play-mark" }, icon("play")),
      content.kind === "video" && h("span", { class: "length-mark" }, duration(content.duration)),
    );
    const { caption } = content;
    this.el = h(
      "div",
      { class: "chat-media" },
      this.#open,
      this.#transfer.el,
      this.#note,
      caption && h("p", { class: "chat-caption", testid: "chat-caption" }, caption),
    );
    files.watch(m.id, (p) => this.#transfer.show(p));
    const thumb = files.thumb(m.id, content.media);
    if (thumb) this.#img.src = thumb;
    this.update(m);
  }

  update(m: Message): void {
    this.#message = m;
    const { media, kind } = m.content as Seen;
    this.#open.dataset["state"] = media.state;
    this.#note.hidden = media.state !== "gone";
    setText(this.#note, media.state === "gone" ? words.chat.media.gone : "");
    this.#open.disabled = media.state === "gone";
    if (media.state !== "gone" && kind !== "video" && !this.#asked) void this.#load();
  }

  /** The whole picture takes the place of the small one once it is here. */
  async #load(): Promise<void> {
    this.#asked = true;
    const still = (this.#message.content as Seen).kind === "gif" && lessMotion();
    try {
      const url = await this.#files.later(this.#message.id);
      if (url && !still) this.#img.src = url;
    } catch {
      // The small one stays; a tap tries again, and says what is wrong.
    }
    this.#transfer.hide();
  }

  async #show(): Promise<void> {
    this.#playing.stop();
    this.#note.hidden = true;
    this.#open.setAttribute("aria-busy", "true");
    try {
      const url = await this.#files.url(this.#message.id);
      if (this.el.isConnected && url) viewer(this.#message.content as Seen, url, this.#label);
    } catch (e) {
      this.#note.hidden = false;
      setText(this.#note, whyNot(e));
    } finally {
      this.#open.removeAttribute("aria-busy");
      this.#transfer.hide();
    }
  }
}

/** A picture or a video, as large as the window. */
function viewer(content: Seen, url: string, label: string): void {
  const shown =
    content.kind === "video"
      ? h("video", {
          class: "viewed",
          testid: "chat-viewed",
          attrs: { src: url, controls: true, autoplay: true, playsinline: true, "aria-label": label },
        })
      : h("img", { class: "viewed", testid: "chat-viewed", attrs: { src: url, alt: label } });
  sheet({ testid: "chat-viewer", title: label, class: "viewer" }, shown);
}

/** Why a file did not come: it is gone for good, or it may come another time. */
function whyNot(e: unknown): string {
  return codeOf(e) === "gone" ? words.chat.media.gone : words.chat.media.cannot;
}

function lessMotion(): boolean {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/** A voice: a button, the shape of what is said, and how far it has been played. */
export class VoiceView implements MediaView {
  readonly el: HTMLElement;
  readonly #files: Files;
  readonly #playing: Playing;
  readonly #length: number;
  readonly #wave: Wave;
  readonly #button: HTMLButtonElement;
  readonly #time: HTMLElement;
  readonly #transfer = new Transfer();
  readonly #note = h("span", { class: "media-note", testid: "chat-media-note", attrs: { hidden: true } });
  #id: string;
  #audio: HTMLAudioElement | null = null;
  #asked = false;

  constructor(m: Message & { content: With<"voice"> }, files: Files, playing: Playing) {
    this.#id = m.id;
    this.#files = files;
    this.#playing = playing;
    this.#length = m.content.duration;
    this.#wave = new Wave(fitBars(m.content.waveform));
    this.#time = h("span", { class: "voice-time", testid: "chat-voice-time" }, duration(this.#length));
    this.#button = button({
      testid: "chat-voice-play",
      class: "round primary",
      icon: "play",
      title: say(words.chat.voice.play, { time: duration(this.#length) }),
      data: { state: "idle" },
      click: () => void this.#toggle(),
    });
    this.el = h(
      "div",
      { class: "chat-media" },
      h("div", { class: "voice" }, this.#button, this.#wave.el, this.#time),
      this.#transfer.el,
      this.#note,
    );
    files.watch(m.id, (p) => this.#transfer.show(p));
    this.update(m);
  }

  update(m: Message): void {
    this.#id = m.id;
    const { media } = m.content as With<"voice">;
    this.#button.disabled = media.state === "gone";
    this.#note.hidden = media.state !== "gone";
    if (media.state === "gone") setText(this.#note, words.chat.media.gone);
    if (media.state === "there" && !this.#asked) {
      this.#asked = true;
      // It is here before anybody taps; a tap says what is wrong.
      void this.#files
        .later(m.id)
        .catch(() => undefined)
        .finally(() => this.#transfer.hide());
    }
  }

  async #toggle(): Promise<void> {
    if (this.#audio && !this.#audio.paused) return this.#audio.pause();
    this.#note.hidden = true;
    try {
      const url = await this.#files.url(this.#id);
      this.#audio ??= this.#player(url);
      await this.#playing.play(this.#audio);
    } catch (e) {
      this.#note.hidden = false;
      // The browser's own refusal is about its kind of file; everything else is about fetching it.
      setText(this.#note, e instanceof DOMException ? words.chat.voice.cannot : whyNot(e));
    } finally {
      this.#transfer.hide();
    }
  }

  #player(url: string): HTMLAudioElement {
    const audio = new Audio(url);
    const shown = (playing: boolean) => {
      const w = words.chat.voice;
      this.#button.dataset["state"] = playing ? "playing" : "idle";
      this.#button.replaceChildren(icon(playing ? "pause" : "play"));
      const title = playing ? w.pause : say(w.play, { time: duration(this.#length) });
      this.#button.title = title;
      this.#button.setAttribute("aria-label", title);
      if (playing) requestAnimationFrame(step);
    };
    const step = () => {
      const at = audio.currentTime * 1000;
      this.#wave.played(Math.min(1, at / Math.max(1, this.#length)));
      setText(this.#time, duration(audio.paused ? this.#length : at));
      if (!audio.paused) requestAnimationFrame(step);
    };
    audio.addEventListener("play", () => shown(true));
    audio.addEventListener("pause", () => shown(false));
    audio.addEventListener("ended", () => {
      audio.currentTime = 0;
      this.#wave.played(0);
      setText(this.#time, duration(this.#length));
    });
    return audio;
  }
}
