import type { API, Kinwire, LoggedIn, Person } from "@kinwire/sdk";
import type { Messages } from "./chat/session.ts";
import type { Screen } from "./dom.ts";

/** What a screen of somebody who is signed in may use. */
export interface Context {
  /** The HTTP API, with this person's token. */
  readonly api: API;
  /** The live session: people, calls; events "people", "friends", "family". */
  readonly kinwire: Kinwire;
  readonly me: Person;
  /** This person's messages, once they are open on this device. */
  readonly messages: Messages;
  /** Shows a screen in place of the present one, which is closed. */
  show(screen: Screen): void;
  /** Shows this person's first screen, made anew; error is said there. */
  home(error?: string): void;
  /** Rings people up. Refusals are shown by the app. */
  call(to: Person[], video: boolean): void;
  logout(): void;
}

/** What somebody's first screen is opened with. */
export interface Opening {
  /** What went wrong just before, in plain words. */
  error?: string;
  /** From a link that was opened: a friend's code. */
  friend?: string;
  /** From a link that was opened: the code by which to become a further parent of a child. */
  guardian?: string;
}

/** What an operator's screen may use: nobody is signed in, the operator's token goes into api.token. */
export interface OpsContext {
  readonly api: API;
  show(screen: Screen): void;
  /** Shows the operator's first screen, made anew. */
  home(): void;
  /** Calls somebody as the staff's own person; afterwards the operator's first screen is shown again. */
  callAsStaff(login: LoggedIn, to: Person): void;
  /** Back to the page where people sign in. */
  leave(): void;
}
