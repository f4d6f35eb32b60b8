/** Where a login is kept: a tab is a person, so two tabs can be two people. */
const TOKEN = "kinwire.token";

/** The login of this tab, or else the one that stays on this device; "" for none. */
export function keptToken(): string {
  const own = sessionStorage.getItem(TOKEN);
  if (own) return own;
  const stays = lasting()?.getItem(TOKEN) ?? "";
  if (stays) sessionStorage.setItem(TOKEN, stays);
  return stays;
}

/** Keeps a login: in this tab, and with stay on this device until forgetToken(). */
export function keepToken(token: string, stay: boolean): void {
  sessionStorage.setItem(TOKEN, token);
  if (stay) lasting()?.setItem(TOKEN, token);
}

/** Forgets this tab's login, and the device's if it is the same. */
export function forgetToken(): void {
  const own = sessionStorage.getItem(TOKEN);
  sessionStorage.removeItem(TOKEN);
  if (own && lasting()?.getItem(TOKEN) === own) lasting()?.removeItem(TOKEN);
}

/** Where this tab notes that it has gone to a provider to sign in. */
const AWAY = "kinwire.provider";

/** Notes that this tab goes to a provider now. */
export function goToProvider(): void {
  sessionStorage.setItem(AWAY, "1");
}

/**
 * Whether this tab had gone to a provider; asked once. What a link brings to a tab that had not is somebody
 * else's doing: it would sign the reader in to another's account.
 */
export function backFromProvider(): boolean {
  const away = sessionStorage.getItem(AWAY) !== null;
  sessionStorage.removeItem(AWAY);
  return away;
}

/** localStorage throws where the browser keeps nothing. */
function lasting(): Storage | null {
  try {
    return localStorage;
  } catch {
    return null;
  }
}
