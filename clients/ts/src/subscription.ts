// oxlint-disable no-await-in-loop -- each step follows from the one before
import { Code, ConnectError, type Client } from "@connectrpc/connect";
import { Book, ListenerFailure, type SubscriptionListener } from "./book.js";
import { realClock, type Backoff, type Clock } from "./clock.js";
import { explain } from "./failure.js";
import type { LiveService, Topic } from "./gen/parley/live/v1/live_service_pb.js";
import { Plan } from "./plan.js";
import { withoutRetry } from "./retry.js";
import { Anew, Stream } from "./stream.js";

/** How long a poll waits for a change, in milliseconds. */
const POLL_MS = 25_000;
/** How long a poll may take in all, in milliseconds. */
const POLL_LIMIT_MS = 40_000;
/** Answers of the server that trying again does not cure. */
const FINAL = new Set([Code.Unauthenticated, Code.PermissionDenied, Code.InvalidArgument, Code.Unimplemented]);

/** How a subscription is. */
export type SubscriptionState =
  /** It is connecting. */
  | { phase: "connecting" }
  /** A stream is open: changes are told as they happen. */
  | { phase: "live" }
  /** Streams break on this network: changes are asked for, over and over. */
  | { phase: "polling" }
  /** It is cut off, and connects anew after `retryInMs`. `error` says why, unless the server ended the stream well. */
  | { phase: "waiting"; retryInMs: number; error?: unknown };

/** What to be told of, and how. */
export interface SubscribeOptions extends SubscriptionListener {
  /** What to be told of from the beginning, up to 200 topics. */
  topics?: readonly Topic[];
  /** Called whenever the state changes. */
  onState?(state: SubscriptionState): void;
  /** Asked at each connecting: true if the user of this client is active. False if unset. */
  active?(): boolean;
  /** Ends the subscription as close() does. */
  signal?: AbortSignal;
  /** How long to wait between attempts. */
  backoff?: Backoff;
  /** For tests. */
  clock?: Clock;
}

/** A subscription that goes on until it is closed, over lost connections and servers that restart. */
export interface Subscription {
  /** How it is. */
  readonly state: SubscriptionState;
  /**
   * Resolves when it was closed. Rejects with what cannot be cured by trying
   * again: a ConnectError with code Unauthenticated, PermissionDenied,
   * InvalidArgument or Unimplemented, or whatever a listener threw.
   */
  readonly done: Promise<void>;
  /** Adds topics; those that are there already stay as they are. Throws RangeError above 200. */
  add(...topics: Topic[]): void;
  /** Drops topics, whatever their cursors. */
  drop(...topics: Topic[]): void;
  /** The topics with the cursors to go on from, here or in another process. */
  topics(): Topic[];
  /** Tries at once, if it waits, and looks whether the stream is alive. Browsers that come online or into view do this. */
  wake(): void;
  /** Ends it. */
  close(): void;
}

/** Subscribes to topics; see SubscribeOptions for what is told. */
export function subscribe(client: Client<typeof LiveService>, options: SubscribeOptions): Subscription {
  return new RunningSubscription(client, options);
}

class RunningSubscription implements Subscription {
  readonly done: Promise<void>;
  readonly #client: Client<typeof LiveService>;
  readonly #options: SubscribeOptions;
  readonly #clock: Clock;
  readonly #book: Book;
  readonly #plan: Plan;
  readonly #stop = new AbortController();
  #state: SubscriptionState = { phase: "connecting" };
  #stream: Stream | undefined;
  #poll: AbortController | undefined;
  #nap: AbortController | undefined;

