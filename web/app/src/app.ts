import {
  API,
  codeOf,
  Debug,
  Kinwire,
  type Call,
  type Login,
  type MediaOptions,
  type Person,
  type Reason,
} from "@kinwire/sdk";
import { h, setText, type Screen } from "./dom.ts";
import { Ringer } from "./ringer.ts";
import { EndedScreen } from "./screens/ended.ts";
import { CallScreen } from "./screens/incall.ts";
import { IncomingScreen } from "./screens/incoming.ts";
import { LoginScreen } from "./screens/login.ts";
import { PeopleScreen } from "./screens/people.ts";
import { words } from "./words.ts";

/** Where this tab keeps its login: a tab is a person, so two tabs can be two people. */
const TOKEN = "kinwire.token";

/** The app: which screen is shown, and what leads from one to the next. */
export class App {
  readonly debug = new Debug(() => this.#kinwire);
  readonly #root: HTMLElement;
  readonly #api = new API();
  readonly #media: MediaOptions;
  readonly #ringer = new Ringer();
  readonly #banner = h("p", {
    class: "banner connection",
    testid: "connection-banner",
    attrs: { role: "status", hidden: true },
  });
  #kinwire: Kinwire | null = null;
  #screen: Screen | null = null;
  #people: PeopleScreen | null = null;
  #call: Call | null = null;
  #lastEnd: { callID: string; reason: Reason } | null = null;
  #ownEnd = false;
  #calling = false;

  constructor(root: HTMLElement, media: MediaOptions) {
    this.#root = root;
    this.#media = media;
    document.body.append(this.#banner);
    window.addEventListener("pagehide", () => this.#leavePage());
    // A page that comes back from the browser's cache has no session any more.
    window.addEventListener("pageshow", (e) => e.persisted && location.reload());
  }

  start(): void {
    const token = sessionStorage.getItem(TOKEN);
    if (token) this.#connect(token);
    else this.#showLogin();
  }

  /** The session, for diagnosis; null before login. */
  get session(): Kinwire | null {
    return this.#kinwire;
  }
  /** The call that is shown, or null. */
  get call(): Call | null {
    return this.#call;
  }

  /** A snapshot in plain data. */
  state(): Record<string, unknown> {
    const call = this.#call;
    return {
      screen: this.#screen?.name ?? "",
      connection: this.debug.connection(),
      me: this.#kinwire?.me ?? null,
      call: call && {
        id: call.id,
        phase: call.view.phase,
        media: call.media,
        entered: call.entered,
        participants: call.view.participants,
      },
      lastEnd: this.#lastEnd,
    };
  }

  #show(screen: Screen & { focus?(): void }): void {
    this.#screen?.close?.();
    this.#screen = screen;
    this.#root.replaceChildren(screen.el);
    document.title = words.app;
    screen.focus?.();
  }

  #showLogin(error = ""): void {
    this.#people = null;
    this.#show(new LoginScreen(this.#api, (login) => this.#loggedIn(login), error));
  }

  #loggedIn(login: Login): void {
    sessionStorage.setItem(TOKEN, login.token);
    this.#connect(login.token);
  }

  #connect(token: string): void {
    const kinwire = new Kinwire({ token, device: device(), media: this.#media });
    this.#kinwire = kinwire;
    kinwire.on("ready", () => this.#showPeople());
    kinwire.on("people", (people) => this.#people?.show(people));
    kinwire.on("incoming", (call) => this.#ring(call));
    kinwire.on("connection", (c) => {
      this.#banner.hidden =
        c.state === "online" || (c.state === "reconnecting" && c.attempt === 0 && !kinwire.me);
      setText(this.#banner, c.state === "offline" ? words.connection.offline : words.connection.reconnecting);
      if (c.state === "offline" && this.#kinwire === kinwire)
        this.#loggedOut(c.error ? codeOf(c.error) : "closed");
    });
    kinwire.connect();
  }

  /** The tab closes or reloads: the others are told at once, and the login stays for the next page. */
  #leavePage(): void {
    const kinwire = this.#kinwire;
    this.#kinwire = null;
    this.#call = null;
    kinwire?.close();
  }

  async #logOut(): Promise<void> {
    const token = sessionStorage.getItem(TOKEN);
    this.#forget();
    this.#showLogin();
    if (token) await this.#api.logout(token).catch(() => undefined);
  }

  #loggedOut(code: ReturnType<typeof codeOf>): void {
    this.#forget();
    this.#showLogin(code === "unauthenticated" ? "" : (words.errors[code] ?? words.errorElse));
  }

  #forget(): void {
    sessionStorage.removeItem(TOKEN);
    const kinwire = this.#kinwire;
    this.#kinwire = null;
    this.#call = null;
    this.#ringer.stop();
    kinwire?.close();
    this.#banner.hidden = true;
  }

  #showPeople(error = ""): void {
    const kinwire = this.#kinwire;
    if (!kinwire?.me) return;
    this.#people = new PeopleScreen(kinwire.me, {
      call: (to, video) => void this.#start(to, video),
      logout: () => void this.#logOut(),
    });
    this.#people.show(kinwire.people);
    this.#people.fail(error);
    this.#show(this.#people);
  }

  async #start(to: Person[], video: boolean): Promise<void> {
    if (!this.#kinwire || this.#calling || this.#call) return;
    this.#calling = true;
    try {
      const call = await this.#kinwire.call(
        to.map((p) => p.id),
        { video },
      );
      this.#enter(call);
    } catch (e) {
      this.#showPeople(words.errors[codeOf(e)] ?? words.errorElse);
    } finally {
      this.#calling = false;
    }
  }

  #ring(call: Call): void {
    if (this.#call) return;
    this.#watch(call);
    this.#ringer.start("incoming");
    const screen = new IncomingScreen(call, {
      answer: () => void this.#answer(call),
      decline: () => {
        this.#ownEnd = true;
        void call.decline().catch(() => undefined);
      },
    });
    this.#show(screen);
    document.title = words.incoming.video(
      call.others.find((p) => p.person.id === call.view.caller)?.person.name ?? "",
    );
  }

  async #answer(call: Call): Promise<void> {
    this.#enter(call);
    await call.accept().catch(() => undefined); // its 'ended' says what happened
  }

  #enter(call: Call): void {
    this.#watch(call);
    const screen = new CallScreen(call, () => {
      this.#ownEnd = true;
      void call.hangup().catch(() => undefined);
    });
    this.#show(screen);
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
      if (this.#call === call) this.#ringer.stop();
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
    this.#call = null;
    this.#lastEnd = { callID: call.id, reason };
    const talkedMS = this.#screen instanceof CallScreen ? this.#screen.talkedMS : 0;
    // A call this person said no to needs no explanation.
    if (this.#ownEnd && reason === "declined") return this.#showPeople();
    const ending = { call, reason, own: this.#ownEnd, talkedMS };
    const people = call.others.map((p) => p.person);
    this.#show(
      new EndedScreen(ending, {
        again: () => void this.#start(people, call.view.video),
        back: () => this.#showPeople(),
      }),
    );
  }
}

/** What support may want to know of the device; nothing that tells one person from another. */
function device(): { os: string; app: string } {
  const ua = navigator as { userAgentData?: { platform?: string } };
  return { os: (ua.userAgentData?.platform ?? navigator.platform ?? "").slice(0, 64), app: "web" };
}
