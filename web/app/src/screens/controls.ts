import type { Call } from "@kinwire/sdk";
import { h } from "../dom.ts";
import { icon, type IconName } from "../icons.ts";
import { words } from "../words.ts";

export interface ControlActions {
  mute(): void;
  camera(): void;
  share(): void;
  play(): void;
  add(): void;
  hangup(): void;
}

interface Look {
  icon: IconName;
  title: string;
  pressed: boolean;
}

/** The row of large buttons below the picture. */
export class Controls {
  readonly el: HTMLElement;
  readonly #call: Call;
  readonly #mute: HTMLButtonElement;
  readonly #camera: HTMLButtonElement;
  readonly #share: HTMLButtonElement;
  /** Opens the board and the game; it tells whether they are open, and data-news that there is something new. */
  readonly play: HTMLButtonElement;
  /** Opens the choice of whom to add; it tells whether that is open. */
  readonly add: HTMLButtonElement;

  constructor(call: Call, actions: ControlActions) {
    this.#call = call;
    const l = words.call.labels;
    this.#mute = control("mute", l.mic, () => actions.mute());
    this.#camera = control("camera", l.camera, () => actions.camera());
    this.#share = control("share", l.share, () => actions.share());
    this.play = control("play-toggle", l.play, () => actions.play());
    look(this.play, { icon: "pencil", title: words.call.play, pressed: false });
    this.play.removeAttribute("aria-pressed");
    this.play.setAttribute("aria-controls", "play");
    this.play.setAttribute("aria-expanded", "false");
    this.add = control("add", l.add, () => actions.add());
    look(this.add, { icon: "addFriend", title: words.call.add, pressed: false });
    this.add.removeAttribute("aria-pressed");
    this.add.setAttribute("aria-controls", "add-panel");
    this.add.setAttribute("aria-expanded", "false");
    const hangup = control("hangup", l.hangup, () => actions.hangup());
    hangup.classList.add("decline");
    look(hangup, { icon: "hangup", title: words.call.hangup, pressed: false });
    hangup.removeAttribute("aria-pressed");
    this.el = h(
      "div",
      { class: "controls", attrs: { role: "group" } },
      this.#mute,
      this.#camera,
      this.#share,
      this.play,
      this.add,
      hangup,
    );
    this.update();
  }

  update(): void {
    const off = (kind: "audio" | "video" | "screen") => this.#call.local.muted(kind);
    const w = words.call;
    this.#camera.hidden = this.#call.noVideo;
    // Phones cannot share their screen from a web page.
    this.#share.hidden = this.#call.noVideo || !navigator.mediaDevices?.getDisplayMedia;
    look(this.#mute, {
      icon: off("audio") ? "micOff" : "mic",
      title: off("audio") ? w.unmute : w.mute,
      pressed: off("audio"),
    });
    look(this.#camera, {
      icon: off("video") ? "videoOff" : "video",
      title: off("video") ? w.cameraStart : w.cameraStop,
      pressed: off("video"),
    });
    look(this.#share, {
      icon: off("screen") ? "screen" : "screenOff",
      title: off("screen") ? w.share : w.unshare,
      pressed: !off("screen"),
    });
  }
}

function control(testid: string, label: string, click: () => void): HTMLButtonElement {
  return h(
    "button",
    { class: "control", testid, attrs: { type: "button" }, on: { click } },
    h("span", { class: "disc" }),
    h("span", { class: "control-label" }, label),
  );
}

function look(button: HTMLButtonElement, l: Look): void {
  button.querySelector(".disc")!.replaceChildren(icon(l.icon));
  button.title = l.title;
  button.setAttribute("aria-label", l.title);
  button.setAttribute("aria-pressed", String(l.pressed));
}
