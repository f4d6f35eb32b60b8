import type { Consent, ConsentMethod, Notice, Scope } from "@kinwire/sdk";
import type { Context } from "../context.ts";
import { h, type Screen } from "../dom.ts";
import { button, errorLine, form, page, statusLine, toggle } from "../ui.ts";
import { words } from "../words.ts";
import { ConsentScreen } from "./consent_wait.ts";

/** What a parent reads and agrees to, before anything about a child is kept; again for a child whose notice has changed. */
export class ConsentNewScreen implements Screen {
  readonly name = "consent-new";
  readonly el: HTMLElement;
  readonly #ctx: Context;
  readonly #childID: string | undefined;
  readonly #error = errorLine("consent-error");
  readonly #body = h("div", { class: "column" }, statusLine("consent-loading", words.common.busy));
  #closed = false;

  constructor(ctx: Context, childID?: string) {
    this.#ctx = ctx;
    this.#childID = childID;
    this.el = page(
      {
        testid: "screen-consent-new",
        class: "narrow",
        title: words.parent.consent.title,
        back: () => ctx.home(),
      },
      this.#error,
      this.#body,
    );
    void this.#load();
  }

  focus(): void {
    this.el.focus({ preventScroll: true });
  }

  close(): void {
    this.#closed = true;
  }

  async #load(): Promise<void> {
    try {
      const notice = await this.#ctx.api.page("GET /v1/notice");
      if (!this.#closed) this.#show(notice);
    } catch (e) {
      this.#body.replaceChildren();
      this.#error.say(e);
    }
  }

  #show(notice: Notice): void {
    const w = words.parent.consent;
    const scopes = (notice.scopes ?? []).map((scope) => ({
      scope,
      choice: toggle(`scope-${scope}`, w.scopes[scope], scope === "calls" || scope === "messages"),
    }));
    const methods = (notice.methods ?? []).map((method, i) => ({
      method,
      choice: methodChoice(method, i === 0),
    }));
    const agree = toggle("consent-agree", w.agree, false);
    agree.input.required = true;
    const send = form(
      "consent-form",
      () =>
        this.#send(
          notice.version,
          scopes.filter((s) => s.choice.input.checked).map((s) => s.scope),
          methods.find((m) => m.choice.input.checked)?.method,
        ),
      (e) => this.#error.say(e),
      group(w.scopesTitle, ...scopes.map((s) => s.choice)),
      h("p", { class: "hint" }, w.scopesHint),
      group(w.methodTitle, ...methods.map((m) => m.choice)),
      agree,
      this.#error,
      button({ testid: "consent-submit", class: "primary wide", text: w.submit, submit: true }),
    );
    this.#body.replaceChildren(
      h(
        "div",
        { class: "card form notice-text", testid: "notice" },
        h("p", {}, w.intro),
        ...(notice.sections ?? []).map((s) => h("section", {}, h("h2", {}, s.title), h("p", {}, s.text))),
      ),
      send,
    );
  }

  async #send(version: string, scopes: Scope[], method: ConsentMethod | undefined): Promise<void> {
    if (!method) return;
    const body = {
      method,
      notice_version: version,
      scopes,
      ...(this.#childID && { child_id: this.#childID }),
    };
    const consent: Consent = await this.#ctx.api.page("POST /v1/consents", { body });
    this.#ctx.show(new ConsentScreen(this.#ctx, consent.id));
  }
}

function group(title: string, ...choices: HTMLElement[]): HTMLElement {
  return h("fieldset", { class: "column" }, h("legend", {}, title), ...choices);
}

function methodChoice(
  method: ConsentMethod,
  on: boolean,
): HTMLElement & { readonly input: HTMLInputElement } {
  const input = h("input", {
    testid: `method-${method}`,
    attrs: { type: "radio", name: "method", value: method },
  });
  input.checked = on;
  const el = h("label", { class: "choice" }, input, h("span", {}, words.parent.consent.methods[method]));
  return Object.assign(el, { input });
}
