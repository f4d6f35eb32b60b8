import type { API, LoggedIn } from "@kinwire/sdk";
import type { Screen } from "../dom.ts";

/** What the screens before the door may use: nobody is signed in yet. */
export interface Door {
  readonly api: API;
  /** Shows a screen in place of the present one. */
  show(screen: Screen): void;
  /** Back to the first page, made anew. */
  start(error?: string): void;
  /** Somebody has signed in. stay: on this device until they log out, or else in this tab alone. */
  enter(login: LoggedIn, stay: boolean): void;
}
