import {
  API,
  codeOf,
  Debug,
  Kinwire,
  type Call,
  type LoggedIn,
  type MediaOptions,
  type Person,
} from "@kinwire/sdk";
import type { ChatLike } from "@kinwire/sdk/chat";
import { Calling } from "./calling.ts";
import { Messages, openChat } from "./chat/session.ts";
import { PeopleScreen } from "./child/home.ts";
import { AddFriendScreen } from "./child/add.ts";
import type { Context, Opening, OpsContext } from "./context.ts";
import { device, deviceName } from "./device.ts";
import { h, setText, type Screen } from "./dom.ts";
import { OpsHome } from "./ops/home.ts";
import { ParentHome } from "./parent/home.ts";
import { showNetCheck } from "./netcheck/link.ts";
import { NoteScreen } from "./screens/note.ts";
import { readLink, type Link } from "./routes.ts";
import { CodeScreen } from "./signin/code.ts";
import { ConfirmScreen } from "./signin/confirm.ts";
import { ConsentScreen } from "./signin/consent.ts";
import type { Door } from "./signin/door.ts";
import { KeyScreen } from "./signin/key.ts";
import { LoginScreen } from "./signin/login.ts";
import { ResetScreen } from "./signin/reset.ts";
import { confirm } from "./ui.ts";
import { backFromProvider, forgetToken, keepToken, keptToken } from "./tokens.ts";
import { words } from "./words.ts";

/** What each role sees first. Teens and adults without children see the child's face, with settings of their own. */
const FACES: Record<Person["role"], (ctx: Context, opening: Opening) => Screen> = {
  child: (ctx, opening) => new PeopleScreen(ctx, opening),
  teen: (ctx, opening) => new PeopleScreen(ctx, opening),
  adult: (ctx, opening) => new PeopleScreen(ctx, opening),
  staff: (ctx, opening) => new PeopleScreen(ctx, opening),
  parent: (ctx, opening) => new ParentHome(ctx, opening),
};

/** How long signing out waits for the messages to be taken off this device, ms. */
const FORGET_MS = 5_000;

