/**
 * How long to wait before another attempt, in milliseconds: doubling from half a
 * second to thirty, and spread so that many visitors do not come back at once.
 */
export function backoff(attempt: number, random: () => number = Math.random): number {
  const most = Math.min(30_000, 500 * 2 ** attempt);
  return most / 2 + (random() * most) / 2;
}

/** Waits for so many milliseconds, or until the signal aborts or the network comes back. */
export function rest(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      globalThis.removeEventListener("online", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal?.addEventListener("abort", done);
    globalThis.addEventListener("online", done);
    if (signal?.aborted) done();
  });
}
