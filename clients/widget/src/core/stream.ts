import type { Client } from "../rpc/client.ts";
import type { PollRequestJson, SubscribeResponseJson } from "../rpc/contract.ts";
import { asFault, Fault } from "../rpc/fault.ts";
import { backoff, rest } from "./time.ts";

/** A frame of the live stream. */
export type Frame = SubscribeResponseJson;

/** Whom the stream serves. */
export interface StreamListener {
  /** The chat to listen to and where to go on; undefined if there is none. */
  place(): { threadId: string; cursor: string } | undefined;
  frame(frame: Frame): void;
  /** Whether the server can be reached. */
  up(up: boolean): void;
  /** The visitor's token is not in force any more. */
  refused(): void;
}

/** Streams in a row that brought nothing, after which it is asked by polls. */
const BARREN = 3;
/** Milliseconds until the first frame of a stream must be here. */
const FIRST_FRAME = 10_000;
/** Milliseconds for which a poll waits for news. */
const POLL = 25_000;

/**
 * Listens to one chat until it is stopped. It comes back by itself, and where
 * streams do not get through, asks by long polls; both go on at the cursor.
 */
export class Stream {
  readonly #client: Client;
  readonly #listener: StreamListener;
  readonly #stop = new AbortController();
  #attempt = new AbortController();
  #lastFrame = 0;
  #patience = FIRST_FRAME;

  constructor(client: Client, listener: StreamListener) {
    this.#client = client;
    this.#listener = listener;
  }

  stop(): void {
    this.#stop.abort();
    this.#attempt.abort();
  }

  /** Begins anew if nothing was heard for too long: after sleep, say. */
  check(): void {
    if (Date.now() - this.#lastFrame > this.#patience) this.#attempt.abort();
  }

  async run(): Promise<void> {
    const { signal } = this.#stop;
    let barren = 0;
    let failures = 0;
    let streamAt = 0;
    while (!signal.aborted) {
      let pause = 0;
      this.#attempt = new AbortController();
      const polling = barren >= BARREN && Date.now() < streamAt;
      try {
        if (polling) await this.#poll();
        else pause = await this.#listen(() => (failures = barren = 0));
        failures = 0;
        this.#listener.up(true);
      } catch (thrown) {
        if (signal.aborted) return;
        const fault = asFault(thrown);
        if (fault.code === "unauthenticated") return this.#listener.refused();
        if (!polling && ++barren >= BARREN) streamAt = Date.now() + Math.min(600_000, 30_000 * (barren - BARREN + 1));
        if (++failures > 1) this.#listener.up(false);
        pause = fault.retryAfter || backoff(failures - 1);
      }
      if (pause) await rest(pause, signal);
    }
  }

  /** One stream from its beginning to its end; answers how long to wait then. */
  async #listen(alive: () => void): Promise<number> {
    const place = this.#listener.place();
    if (!place) return FIRST_FRAME;
    const attempt = this.#attempt;
    this.#lastFrame = Date.now();
    this.#patience = FIRST_FRAME;
    const pulse = setInterval(() => this.check(), 2_000);
    try {
      const request = { topics: [place], active: document.visibilityState === "visible" };
      for await (const frame of this.#client.stream("live.v1.LiveService/Subscribe", request, attempt.signal)) {
        this.#lastFrame = Date.now();
        if (frame.opened) {
          alive();
          this.#patience = (frame.opened.heartbeatSeconds || 15) * 2_000;
          this.#listener.up(true);
        }
        if (frame.closing) return frame.closing.reconnectAfterMs || 1;
        this.#listener.frame(frame);
      }
      return 1;
    } finally {
      clearInterval(pulse);
      attempt.abort();
    }
  }

  async #poll(): Promise<void> {
    this.#lastFrame = Date.now();
    this.#patience = POLL + FIRST_FRAME;
    await poll(this.#client, this.#listener, POLL, this.#attempt.signal);
  }
}

/** Asks once for what changed since the cursor, and waits so many milliseconds for it. */
export async function poll(client: Client, listener: StreamListener, waitMs: number, signal?: AbortSignal): Promise<void> {
  const place = listener.place();
  if (!place) throw new Fault("unavailable");
  const request: PollRequestJson = { topics: [place], waitMs };
  const answer = await client.call("live.v1.LiveService/Poll", request, { signal, timeout: waitMs + 10_000 });
  for (const frame of answer.frames ?? []) listener.frame(frame);
  if (answer.topics?.length) listener.frame({ heartbeat: { positions: answer.topics } });
}
