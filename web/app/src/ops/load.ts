import { errorText, errorLine } from "../ui.ts";
import { h, type Child } from "../dom.ts";
import { words } from "../words.ts";

/** What went wrong on the operator's page: somebody who is not let in here has no password to try again. */
export function opsError(e: unknown): string {
  return typeof e === "string" ? e : errorText(e, { unauthenticated: words.ops.wrong });
}

/**
 * A part of the page that is fetched and then shown; again() fetches it anew. An answer that a newer one has
 * overtaken is dropped.
 */
export function loaded<T>(
  fetched: () => Promise<T>,
  show: (data: T, again: () => void) => Child[],
): HTMLElement & { again(): void } {
  const error = errorLine("ops-error");
  const place = h("div", { class: "column" }, h("p", { class: "hint" }, words.common.busy));
  let newest = 0;
  const again = () => {
    const own = ++newest;
    error.say("");
    fetched().then(
      (data) => {
        if (own !== newest) return;
        place.replaceChildren(...show(data, again).filter((c): c is Node | string => !!c));
      },
      (e: unknown) => {
        if (own !== newest) return;
        place.replaceChildren();
        error.say(opsError(e));
      },
    );
  };
  again();
  return Object.assign(h("div", {}, error, place), { again });
}

/** Shows something below a list, and takes the reader there. */
export function reveal(place: HTMLElement, el: HTMLElement): void {
  el.tabIndex = -1;
  el.classList.add("revealed");
  place.replaceChildren(el);
  el.focus({ preventScroll: true });
  el.scrollIntoView({ block: "start" });
}
