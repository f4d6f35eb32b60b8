import type { Call } from "@kinwire/sdk";
import { h } from "../dom.ts";
import { icon } from "../icons.ts";
import { say, words } from "../words.ts";

/** Chooses the camera and the microphone during a call. */
export class Devices {
  readonly el: HTMLElement;
  readonly #call: Call;
  readonly #camera = h("select", { testid: "device-camera" });
  readonly #microphone = h("select", { testid: "device-microphone" });
  readonly #failed: (e: unknown) => void;

  constructor(call: Call, close: () => void, failed: (e: unknown) => void) {
    this.#call = call;
    this.#failed = failed;
    const w = words.devices;
    this.#camera.addEventListener("change", () => this.#use("video", this.#camera.value));
    this.#microphone.addEventListener("change", () => this.#use("audio", this.#microphone.value));
    this.el = h(
      "aside",
      {
        class: "panel",
        testid: "devices-panel",
        attrs: { hidden: true, "aria-label": w.title, id: "devices-panel" },
      },
      h(
        "header",
        { class: "row" },
        h("h2", {}, w.title),
        h(
          "button",
          {
            class: "button round quiet",
            testid: "devices-close",
            attrs: { type: "button", "aria-label": words.common.close, title: words.common.close },
            on: { click: close },
          },
          icon("close"),
        ),
      ),
      h("label", {}, h("span", {}, w.camera), this.#camera),
      h("label", {}, h("span", {}, w.microphone), this.#microphone),
    );
  }

  get open(): boolean {
    return !this.el.hidden;
  }

  toggle(open: boolean): void {
    this.el.hidden = !open;
    if (open) this.#list().catch(this.#failed);
  }

  async #list(): Promise<void> {
    const all = await navigator.mediaDevices.enumerateDevices();
    fill(
      this.#camera,
      all.filter((d) => d.kind === "videoinput"),
      this.#call.local.track("video"),
    );
    fill(
      this.#microphone,
      all.filter((d) => d.kind === "audioinput"),
      this.#call.local.track("audio"),
    );
    this.#camera.focus();
  }

  #use(kind: "audio" | "video", id: string): void {
    this.#call.local.useDevice(kind, id).catch(this.#failed);
  }
}

function fill(select: HTMLSelectElement, devices: MediaDeviceInfo[], current: MediaStreamTrack | null): void {
  const used = current?.getSettings().deviceId;
  const option = (d: MediaDeviceInfo, i: number) =>
    h(
      "option",
      { attrs: { value: d.deviceId, selected: d.deviceId === used } },
      d.label || say(words.devices.unnamed, { n: i + 1 }),
    );
  select.replaceChildren(...devices.map(option));
  select.disabled = devices.length === 0;
}
