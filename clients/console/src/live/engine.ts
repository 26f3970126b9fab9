import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError, type Client } from "@connectrpc/connect";
import {
  Continuity,
  TopicSchema,
  type Event,
  type LiveService,
  type SubscribeResponse,
  type Topic,
  type TopicOpened,
} from "../api/contract.ts";
import { backoff, rest } from "./backoff.ts";

/** How the stream is: `since` is when it became so, in milliseconds. */
export interface LiveStatus {
  state: "connecting" | "open" | "down";
  since: number;
}

/** What the engine tells. */
export interface LiveListener {
  /** Something changed. */
  event(event: Event): void;
  /** A topic could not be resumed, or holds states: read it anew. */
  reset(topic: Topic, opened: TopicOpened): void;
  /** A topic went on without a gap. */
  resumed(topic: Topic, opened: TopicOpened): void;
  /** A thread may not be read any more. */
  closed(threadId: string): void;
  /** The session is not in force any more. */
  refused(): void;
}

/** How long a thread stays subscribed after nobody shows it any more. */
const LINGER_MS = 5_000;

interface OpenThread {
  users: number;
  cursor: string;
}

/**
 * Holds the one stream of this tab: the caller's inbox, the chats, presence, and
 * every thread on the screen. It comes back by itself, with the cursors of the
 * threads, and says so when something was missed.
 */
export class LiveEngine {
  readonly #client: Client<typeof LiveService>;
  readonly #listener: LiveListener;
  readonly #threads = new Map<string, OpenThread>();
  readonly #watchers = new Set<() => void>();
  #status: LiveStatus = { state: "connecting", since: Date.now() };
  #stop = new AbortController();
  #attempt: AbortController | undefined;
  #streamId = "";
  #lastFrame = 0;
  #patience = 30_000;
  readonly #staff: boolean;

  constructor(client: Client<typeof LiveService>, listener: LiveListener, options: { chats: boolean }) {
    this.#client = client;
    this.#listener = listener;
    this.#staff = options.chats;
  }

