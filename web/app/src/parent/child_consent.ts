import type { Consent, Person, Scope } from "@kinwire/sdk";
import type { Context } from "../context.ts";
import { h, setText } from "../dom.ts";
import { busy, button, confirm, errorLine, statusLine, toggle } from "../ui.ts";
import { date, say, words } from "../words.ts";
import type { Part } from "./child.ts";
import { ConsentNewScreen } from "./consent_new.ts";
import { ConsentScreen, isOpen } from "./consent_wait.ts";
import { Loading } from "./loading.ts";

const SCOPES: readonly Scope[] = ["calls", "messages", "location", "photos", "support_logs"];

/** The consent for a child: its scopes, one by one, and the whole of it. Changes act at once. */
export class ConsentPart implements Part {
  readonly el: HTMLElement;
  readonly #ctx: Context;
  readonly #child: Person;
  readonly #error = errorLine("child-consent-error");
  readonly #saved = statusLine("child-consent-saved");
  readonly #place = h("div", { class: "column" }, h("p", { class: "hint" }, words.common.busy));
  readonly #loading: Loading<Consent[]>;
  readonly #off: () => void;

  constructor(ctx: Context, child: Person) {
    this.#ctx = ctx;
    this.#child = child;
    this.el = h("div", { class: "part" }, this.#error, this.#place, this.#saved);
    this.#loading = new Loading(
      async () => {
        const { consents } = await ctx.api.page("GET /v1/consents");
        return (consents ?? []).filter((c) => c.child_id === child.id);
      },
      (own) => this.#show(own),
      (e) => this.#error.say(e),
    );
    this.#off = ctx.kinwire.on("family", () => void this.#loading.again());
    void this.#loading.again();
  }

  close(): void {
    this.#loading.close();
    this.#off();
  }

  #show(own: Consent[]): void {
    const focused = document.activeElement;
    const testid =
      focused instanceof HTMLElement && this.#place.contains(focused) && focused.dataset["testid"];
    const c = own.find((x) => x.state === "granted");
    if (c && !c.outdated) this.#showGranted(c);
    else this.#showMissing(c !== undefined, own.find(isOpen));
    // The switch that was pressed is another element now; the keyboard stays on it.
    if (testid) this.#place.querySelector<HTMLElement>(`[data-testid="${testid}"]`)?.focus();
  }

  /** There is no consent that holds: one that is not finished is gone on with, or else a new one begun. */
  #showMissing(outdated: boolean, open: Consent | undefined): void {
    const w = words.parent.consent;
    const next = () =>
      open ? new ConsentScreen(this.#ctx, open.id) : new ConsentNewScreen(this.#ctx, this.#child.id);
    this.#place.replaceChildren(
      h("p", { testid: "child-consent-none" }, say(outdated ? w.outdated : w.none, this.#child)),
      ...(open ? [h("p", {}, w.open)] : []),
      button({
        testid: open ? "consent-go-on" : "consent-again",
        class: "primary",
        text: open ? w.goOn : w.read,
        click: () => this.#ctx.show(next()),
      }),
    );
  }

  #showGranted(c: Consent): void {
    const w = words.parent.consent;
    const choices = SCOPES.map((scope) => ({
      scope,
      choice: toggle(`child-scope-${scope}`, w.scopes[scope], (c.scopes ?? []).includes(scope), () => save()),
    }));
    const save = () =>
      void this.#do(() =>
        this.#ctx.api.page("PUT /v1/children/{id}/scopes", {
          path: { id: this.#child.id },
          body: { scopes: choices.filter((x) => x.choice.input.checked).map((x) => x.scope) },
        }),
      );
    this.#place.replaceChildren(
      h(
        "p",
        { class: "hint" },
        say(w.given, { date: date(c.decided_at ?? c.requested_at), method: w.methods[c.method] }),
      ),
      h("div", { class: "card scopes" }, ...choices.map((x) => x.choice)),
      h("p", { class: "hint" }, w.scopesHint),
      button({
        testid: "consent-withdraw",
        class: "decline",
        text: w.withdraw,
        click: () =>
          void confirm({
            title: w.withdraw,
            text: say(w.withdrawAsk, this.#child),
            yes: w.withdraw,
            danger: true,
          }).then(
            (yes) =>
              void (
                yes && this.#do(() => this.#ctx.api.page("DELETE /v1/consents/{id}", { path: { id: c.id } }))
              ),
          ),
      }),
    );
  }

  async #do(act: () => Promise<unknown>): Promise<void> {
    this.#error.say("");
    setText(this.#saved, "");
    if (await busy(this.#place, act, (e) => this.#error.say(e))) setText(this.#saved, words.common.saved);
    // What did not go through is not what the switches show.
    else this.#loading.forget();
    await this.#loading.again();
  }
}
