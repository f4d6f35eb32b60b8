import { codeOf } from "@kinwire/sdk";
import { h, setText, type Child, type Props } from "./dom.ts";
import { icon, type IconName } from "./icons.ts";
import { words } from "./words.ts";

/** What a caught error says to people. Some screens know better words for a code: own. */
export function errorText(e: unknown, own: Partial<Record<string, string>> = {}): string {
  const known: Record<string, string> = words.errors;
  return own[codeOf(e)] ?? known[codeOf(e)] ?? words.errorElse;
}

export interface ButtonProps {
  testid?: string;
  /** Beside "button": primary, quiet, answer (green), decline (red), wide, round, small. */
  class?: string;
  icon?: IconName;
  /** Shown; with an icon it may be left out if title is given. */
  text?: string;
  /** Read out in place of text, and shown as a tooltip. */
  title?: string;
  data?: Record<string, string>;
  attrs?: Record<string, string | boolean>;
  submit?: boolean;
  click?: () => void;
}

export function button(p: ButtonProps): HTMLButtonElement {
  const props: Props = {
    class: `button ${p.class ?? ""}`.trim(),
    attrs: {
      type: p.submit ? "submit" : "button",
      ...(p.title && { title: p.title, "aria-label": p.title }),
      ...p.attrs,
    },
  };
  if (p.testid) props.testid = p.testid;
  if (p.data) props.data = p.data;
  if (p.click) props.on = { click: p.click };
  return h("button", props, p.icon && icon(p.icon), p.text && h("span", {}, p.text));
}

/** A line that tells what went wrong (read out at once); empty, it takes no room. */
export function errorLine(testid: string): HTMLElement & { say(e: unknown): void } {
  const el = h("p", { class: "error", testid, attrs: { role: "alert" } });
  return Object.assign(el, {
    say(e: unknown) {
      setText(el, typeof e === "string" ? e : errorText(e));
      if (el.textContent) el.scrollIntoView({ block: "nearest" });
    },
  });
}

/** A line that tells how things are (read out when there is time). */
export function statusLine(testid: string, text = ""): HTMLElement {
  return h("p", { class: "hint", testid, attrs: { role: "status" } }, text);
}

export interface PageProps {
  testid: string;
  class?: string;
  title: string;
  /** With it, the page has a button that leads back (also Escape). */
  back?: () => void;
  /** At the right end of the bar. */
  actions?: Child[];
}

/** A page: main, with a bar of back button and title. */
export function page(p: PageProps, ...children: Child[]): HTMLElement {
  const el = h(
    "main",
    {
      class: `page ${p.class ?? ""}`.trim(),
      testid: p.testid,
      attrs: { tabindex: "-1", "aria-label": p.title },
      on: {
        keydown: (e) => {
          if (e.key === "Escape" && !e.defaultPrevented) p.back?.();
        },
      },
    },
    h(
      "header",
      { class: "bar" },
      p.back &&
        button({
          testid: "back",
          class: "round quiet",
          icon: "back",
          title: words.common.back,
          click: () => p.back?.(),
        }),
      h("h1", {}, p.title),
      ...(p.actions ?? []),
    ),
    ...children,
  );
  return el;
}

/** A named part of a page. */
export function section(title: string, props: Props, ...children: Child[]): HTMLElement {
  return h("section", { class: "part", ...props }, h("h2", {}, title), ...children);
}

/** A label above an input, with a hint below. */
export function labelled(text: string, input: HTMLElement, hint?: Child): HTMLElement {
  return h("label", {}, h("span", {}, text), input, hint && h("small", { class: "hint" }, hint));
}

export interface InputProps {
  testid: string;
  type?: string;
  autocomplete?: string;
  required?: boolean;
  value?: string;
  attrs?: Record<string, string | boolean>;
}

export function input(p: InputProps): HTMLInputElement {
  const el = h("input", {
    testid: p.testid,
    attrs: {
      type: p.type ?? "text",
      name: p.testid,
      autocomplete: p.autocomplete ?? "off",
      required: p.required ?? true,
      autocapitalize: "none",
      spellcheck: "false",
      ...p.attrs,
    },
  });
  el.value = p.value ?? "";
  return el;
}

/** A choice of one from a list. */
export function select(
  testid: string,
  options: { value: string; text: string }[],
  value = options[0]?.value ?? "",
): HTMLSelectElement {
  const el = h(
    "select",
    { testid, attrs: { name: testid } },
    ...options.map((o) => h("option", { attrs: { value: o.value } }, o.text)),
  );
  el.value = value;
  return el;
}

/** Something to switch on or off, with words beside it. */
export function toggle(
  testid: string,
  text: string,
  on: boolean,
  change?: (on: boolean) => void,
): HTMLElement & { readonly input: HTMLInputElement } {
  const box = h("input", { testid, attrs: { type: "checkbox", name: testid } });
  box.checked = on;
  box.addEventListener("change", () => change?.(box.checked));
  return Object.assign(h("label", { class: "choice" }, box, h("span", {}, text)), { input: box });
}

