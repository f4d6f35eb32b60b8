import type { Message } from "@kinwire/sdk/chat";
import { h } from "../dom.ts";
import { button } from "../ui.ts";
import { words } from "../words.ts";
import { sheet } from "./sheet.ts";

/** What one may say to a message with one tap. */
export const REACTIONS = ["❤️", "😂", "👍", "😮", "😢", "🎉"] as const;

export interface MenuActions {
  react(emoji: string): void;
  report(): void;
  remove(): void;
}

/** What can be done with one message. own is this person's reaction to it until now. */
export function messageMenu(m: Message, own: string, canReact: boolean, act: MenuActions): void {
  const w = words.chat.menu;
  const done = (f: () => void) => () => {
    menu.close();
    f();
  };
  const text = m.content.kind === "text" ? m.content.text : "";
  const menu = sheet(
    { testid: "chat-menu", title: w.title },
    canReact &&
      h(
        "div",
        { class: "reaction-row", attrs: { role: "group", "aria-label": w.react } },
        ...REACTIONS.map((emoji) =>
          h(
            "button",
            {
              class: "picture",
              testid: "chat-react",
              data: { emoji },
              attrs: { type: "button", "aria-label": emoji, "aria-pressed": String(emoji === own) },
              on: { click: done(() => act.react(emoji === own ? "" : emoji)) },
            },
            emoji,
          ),
        ),
      ),
    h(
      "div",
      { class: "column" },
      text &&
        button({
          testid: "chat-copy",
          icon: "copy",
          text: w.copy,
          click: done(() => void navigator.clipboard?.writeText(text).catch(() => undefined)),
        }),
      !m.mine &&
        button({ testid: "chat-report", icon: "flag", text: w.report, click: done(() => act.report()) }),
      button({ testid: "chat-remove", icon: "trash", text: w.remove, click: done(() => act.remove()) }),
    ),
  );
}
