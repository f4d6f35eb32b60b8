export type Child = Node | string | null | undefined | false;

/** Attributes of an element: class, test id, listeners, and any attribute by its own name. */
export interface Props {
  class?: string;
  testid?: string;
  data?: Record<string, string>;
  on?: { [K in keyof HTMLElementEventMap]?: (e: HTMLElementEventMap[K]) => void };
  attrs?: Record<string, string | boolean>;
}

/** Makes an element. There is no way to give it a style or HTML as text: the page's CSP would refuse it. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const el = document.createElement(tag);
  if (props.class) el.className = props.class;
  if (props.testid) el.dataset["testid"] = props.testid;
  Object.assign(el.dataset, props.data);
  for (const [name, value] of Object.entries(props.attrs ?? {})) {
    if (value === true) el.setAttribute(name, "");
    else if (value !== false) el.setAttribute(name, value);
  }
  for (const [name, f] of Object.entries(props.on ?? {})) el.addEventListener(name, f as EventListener);
  el.append(...children.filter((c): c is Node | string => !!c));
  return el;
}

/** Sets text only when it changed, so that nothing is read out again for nothing. */
export function setText(el: Element, text: string): void {
  if (el.textContent !== text) el.textContent = text;
}

/** A screen of the app: an element, what to do once it is shown, and what to stop when it goes. */
export interface Screen {
  readonly name: string;
  readonly el: HTMLElement;
  /** Called once it is in the page: puts the keyboard where it belongs. */
  focus?(): void;
  close?(): void;
}