  constructor(client: Client<typeof LiveService>, options: SubscribeOptions) {
    this.#client = client;
    this.#options = options;
    this.#clock = options.clock ?? realClock;
    this.#book = new Book(options);
    this.#plan = new Plan(options.backoff);
    this.#book.add(options.topics ?? []);
    options.signal?.addEventListener("abort", this.close, { signal: this.#stop.signal });
    if (options.signal?.aborted) this.close();
    this.#listenToBrowser();
    this.done = this.#run().finally(() => this.#stop.abort());
  }

  get state(): SubscriptionState {
    return this.#state;
  }

  add(...topics: Topic[]): void {
    const added = this.#book.add(topics);
    if (added.length === 0) return;
    this.#stream?.add(added);
    this.#poll?.abort();
  }

  drop(...topics: Topic[]): void {
    const dropped = this.#book.drop(topics);
    if (dropped.length === 0) return;
    this.#stream?.drop(dropped);
    this.#poll?.abort();
  }

  topics(): Topic[] {
    return this.#book.topics();
  }

  wake(): void {
    this.#nap?.abort();
    this.#stream?.checkPulse();
  }

  close = (): void => this.#stop.abort();

  #listenToBrowser(): void {
    const { signal } = this.#stop;
    globalThis.addEventListener?.("online", () => this.wake(), { signal });
    globalThis.document?.addEventListener(
      "visibilitychange",
      () => {
        if (document.visibilityState === "visible") this.wake();
      },
      { signal },
    );
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const began = this.#clock.now();
      const waitMs = this.#plan.isPolling(began) ? await this.#runPoll(began) : await this.#runStream(began);
      if (signal.aborted || waitMs === 0) continue;
      this.#nap = new AbortController();
      await this.#clock.wait(waitMs, AbortSignal.any([signal, this.#nap.signal]));
      this.#nap = undefined;
    }
  }

  /** One stream; answers how long to wait after it, in milliseconds. */
  async #runStream(began: number): Promise<number> {
    this.#become({ phase: "connecting" });
    const stream = (this.#stream = new Stream(this.#client, this.#book, this.#clock));
    let hintMs: number | undefined;
    let error: unknown;
    try {
      const active = this.#options.active?.() ?? false;
      ({ hintMs } = await stream.run(active, this.#stop.signal, () => this.#become({ phase: "live" })));
    } catch (reason) {
      if (reason instanceof Anew) hintMs = 0;
      else [error, hintMs] = this.#weigh(reason);
    } finally {
      this.#stream = undefined;
    }
    if (this.#stop.signal.aborted) return 0;
    const now = this.#clock.now();
    const retryInMs = this.#plan.streamed({ heard: stream.heard, lastedMs: now - began, hintMs, error }, now);
    this.#become(error === undefined ? { phase: "waiting", retryInMs } : { phase: "waiting", retryInMs, error });
    return retryInMs;
  }

  /** One poll; answers how long to wait after it, in milliseconds. */
  async #runPoll(began: number): Promise<number> {
    const poll = (this.#poll = new AbortController());
    let heard = false;
    let hintMs: number | undefined;
    let error: unknown;
    try {
      heard = await this.#askForChanges(AbortSignal.any([poll.signal, this.#stop.signal]));
    } catch (reason) {
      if (poll.signal.aborted && !(reason instanceof ListenerFailure)) return 0; // the topics changed: ask for the new ones
      [error, hintMs] = this.#weigh(reason);
    } finally {
      this.#poll = undefined;
    }
    if (this.#stop.signal.aborted) return 0;
    const retryInMs = this.#plan.polled({ heard, lastedMs: this.#clock.now() - began, hintMs, error });
    this.#become(error === undefined ? { phase: "polling" } : { phase: "waiting", retryInMs, error });
    return retryInMs;
  }

  /** Asks once, and tells what is answered; true if that was a change. */
  async #askForChanges(signal: AbortSignal): Promise<boolean> {
    const { topics, settle } = this.#book.beginPoll();
    if (topics.length === 0) {
      await this.#clock.wait(POLL_MS, signal);
      return true;
    }
    const answer = await this.#client.poll({ topics, waitMs: POLL_MS }, withoutRetry({ signal, timeoutMs: POLL_LIMIT_MS }));
    for (const frame of answer.frames) await this.#book.take(frame);
    settle(answer.topics);
    return answer.frames.some(({ frame }) => frame.case === "event");
  }

  /** Throws what trying again does not cure; answers the rest, and how long the server asks to wait. */
  #weigh(reason: unknown): [error: unknown, hintMs: number | undefined] {
    if (reason instanceof ListenerFailure) throw reason.cause;
    if (this.#stop.signal.aborted) return [undefined, undefined];
    const error = ConnectError.from(reason);
    if (error.isWireError && FINAL.has(error.code)) throw error; // a broken frame is an invalid argument, too
    return [error, explain(error).retryAfterMs];
  }

  #become(state: SubscriptionState): void {
    if (state.phase === this.#state.phase && state.phase !== "waiting") return;
    this.#state = state;
    this.#options.onState?.(state);
  }
}
