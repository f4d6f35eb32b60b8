import { missingOf, type Call, type Person, type Reason } from "@kinwire/sdk";
import { MissingScreen } from "./child/missing.ts";
import { ReportScreen } from "./child/report.ts";
import type { Context } from "./context.ts";
import { showNetCheck } from "./netcheck/link.ts";
import { Ringer } from "./ringer.ts";
import { EndedScreen } from "./screens/ended.ts";
import { CallScreen } from "./screens/incall.ts";
import { IncomingScreen, titleOf } from "./screens/incoming.ts";
import { Waiting } from "./screens/waiting.ts";
import { errorText } from "./ui.ts";
import { list } from "./words.ts";

/** How a call ended for this person, last. */
export interface LastEnd {
  callID: string;
  reason: Reason;
}

/** Which call is shown, which rings besides, and what leads from one to the next. */
export class Calling {
  readonly #ctx: Context;
  readonly #ringer = new Ringer();
  readonly #off: () => void;
  #call: Call | null = null;
  #screen: CallScreen | IncomingScreen | null = null;
  #second: Call | null = null;
  #lastEnd: LastEnd | null = null;
  #ownEnd = false;
  #starting = false;

  /** It rings by itself for calls that come to ctx.kinwire from now on. */
  constructor(ctx: Context) {
    this.#ctx = ctx;
    this.#off = ctx.kinwire.on("incoming", (call) => this.#came(call));
  }

  /** Rings for a call that came before. */
  takeUp(): void {
    for (const call of this.#ctx.kinwire.calls) if (!call.entered) this.#came(call);
  }

  /** The call that is shown, or null. */
  get call(): Call | null {
    return this.#call;
  }
  get lastEnd(): LastEnd | null {
    return this.#lastEnd;
  }

  /** Nothing rings or is shown any more. */
  close(): void {
    this.#off();
    this.#ringer.stop();
    this.#call = this.#second = null;
  }

  /** Calls people; what is in the way is told on a page of its own or on the first one. */
  async start(to: Person[], video: boolean): Promise<void> {
    if (this.#starting || this.#call) return;
    this.#starting = true;
    const ids = to.map((p) => p.id);
    try {
      this.#enter(await this.#ctx.kinwire.call(ids, { video }));
    } catch (e) {
      const missing = missingOf(e);
      if (missing.length > 0) this.#ctx.show(new MissingScreen(this.#ctx, missing, ids));
      else this.#ctx.home(errorText(e));
    } finally {
      this.#starting = false;
    }
  }

  #came(call: Call): void {
    if (!this.#call) this.#ring(call);
    else if (call !== this.#call) this.#wait(call);
  }

  #ring(call: Call): void {
    this.#watch(call);
    this.#ringer.start("incoming");
    this.#screen = new IncomingScreen(call, {
      answer: () => void this.#answer(call),
      decline: () => {
        this.#ownEnd = true;
        void call.decline().catch(() => undefined);
      },
    });
    this.#ctx.show(this.#screen);
    document.title = titleOf(call);
  }

  /** A second call: shown over the first, and rung out softly by the picture alone. */
  #wait(call: Call): void {
    if (this.#second || !(this.#screen instanceof CallScreen)) return;
    this.#second = call;
    const screen = this.#screen;
    const present = list(this.#call!.others.filter((p) => p.phase !== "left").map((p) => p.person.name));
    const waiting = new Waiting(call, present, {
      answer: () => void this.#change(call),
      decline: () => void call.decline().catch(() => undefined),
    });
    screen.over(waiting.el);
    this.#ringer.start("waiting");
    call.on("ended", () => {
      if (this.#second !== call) return;
      this.#second = null;
      this.#ringer.stop();
      screen.over(null);
    });
  }

  /** Leaves the present call and answers the one that waits. */
  async #change(call: Call): Promise<void> {
    const old = this.#call;
    this.#second = this.#call = null;
    // On one socket in this order: the server ends the one before it takes up the other.
    const left = old?.hangup().catch(() => undefined);
    await this.#answer(call);
    await left;
  }

  async #answer(call: Call): Promise<void> {
    this.#enter(call);
    await call.accept().catch(() => undefined); // its 'ended' says what happened
  }

  #enter(call: Call): void {
    this.#watch(call);
    this.#screen = new CallScreen(this.#ctx, call, () => {
      this.#ownEnd = true;
      void call.hangup().catch(() => undefined);
    });
    this.#ctx.show(this.#screen);
    this.#ringWhile(call);
    if (call.ended) this.#ended(call, call.ended);
  }

  #ringWhile(call: Call): void {
    const ringing = () => call.outgoing && call.view.phase === "ringing" && !call.ended;
    this.#ringer.stop();
    if (!ringing()) return;
    this.#ringer.start("outgoing");
    const off = call.on("state", () => {
      if (ringing()) return;
      off();
      if (this.#call === call && !this.#second) this.#ringer.stop();
    });
  }

  #watch(call: Call): void {
    if (this.#call === call) return;
    this.#call = call;
    this.#ownEnd = false;
    call.on("ended", (reason) => this.#ended(call, reason));
  }

  #ended(call: Call, reason: Reason): void {
    if (this.#call !== call) return;
    this.#ringer.stop();
    const talkedMS = this.#screen instanceof CallScreen ? this.#screen.talkedMS : 0;
    this.#call = this.#screen = null;
    this.#lastEnd = { callID: call.id, reason };
    this.#second = null;
    // What rang besides this one rings properly now.
    const next = this.#ctx.kinwire.calls.find((c) => c !== call && !c.entered && !c.ended);
    if (next) return this.#ring(next);
    // A call this person said no to needs no explanation.
    if (this.#ownEnd && reason === "declined") return this.#ctx.home();
    // Whoever was called and did not answer is the one who missed it.
    const own =
      this.#ownEnd || (!call.outgoing && !call.entered && (reason === "missed" || reason === "busy"));
    const people = call.others.map((p) => p.person);
    const ending = { call, reason, own, talkedMS };
    const ctx = this.#ctx;
    const show = (): void =>
      ctx.show(
        new EndedScreen(ending, {
          again: () => ctx.call(people, call.view.video),
          back: () => ctx.home(),
          check: () => showNetCheck((screen) => ctx.show(screen), show),
          report: (p) => ctx.show(new ReportScreen(ctx, p, { callID: call.id, back: show })),
        }),
      );
    show();
  }
}
