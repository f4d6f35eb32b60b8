import type { Call } from "@kinwire/sdk";
import { avatar } from "../avatar.ts";
import { h, setText, type Screen } from "../dom.ts";
import { icon, type IconName } from "../icons.ts";
import { errorText } from "../ui.ts";
import { duration, list, say, time, words } from "../words.ts";
import { AddPanel, type AddContext } from "./add.ts";
import { Controls } from "./controls.ts";
import { Devices } from "./devices.ts";
import { Panel, quality } from "./panel.ts";
import { PlayPanel } from "./play/panel.ts";
import { checkLink } from "../netcheck/link.ts";
import { Sign, watchQuality } from "./sign.ts";
import { drawsIn, Stage } from "./stage.ts";

/** How long a problem is shown, ms. */
const PROBLEM_MS = 6_000;

/** The call itself, from the first ring until it ends. */
export class CallScreen implements Screen {
  readonly name = "call";
  readonly el: HTMLElement;
  readonly #call: Call;
  readonly #stage: Stage;
  readonly #controls: Controls;
  readonly #panel: Panel;
  readonly #devices: Devices;
  readonly #add: AddPanel;
  readonly #play: PlayPanel;
  readonly #title = h("h1", { testid: "call-title" });
  readonly #status = h("p", { class: "call-status", testid: "call-status", attrs: { role: "status" } });
  readonly #clock = h("p", {
    class: "call-clock",
    testid: "call-clock",
    attrs: { role: "timer", "aria-live": "off" },
  });
  readonly #voiceOnly = h("p", { class: "call-note", testid: "no-video" }, words.call.noVideo);
  readonly #self = h("video", { testid: "self-video", attrs: { playsinline: true, autoplay: true } });
  readonly #selfBox: HTMLElement;
  readonly #sign = new Sign(null);
  readonly #banner = h(
    "p",
    { class: "banner", testid: "media-banner", attrs: { role: "status", hidden: true } },
    h("span", {}, words.connection.media),
    checkLink("media-check"),
  );
  readonly #warning = h("p", {
    class: "banner warning",
    testid: "call-warning",
    attrs: { role: "alert", hidden: true },
  });
  readonly #problem = h("p", {
    class: "banner problem",
    testid: "call-problem",
    attrs: { role: "alert", hidden: true },
  });
  readonly #news = h("p", { class: "banner", testid: "play-news", attrs: { role: "status", hidden: true } });
  readonly #quality: HTMLButtonElement;
  readonly #devicesButton: HTMLButtonElement;
  readonly #tick = setInterval(() => this.#showClock(), 500);
  readonly #off: (() => void)[];
  #connectedAt: number | null = null;
  #problemTimer: ReturnType<typeof setTimeout> | undefined;
  #newsTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(ctx: AddContext, call: Call, hangup: () => void) {
    this.#call = call;
    const mine = call.participant(call.view.you)?.person ?? { name: words.call.you, avatar: "" };
    this.#stage = new Stage(call);
    this.#controls = new Controls(call, {
      mute: () => this.#try(() => call.local.setMicrophone(call.local.muted("audio"))),
      camera: () => this.#try(() => call.local.setCamera(call.local.muted("video"))),
      share: () =>
        this.#try(() => (call.local.muted("screen") ? call.local.shareScreen() : call.local.stopShare())),
      play: () => this.#togglePlay(),
      add: () => this.#toggle("add"),
      hangup,
    });
    this.#add = new AddPanel(ctx, call, () => this.#toggle("add", false));
    this.#panel = new Panel(call, () => this.#toggle("panel", false));
    this.#devices = new Devices(
      call,
      () => this.#toggle("devices", false),
      (e) => this.#failed(e),
    );
    this.#quality = this.#topButton("stats-toggle", "signal", words.call.quality, "stats-panel", () =>
      this.#toggle("panel"),
    );
    this.#devicesButton = this.#topButton(
      "devices-toggle",
      "settings",
      words.call.devices,
      "devices-panel",
      () => this.#toggle("devices"),
    );
    this.#self.muted = true;
    this.#selfBox = h(
      "figure",
      { class: "self", testid: "self", attrs: { "aria-label": words.call.you } },
      h("div", { class: "placeholder" }, avatar(mine, "large")),
      this.#self,
      this.#sign.note,
      h("figcaption", {}, this.#sign.el, h("span", {}, words.call.you)),
    );
    this.#play = new PlayPanel(call, {
      close: () => this.#togglePlay(false),
      news: (text) => this.#showNews(text),
      pens: (pens) => this.#showPens(pens),
    });
    const body = h(
      "div",
      { class: "call-body" },
      this.#play.el,
      this.#stage.el,
      h("div", { class: "banners" }, this.#warning, this.#banner, this.#problem, this.#news),
      this.#panel.el,
      this.#devices.el,
      this.#add.el,
    );
    this.el = h(
      "main",
      { class: "call", testid: "screen-call" },
      h(
        "header",
        { class: "call-bar" },
        h("div", { class: "call-head" }, this.#title, this.#status, this.#clock, this.#voiceOnly),
        this.#quality,
        this.#devicesButton,
      ),
      body,
      this.#controls.el,
    );
    this.#off = [
      call.on("state", () => this.#update()),
      call.on("media", () => this.#update()),
      call.on("local", () => this.#showLocal()),
      call.on("problem", (e) => this.#failed(e)),
      call.on("warning", () => this.#showWarning()),
      call.on("stats", (s) => {
        this.#panel.show(s);
        this.#quality.dataset["quality"] = quality(s);
      }),
      watchQuality(call, () => [[call.view.you, this.#sign]]),
    ];
    const keys = (e: KeyboardEvent) => this.#key(e, hangup);
    document.addEventListener("keydown", keys);
    this.#off.push(() => document.removeEventListener("keydown", keys));
    this.#update();
    this.#showLocal();
    this.#showWarning();
  }

  /** How long people have talked, ms. */
  get talkedMS(): number {
    return this.#connectedAt === null ? 0 : performance.now() - this.#connectedAt;
  }

  focus(): void {
    this.#controls.el.querySelector<HTMLElement>('[data-testid="mute"]')?.focus({ preventScroll: true });
  }

  /** Something to show over the picture, such as a second call that rings; null for nothing. */
  over(el: HTMLElement | null): void {
    this.el.querySelector(".waiting")?.remove();
    if (el) this.el.append(el);
  }

  close(): void {
    for (const off of this.#off) off();
    this.#add.close();
    this.#play.close();
    clearInterval(this.#tick);
    clearTimeout(this.#problemTimer);
    clearTimeout(this.#newsTimer);
    this.#stage.close();
    this.#sign.close();
    this.#self.srcObject = null;
  }

  #topButton(
    testid: string,
    symbol: IconName,
    title: string,
    controls: string,
    click: () => void,
  ): HTMLButtonElement {
    const attrs = {
      type: "button",
      title,
      "aria-label": title,
      "aria-expanded": "false",
      "aria-controls": controls,
    };
    return h("button", { class: "button round glass", testid, attrs, on: { click } }, icon(symbol));
  }

  #update(): void {
    const { view, media } = this.#call;
    const names = this.#call.others.filter((p) => p.phase !== "left").map((p) => p.person.name);
    setText(this.#title, list(names));
    this.el.setAttribute("aria-label", say(words.call.region, { names: list(names) }));
    this.#stage.placeSelf(this.#selfBox);
    const connected = view.phase === "connected";
    if (connected) this.#connectedAt ??= performance.now();
    const rings = this.#call.others.some((p) => p.phase === "ringing");
    const calling = rings ? words.call.ringing : words.call.calling;
    const ringing = this.#call.outgoing ? calling : words.call.connecting;
    const status = { ringing, connecting: words.call.connecting, connected: words.call.connected, ended: "" };
    setText(this.#status, this.#call.local.muted("screen") ? status[view.phase] : words.call.yourScreen);
    this.#status.classList.toggle("hidden-text", connected && this.#call.local.muted("screen"));
    this.#controls.update();
    this.#add.update();
    this.#play.update();
    this.#clock.hidden = !connected;
    this.#voiceOnly.hidden = !this.#call.noVideo;
    this.el.dataset["phase"] = view.phase;
    this.el.dataset["media"] = media;
    this.#banner.hidden = media !== "shaky" && media !== "down";
    this.#showClock();
  }

  #showClock(): void {
    if (this.#connectedAt !== null) setText(this.#clock, duration(this.talkedMS));
  }

  /** "Your call ends at 20:00", from the first warning on; and that a parent wants no pictures. */
  #showWarning(): void {
    const { warning } = this.#call;
    const texts = words.call.warnings;
    const text = warning?.reason === "allowance" ? texts.allowance : texts.quiet_hours;
    this.#warning.hidden = !warning;
    if (warning) setText(this.#warning, say(text, { time: time(warning.ends_at) }));
  }

  #showLocal(): void {
    const track = this.#call.local.track("video");
    const shown = this.#self.srcObject as MediaStream | null;
    if (track && shown?.getTracks()[0] !== track) this.#self.srcObject = new MediaStream([track]);
    if (!track) this.#self.srcObject = null;
    this.#self.hidden = !track;
    this.#selfBox.dataset["live"] = String(!!track);
    this.#update();
  }

  #toggle(which: "panel" | "devices" | "add", open?: boolean): void {
    const panels = {
      panel: [this.#panel, this.#quality],
      devices: [this.#devices, this.#devicesButton],
      add: [this.#add, this.#controls.add],
    } as const;
    for (const [name, [panel, button]] of Object.entries(panels)) {
      const show = name === which && (open ?? !panel.open);
      if (panel.open && !show && panel.el.contains(document.activeElement)) button.focus();
      panel.toggle(show);
      button.setAttribute("aria-expanded", String(show));
    }
  }

  /** The board and the game take the place of the large picture; the people move together below. */
  #togglePlay(open = !this.#play.open): void {
    if (this.#play.open && !open && this.#play.el.contains(document.activeElement))
      this.#controls.play.focus();
    this.el.classList.toggle("plays", open);
    this.#stage.strip(open);
    this.#play.toggle(open);
    this.#controls.play.setAttribute("aria-expanded", String(open));
  }

  /** A blot at everybody's name in the colour in which they draw. */
  #showPens(pens: Map<string, string>): void {
    this.#stage.pens(pens);
    drawsIn(this.#selfBox, pens.get(this.#call.view.you));
  }

  #showNews(text: string | null): void {
    this.#controls.play.dataset["news"] = String(text !== null);
    clearTimeout(this.#newsTimer);
    setText(this.#news, text ?? "");
    this.#news.hidden = text === null;
    this.#newsTimer = setTimeout(() => (this.#news.hidden = true), PROBLEM_MS);
  }

  #key(e: KeyboardEvent, hangup: () => void): void {
    if (e.ctrlKey || e.metaKey || e.altKey || e.repeat) return;
    if (e.target instanceof HTMLSelectElement || e.target instanceof HTMLInputElement) {
      if (e.key !== "Escape") return;
    }
    const press = (testid: string) => {
      const el = this.el.querySelector<HTMLElement>(`[data-testid="${testid}"]`);
      if (el && !el.hidden) el.click();
    };
    const keys: Record<string, () => void> = {
      m: () => press("mute"),
      v: () => press("camera"),
      s: () => press("share"),
      i: () => press("stats-toggle"),
      d: () => press("devices-toggle"),
      a: () => press("add"),
      p: () => press("play-toggle"),
      h: hangup,
      escape: () => {
        if (this.#panel.open) this.#toggle("panel", false);
        else if (this.#devices.open) this.#toggle("devices", false);
        else if (this.#add.open) this.#toggle("add", false);
        else if (this.#play.open) this.#togglePlay(false);
        else hangup();
      },
    };
    const act = keys[e.key.toLowerCase()];
    if (!act) return;
    e.preventDefault();
    act();
  }

  #try(act: () => Promise<unknown>): void {
    act().catch((e: unknown) => this.#failed(e));
  }

  #failed(e: unknown): void {
    setText(this.#problem, errorText(e));
    this.#problem.hidden = false;
    clearTimeout(this.#problemTimer);
    this.#problemTimer = setTimeout(() => (this.#problem.hidden = true), PROBLEM_MS);
  }
}
