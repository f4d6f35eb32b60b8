import { API, NetworkCheck, PROBES, type ProbeResult } from "@kinwire/sdk";
import { device } from "../device.ts";
import { h, setText, type Screen } from "../dom.ts";
import { icon, type IconName } from "../icons.ts";
import { button, page, statusLine } from "../ui.ts";
import { languageSwitch } from "../widgets/language.ts";
import { list, number, say, words } from "../words.ts";
import { Devices, knownCodecs, type DeviceState } from "./devices.ts";
import { supportTable } from "./table.ts";
import { judge, type Advice, type Findings, type Verdict } from "./verdict.ts";
import "./netcheck.css";

/** How a line of the check looks. */
type Look = "waiting" | "running" | "ok" | "bad" | "unsure" | "absent";

const ICONS: Partial<Record<Look, IconName>> = { ok: "check", bad: "close", unsure: "warning" };

const PROBE_LOOK: Record<ProbeResult["state"], Look> = {
  waiting: "waiting",
  running: "running",
  ok: "ok",
  failed: "bad",
  absent: "absent",
  unsure: "unsure",
};

/** One line: a mark, what is tried, and what came of it. */
class Line {
  readonly el: HTMLLIElement;
  readonly #mark = h("span", { class: "check-mark", attrs: { "aria-hidden": "true" } });
  readonly #said = h("span", { class: "check-said" });

  constructor(name: string, text: string) {
    this.el = h(
      "li",
      { class: "check-line", testid: "check-line", data: { name, look: "waiting" } },
      this.#mark,
      h("span", { class: "check-name" }, text),
      this.#said,
    );
  }

  show(look: Look, said: string): void {
    if (this.el.dataset["look"] !== look) {
      const symbol = ICONS[look];
      this.#mark.replaceChildren(...(symbol ? [icon(symbol)] : []));
    }
    this.el.dataset["look"] = look;
    setText(this.#said, said);
  }
}

/** "Why is my picture black?": tries what calls need, says in plain words what is wrong, and what to do. */
export class NetCheckScreen implements Screen {
  readonly name = "netcheck";
  readonly el: HTMLElement;
  readonly #place = h("div", { class: "column" });
  readonly #video = h("video", { testid: "check-video", attrs: { playsinline: true, autoplay: true } });
  #check: NetworkCheck | null = null;
  #devices: Devices | null = null;
  #runs = 0;

  /** again shows the screen anew, in another language. */
  constructor(back: () => void, again: () => void) {
    const w = words.netcheck;
    this.#video.muted = true;
    this.el = page(
      {
        testid: "screen-netcheck",
        class: "narrow",
        title: w.title,
        back,
      },
      this.#place,
      h("footer", { class: "foot" }, languageSwitch(again)),
    );
    this.#place.append(
      h("p", {}, w.hint),
      h("p", { class: "hint" }, w.camera),
      button({
        testid: "check-start",
        class: "primary wide",
        icon: "signal",
        text: w.start,
        click: () => void this.#run(),
      }),
    );
  }

  focus(): void {
    this.el.focus({ preventScroll: true });
  }

  close(): void {
    this.#runs++;
    this.#check?.stop();
    this.#devices?.close();
  }

  async #run(): Promise<void> {
    this.close();
    const run = this.#runs;
    const w = words.netcheck;
    const lines = new Map<string, Line>(
      [...PROBES, "camera" as const, "microphone" as const, "codecs" as const].map((name) => [
        name,
        new Line(name, w.lines[name]),
      ]),
    );
    const result = h("div", { class: "column", attrs: { role: "status" } });
    const progress = h("progress", {
      testid: "check-progress",
      attrs: { max: String(lines.size), value: "0" },
    });
    const status = statusLine("check-status", w.running);
    const moving = h("div", { class: "column check-running" }, status, progress);
    const picture = h("figure", { class: "check-picture" }, this.#video, h("figcaption", {}, w.yourPicture));
    picture.hidden = true;
    const details = h(
      "ul",
      { class: "card check-lines", testid: "check-lines" },
      ...[...lines.values()].map((l) => l.el),
    );
    this.#place.replaceChildren(result, moving, picture, details);
    const show = (name: string, look: Look, said: string) => {
      if (run !== this.#runs) return;
      lines.get(name)!.show(look, said);
      const done = [...lines.values()].filter(
        (l) => !["waiting", "running"].includes(l.el.dataset["look"]!),
      ).length;
      progress.value = done;
    };
    const check = new NetworkCheck({ api: new API() });
    this.#check = check;
    check.on("change", (r) => show(r.probe, PROBE_LOOK[r.state], probeText(r)));
    this.#devices = new Devices(this.#video);
    const codecs = knownCodecs();
    show("codecs", codecs.length > 0 ? "ok" : "bad", codecs.length > 0 ? list(codecs) : w.codecsNone);
    const [network, devices] = await Promise.all([
      check.run(),
      this.#devices.run((r) => {
        picture.hidden = r.camera !== "ok" && r.camera !== "black";
        for (const kind of ["camera", "microphone"] as const)
          show(kind, deviceLook(r[kind]), deviceText(kind, r[kind]));
      }),
    ]);
    if (run !== this.#runs) return;
    moving.remove();
    this.#finish(result, { network, devices, codecs });
  }