/** The app: who is signed in, which screen is shown, and what leads from one to the next. */
export class App {
  readonly debug = new Debug(() => this.#kinwire);
  readonly #root: HTMLElement;
  readonly #media: MediaOptions;
  readonly #api = new API();
  readonly #banner = h("p", {
    class: "banner connection",
    testid: "connection-banner",
    attrs: { role: "status", hidden: true },
  });
  readonly #door: Door;
  #kinwire: Kinwire | null = null;
  #context: Context | null = null;
  #calling: Calling | null = null;
  #messages: Messages | null = null;
  #screen: Screen | null = null;
  #opening: Opening = {};

  constructor(root: HTMLElement, media: MediaOptions) {
    this.#root = root;
    this.#media = media;
    this.#door = {
      api: this.#api,
      show: (screen) => this.#show(screen),
      start: (error) => this.#showLogin(error),
      enter: (login, stay) => this.#enter(login, stay),
    };
    document.body.append(this.#banner);
    window.addEventListener("pagehide", () => this.#leavePage());
    // A page that comes back from the browser's cache has no session any more.
    window.addEventListener("pageshow", (e) => e.persisted && location.reload());
    // A link that is opened in a tab of the app changes the address alone.
    window.addEventListener("hashchange", () => readLink(location.hash) && location.reload());
  }

  start(): void {
    const link = readLink(location.hash);
    // A token does not stay in the address, where it could be copied or come back with "back".
    if (link?.value) history.replaceState(null, "", location.pathname + location.search);
    if (link) this.#follow(link);
    else this.#resume();
  }

  /** The session, for diagnosis; null before login. */
  get session(): Kinwire | null {
    return this.#kinwire;
  }
  /** This person's messages on this device, for diagnosis; null while they are not open. */
  get chat(): ChatLike | null {
    return this.#messages?.chat ?? null;
  }
  /** The call that is shown, or null. */
  get call(): Call | null {
    return this.#calling?.call ?? null;
  }

  /** A snapshot in plain data. */
  state(): Record<string, unknown> {
    const call = this.call;
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
      lastEnd: this.#calling?.lastEnd ?? null,
    };
  }

  #show(screen: Screen): void {
    if (this.#screen !== screen) this.#screen?.close?.();
    this.#screen = screen;
    this.#root.replaceChildren(screen.el);
    window.scrollTo(0, 0);
    const title = screen.el.querySelector("h1")?.textContent;
    document.title = title && title !== words.app ? `${title} · ${words.app}` : words.app;
    screen.focus?.();
  }

  /** Goes on with the login that is kept, or else to the first page. */
  #resume(): void {
    const token = keptToken();
    if (token) this.#connect(token);
    else this.#showLogin();
  }

  #follow(link: Link): void {
    const token = link.value;
    const ways: Record<Link["name"], () => void> = {
      confirm: () => this.#show(new ConfirmScreen(this.#door, token)),
      reset: () => this.#show(new ResetScreen(this.#door, token)),
      consent: () => this.#show(new ConsentScreen(this.#api, token, () => this.#resume())),
      ticket: () => void this.#takeTicket(token),
      code: () => this.#show(new CodeScreen(this.#door, token)),
      friend: () => this.#openWith({ friend: token }),
      guardian: () => this.#openWith({ guardian: token }),
      error: () => this.#showLogin(said(token)),
      ops: () => this.#showOps(),
      call: () => this.#showOps(token),
      netcheck: () => this.#showNetCheck(),
    };
    ways[link.name]();
  }

  /** What a link brings waits until its reader is signed in. */
  #openWith(opening: Opening): void {
    this.#opening = opening;
    this.#resume();
  }

  /** A provider has sent the person back. */
  async #takeTicket(token: string): Promise<void> {
    if (!backFromProvider()) {
      this.#resume();
      return;
    }
    try {
      this.#enter(
        await this.#api.page("POST /v1/login/ticket", { body: { token, device: device() } }),
        false,
      );
    } catch (e) {
      this.#showLogin(said(codeOf(e)));
    }
  }

  #showLogin(error = ""): void {
    const { friend, guardian } = this.#opening;
    const waiting = friend ? words.signin.friendWaits : guardian ? words.signin.guardianWaits : "";
    this.#show(new LoginScreen(this.#door, { error, waiting }));
  }

  #enter(login: LoggedIn, stay: boolean): void {
    keepToken(login.token, stay);
    this.#api.token = login.token;
    if (login.add_key) this.#show(new KeyScreen(this.#api, () => this.#connect(login.token)));
    else this.#connect(login.token);
  }

  #connect(token: string): void {
    this.#api.token = token;
    const home = (error?: string) => this.#home(error ? { error } : {});
    const ready = () => {
      this.#home(this.#opening);
      void this.#messages?.open();
    };
    const kinwire = this.#session(token, ready, this.#api, home);
    kinwire.on("connection", (c) => {
      // Messages that could not be opened for want of a connection.
      if (c.state === "online" && this.#messages?.state === "broken") void this.#messages.open();
      if (c.state === "offline" && this.#kinwire === kinwire)
        this.#loggedOut(c.error ? codeOf(c.error) : "closed");
    });
    kinwire.connect();
  }

  /** A session with its calls; ready is called once it is known who this is. */
  #session(token: string, ready: () => void, api: API, home: (error?: string) => void): Kinwire {
    const kinwire = new Kinwire({ token, device: device(), media: this.#media });
    this.#kinwire = kinwire;
    kinwire.on("ready", (me) => {
      // An API of its own: signing out takes the token from the other before the messages are gone.
      const own = new API();
      own.token = token;
      const messages = new Messages((takeOver) =>
        openChat({ api: own, kinwire, me: me.id, deviceName: deviceName() }, takeOver),
      );
      this.#messages = messages;
      const ctx: Context = {
        api,
        kinwire,
        me,
        messages,
        show: (screen) => this.#show(screen),
        home,
        call: (to, video) => void this.#calling?.start(to, video),
        logout: () => void this.#logOut(),
      };
      this.#context = ctx;
      this.#calling = new Calling(ctx);
      ready();
      this.#calling.takeUp();
    });
    kinwire.on("connection", (c) => {
      this.#banner.hidden =
        c.state === "online" || (c.state === "reconnecting" && c.attempt === 0 && !kinwire.me);
      setText(this.#banner, c.state === "offline" ? words.connection.offline : words.connection.reconnecting);
    });
    return kinwire;
  }

  #home(opening: Opening = {}): void {
    const ctx = this.#context;
    if (!ctx) return;
    this.#opening = {};
    const { friend } = opening;
    if (friend && ctx.me.role !== "parent") return this.#show(new AddFriendScreen(ctx, friend));
    this.#show(FACES[ctx.me.role](ctx, opening));
  }

  /** The tab closes or reloads: the others are told at once, and the login stays for the next page. */
  #leavePage(): void {
    const kinwire = this.#kinwire;
    this.#forget();
    kinwire?.close();
  }

  async #logOut(): Promise<void> {
    const api = this.#api;
    const { token } = api;
    const messages = this.#messages;
    if (messages?.chat?.conversations().some((c) => c.last)) {
      const w = words.chat.signOut;
      if (!(await confirm({ title: w.ask, text: w.text, yes: words.common.logout, danger: true }))) return;
    }
    // A device without a login reads nothing any more, and what it has read does not stay behind on it.
    const gone = messages?.forget().catch(() => undefined);
    forgetToken();
    this.#drop();
    this.#showLogin();
    if (!token) return;
    const leaving = new API();
    leaving.token = token;
    await Promise.race([gone, new Promise((done) => setTimeout(done, FORGET_MS))]);
    await leaving.logout().catch(() => undefined);
  }

  #loggedOut(code: ReturnType<typeof codeOf>): void {
    forgetToken();
    this.#drop();
    const known: Partial<Record<string, string>> = words.errors;
    this.#showLogin(code === "unauthenticated" ? "" : (known[code] ?? words.errorElse));
  }

  #drop(): void {
    const kinwire = this.#kinwire;
    this.#forget();
    this.#api.token = "";
    kinwire?.close();
    this.#banner.hidden = true;
  }

  #forget(): void {
    this.#calling?.close();
    this.#messages?.close();
    this.#messages = null;
    this.#kinwire = null;
    this.#calling = null;
    this.#context = null;
  }

  /** The check of the network needs nobody to be signed in. */
  #showNetCheck(): void {
    showNetCheck(
      (screen) => this.#show(screen),
      () => {
        history.replaceState(null, "", location.pathname + location.search);
        this.#resume();
      },
    );
  }

  /** call is the id of one to be shown first. */
  #showOps(call = ""): void {
    const ctx: OpsContext = {
      api: new API(),
      show: (screen) => this.#show(screen),
      home: () => this.#show(new OpsHome(ctx)),
      callAsStaff: (login, to) => this.#callAsStaff(login, to, () => ctx.home()),
      leave: () => {
        history.replaceState(null, "", location.pathname + location.search);
        this.#resume();
      },
    };
    this.#show(new OpsHome(ctx, call));
  }

  /** The staff's own person is here for one call; then the operator's page is shown again. */
  #callAsStaff(login: LoggedIn, to: Person, back: () => void): void {
    this.#drop();
    const api = new API();
    api.token = login.token;
    const done = (error?: string) => {
      this.#drop();
      if (error) this.#show(new NoteScreen(to.name, error, back));
      else back();
    };
    const call = () => void this.#calling?.start([to], true);
    const kinwire = this.#session(login.token, call, api, done);
    kinwire.connect();
  }
}

/** What a provider's log-in came back with: its own codes, or those of the protocol. */
function said(code: string): string {
  const { returned } = words.signin;
  const own: Partial<Record<string, string>> = {
    ...returned,
    suspended: words.errors.suspended,
    unavailable: words.errors.unavailable,
  };
  return own[code] ?? returned.other;
}
