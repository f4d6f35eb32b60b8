import { h } from "../dom.ts";
import { words } from "../words.ts";

/** Pictures to choose from: one emoji each, that every system draws. */
export const AVATARS: readonly string[] = [..."🦊🐼🐯🦁🐸🐵🐰🐻🐨🐱🐶🦄🐝🦋🐢🐙🐬🦖🐧🦉🌻🌈🚀🎈🍓🍉⚽🎸"];

export interface AvatarPicker {
  readonly el: HTMLElement;
  readonly value: string;
}

/** A grid of pictures of which one is chosen. */
export function avatarPicker(testid: string, value = "🦊"): AvatarPicker {
  const all = AVATARS.includes(value) ? AVATARS : [value, ...AVATARS];
  let chosen = value;
  const choices = all.map((face) => {
    const radio = h("input", {
      testid: `${testid}-choice`,
      class: "hidden-text",
      attrs: { type: "radio", name: testid, value: face, "aria-label": face, checked: face === value },
      on: { change: () => (chosen = face) },
    });
    return h("label", { class: "face-choice" }, radio, h("span", { attrs: { "aria-hidden": "true" } }, face));
  });
  const el = h(
    "fieldset",
    { class: "grid-choice", testid },
    h("legend", {}, words.common.picture),
    h("div", { class: "emoji-grid" }, ...choices),
  );
  return {
    el,
    get value() {
      return chosen;
    },
  };
}
