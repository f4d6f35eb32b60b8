import { h, setText } from "../dom.ts";
import { button } from "../ui.ts";
import { duration, words } from "../words.ts";
import { Recorder, type Recording } from "./recorder.ts";
import { BARS, TOP, Wave } from "./wave.ts";

/** Whoever holds the button longer than this, ms, sends by letting go. */
const HOLD_MS = 600;

/** Shorter than this, ms, nobody has said anything. */
const LEAST_MS = 400;

/**
 * Records a voice, in place of what one writes with: how loud it is right now, how long it has gone on, a
 * button to throw it away and one to send it.
 */
export class VoicePanel {
  readonly el: HTMLElement;
  readonly #done: (r: Recording | null) => void;
  readonly #recorder: Recorder;
  readonly #wave = new Wave(new Array<number>(BARS).fill(0));
  readonly #time = h("span", { class: "voice-time", testid: "chat-recording-time" }, duration(0));
  readonly #send: HTMLButtonElement;
  #levels: number[] = new Array<number>(BARS).fill(0);
  #ended = false;

  private constructor(recorder: Recorder, done: (r: Recording | null) => void) {
    this.#recorder = recorder;
    this.#done = done;
    const w = words.chat.voice;
    this.#send = button({
      testid: "chat-voice-send",
      class: "round primary",
      icon: "send",
      title: w.send,
      click: () => void this.send(),
    });
    this.el = h(
      "div",
      { class: "recording", testid: "chat-recording" },
      button({
        testid: "chat-voice-cancel",
        class: "round quiet",
        icon: "trash",
        title: w.cancel,
        click: () => this.close(),
      }),
      h("span", { class: "rec-dot", attrs: { "aria-hidden": "true" } }),
      this.#time,
      this.#wave.el,
      h("span", { class: "hidden-text", attrs: { role: "status" } }, `${w.recording}. ${w.hint}`),
      this.#send,
    );
  }

  /**
   * Opens the microphone and records at once; done is called once, with null when nothing is to be sent.
   * Fails with no_permission or no_device.
   */
  static async open(done: (r: Recording | null) => void): Promise<VoicePanel> {
    let panel: VoicePanel | undefined;
    const recorder = await Recorder.open("voice", {
      level: (level, length) => panel?.show(level, length),
      full: () => void panel?.send(),
    });
    panel = new VoicePanel(recorder, done);
    recorder.start();
    return panel;
  }

  focus(): void {
    this.#send.focus({ preventScroll: true });
  }

  show(level: number, length: number): void {
    this.#levels = [...this.#levels.slice(1), level * TOP];
    this.#wave.draw(this.#levels);
    setText(this.#time, duration(length));
  }

  async send(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    const recording = await this.#recorder.stop();
    this.#done(recording.length >= LEAST_MS && recording.blob.size > 0 ? recording : null);
  }

  /** Throws the recording away. */
  close(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#recorder.close();
    this.#done(null);
  }
}

/**
 * Tells a tap from a hold that began at a time (performance.now): after a hold, letting go calls released.
 */
export function whenReleased(began: number, released: () => void): void {
  const up = () => {
    document.removeEventListener("pointerup", up);
    document.removeEventListener("pointercancel", up);
    if (performance.now() - began >= HOLD_MS) released();
  };
  document.addEventListener("pointerup", up);
  document.addEventListener("pointercancel", up);
}
