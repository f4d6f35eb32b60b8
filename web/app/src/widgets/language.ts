import { select } from "../ui.ts";
import { h } from "../dom.ts";
import { icon } from "../icons.ts";
import { chooseLanguage, language, languages, words, type Language } from "../words.ts";

/** Chooses the language on this device. changed has to make the screen anew. */
export function languageSwitch(changed: () => void): HTMLElement {
  const options = Object.entries(languages).map(([value, l]) => ({ value, text: l.name }));
  const choice = select("language", options, language());
  for (const o of choice.options) o.lang = o.value;
  choice.addEventListener("change", () => {
    chooseLanguage(choice.value as Language);
    changed();
  });
  return h(
    "label",
    { class: "language" },
    icon("globe"),
    h("span", { class: "hidden-text" }, words.common.language),
    choice,
  );
}
