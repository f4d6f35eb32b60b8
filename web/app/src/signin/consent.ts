import type { API, Consent } from "@kinwire/sdk";
import { h, type Screen } from "../dom.ts";
import { busy, button, errorLine, errorText, page } from "../ui.ts";
import { ago, say, words } from "../words.ts";

/** Confirms a consent with the token of an e-mail, signed in or not. */
export class ConsentScreen implements Screen {
  readonly name = "consent";
  readonly el: HTMLElement;
  readonly #go: HTMLButtonElement;

  constructor(api: API, token: string, leave: () => void) {
    const w = words.signin.consent;
    const error = errorLine("consent-error");
    const gone = words.signin.confirm.gone;
    const asking = h("div", { class: "part" });
    const confirm = async () => {
      const consent = await api.page("POST /v1/consents/confirm", { body: { token } });
      asking.replaceChildren(
        h(
          "p",
          { testid: "consent-done", data: { state: consent.state }, attrs: { role: "status" } },
          thanks(consent),
        ),
        button({ testid: "consent-leave", class: "primary", text: w.go, click: leave }),
      );
      asking.querySelector("button")!.focus();
    };
    this.#go = button({
      testid: "consent-go",
      class: "primary wide",
      text: w.submit,
      click: () =>
        void busy(this.el, confirm, (e) =>
          error.say(errorText(e, { unauthenticated: gone, not_found: gone, wrong_state: gone })),
        ),
    });
    asking.append(h("p", {}, w.text), error, this.#go);
    this.el = page({ testid: "screen-consent", class: "narrow", title: w.title, back: leave }, asking);
  }

  focus(): void {
    this.#go.focus();
  }
}

function thanks(c: Consent): string {
  const w = words.signin.consent;
  if (c.state === "granted") return w.granted;
  if (c.state === "waiting" && c.next_at) return say(w.waiting, { when: ago(c.next_at) });
  return w.other;
}
