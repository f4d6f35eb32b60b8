/** Notes of a ring in Hz and the beat (s) on which each starts. */
const INCOMING = { notes: [523.25, 659.25, 783.99, 659.25], beat: 0.22, every: 2.4, volume: 0.16 };
const WAITING = { notes: [659.25, 523.25], beat: 0.18, every: 4, volume: 0.06 };
const OUTGOING = { notes: [440, 440], beat: 0.45, every: 3.2, volume: 0.05 };

/**
 * A gentle ring made by WebAudio: a few soft bell notes, again and again until stopped; softly for a
 * second call, and for the caller. Before the
 * person has touched the page a browser may keep it silent; the picture rings all the same.
 */
export class Ringer {
  #context: AudioContext | null = null;
  #timer: ReturnType<typeof setInterval> | null = null;

  start(kind: "incoming" | "waiting" | "outgoing"): void {
    this.stop();
    const tune = { incoming: INCOMING, waiting: WAITING, outgoing: OUTGOING }[kind];
    try {
      this.#context = new AudioContext();
      void this.#context.resume().catch(() => undefined);
    } catch {
      return;
    }
    const play = () => this.#play(tune);
    play();
    this.#timer = setInterval(play, tune.every * 1000);
    if (kind === "incoming") navigator.vibrate?.([300, 200, 300]);
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    void this.#context?.close().catch(() => undefined);
    this.#context = null;
  }

  #play(tune: typeof INCOMING): void {
    const context = this.#context;
    if (context?.state !== "running") return;
    tune.notes.forEach((frequency, i) => {
      const at = context.currentTime + 0.05 + i * tune.beat;
      const tone = new OscillatorNode(context, { type: "sine", frequency });
      const gain = new GainNode(context, { gain: 0 });
      gain.gain.setValueAtTime(0, at);
      gain.gain.linearRampToValueAtTime(tune.volume, at + 0.02);
      gain.gain.exponentialRampToValueAtTime(0.0005, at + tune.beat * 2.5);
      tone.connect(gain).connect(context.destination);
      tone.start(at);
      tone.stop(at + tune.beat * 2.6);
    });
  }
}
