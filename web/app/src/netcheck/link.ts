import { h, type Screen } from "../dom.ts";
import { words } from "../words.ts";

/**
 * A way to the check for those who are in a call, which must not end by it: another tab opens. Elsewhere
 * showNetCheck takes the place of the present screen.
 */
export function checkLink(testid: string, look = ""): HTMLAnchorElement {
  return h(
    "a",
    {
      class: `check-link ${look}`.trim(),
      testid,
      attrs: { href: "#netcheck", target: "_blank", rel: "noopener" },
    },
    words.netcheck.open,
  );
}

/** Shows the check of the network; its code is loaded only now. */
export function showNetCheck(show: (screen: Screen) => void, back: () => void): void {
  void import("./screen.ts").then(({ NetCheckScreen }) =>
    show(new NetCheckScreen(back, () => showNetCheck(show, back))),
  );
}
