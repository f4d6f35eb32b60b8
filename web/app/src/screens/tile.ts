import type { Participant, RemoteTrack } from "@kinwire/sdk";
import { avatar } from "../avatar.ts";
import { h, setText } from "../dom.ts";
import { icon } from "../icons.ts";
import { say, words } from "../words.ts";
import { Sign } from "./sign.ts";

/** Plays a media element; tells blocked when the browser wants a tap first. */
export type Play = (el: HTMLMediaElement) => void;

/** One person in the call: their picture or their avatar, their sound, and how they are. */
export class PersonTile {
  readonly el: HTMLElement;
  readonly #video = h("video", { testid: "video", attrs: { playsinline: true, autoplay: true } });
  readonly #audio = h("audio", { testid: "audio", attrs: { autoplay: true } });
  readonly #note = h("span", { class: "note", testid: "tile-note" });
  readonly #micOff = h(
    "span",
    { class: "badge", attrs: { role: "img", "aria-label": words.call.muted, hidden: true } },
    icon("micOff"),
  );
  /** How this person's connection is. */
  readonly sign: Sign;
  readonly #play: Play;
  #picture = false;
  #hasFrame = false;

  constructor(p: Participant, play: Play) {
    this.#play = play;
    this.sign = new Sign(p.person.name);
    this.#video.muted = true;
    this.#video.addEventListener("loadeddata", () => this.#frame(true));
    this.#video.addEventListener("emptied", () => this.#frame(false));
    const data = { participantId: p.id, userId: p.person.id, name: p.person.name };
    this.el = h(
      "figure",
      { class: "tile-person", testid: "tile", data, attrs: { "aria-label": p.person.name } },
      h("div", { class: "placeholder" }, avatar(p.person, "giant"), this.#note),
      this.#video,
      this.#audio,
      this.sign.note,
      h("figcaption", {}, this.#micOff, this.sign.el, h("span", {}, p.person.name)),
    );
    this.update(p);
  }

  update(p: Participant): void {
    const muted = (kind: string) => p.sources?.find((s) => s.kind === kind)?.muted ?? false;
    const here = p.phase === "joined";
    const notes: Partial<Record<Participant["phase"], string>> = {
      invited: words.call.calling,
      ringing: words.call.ringing,
      accepted: words.call.connecting,
      reconnecting: words.call.reconnecting,
      left: say(p.reason === "lost" ? words.call.lost : words.call.left, p.person),
    };
    setText(this.#note, notes[p.phase] ?? (muted("video") ? words.call.cameraOff : ""));
    this.#micOff.hidden = !(here && muted("audio"));
    this.#picture = (here || p.phase === "reconnecting") && !muted("video");
    this.el.dataset["phase"] = p.phase;
    this.#show();
  }

  close(): void {
    this.sign.close();
    this.el.remove();
  }

  attach(t: RemoteTrack): void {
    const el = t.kind === "audio" ? this.#audio : this.#video;
    el.srcObject = t.stream;
    this.#play(el);
  }

  detach(t: RemoteTrack): void {
    const el = t.kind === "audio" ? this.#audio : this.#video;
    if (el.srcObject === t.stream) el.srcObject = null;
  }

  set speaking(on: boolean) {
    this.el.classList.toggle("speaking", on);
  }

  #frame(has: boolean): void {
    this.#hasFrame = has;
    this.#show();
  }

  #show(): void {
    const live = this.#picture && this.#hasFrame;
    this.el.dataset["live"] = String(live);
    this.#video.hidden = !live;
  }
}

/** A shared screen. */
export class ScreenTile {
  readonly el: HTMLElement;
  readonly #video = h("video", { testid: "screen-video", attrs: { playsinline: true, autoplay: true } });

  constructor(name: string, t: RemoteTrack, play: Play) {
    this.#video.muted = true;
    this.#video.srcObject = t.stream;
    const title = say(words.call.screenOf, { name });
    this.el = h(
      "figure",
      {
        class: "tile-screen",
        testid: "tile-screen",
        data: { participantId: t.participantID, name },
        attrs: { "aria-label": title },
      },
      this.#video,
      h("figcaption", {}, h("span", {}, title)),
    );
    play(this.#video);
  }

  close(): void {
    this.#video.srcObject = null;
    this.el.remove();
  }
}
