import type { CameraFacts } from "./adapt.ts";
import { Emitter } from "./emitter.ts";
import type { Clock } from "./environment.ts";
import type { Peer } from "./peer.ts";
import type { StatsReport } from "./proto_gen.ts";
import type { SlotMap } from "./slots.ts";
import { buildReport, type Naming, type Stat } from "./stats.ts";
import { summarize, type CallFigures } from "./summary.ts";

/** How often getStats is read, ms. */
const EVERY_MS = 2_000;

export interface SamplerEvents {
  sample: Reading & { summary: CallFigures };
}

/** Reads the connection's getStats every two seconds until it is closed. */
export class Sampler extends Emitter<SamplerEvents> {
  readonly #clock: Clock;
  readonly #read: () => Promise<Reading>;
  #before: { report: StatsReport; at: number } | null = null;
  #timer: unknown;
  #closed = false;

  constructor(clock: Clock, read: () => Promise<Reading>) {
    super();
    this.#clock = clock;
    this.#read = read;
    this.#later();
  }

  close(): void {
    this.#closed = true;
    this.#clock.clearTimeout(this.#timer);
  }

  #later(): void {
    this.#timer = this.#clock.setTimeout(
      () => void this.#sample().finally(() => this.#closed || this.#later()),
      EVERY_MS,
    );
  }

  async #sample(): Promise<void> {
    const { report, limitedBy } = await this.#read();
    if (this.#closed) return;
    const at = this.#clock.now();
    const summary = summarize(report, this.#before?.report ?? null, this.#before ? at - this.#before.at : 0);
    this.#before = { report, at };
    this.emit("sample", { report, summary, limitedBy });
  }
}

/** What one look at getStats gives. */
export interface Reading {
  report: StatsReport;
  limitedBy: CameraFacts["limitedBy"];
}

/** Reads a connection's getStats now. */
export async function readStats(peer: Peer, callID: string, you: string, slots: SlotMap): Promise<Reading> {
  const stats = [...(await peer.pc.getStats()).values()] as Stat[];
  return { report: buildReport(callID, stats, naming(peer, you, slots)), limitedBy: limitation(stats) };
}

/** Names m-sections: ours by kind, the slots by the participant whom they stand for at the moment. */
function naming(peer: Peer, you: string, slots: SlotMap): Naming {
  return (direction, mid, trackID) => {
    const found = mid || peer.midOf(trackID);
    if (direction === "send") {
      const kind = peer.sourceOf(found);
      return kind ? { mid: found, participantID: you, kind } : null;
    }
    const slot = slots.get(found);
    return slot ? { mid: found, participantID: slot.participant_id, kind: slot.kind } : null;
  };
}

function limitation(stats: Stat[]): CameraFacts["limitedBy"] {
  for (const s of stats) {
    const why = s["qualityLimitationReason"];
    if (s.type === "outbound-rtp" && (why === "cpu" || why === "bandwidth" || why === "other")) return why;
  }
  return "none";
}
