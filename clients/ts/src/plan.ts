import { pause, type Backoff } from "./clock.js";

/** So many streams in a row without a frame, and polls are tried instead. */
const BARREN = 3;
/** How long polls go on before a stream is tried again, in milliseconds. */
const POLL_FOR_MS = 300_000;
/** A stream that lasted so long was a good one, in milliseconds. */
const GOOD_MS = 2_000;
/** The least time between polls that tell nothing, in milliseconds. */
const POLL_PAUSE_MS = 1_000;

/** How a stream or a poll went. */
export interface Outcome {
  /** True if the server told anything. */
  heard: boolean;
  /** How long it lasted, in milliseconds. */
  lastedMs: number;
  /** How long the server asked to wait, in milliseconds; unset if it did not. */
  hintMs?: number | undefined;
  /** Why it ended; unset if it ended well. */
  error?: unknown;
}

/** Decides what a subscription does next: a stream or a poll, and how long to wait before. */
export class Plan {
  readonly #backoff: Backoff;
  readonly #random: () => number;
  #failures = 0;
  #barren = 0;
  #pollUntil = 0;

  constructor(backoff: Backoff = {}, random = Math.random) {
    this.#backoff = backoff;
    this.#random = random;
  }

  /** True if a poll comes next. */
  isPolling(now: number): boolean {
    return now < this.#pollUntil;
  }

  /** Takes in how a stream went, and answers how long to wait in milliseconds. */
  streamed({ heard, lastedMs, hintMs, error }: Outcome, now: number): number {
    this.#barren = heard ? 0 : this.#barren + 1;
    if (this.#barren >= BARREN) this.#pollUntil = now + POLL_FOR_MS;
    const good = heard && lastedMs >= GOOD_MS;
    if (good) this.#failures = 0;
    return good && error === undefined && hintMs !== undefined ? hintMs : this.#wait(hintMs);
  }

  /** Takes in how a poll went, and answers how long to wait in milliseconds. */
  polled({ heard, lastedMs, hintMs, error }: Outcome): number {
    if (error !== undefined) {
      this.#pollUntil = 0;
      return this.#wait(hintMs);
    }
    this.#failures = 0;
    return heard || lastedMs >= POLL_PAUSE_MS ? 0 : POLL_PAUSE_MS;
  }

  #wait(hintMs = 0): number {
    return Math.max(hintMs, pause(this.#failures++, this.#backoff, this.#random));
  }
}
