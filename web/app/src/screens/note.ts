import { h, type Screen } from "../dom.ts";
import { button, page } from "../ui.ts";
import { words } from "../words.ts";

/** Something to be told, and a way on. */
export class NoteScreen implements Screen {
  readonly name = "note";
  readonly el: HTMLElement;

  constructor(title: string, text: string, back: () => void) {
    this.el = page(
      { testid: "screen-note", class: "narrow", title, back },
      h("p", { testid: "note-text", attrs: { role: "alert" } }, text),
      button({ class: "primary", text: words.common.back, click: back }),
    );
  }

  focus(): void {
    this.el.focus({ preventScroll: true });
  }
}
