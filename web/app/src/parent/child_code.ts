import type { OneTimeCode } from "@kinwire/sdk";
import type { Context } from "../context.ts";
import { h } from "../dom.ts";
import { busy, button, errorLine } from "../ui.ts";
import { codeCard } from "../widgets/code.ts";
import { say, time, words } from "../words.ts";

/** A button that shows a one-time code with which the child signs in; at once, if now. */
export function codeMaker(ctx: Context, childID: string, now = false): HTMLElement {
  const w = words.parent.child;
  return maker("child-code", w.codeMake, w.codeHint, now, () =>
    ctx.api.page("POST /v1/children/{id}/code", { path: { id: childID } }),
  );
}

/** A button that shows a one-time code for another parent. */
export function guardianCodeMaker(ctx: Context, childID: string): HTMLElement {
  const w = words.parent.child;
  return maker("guardian-code", w.parentsMake, w.parentsHint, false, () =>
    ctx.api.page("POST /v1/children/{id}/guardians/code", { path: { id: childID } }),
  );
}

function maker(
  testid: string,
  text: string,
  hint: string,
  now: boolean,
  make: () => Promise<OneTimeCode>,
): HTMLElement {
  const error = errorLine(`${testid}-error`);
  const place = h("div", { class: "column", attrs: { "aria-live": "polite" } });
  const show = () =>
    void busy(
      el,
      async () => {
        error.say("");
        const { code, url, expires_at } = await make();
        place.replaceChildren(
          codeCard({ testid, code, url, hint }),
          h("p", { class: "hint" }, say(words.parent.child.codeUntil, { time: time(expires_at) })),
        );
      },
      (e) => error.say(e),
    );
  const el = h(
    "div",
    { class: "column" },
    button({ testid: `${testid}-make`, icon: "key", text, click: show }),
    error,
    place,
  );
  if (now) show();
  return el;
}
