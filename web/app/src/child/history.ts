import type { HistoryEntry, Person } from "@kinwire/sdk";
import type { Context } from "../context.ts";
import type { Screen } from "../dom.ts";
import { button, page } from "../ui.ts";
import { HistoryList } from "../widgets/history.ts";
import { say, words } from "../words.ts";
import { sawCalls } from "./missed.ts";
import { ReportScreen } from "./report.ts";

/** This person's calls. */
export class HistoryScreen implements Screen {
  readonly name = "history";
  readonly el: HTMLElement;

  constructor(ctx: Context) {
    const list = new HistoryList((before) => ctx.api.page("GET /v1/history", { query: { before } }), {
      remove: (id) => ctx.api.page("DELETE /v1/history/{id}", { path: { id } }),
      actions: (e) => actions(ctx, e),
      loaded: (calls) => sawCalls(ctx.me.id, calls),
    });
    this.el = page(
      { testid: "screen-history", title: words.child.calls.title, back: () => ctx.home() },
      list.el,
    );
  }

  focus(): void {
    this.el.focus({ preventScroll: true });
  }
}

/** To call again whom one may call still, and to report somebody in that call. */
function actions(ctx: Context, e: HistoryEntry): HTMLElement[] {
  const ids = (e.with ?? []).map((p) => p.id);
  const people = ctx.kinwire.people.map((p) => p.person).filter((p) => ids.includes(p.id));
  const buttons: HTMLElement[] = [];
  if (people.length > 0 && people.length === ids.length) {
    const names = people.map((p) => p.name).join(", ");
    buttons.push(
      button({
        testid: "history-call",
        class: "round primary",
        icon: e.video ? "video" : "phone",
        title: say(words.child.calls.again, { name: names }),
        click: () => ctx.call(people, e.video),
      }),
    );
  }
  const one = e.with?.length === 1 ? e.with[0] : undefined;
  if (one?.id) {
    const about: Person = { id: one.id, name: one.name, avatar: one.avatar ?? "", role: "child", family: "" };
    const back = () => ctx.show(new HistoryScreen(ctx));
    buttons.push(
      button({
        testid: "history-report",
        class: "round quiet",
        icon: "flag",
        title: words.child.friend.report,
        click: () => ctx.show(new ReportScreen(ctx, about, { callID: e.call_id, back })),
      }),
    );
  }
  return buttons;
}
