import type { KeyPackage } from "ts-mls";
import { KinwireError } from "../errors.ts";
import { fromBase64, toBase64 } from "./bytes.ts";
import { Tx, type Core } from "./core.ts";
import { makeKeyPackage, readKeyPackage, type Leaf, type OwnKeyPackage } from "./leaves.ts";
import type { People } from "./people.ts";
import { usable } from "./suites.ts";

/** A last resort is made anew after a week, or once it was used. */
const LAST_RESORT_MS = 7 * 86_400_000;
/** For how long a key package is kept after another has taken its place: a Welcome may still be on its way. */
const KEEP_MS = 45 * 86_400_000;
/** So many are made at a time at most, so that a slow device stays usable meanwhile. */
const AT_A_TIME = 20;

interface Kept extends OwnKeyPackage {
  lastResort: boolean;
  madeAt: number;
  /** When it was used, or another took its place; 0: it is in use. */
  doneAt: number;
}

/**
 * Key packages: own ones, of which the server always has a supply for others to add this device with, and
 * those of others. A secret is kept before its package is given away, and deleted with the Welcome that used
 * it; that of a last resort, which may be used several times, some time after it was replaced.
 */
export class Packages {
  readonly #core: Core;
  readonly #people: People;

  constructor(core: Core, people: People) {
    this.#core = core;
    this.#people = people;
  }

  /** Sees to it that the server has enough of this device's. */
  upkeep(): Promise<void> {
    return this.#core.locks.run("keys", () => this.#upkeep());
  }

  async #upkeep(): Promise<void> {
    const { me, device, info, pages, vault, clock } = this.#core;
    const path = { id: me.deviceID };
    const { left } = await pages.page("GET /v1/chat/devices/{id}/keys", { path });
    const own = (await vault.list<Kept>("keys")).map((e) => e.value);
    for (const suite of usable(info.suites, device.keys.signing)) {
      const there = left.find((l) => l.suite === suite);
      const last = own.find((k) => k.suite === suite && k.lastResort && k.doneAt === 0);
      const stale = !last || !there?.last_resort_at || clock.now() - last.madeAt > LAST_RESORT_MS;
      const lacking = info.key_packages - (there?.count ?? 0);
      const wanted = lacking >= info.key_packages / 2 ? Math.min(lacking, AT_A_TIME) : 0;
      if (wanted <= 0 && !stale) continue;
      const made: Kept[] = [];
      for (let i = 0; i < wanted; i++) made.push(await this.#make(suite, false));
      const resort = stale ? await this.#make(suite, true) : undefined;
      const tx = new Tx();
      for (const k of resort ? [...made, resort] : made) this.#keep(tx, k);
      await tx.commit(vault, true);
      await pages.page("POST /v1/chat/devices/{id}/keys", {
        path,
        body: {
          suite,
          ...(made.length > 0 && { packages: made.map((k) => toBase64(k.message)) }),
          ...(resort && { last_resort: toBase64(resort.message) }),
        },
      });
      if (resort) await this.#replace(own.filter((k) => k.suite === suite && k.lastResort));
    }
    await this.#prune(own);
  }

  async #make(suite: number, lastResort: boolean): Promise<Kept> {
    const made = await makeKeyPackage(suite, this.#core.me, this.#core.device.keys);
    return { ...made, lastResort, madeAt: this.#core.clock.now(), doneAt: 0 };
  }

  #keep(tx: Tx, k: Kept): void {
    tx.put("keys", k.ref, k, { order: k.madeAt });
  }

  async #replace(old: Kept[]): Promise<void> {
    const tx = new Tx();
    for (const k of old) if (k.doneAt === 0) this.#keep(tx, { ...k, doneAt: this.#core.clock.now() });
    await tx.commit(this.#core.vault);
  }

  async #prune(own: Kept[]): Promise<void> {
    const tx = new Tx();
    const now = this.#core.clock.now();
    for (const k of own) if (k.doneAt > 0 && now - k.doneAt > KEEP_MS) tx.del("keys", k.ref);
    await tx.commit(this.#core.vault);
  }

  /** The kept package that one of these references names. */
  async find(refs: string[]): Promise<OwnKeyPackage | undefined> {
    for (const ref of refs) {
      const kept = await this.#core.vault.get<Kept>("keys", ref);
      if (kept) return kept;
    }
    return undefined;
  }

  /**
   * It was used: it goes with the same write as what it was used for. A last resort stays until it is
   * replaced.
   */
  async used(tx: Tx, ref: string): Promise<void> {
    const kept = await this.#core.vault.get<Kept>("keys", ref);
    if (!kept) return;
    if (kept.lastResort) this.#keep(tx, { ...kept, doneAt: kept.doneAt || this.#core.clock.now() });
    else tx.del("keys", ref);
    tx.then(() => void this.upkeep().catch((e) => this.#core.fail(e)));
  }

  /**
   * Takes key packages of these people's devices, this one left out, of the first of the suites of which
   * everybody but oneself has some; where there is none, of the one of which the fewest lack some, the best of
   * several: who has no device yet comes in later, and is no reason for a weaker suite. skip: device ids that
   * are not asked for. Each is verified and compared with what is known of its device.
   */
  async take(
    people: string[],
    suites: number[],
    skip: Set<string>,
  ): Promise<{ suite: number; leaves: (Leaf & { package: KeyPackage })[] }> {
    const { me } = this.#core;
    let best: { suite: number; leaves: (Leaf & { package: KeyPackage })[]; lack: number } | undefined;
    for (const suite of suites) {
      const leaves: (Leaf & { package: KeyPackage })[] = [];
      let lack = 0;
      for (const person of new Set(people)) {
        const found = await this.#takeOf(person, suite, skip);
        if (found.length === 0 && person !== me.userID) lack++;
        leaves.push(...found);
      }
      if (!best || lack < best.lack) best = { suite, leaves, lack };
      if (lack === 0) break;
    }
    if (best) return best;
    throw new KinwireError("not_allowed", "this device has none of the conversation's cipher suites");
  }

  async #takeOf(
    person: string,
    suite: number,
    skip: Set<string>,
  ): Promise<(Leaf & { package: KeyPackage })[]> {
    const { pages, me } = this.#core;
    let devices: string[] | undefined;
    if (person === me.userID) {
      const own = (await pages.page("GET /v1/chat/devices")).devices.map((d) => d.id);
      devices = own.filter((id) => id !== me.deviceID && !skip.has(id));
      if (devices.length === 0) return [];
    }
    const taken = await pages.page("POST /v1/chat/people/{id}/keys", {
      path: { id: person },
      body: { suite, ...(devices && { devices }) },
    });
    const found: (Leaf & { package: KeyPackage })[] = [];
    for (const one of taken.packages) {
      if (one.device_id === me.deviceID || skip.has(one.device_id)) continue;
      try {
        const leaf = await readKeyPackage(fromBase64(one.package), suite);
        if (leaf.userID !== person || leaf.deviceID !== one.device_id) {
          throw new Error(`a key package of ${leaf.userID}/${leaf.deviceID} as one of ${person}`);
        }
        this.#people.check(new Tx(), [leaf]);
        found.push(leaf);
      } catch (e) {
        // That device comes in by itself, or is not what it claims to be.
        this.#core.fail(e);
      }
    }
    return found;
  }
}
