/**
 * How loud remote streams are, by WebAudio. Streams are measured where they are played, so a muted or
 * concealed one counts as silent.
 */
export class AudioMeter {
  #context: AudioContext | null = null;
  readonly #taps = new Map<
    string,
    { source: AudioNode; analyser: AnalyserNode; samples: Float32Array<ArrayBuffer> }
  >();

  /** Listens to a stream under a name; a stream that had the name before is let go. */
  add(name: string, stream: MediaStream): void {
    this.remove(name);
    try {
      this.#context ??= new AudioContext();
      void this.#context.resume().catch(() => undefined);
      const source = this.#context.createMediaStreamSource(stream);
      const analyser = this.#context.createAnalyser();
      analyser.fftSize = 1024;
      source.connect(analyser);
      this.#taps.set(name, { source, analyser, samples: new Float32Array(analyser.fftSize) });
    } catch {
      // Without WebAudio nobody is seen to speak; the sound itself is played elsewhere.
    }
  }

  remove(name: string): void {
    this.#taps.get(name)?.source.disconnect();
    this.#taps.delete(name);
  }

  /** The root mean square of the last 1024 samples, 0 to 1; 0 for a name that is not known. */
  level(name: string): number {
    const tap = this.#taps.get(name);
    if (!tap) return 0;
    tap.analyser.getFloatTimeDomainData(tap.samples);
    let sum = 0;
    for (const x of tap.samples) sum += x * x;
    return Math.sqrt(sum / tap.samples.length);
  }

  close(): void {
    for (const name of [...this.#taps.keys()]) this.remove(name);
    void this.#context?.close().catch(() => undefined);
    this.#context = null;
  }
}
