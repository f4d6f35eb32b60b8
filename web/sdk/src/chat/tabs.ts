import { KinwireError } from "../errors.ts";

/** This tab's hold on a person's device. */
export interface Hold {
  /** Lets go, so that another tab may take over. */
  release(): void;
}

/** How long a tab has to let go when it is asked. Milliseconds. */
const POLITELY = 3_000;

/**
 * Takes hold of a device for this tab: of several tabs of a browser one has it, by a Web Lock. With takeOver
 * the tab that has it is asked to let go (onAsked there), and if it does not, because it is frozen, the lock
 * is taken from it (onLost there); what it would still write is then refused by the vault's fence. Without Web
 * Locks, as in Node, there are no tabs.
 */
export async function hold(
  name: string,
  takeOver: boolean,
  on: { asked: () => void; lost: () => void },
): Promise<Hold> {
  const locks = (globalThis.navigator as Navigator | undefined)?.locks;
  if (!locks || typeof BroadcastChannel === "undefined") return { release: () => undefined };
  const got =
    (await take(locks, name, { ifAvailable: true }, on.lost)) ??
    (takeOver && (await takeFrom(locks, name, on.lost)));
  if (!got) {
    throw new KinwireError("other_tab", "this person's messages are open in another tab of this browser");
  }
  const channel = new BroadcastChannel(name);
  channel.onmessage = (e) => {
    if (e.data === "release") on.asked();
  };
  return {
    release: () => {
      channel.close();
      got();
    },
  };
}

async function takeFrom(locks: LockManager, name: string, lost: () => void): Promise<() => void> {
  const channel = new BroadcastChannel(name);
  channel.postMessage("release");
  channel.close();
  try {
    return (await take(locks, name, { signal: AbortSignal.timeout(POLITELY) }, lost))!;
  } catch {
    return (await take(locks, name, { steal: true }, lost))!;
  }
}

/** Takes a lock; what it returns lets go of it. Undefined: somebody else has it. */
function take(
  locks: LockManager,
  name: string,
  options: LockOptions,
  lost: () => void,
): Promise<(() => void) | undefined> {
  return new Promise((resolve, reject) => {
    let held = false;
    locks
      .request(name, options, (lock) => {
        if (!lock) return resolve(undefined);
        held = true;
        return new Promise<void>((release) => resolve(release));
      })
      .catch((e) => {
        // A lock that is stolen ends its holder's request with an error.
        if (held) lost();
        else reject(e);
      });
  });
}
