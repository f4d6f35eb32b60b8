import type { ClientState } from "ts-mls";
import type { Core, Tx } from "./core.ts";
import { decodeState, encodeState, place } from "./mls.ts";
import type { GroupRecord } from "./records.ts";

/** The MLS state of a conversation on this device. */
export interface Group {
  generation: number;
  epoch: number;
  state: ClientState;
}

/** Keeps the states. Whoever changes one holds the conversation's lock. */
export class Groups {
  readonly #core: Core;
  #known = new Map<string, Group>();

  constructor(core: Core) {
    this.#core = core;
  }

  async get(conversationID: string, tx?: Tx): Promise<Group | undefined> {
    const name = `group ${conversationID}`;
    if (tx?.seen.has(name)) return tx.seen.get(name) as Group | undefined;
    const known = this.#known.get(conversationID);
    if (known) return known;
    const kept = await this.#core.vault.get<GroupRecord>("group", conversationID);
    if (!kept) return undefined;
    const group = groupOf(kept.generation, await decodeState(kept.state));
    if (!this.#known.has(conversationID)) this.#known.set(conversationID, group);
    return this.#known.get(conversationID);
  }

  /** The state as far as it is in memory. */
  peek(conversationID: string): Group | undefined {
    return this.#known.get(conversationID);
  }

  async put(tx: Tx, conversationID: string, generation: number, state: ClientState): Promise<void> {
    const record: GroupRecord = { generation, state: await encodeState(state) };
    const group = groupOf(generation, state);
    tx.put("group", conversationID, record);
    tx.seen.set(`group ${conversationID}`, group);
    tx.then(() => this.#known.set(conversationID, group));
  }

  drop(tx: Tx, conversationID: string): void {
    tx.del("group", conversationID);
    tx.seen.set(`group ${conversationID}`, undefined);
    tx.then(() => this.#known.delete(conversationID));
  }
}

function groupOf(generation: number, state: ClientState): Group {
  return { generation, epoch: place(state).epoch, state };
}
