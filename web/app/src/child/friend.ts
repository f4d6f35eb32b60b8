import type { Friend, Person } from "@kinwire/sdk";
import { avatar } from "../avatar.ts";
import { writeTo } from "../chat/open.ts";
import type { Context } from "../context.ts";
import { h, setText, type Screen } from "../dom.ts";
import { button, confirm, errorLine, page } from "../ui.ts";
import { date, say, words } from "../words.ts";
import { ReportScreen } from "./report.ts";

/** One friend: to call, to report, to block, to part from. */
export class FriendScreen implements Screen {
  readonly name = "friend";
  readonly el: HTMLElement;
  readonly #ctx: Context;
  readonly #person: Person;
  readonly #since = h("p", { class: "hint", testid: "friend-since" });
  readonly #error = errorLine("friend-error");
  readonly #blocking: HTMLButtonElement;
  readonly #end: HTMLButtonElement;

  constructor(ctx: Context, person: Person) {
    this.#ctx = ctx;
    this.#person = person;
    const w = words.child.friend;
    this.#blocking = button({
      testid: "friend-block",
      icon: "block",
      text: w.block,
      click: () => void this.#block(),
    });
    this.#end = button({
      testid: "friend-end",
      class: "quiet",
      text: w.end,
      attrs: { hidden: true },
      click: () => void this.#part(),
    });
    this.el = page(
      { testid: "screen-friend", class: "narrow middle", title: person.name, back: () => ctx.home() },
      h("div", { class: "faces" }, avatar(person, "giant")),
      this.#since,
      this.#error,
      h(
        "div",
        { class: "choices" },
        button({
          testid: "friend-video",
          class: "primary",
          icon: "video",
          text: words.people.videoShort,
          title: say(words.people.video, person),
          click: () => ctx.call([person], true),
        }),
        button({
          testid: "friend-voice",
          icon: "phone",
          text: words.people.voiceShort,
          title: say(words.people.voice, person),
          click: () => ctx.call([person], false),
        }),
        ctx.messages.state !== "absent" &&
          button({
            testid: "friend-write",
            icon: "chat",
            text: words.chat.writeShort,
            title: say(words.chat.write, person),
            click: () => writeTo(ctx, person),
          }),
      ),
      h(
        "div",
        { class: "stack" },
        button({
          testid: "friend-report",
          icon: "flag",
          text: w.report,
          click: () =>
            ctx.show(new ReportScreen(ctx, person, { back: () => ctx.show(new FriendScreen(ctx, person)) })),
        }),
        this.#blocking,
        this.#end,
      ),
    );
    void this.#load();
  }

  focus(): void {
    this.el.focus({ preventScroll: true });
  }

  async #load(): Promise<void> {
    let friend: Friend | undefined;
    try {
      const { friends } = await this.#ctx.api.page("GET /v1/friends");
      friend = (friends ?? []).find((f) => f.person.id === this.#person.id);
    } catch (e) {
      return this.#error.say(e);
    }
    if (!friend) return;
    const w = words.child.friend;
    setText(this.#since, friend.family ? w.family : say(w.since, { date: date(friend.since) }));
    // The family stays the family.
    this.#end.hidden = this.#blocking.hidden = friend.family;
  }

  async #part(): Promise<void> {
    const w = words.child.friend;
    const { id } = this.#person;
    const sure = { title: say(w.endAsk, this.#person), text: w.endText, yes: w.end, danger: true };
    if (!(await confirm(sure))) return;
    await this.#act(() => this.#ctx.api.page("DELETE /v1/friends/{id}", { path: { id } }));
  }

  async #block(): Promise<void> {
    const w = words.child.friend;
    const sure = {
      title: say(w.blockAsk, this.#person),
      text: say(w.blockText, this.#person),
      yes: w.block,
      danger: true,
    };
    if (!(await confirm(sure))) return;
    await this.#act(() => this.#ctx.api.page("POST /v1/blocks", { body: { user_id: this.#person.id } }));
  }

  async #act(act: () => Promise<unknown>): Promise<void> {
    try {
      await act();
      this.#ctx.home();
    } catch (e) {
      this.#error.say(e);
    }
  }
}
