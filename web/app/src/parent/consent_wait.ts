import type { Consent } from "@kinwire/sdk";
import type { Context } from "../context.ts";
import { h, setText, type Child, type Screen } from "../dom.ts";
import { busy, button, confirm, errorLine, form, input, labelled, page } from "../ui.ts";
import { ago, say, words } from "../words.ts";
import { ChildNewScreen } from "./child_new.ts";
import { ConsentNewScreen } from "./consent_new.ts";
import { Loading } from "./loading.ts";

/** The most that a form's file may have: 2 MiB. */
const MOST = 2 * 1024 * 1024;

/** How often "comes in 5 minutes" is said anew, ms. */
const REFRESH_MS = 5_000;

const OPEN: readonly Consent["state"][] = ["pending", "waiting", "review"];

/** Neither given nor over: somebody has something to do. */
export function isOpen(c: Consent): boolean {
  return OPEN.includes(c.state);
}

/** How far a consent is, and what to do next. It follows what happens, on this device or elsewhere. */
export class ConsentScreen implements Screen {
  readonly name = "consent";
  readonly el: HTMLElement;
  readonly #ctx: Context;
  readonly #id: string;
  readonly #error = errorLine("consent-error");
  readonly #said = h("p", { class: "consent-said", attrs: { role: "status" } }, words.common.busy);
  readonly #next = h("div", { class: "column" });
  readonly #body = h("div", { class: "card form", testid: "consent-state" }, this.#said, this.#next);
  readonly #loading: Loading<Consent | null>;
  readonly #off: () => void;
  readonly #tick = setInterval(() => this.#say(), REFRESH_MS);
  #consent: Consent | null | undefined;

  constructor(ctx: Context, id: string) {
    this.#ctx = ctx;
    this.#id = id;
    this.el = page(
      {
        testid: "screen-consent",
        class: "narrow",
        title: words.parent.consent.title,
        back: () => ctx.home(),
      },
      this.#error,
      this.#body,
    );
    this.#loading = new Loading(
      async () => ((await ctx.api.page("GET /v1/consents")).consents ?? []).find((c) => c.id === id) ?? null,
      (c) => this.#show(c),
      (e) => this.#error.say(e),
    );
    this.#off = ctx.kinwire.on("family", () => void this.#loading.again());
    void this.#loading.again();
  }

  focus(): void {
    this.el.focus({ preventScroll: true });
  }

  close(): void {
    this.#loading.close();
    this.#off();
    clearInterval(this.#tick);
  }

  #show(c: Consent | null): void {
    this.#error.say("");
    this.#body.dataset["state"] = c?.state ?? "";
    this.#consent = c;
    this.#say();
    const steps = c ? [...this.#steps(c), this.#leave(c)] : [];
    this.#next.replaceChildren(...steps.filter((s): s is HTMLElement => !!s));
  }

  #say(): void {
    const c = this.#consent;
    if (c !== undefined) setText(this.#said, c ? stateText(c) : words.errors.not_found);
  }

  /** What there is to do, by state and method. */
  #steps(c: Consent): Child[] {
    const w = words.parent.consent;
    if (c.state === "granted") {
      if (c.child_id) return [h("p", {}, w.renewed)];
      return [
        button({
          testid: "make-child",
          class: "primary wide",
          text: w.makeChild,
          click: () => this.#ctx.show(new ChildNewScreen(this.#ctx, c.id)),
        }),
      ];
    }
    if (c.method === "video_call" && c.state === "review") return [h("p", {}, w.video)];
    if (c.state !== "pending") return [];
    if (c.method === "signed_form") return [this.#form()];
    if (c.method === "external" && c.redirect_url)
      return [
        h("p", {}, w.external),
        h(
          "a",
          { class: "button primary wide", testid: "consent-external", attrs: { href: c.redirect_url } },
          w.externalGo,
        ),
      ];
    return [h("p", {}, w.email)];
  }

  /** The way out: an open consent can be dropped, one that came to nothing begun again. */
  #leave(c: Consent): Child {
    const w = words.parent.consent;
    if (isOpen(c))
      return button({
        testid: "consent-stop",
        class: "quiet",
        text: w.stop,
        click: () =>
          void confirm({ title: w.stop, text: w.stopAsk, yes: w.stop, danger: true }).then((yes) => {
            if (yes) void this.#stop();
          }),
      });
    if (c.state === "granted") return null;
    return button({
      testid: "consent-restart",
      class: "primary wide",
      text: w.startAgain,
      click: () => this.#ctx.show(new ConsentNewScreen(this.#ctx, c.child_id)),
    });
  }

  async #stop(): Promise<void> {
    const path = { id: this.#id };
    const act = () => this.#ctx.api.page("DELETE /v1/consents/{id}", { path });
    if (await busy(this.#body, act, (e) => this.#error.say(e))) this.#ctx.home();
    else await this.#loading.again();
  }

  #form(): HTMLElement {
    const w = words.parent.consent;
    const error = errorLine("consent-file-error");
    const file = input({
      testid: "consent-file",
      type: "file",
      attrs: { accept: "image/jpeg,image/png,application/pdf" },
    });
    const el = form(
      "consent-file-form",
      async () => {
        const chosen = file.files?.[0];
        if (!chosen) return;
        if (chosen.size > MOST) return error.say(w.formTooLarge);
        const body = { media_type: chosen.type, body: base64(new Uint8Array(await chosen.arrayBuffer())) };
        await this.#ctx.api.page("PUT /v1/consents/{id}/form", { path: { id: this.#id }, body });
        await this.#loading.again();
      },
      (e) => error.say(e),
      h("p", {}, w.form),
      h("blockquote", { class: "form-text" }, w.formText),
      labelled(w.formFile, file, w.formKinds),
      error,
      button({ testid: "consent-file-send", class: "primary wide", text: w.formSend, submit: true }),
    );
    el.className = "column";
    return el;
  }
}

/** How a consent is, in words. The second e-mail of two goes out when its time has come. */
function stateText(c: Consent): string {
  const w = words.parent.consent;
  if (c.state === "waiting" && (c.next_at ?? 0) <= Date.now()) return w.second;
  return say(w.states[c.state], { when: c.next_at ? ago(c.next_at) : "" });
}

/** In pieces: a large file has more bytes than a call may have arguments. */
function base64(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 0x8000)
    text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  return btoa(text);
}
