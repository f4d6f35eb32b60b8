import { h, setText } from "../dom.ts";
import { button, errorLine } from "../ui.ts";
import { duration, words } from "../words.ts";
import { fromSource, prepare, thumbOf, type Picture } from "./photo.ts";
import { devices, Recorder, VIDEO_MS, type Recording } from "./recorder.ts";
import { sheet, type Sheet } from "./sheet.ts";

/** A video that can be sent, with a small picture of it. */
export interface Clip extends Recording {
  width: number;
  height: number;
  thumb: Uint8Array;
}

/**
 * The frame of both: what the camera sees, then what would be sent, with one large button for each step.
 * Whatever happens, the camera is let go when it closes.
 */
class Stage {
  readonly sheet: Sheet;
  readonly video = h("video", {
    class: "lens",
    testid: "chat-lens",
    attrs: { playsinline: true, autoplay: true },
  });
  readonly error = errorLine("chat-camera-error");
  readonly #place = h("div", { class: "lens-place" }, this.video);
  readonly #buttons = h("div", { class: "choices" });
  #url = "";

  constructor(testid: string, title: string, closed: () => void) {
    this.video.muted = true;
    this.sheet = sheet(
      {
        testid,
        title,
        class: "camera",
        closed: () => {
          this.video.srcObject = null;
          this.#drop();
          closed();
        },
      },
      this.#place,
      this.error,
      this.#buttons,
    );
  }

  get open(): boolean {
    return this.sheet.el.open;
  }

  live(stream: MediaStream): void {
    this.#drop();
    this.video.srcObject = stream;
    this.#place.hidden = false;
    this.#place.replaceChildren(this.video);
  }

  /** There is no camera: only the buttons are left. */
  blind(text: string): void {
    this.error.say(text);
    this.#place.hidden = true;
  }

  result(blob: Blob, label: string): void {
    this.#drop();
    this.#url = URL.createObjectURL(blob);
    const shown = blob.type.startsWith("video/")
      ? h("video", { class: "lens", attrs: { src: this.#url, controls: true, playsinline: true } })
      : h("img", { class: "lens", attrs: { src: this.#url, alt: label } });
    shown.dataset["testid"] = "chat-camera-result";
    this.error.say("");
    this.#place.hidden = false;
    this.#place.replaceChildren(shown);
  }

  buttons(...all: HTMLButtonElement[]): void {
    this.#buttons.replaceChildren(...all);
    all.at(-1)?.focus({ preventScroll: true });
  }

  #drop(): void {
    if (this.#url) URL.revokeObjectURL(this.#url);
    this.#url = "";
  }
}

/** Takes a picture with the camera, or from a file (choose opens the choice of one); send gets what is kept. */
export class PhotoSheet {
  readonly #stage: Stage;
  readonly #send: (p: Picture) => void;
  readonly #choose: () => void;
  #stream: MediaStream | null = null;

  /** file: it was chosen already; the camera stays off. */
  constructor(o: { send: (p: Picture) => void; choose: () => void; file?: File }) {
    const w = words.chat.camera;
    this.#send = o.send;
    this.#choose = o.choose;
    this.#stage = new Stage("chat-camera", w.title, () => this.#stop());
    if (o.file) void this.take(o.file);
    else void this.#live();
  }

  /** Shows what a file would be sent as. */
  async take(file: Blob): Promise<void> {
    this.#stop();
    try {
      this.#keep(await prepare(file));
    } catch {
      this.#stage.blind(words.chat.compose.unread);
      this.#stage.buttons(this.#chooser());
    }
  }

  async #live(): Promise<void> {
    const w = words.chat.camera;
    try {
      const stream = await devices({ video: { width: { ideal: 1280 }, facingMode: "user" } });
      if (!this.#stage.open) return stream.getTracks().forEach((t) => t.stop());
      this.#stream = stream;
      this.#stage.live(stream);
      this.#stage.buttons(
        this.#chooser(),
        button({
          testid: "chat-snap",
          class: "primary",
          icon: "camera",
          text: w.snap,
          click: () => void this.#snap(),
        }),
      );
    } catch {
      this.#stage.blind(w.noCamera);
      this.#stage.buttons(this.#chooser());
    }
  }

  async #snap(): Promise<void> {
    const { video } = this.#stage;
    if (video.videoWidth === 0) return;
    const picture = await fromSource(video, video.videoWidth, video.videoHeight);
    this.#stop();
    this.#keep(picture);
  }

  #keep(picture: Picture): void {
    if (!this.#stage.open) return;
    const w = words.chat.camera;
    this.#stage.result(picture.blob, w.title);
    this.#stage.buttons(
      button({ testid: "chat-camera-again", text: w.again, click: () => void this.#live() }),
      button({
        testid: "chat-camera-send",
        class: "primary",
        icon: "send",
        text: w.keep,
        click: () => {
          this.#stage.sheet.close();
          this.#send(picture);
        },
      }),
    );
  }

  #chooser(): HTMLButtonElement {
    return button({
      testid: "chat-camera-file",
      icon: "photo",
      text: words.chat.camera.choose,
      click: this.#choose,
    });
  }

  #stop(): void {
    this.#stream?.getTracks().forEach((t) => t.stop());
    this.#stream = null;
  }
}

/** Records a short video. */
export class VideoSheet {
  readonly #stage: Stage;
  readonly #send: (clip: Clip) => void;
  readonly #time = h("span", {
    class: "voice-time",
    testid: "chat-recording-time",
    attrs: { role: "timer" },
  });
  #recorder: Recorder | null = null;

  constructor(send: (clip: Clip) => void) {
    this.#send = send;
    this.#stage = new Stage("chat-video-camera", words.chat.camera.videoTitle, () => this.#recorder?.close());
    void this.#live();
  }

  async #live(): Promise<void> {
    const w = words.chat.camera;
    try {
      const recorder = await Recorder.open("video", {
        level: (_, length) => setText(this.#time, `${duration(length)} / ${duration(VIDEO_MS)}`),
        full: () => void this.#stop(),
      });
      if (!this.#stage.open) return recorder.close();
      this.#recorder = recorder;
      this.#stage.live(recorder.stream);
      this.#stage.buttons(
        button({
          testid: "chat-video-record",
          class: "primary",
          icon: "video",
          text: w.record,
          click: () => this.#record(recorder),
        }),
      );
    } catch (e) {
      this.#stage.blind("");
      this.#stage.error.say(e);
    }
  }

  #record(recorder: Recorder): void {
    recorder.start();
    const stop = button({
      testid: "chat-video-stop",
      class: "decline",
      icon: "stop",
      text: words.chat.camera.stop,
      click: () => void this.#stop(),
    });
    stop.append(this.#time);
    this.#stage.buttons(stop);
  }

  async #stop(): Promise<void> {
    const recorder = this.#recorder;
    this.#recorder = null;
    if (!recorder) return;
    const { video } = this.#stage;
    const [width, height] = [video.videoWidth, video.videoHeight];
    const thumb = await thumbOf(video, width, height);
    const recording = await recorder.stop();
    if (this.#stage.open) this.#keep({ ...recording, width, height, thumb });
  }

  #keep(clip: Clip): void {
    const w = words.chat.camera;
    this.#stage.result(clip.blob, w.videoTitle);
    this.#stage.buttons(
      button({ testid: "chat-video-again", text: w.again, click: () => void this.#live() }),
      button({
        testid: "chat-video-send",
        class: "primary",
        icon: "send",
        text: w.keep,
        click: () => {
          this.#stage.sheet.close();
          this.#send(clip);
        },
      }),
    );
  }
}
