/**
 * Does something again and again, ms apart from the end of one to the start of the next, and not while the page is
 * hidden. What it returns stops it.
 */
export function every(ms: number, act: () => Promise<unknown>): () => void {
  let stopped = false;
  let timer: ReturnType<typeof setTimeout>;
  const later = () => (timer = setTimeout(() => void run(), ms));
  const run = async () => {
    if (!document.hidden) await act().catch(() => undefined);
    if (!stopped) later();
  };
  later();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
