// oxlint-disable no-await-in-loop -- each step follows from the one before
import { Code, ConnectError, type Client } from "@connectrpc/connect";
import type { Book } from "./book.js";
import type { Clock } from "./clock.js";
import { reason } from "./failure.js";
import type { LiveService, SubscribeResponse, Topic } from "./gen/parley/live/v1/live_service_pb.js";
import { withoutRetry } from "./retry.js";

/** How long the first frame may take, in milliseconds. */
const FIRST_FRAME_MS = 10_000;
/** How long a change of topics may take, and then its topics to open, in milliseconds. */
const UPDATE_MS = 10_000;

/** How a stream ended without an error. */
export interface StreamEnd {
  /** How long the server asked to wait, in milliseconds; unset if it did not say goodbye. */
  hintMs?: number;
}

interface Change {
  add?: Topic[];
  drop?: Topic[];
}

/** One stream, from its opening to its end, and the changes of its topics. */
export class Stream {
  readonly #client: Client<typeof LiveService>;
  readonly #book: Book;
  readonly #clock: Clock;
  readonly #cut = new AbortController();
  readonly #changes: Change[] = [];
  #id = "";
  #isChanging = false;
  #isTelling = false;
  #heardAt = 0;
  #patienceMs = FIRST_FRAME_MS;
  /** True once the server has said anything. */
  heard = false;

  constructor(client: Client<typeof LiveService>, book: Book, clock: Clock) {
    this.#client = client;
    this.#book = book;
    this.#clock = clock;
  }

  /** Runs until the stream ends or the signal aborts. */
  async run(active: boolean, signal: AbortSignal, opened: () => void): Promise<StreamEnd> {
    const stop = (): void => this.#cut.abort(signal.reason);
    signal.addEventListener("abort", stop);
    if (signal.aborted) stop();
    try {
      return await this.#read(active, opened);
    } catch (error) {
      throw this.#cut.signal.aborted ? this.#cut.signal.reason : error;
    } finally {
      signal.removeEventListener("abort", stop);
      this.#cut.abort();
    }
  }

  /** Tells the server of a topic that was added to the book. */
  add(topics: Topic[]): void {
    this.#change({ add: topics });
  }

  /** Tells the server of a topic that was dropped from the book. */
  drop(topics: Topic[]): void {
    this.#change({ drop: topics });
  }

  /** Cuts a stream that has been silent for too long, whatever its connection says. */
  checkPulse(): void {
    if (!this.#isTelling && this.#silentMs() >= this.#patienceMs) {
      this.#cut.abort(new ConnectError("the stream was silent for too long", Code.Unavailable));
    }
  }

  async #read(active: boolean, opened: () => void): Promise<StreamEnd> {
    this.#heardAt = this.#clock.now();
    void this.#watch();
    const topics = this.#book.beginStream();
    for await (const frame of this.#client.subscribe({ topics, active }, { signal: this.#cut.signal })) {
      this.heard = true;
      if (frame.frame.case === "closing") return { hintMs: frame.frame.value.reconnectAfterMs };
      if (frame.frame.case === "opened") {
        this.#id = frame.frame.value.streamId;
        this.#patienceMs = Math.max(1, frame.frame.value.heartbeatSeconds) * 2_000;
        opened();
        void this.#sendChanges();
      }
      await this.#tell(frame);
    }
    return {};
  }

  async #tell(frame: SubscribeResponse): Promise<void> {
    this.#isTelling = true;
    try {
      await this.#book.take(frame);
    } finally {
      this.#isTelling = false;
      this.#heardAt = this.#clock.now();
    }
  }

  async #watch(): Promise<void> {
    const { signal } = this.#cut;
    while (!signal.aborted) {
      await this.#clock.wait(Math.max(1, this.#patienceMs - this.#silentMs()), signal);
      this.checkPulse();
    }
  }

  #silentMs(): number {
    return this.#isTelling ? 0 : this.#clock.now() - this.#heardAt;
  }

  #change(change: Change): void {
    this.#changes.push(change);
    void this.#sendChanges();
  }

  /** Sends one change after another: their order counts. */
  async #sendChanges(): Promise<void> {
    if (this.#isChanging || this.#id === "") return;
    this.#isChanging = true;
    const { signal } = this.#cut;
    try {
      for (let next = this.#changes.shift(); next && !signal.aborted; next = this.#changes.shift()) {
        await this.#client.updateSubscription({ streamId: this.#id, ...next }, withoutRetry({ signal, timeoutMs: UPDATE_MS }));
        if (next.add) void this.#expect(next.add);
      }
    } catch (error) {
      // Another server than the stream's answered, or none: all begins anew, with all topics.
      this.#cut.abort(reason(error) === "STREAM_NOT_FOUND" ? new Anew() : error);
    } finally {
      this.#isChanging = false;
    }
  }

  /** The server that answered may have had to pass the change on, and it may have been lost on the way. */
  async #expect(topics: Topic[]): Promise<void> {
    await this.#clock.wait(UPDATE_MS, this.#cut.signal);
    if (!this.#isTelling && this.#book.awaits(topics)) this.#cut.abort(new Anew());
  }
}

/** Why a stream is ended that another has to take the place of at once. */
export class Anew extends Error {}