  #finish(place: HTMLElement, f: Findings): void {
    const w = words.netcheck;
    const { verdict, advice } = judge(f);
    const said = headline(verdict, f);
    const look = device();
    const table = supportTable(f, verdict, {
      app: look.app ?? "",
      browser: look.model ?? "",
      system: look.os ?? "",
      at: new Date(),
    });
    place.replaceChildren(
      h(
        "section",
        { class: "card check-result", testid: "check-result", data: { verdict } },
        h("span", { class: "check-face", attrs: { "aria-hidden": "true" } }, said.face),
        h("h2", {}, said.title),
        said.text && h("p", {}, said.text),
      ),
      h("ul", { class: "list", testid: "check-advice" }, ...advice.map((a) => adviceItem(a))),
    );
    this.#place.append(
      h(
        "div",
        { class: "choices" },
        button({ testid: "check-again", icon: "undo", text: w.again, click: () => void this.#run() }),
      ),
      copyCard(table),
    );
    place.tabIndex = -1;
    window.scrollTo({ top: 0 });
  }
}

const FACES: Record<Verdict, string> = { good: "🎉", slow: "🐢", blocked: "🚧", offline: "🔌", unsure: "🤔" };

/** With a camera or microphone that gives nothing the good news about the network is only half of it. */
function headline(verdict: Verdict, f: Findings): { face: string; title: string; text: string } {
  const w = words.netcheck;
  const fine = (s: DeviceState) => s === "ok" || s === "unsure";
  if (verdict === "good" && !fine(f.devices.camera)) return { face: "🙈", title: w.butCamera, text: "" };
  if (verdict === "good" && !fine(f.devices.microphone))
    return { face: "🙊", title: w.butMicrophone, text: "" };
  return { face: FACES[verdict], ...w.verdicts[verdict] };
}

function adviceItem(a: Advice): HTMLElement {
  const text = words.netcheck.advice[a];
  return h("li", { class: "card callout", testid: "check-advice-item", data: { advice: a } }, text);
}

function probeText(r: ProbeResult): string {
  const w = words.netcheck.states;
  if (r.state === "ok" && r.rttMS !== null)
    return say(w.okIn, { ms: number(Math.max(1, Math.round(r.rttMS))) });
  return w[r.state];
}

function deviceLook(s: DeviceState): Look {
  if (s === "waiting" || s === "running" || s === "ok" || s === "unsure") return s;
  return "bad";
}

function deviceText(kind: "camera" | "microphone", s: DeviceState): string {
  const w = words.netcheck;
  if (s === "ok") return kind === "camera" ? w.devices.picture : w.devices.sound;
  if (s === "waiting" || s === "running" || s === "unsure") return w.states[s];
  return w.devices[s];
}

/** For whoever helps: the table, ready to be copied. */
function copyCard(table: string): HTMLElement {
  const w = words.netcheck;
  const text = h("pre", { class: "check-table", testid: "check-table", attrs: { tabindex: "0" } }, table);
  const said = statusLine("check-copied");
  const copy = () =>
    navigator.clipboard.writeText(table).then(
      () => setText(said, words.common.copied),
      // Without a permission it can still be marked and copied by hand.
      () => getSelection()?.selectAllChildren(text),
    );
  return h(
    "details",
    { class: "card check-support", testid: "check-support" },
    h("summary", {}, w.support),
    h("p", { class: "hint" }, w.supportHint),
    text,
    h(
      "div",
      { class: "row" },
      button({
        testid: "check-copy",
        class: "small",
        icon: "copy",
        text: words.common.copy,
        click: () => void copy(),
      }),
      said,
    ),
  );
}
