import { h } from "../dom.ts";
import { button } from "../ui.ts";
import { words } from "../words.ts";
import { staysText, TIMES } from "./preview.ts";
import { sheet } from "./sheet.ts";

/** Lets somebody choose for how long messages stay. */
export function chooseTimer(now: number, choose: (seconds: number) => void): void {
  const w = words.chat.timer;
  const times = [0, ...Object.values(TIMES)];
  const all = times.includes(now as (typeof times)[number]) ? times : [...times, now];
  const open = sheet(
    { testid: "chat-timers", title: w.title },
    h("p", { class: "hint" }, w.hint),
    h(
      "div",
      { class: "column" },
      ...all.map((seconds) =>
        button({
          testid: "chat-timer-choice",
          class: "wide",
          text: seconds === 0 ? w.off : staysText(seconds),
          data: { seconds: String(seconds) },
          attrs: { "aria-pressed": String(seconds === now) },
          click: () => {
            open.close();
            if (seconds !== now) choose(seconds);
          },
        }),
      ),
    ),
  );
}
