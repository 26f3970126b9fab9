/** What the library needs of time; tests give it one that obeys them. */
export interface Clock {
  /** Milliseconds since some fixed moment. */
  now(): number;
  /** Resolves after so many milliseconds, or as soon as the signal aborts. Never rejects. */
  wait(milliseconds: number, signal: AbortSignal): Promise<void>;
}

/** The real clock. */
export const realClock: Clock = {
  now: () => Date.now(),
  wait: (milliseconds, signal) =>
    new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, milliseconds);
      signal.addEventListener("abort", done);
    }),
};

/** How long to wait between attempts. */
export interface Backoff {
  /** The most to wait before the second attempt, in milliseconds; 300 if unset. It doubles from there. */
  firstMs?: number;
  /** The most to wait before any attempt, in milliseconds; 20,000 if unset. */
  mostMs?: number;
}

/**
 * How long to wait after so many failures, counted from 0, in milliseconds:
 * anything up to a bound that doubles. The whole range is used, so that many
 * clients that failed together do not come back together.
 */
export function pause(failures: number, { firstMs = 300, mostMs = 20_000 }: Backoff = {}, random = Math.random): number {
  return Math.round(random() * Math.min(mostMs, firstMs * 2 ** Math.min(failures, 30)));
}