/**
 * Does something that takes a while: while it runs, what can be pressed within el is disabled; what goes
 * wrong is said by fail. True when it went well.
 */
export async function busy(
  el: HTMLElement,
  act: () => Promise<unknown>,
  fail: (e: unknown) => void,
): Promise<boolean> {
  const pressed = document.activeElement;
  const parts = [...el.querySelectorAll<HTMLButtonElement>("button, input, select, textarea")];
  const enabled = parts.filter((b) => !b.disabled);
  for (const b of enabled) b.disabled = true;
  el.setAttribute("aria-busy", "true");
  try {
    await act();
    return true;
  } catch (e) {
    fail(e);
    return false;
  } finally {
    for (const b of enabled) b.disabled = false;
    el.removeAttribute("aria-busy");
    // A button that was disabled lost the focus.
    if (pressed instanceof HTMLElement && pressed.isConnected && document.activeElement === document.body)
      pressed.focus({ preventScroll: true });
  }
}

/** A form that is sent by act; its fields and buttons are disabled while act runs. */
export function form(
  testid: string,
  act: () => Promise<unknown>,
  fail: (e: unknown) => void,
  ...children: Child[]
): HTMLFormElement {
  const el: HTMLFormElement = h(
    "form",
    {
      class: "card form",
      testid,
      on: {
        submit: (e) => {
          e.preventDefault();
          fail("");
          void busy(el, act, fail);
        },
      },
    },
    ...children,
  );
  return el;
}

/**
 * Asks before something that cannot be taken back: a modal dialog with the question and two buttons.
 * True for yes.
 */
export function confirm(o: {
  title: string;
  text?: string;
  yes: string;
  no?: string;
  danger?: boolean;
}): Promise<boolean> {
  return new Promise((resolve) => {
    const before = document.activeElement;
    const close = (answer: boolean) => {
      dialog.close();
      dialog.remove();
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
      resolve(answer);
    };
    const dialog = h(
      "dialog",
      { class: "dialog", testid: "dialog", attrs: { "aria-labelledby": "dialog-title" } },
      h("h2", { attrs: { id: "dialog-title" } }, o.title),
      o.text && h("p", {}, o.text),
      h(
        "div",
        { class: "choices" },
        button({ testid: "dialog-no", text: o.no ?? words.common.cancel, click: () => close(false) }),
        button({
          testid: "dialog-yes",
          class: o.danger ? "decline" : "primary",
          text: o.yes,
          click: () => close(true),
        }),
      ),
    );
    dialog.addEventListener("cancel", (e) => {
      e.preventDefault();
      close(false);
    });
    // What is pressed in here is not for the page below.
    dialog.addEventListener("keydown", (e) => e.stopPropagation());
    document.body.append(dialog);
    dialog.showModal();
  });
}

export interface ItemProps {
  testid: string;
  data?: Record<string, string>;
  /** A picture at its left. */
  picture?: Child;
  title: string;
  /** Lines below the title. */
  notes?: (string | Child)[];
  /** Buttons at its right, or below on a narrow screen. */
  actions?: Child[];
}

/** One row of a list (ul.list): picture, title, notes, buttons. */
export function item(p: ItemProps): HTMLElement {
  return h(
    "li",
    { class: "card item", testid: p.testid, data: p.data ?? {} },
    p.picture,
    h(
      "div",
      { class: "item-text" },
      h("span", { class: "item-title" }, p.title),
      ...(p.notes ?? []).map((n) => (typeof n === "string" && n ? h("span", { class: "hint" }, n) : n)),
    ),
    p.actions && h("div", { class: "item-actions" }, ...p.actions),
  );
}

/** Buttons of which one is on; choose is called with a name that is not on yet. */
export function tabs<N extends string>(
  label: string,
  names: readonly { name: N; text: string; icon?: IconName }[],
  on: N,
  choose: (name: N) => void,
): HTMLElement & { mark(name: N): void } {
  const buttons = new Map(
    names.map(({ name, text, icon }) => [
      name,
      button({
        testid: `tab-${name}`,
        class: "tab",
        text,
        ...(icon && { icon }),
        click: () => {
          if (buttons.get(name)!.getAttribute("aria-current") === "page") return;
          el.mark(name);
          choose(name);
        },
      }),
    ]),
  );
  const nav = h("nav", { class: "tabs", attrs: { "aria-label": label } }, ...buttons.values());
  const el = Object.assign(nav, {
    mark(name: N) {
      for (const [n, b] of buttons) {
        if (n === name) b.setAttribute("aria-current", "page");
        else b.removeAttribute("aria-current");
      }
    },
  });
  el.mark(on);
  return el;
}
