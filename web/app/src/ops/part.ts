/** A part of the operator's page: an element, and what to stop when another part is opened. */
export interface Part {
  readonly el: HTMLElement;
  close?(): void;
}
