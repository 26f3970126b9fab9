import { clone } from "@bufbuild/protobuf";
import {
  Continuity,
  TopicSchema,
  type Event,
  type SubscribeResponse,
  type Topic,
  type TopicClosed,
  type TopicOpened,
} from "./gen/parley/live/v1/live_service_pb.js";
import { Position } from "./position.js";
import { threadOf, topic as topics, topicName } from "./topic.js";

/** What a subscription tells, one at a time: the next waits for a promise that is answered. */
export interface SubscriptionListener {
  /** Something changed. No state of a message is told twice. */
  onEvent(event: Event): void | Promise<void>;
  /** A topic begins here: what was before may have been missed. Read its state anew. */
  onReset?(opened: TopicOpened): void | Promise<void>;
  /** A topic goes on and nothing was missed. The read marks in it may be newer than those known. */
  onResumed?(opened: TopicOpened): void | Promise<void>;
  /** A topic has ended: it may not be read any more. The subscription goes on without it. */
  onClosed?(closed: TopicClosed): void | Promise<void>;
}

/** Wraps what a listener threw, to tell it from a failure of the stream. */
export class ListenerFailure extends Error {}

/** The most topics of one subscription, by the contract. */
const MOST_TOPICS = 200;

/** Keeps where a subscription stands, and tells its listener what the frames say. */
export class Book {
  readonly #listener: SubscriptionListener;
  readonly #positions = new Map<string, Position>();
  /** By topic: how often the stream has still to say that it is open, before its events are meant for us. */
  readonly #awaited = new Map<string, number>();

  constructor(listener: SubscriptionListener) {
    this.#listener = listener;
  }

  /** Adds those topics that are not there yet, and answers them. */
  add(added: readonly Topic[]): Topic[] {
    const fresh = added.filter((one) => !this.#positions.has(topicName(one)));
    if (this.#positions.size + fresh.length > MOST_TOPICS) {
      throw new RangeError(`a subscription has at most ${MOST_TOPICS} topics`);
    }
    for (const one of fresh) {
      const name = topicName(one);
      this.#positions.set(name, new Position(one));
      this.#awaited.set(name, (this.#awaited.get(name) ?? 0) + 1);
    }
    return fresh;
  }

  /** Drops those topics that are there, and answers them. */
  drop(dropped: readonly Topic[]): Topic[] {
    return dropped.filter((one) => this.#positions.delete(topicName(one)));
  }

  /** The topics as they stand. */
  topics(): Topic[] {
    return [...this.#positions.values()].map(({ topic }) => clone(TopicSchema, topic));
  }

  /** A stream begins with all topics: it will say of each once that it is open. */
  beginStream(): Topic[] {
    this.#awaited.clear();
    for (const [name, position] of this.#positions) {
      this.#awaited.set(name, 1);
      position.pollCursor = "";
    }
    return this.topics();
  }

  /** A poll begins with all topics: whatever it answers is about them. */
  beginPoll(): { topics: Topic[]; settle: (answered: readonly Topic[]) => void } {
    this.#awaited.clear();
    const asked = new Map(this.#positions);
    return {
      topics: [...asked.values()].map((position) => position.forPoll()),
      settle: (answered) => {
        for (const one of answered) {
          const position = asked.get(topicName(one));
          if (one.kind.case === "threadId") position?.advance(one.cursor);
          else if (position) position.pollCursor = one.cursor;
        }
      },
    };
  }

  /** True if the stream has not said yet that one of these is open. */
  awaits(some: readonly Topic[]): boolean {
    return some.some((one) => this.#positions.has(topicName(one)) && !this.#current(topicName(one)));
  }

  /** Takes in a frame about topics; the others are not its business. */
  async take({ frame }: SubscribeResponse): Promise<void> {
    switch (frame.case) {
      case "topicOpened":
        return await this.#opened(frame.value);
      case "event":
        return await this.#event(frame.value);
      case "topicClosed":
        return await this.#closed(frame.value);
      case "heartbeat":
        for (const one of frame.value.positions) this.#current(topicName(one))?.advance(one.cursor);
        return;
      default:
    }
  }

  async #opened(opened: TopicOpened): Promise<void> {
    const position = this.#answered(opened.topic);
    if (!position) return;
    if (opened.continuity === Continuity.RESUMED) {
      await this.#tell(() => this.#listener.onResumed?.(opened));
      return;
    }
    await this.#tell(() => this.#listener.onReset?.(opened));
    position.reset(opened.topic?.kind.case === "threadId" ? opened.topic.cursor : "");
  }

  async #closed(closed: TopicClosed): Promise<void> {
    if (!closed.topic || !this.#answered(closed.topic)) return;
    this.#positions.delete(topicName(closed.topic));
    await this.#tell(() => this.#listener.onClosed?.(closed));
  }

  async #event(event: Event): Promise<void> {
    const threadId = threadOf(event);
    if (threadId === undefined) {
      await this.#tell(() => this.#listener.onEvent(event));
      return;
    }
    const position = this.#current(topicName(topics.thread(threadId)));
    if (!position) return;
    if (event.change.case === "message" && !position.isNew(event.change.value)) return;
    await this.#tell(() => this.#listener.onEvent(event));
    position.advance(event.cursor);
  }

  /** The position that a topic's events are meant for, if there is one. */
  #current(name: string): Position | undefined {
    return (this.#awaited.get(name) ?? 0) > 0 ? undefined : this.#positions.get(name);
  }

  /** Counts an answer to an adding; answers the position if it was the last one's. */
  #answered(topic: Topic | undefined): Position | undefined {
    if (!topic) return undefined;
    const name = topicName(topic);
    this.#awaited.set(name, Math.max(0, (this.#awaited.get(name) ?? 0) - 1));
    return this.#current(name);
  }

  async #tell(call: () => void | Promise<void>): Promise<void> {
    try {
      await call();
    } catch (cause) {
      throw new ListenerFailure("a subscription's listener failed", { cause });
    }
  }
}