  subscribe = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };

  status = (): LiveStatus => this.#status;

  /** Runs until the function that it answers is called. */
  start(): () => void {
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    const wake = (): void => {
      if (document.visibilityState === "visible") this.#checkPulse();
    };
    document.addEventListener("visibilitychange", wake, { signal });
    globalThis.addEventListener("online", () => this.#checkPulse(), { signal });
    void this.#run(signal);
    return () => this.#stop.abort();
  }

  /** Subscribes to a thread from a cursor on, until the answered function is called. */
  open(threadId: string, cursor: string): () => void {
    const known = this.#threads.get(threadId);
    if (known) known.users++;
    else {
      this.#threads.set(threadId, { users: 1, cursor });
      void this.#update({ add: [threadTopic(threadId, cursor)] });
    }
    let released = false;
    return () => {
      if (released) return;
      released = true;
      const thread = this.#threads.get(threadId);
      if (!thread) return;
      thread.users--;
      setTimeout(() => this.#drop(threadId), LINGER_MS);
    };
  }

  #drop(threadId: string): void {
    if (this.#threads.get(threadId)?.users !== 0) return;
    this.#threads.delete(threadId);
    void this.#update({ drop: [threadTopic(threadId, "")] });
  }

  async #run(signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted; ) {
      const attempt = new AbortController();
      this.#attempt = attempt;
      let pause = 0;
      try {
        pause = await this.#stream(AbortSignal.any([signal, attempt.signal]), () => (failures = 0));
      } catch (reason) {
        if (!signal.aborted && ConnectError.from(reason).code === Code.Unauthenticated) {
          this.#listener.refused();
          return;
        }
      }
      this.#streamId = "";
      if (signal.aborted) return;
      this.#setState("down");
      if (!attempt.signal.aborted || failures > 0) await rest(pause || backoff(failures), signal);
      failures++;
    }
  }

  /** One stream from beginning to end; answers how long to wait for the next. */
  async #stream(signal: AbortSignal, alive: () => void): Promise<number> {
    const asked = new Set(this.#threads.keys());
    this.#lastFrame = Date.now();
    const pulse = setInterval(() => this.#checkPulse(), 5_000);
    try {
      const active = document.visibilityState === "visible";
      for await (const { frame } of this.#client.subscribe({ topics: this.#topics(), active }, { signal })) {
        this.#lastFrame = Date.now();
        if (frame.case === "closing") return Math.max(1, frame.value.reconnectAfterMs);
        if (frame.case === "opened") {
          alive();
          this.#streamId = frame.value.streamId;
          this.#patience = Math.max(5, frame.value.heartbeatSeconds) * 2_000;
          this.#setState("open");
          this.#catchUp(asked);
        }
        this.#take(frame);
      }
      return 0;
    } finally {
      clearInterval(pulse);
    }
  }

  #take(frame: SubscribeResponse["frame"]): void {
    switch (frame.case) {
      case "topicOpened":
        this.#topicOpened(frame.value);
        break;
      case "event":
        this.#advance(threadOf(frame.value), frame.value.cursor);
        this.#listener.event(frame.value);
        break;
      case "heartbeat":
        for (const { kind, cursor } of frame.value.positions) {
          if (kind.case === "threadId") this.#advance(kind.value, cursor);
        }
        break;
      case "topicClosed":
        if (frame.value.topic?.kind.case === "threadId" && this.#threads.has(frame.value.topic.kind.value)) {
          this.#listener.closed(frame.value.topic.kind.value);
        }
        break;
      default:
    }
  }

  #topicOpened(opened: TopicOpened): void {
    const topic = opened.topic;
    if (!topic) return;
    if (topic.kind.case === "threadId") this.#advance(topic.kind.value, topic.cursor);
    if (opened.continuity === Continuity.RESUMED) this.#listener.resumed(topic, opened);
    else this.#listener.reset(topic, opened);
  }

  #advance(threadId: string | undefined, cursor: string): void {
    const thread = threadId === undefined ? undefined : this.#threads.get(threadId);
    if (thread && cursor !== "") thread.cursor = cursor;
  }

  #topics(): MessageInitShape<typeof TopicSchema>[] {
    const topics: MessageInitShape<typeof TopicSchema>[] = [
      { kind: { case: "inbox", value: {} } },
      { kind: { case: "presence", value: {} } },
    ];
    if (this.#staff) topics.push({ kind: { case: "chats", value: {} } });
    for (const [threadId, { cursor }] of this.#threads) topics.push(threadTopic(threadId, cursor));
    return topics;
  }

  /** Adds the threads that were opened while the stream was being opened. */
  #catchUp(asked: Set<string>): void {
    const add = [...this.#threads].filter(([id]) => !asked.has(id)).map(([id, { cursor }]) => threadTopic(id, cursor));
    if (add.length > 0) void this.#update({ add });
  }

  async #update(change: { add?: Topic[]; drop?: Topic[] }): Promise<void> {
    const streamId = this.#streamId;
    if (streamId === "") return;
    try {
      await this.#client.updateSubscription({ streamId, add: change.add ?? [], drop: change.drop ?? [] });
    } catch {
      // The call met another server than the stream: begin anew with all topics.
      if (this.#streamId === streamId) this.#attempt?.abort();
    }
  }

  /** A stream that was silent for too long is dead, whatever the socket says. */
  #checkPulse(): void {
    if (this.#status.state === "open" && Date.now() - this.#lastFrame > this.#patience) this.#attempt?.abort();
  }

  #setState(state: LiveStatus["state"]): void {
    if (this.#status.state === state) return;
    this.#status = { state, since: Date.now() };
    for (const watcher of this.#watchers) watcher();
  }
}

function threadTopic(threadId: string, cursor: string): Topic {
  return create(TopicSchema, { kind: { case: "threadId", value: threadId }, cursor });
}

/** The thread that an event belongs to, if it belongs to one. */
export function threadOf(event: Event): string | undefined {
  const { change } = event;
  if (change.case === "message" || change.case === "readMark" || change.case === "typing") return change.value.threadId;
  return undefined;
}
