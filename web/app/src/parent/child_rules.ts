import type { ChildRules, QuietHours, Rules } from "@kinwire/sdk";
import type { Context } from "../context.ts";
import { h, setText } from "../dom.ts";
import { button, errorLine, form, input, labelled, select, statusLine, toggle } from "../ui.ts";
import { count, say, weekday, words } from "../words.ts";
import type { Part } from "./child.ts";
import { Loading } from "./loading.ts";

const DAYS = [1, 2, 3, 4, 5, 6, 7];

/** The time zone of rules that nobody has set yet. */
const UNSET = "UTC";

/** A child's rules: approvals, video, minutes a day, quiet times. They act at once. */
export function rulesPart(ctx: Context, childID: string): Part {
  const error = errorLine("rules-error");
  const place = h("div", {}, h("p", { class: "hint" }, words.common.busy));
  const loading = new Loading(
    () => ctx.api.page("GET /v1/children/{id}/rules", { path: { id: childID } }),
    (r) => place.replaceChildren(rulesForm(ctx, childID, r)),
    (e) => {
      place.replaceChildren();
      error.say(e);
    },
  );
  void loading.again();
  return { el: h("div", {}, error, place), close: () => loading.close() };
}

function rulesForm(ctx: Context, childID: string, now: ChildRules): HTMLElement {
  const w = words.parent.rules;
  const { rules } = now;
  const error = errorLine("rules-error");
  const saved = statusLine("rules-saved");
  const approve = toggle("rule-approve", w.friends, rules.approve_friends);
  const video = toggle("rule-video", w.video, rules.video);
  const minutes = input({
    testid: "rule-minutes",
    type: "number",
    value: String(rules.daily_minutes),
    attrs: { min: "0", max: "1440", step: "5", inputmode: "numeric" },
  });
  const quiet = new QuietTimes(rules.quiet_hours ?? []);
  const zone = zoneField(rules);
  return form(
    "rules-form",
    async () => {
      setText(saved, "");
      const body: Rules = {
        approve_friends: approve.input.checked,
        video: video.input.checked,
        daily_minutes: Number(minutes.value),
        time_zone: zone.value,
        quiet_hours: quiet.value,
      };
      const wrong = quietWrong(body.quiet_hours);
      if (wrong) return error.say(wrong);
      await ctx.api.page("PUT /v1/children/{id}/rules", { path: { id: childID }, body });
      setText(saved, words.common.saved);
    },
    (e) => error.say(e),
    approve,
    video,
    h("p", { class: "hint" }, w.videoHint),
    labelled(w.minutes, minutes, w.minutesHint),
    h("p", { class: "hint", testid: "rule-used" }, count(w.used, Math.ceil(now.used_seconds / 60))),
    h(
      "fieldset",
      { class: "column" },
      h("legend", {}, w.quiet),
      h("p", { class: "hint" }, w.quietHint),
      quiet.el,
    ),
    zone.el,
    error,
    saved,
    button({ testid: "rules-save", class: "primary wide", text: words.common.save, submit: true }),
  );
}

/**
 * Whose clock the times are of: where the parent is who sets them first, and from then on what was chosen,
 * also when the parent travels.
 */
function zoneField(rules: Rules): { readonly el: HTMLElement; readonly value: string } {
  const w = words.parent.rules;
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone || rules.time_zone;
  const there = rules.time_zone;
  if (here === there || (there === UNSET && (rules.quiet_hours ?? []).length === 0))
    return { el: h("p", { class: "hint" }, say(w.zone, { zone: here })), value: here };
  const choice = select(
    "rule-zone",
    [
      { value: there, text: say(w.zoneThere, { zone: there }) },
      { value: here, text: say(w.zoneHere, { zone: here }) },
    ],
    there,
  );
  return {
    el: labelled(w.zoneLabel, choice),
    get value() {
      return choice.value;
    },
  };
}

/** What about the quiet times could not be kept, in words; "" if all is well. */
export function quietWrong(list: readonly QuietHours[]): string {
  const w = words.parent.rules;
  if (list.some((q) => q.days.length === 0)) return w.quietDays;
  return list.some((q) => q.from === q.to) ? w.quietSame : "";
}

/** A list of quiet times that can grow and shrink. */
class QuietTimes {
  readonly el: HTMLElement;
  readonly #rows = h("div", { class: "column", testid: "quiet-rows" });
  readonly #none = h("p", { class: "hint" }, words.parent.rules.quietNone);
  readonly #list: QuietRow[] = [];
  readonly #button: HTMLButtonElement;

  constructor(list: QuietHours[]) {
    const add = button({
      testid: "quiet-add",
      icon: "add",
      text: words.parent.rules.quietAdd,
      click: () => this.#add({ days: DAYS, from: "20:00", to: "07:00" }).focus(),
    });
    this.#button = add;
    this.el = h("div", { class: "column" }, this.#none, this.#rows, add);
    for (const q of list) this.#add(q);
  }

  get value(): QuietHours[] {
    return this.#list.map((row) => row.value);
  }

  #add(q: QuietHours): QuietRow {
    const row = new QuietRow(q, () => {
      this.#list.splice(this.#list.indexOf(row), 1);
      row.el.remove();
      this.#none.hidden = this.#list.length > 0;
      this.#button.focus();
    });
    this.#list.push(row);
    this.#rows.append(row.el);
    this.#none.hidden = true;
    return row;
  }
}

class QuietRow {
  readonly el: HTMLElement;
  readonly #from: HTMLInputElement;
  readonly #to: HTMLInputElement;
  readonly #days: { day: number; box: HTMLInputElement }[];

  constructor(q: QuietHours, remove: () => void) {
    const w = words.parent.rules;
    this.#from = input({ testid: "quiet-from", type: "time", value: q.from });
    this.#to = input({ testid: "quiet-to", type: "time", value: q.to });
    const choices = DAYS.map((day) => ({
      day,
      choice: toggle(`quiet-day-${day}`, weekday(day, "short"), (q.days ?? []).includes(day)),
    }));
    this.#days = choices.map(({ day, choice }) => ({ day, box: choice.input }));
    this.el = h(
      "div",
      { class: "card quiet-row", testid: "quiet-row" },
      h(
        "div",
        { class: "quiet-times" },
        labelled(w.from, this.#from),
        labelled(w.to, this.#to),
        button({
          testid: "quiet-remove",
          class: "round quiet",
          icon: "trash",
          title: w.quietRemove,
          click: remove,
        }),
      ),
      h(
        "fieldset",
        {},
        h("legend", {}, w.days),
        h("div", { class: "week" }, ...choices.map((c) => c.choice)),
      ),
    );
  }

  focus(): void {
    this.#from.focus();
  }

  get value(): QuietHours {
    return {
      days: this.#days.filter((d) => d.box.checked).map((d) => d.day),
      from: this.#from.value,
      to: this.#to.value,
    };
  }
}
