import { h, type Child } from "../dom.ts";
import { button } from "../ui.ts";
import { words } from "../words.ts";

export interface Sheet {
  readonly el: HTMLDialogElement;
  close(): void;
}

/**
 * Something that opens over the page until it is closed: by its button, by Escape, by a tap beside it. The
 * keyboard goes back to where it was.
 */
export function sheet(
  o: { testid: string; title: string; class?: string; closed?: () => void },
  ...children: Child[]
): Sheet {
  const before = document.activeElement;
  let open = true;
  const close = () => {
    if (!open) return;
    open = false;
    el.close();
    el.remove();
    if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
    o.closed?.();
  };
  const el = h(
    "dialog",
    {
      class: `dialog sheet ${o.class ?? ""}`.trim(),
      testid: o.testid,
      attrs: { "aria-label": o.title },
      on: {
        cancel: (e) => {
          e.preventDefault();
          close();
        },
        // What is pressed in here is not for the page below.
        keydown: (e) => e.stopPropagation(),
        click: (e) => {
          if (e.target === el) close();
        },
      },
    },
    h(
      "div",
      { class: "sheet-inside" },
      h(
        "header",
        { class: "bar" },
        h("h2", {}, o.title),
        button({
          testid: `${o.testid}-close`,
          class: "round quiet",
          icon: "close",
          title: words.common.close,
          click: close,
        }),
      ),
      ...children,
    ),
  );
  document.body.append(el);
  el.showModal();
  return { el, close };
}
