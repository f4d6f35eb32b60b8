import { h } from "../dom.ts";
import { button, errorLine } from "../ui.ts";
import { words } from "../words.ts";
import { codeIn } from "../routes.ts";

/** The part of the Barcode Detection API that is used; not every browser has it. */
interface Detector {
  detect(source: HTMLVideoElement): Promise<{ rawValue: string }[]>;
}
type DetectorClass = new (o: { formats: string[] }) => Detector;

/** How often the camera's picture is looked at, ms. */
const LOOK_MS = 250;

/** Scans a QR code of one kind with the camera. Where the browser cannot, there is nothing to see. */
export class Scanner {
  readonly el: HTMLElement;
  readonly #kind: "code" | "friend" | "guardian";
  readonly #found: (code: string) => void;
  readonly #video = h("video", { class: "scanner", attrs: { playsinline: true, hidden: true } });
  readonly #error = errorLine("scan-error");
  readonly #button: HTMLButtonElement;
  #stream: MediaStream | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  /** found gets the code in a link of Kinwire, or whatever short text the QR code holds. */
  constructor(kind: "code" | "friend" | "guardian", found: (code: string) => void) {
    this.#kind = kind;
    this.#found = found;
    this.#video.muted = true;
    this.#button = button({
      testid: "scan",
      class: "wide",
      icon: "camera",
      text: words.child.addPage.scan,
      click: () => void (this.#stream ? this.#stop() : this.#start()),
    });
    this.el = h("div", { class: "part" }, this.#button, this.#error, this.#video);
    this.el.hidden = !detectorClass() || !navigator.mediaDevices;
  }

  close(): void {
    this.#closed = true;
    this.#stop();
  }

  async #start(): Promise<void> {
    this.#error.say("");
    try {
      const video = { facingMode: "environment" };
      this.#stream = await navigator.mediaDevices.getUserMedia({ video });
    } catch (e) {
      this.#error.say(
        e instanceof DOMException && e.name === "NotAllowedError"
          ? words.errors.no_permission
          : words.errors.no_device,
      );
      return;
    }
    if (this.#closed) return this.#stop();
    this.#video.srcObject = this.#stream;
    this.#video.hidden = false;
    this.#label(words.child.addPage.stopScan);
    await this.#video.play().catch(() => undefined);
    this.#look(new (detectorClass()!)({ formats: ["qr_code"] }));
  }

  #look(detector: Detector): void {
    this.#timer = setTimeout(async () => {
      if (!this.#stream) return;
      const seen = await detector.detect(this.#video).catch(() => []);
      if (!this.#stream) return;
      const code = seen.map((s) => codeIn(this.#kind, s.rawValue)).find((c) => c);
      if (!code) return this.#look(detector);
      this.#stop();
      this.#found(code);
    }, LOOK_MS);
  }

  #stop(): void {
    clearTimeout(this.#timer);
    for (const t of this.#stream?.getTracks() ?? []) t.stop();
    this.#stream = null;
    this.#video.srcObject = null;
    this.#video.hidden = true;
    this.#label(words.child.addPage.scan);
  }

  #label(text: string): void {
    this.#button.querySelector("span")!.textContent = text;
  }
}

function detectorClass(): DetectorClass | undefined {
  return (globalThis as { BarcodeDetector?: DetectorClass }).BarcodeDetector;
}
