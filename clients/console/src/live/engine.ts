import { topic, topicName, type Event, type Topic, type TopicOpened } from "@parley/client";
import type { Client } from "@connectrpc/connect";
import type { LiveService } from "../api/contract.ts";
import { openStream, type Feed, type FeedListener } from "./feed.ts";
import { SharedFeed, type Sharing } from "./shared.ts";

/** How the news come: `since` is when that began, in milliseconds. */
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

/** How long a topic stays subscribed after nobody shows it any more. */
const LINGER_MS = 5_000;

/** How an engine gets its news. */
interface Options {
  /** True for those who answer live chats. */
  chats: boolean;
  /** Shares one stream among the tabs of this name; unset: a stream of its own. */
  shared?: { name: string; sharing: Sharing };
}

/**
 * Brings the news of this tab: of the caller's inbox, the chats, presence, and
 * every thread and list of records on the screen.
 */
export class LiveEngine {
  readonly #client: Client<typeof LiveService>;
  readonly #listener: LiveListener;
  readonly #options: Options;
  /** How many show a topic, and where to begin. */
  readonly #shown = new Map<string, { users: number; topic: Topic }>();
  readonly #watchers = new Set<() => void>();
  #status: LiveStatus = { state: "connecting", since: Date.now() };
  #feed: Feed | undefined;

  constructor(client: Client<typeof LiveService>, listener: LiveListener, options: Options) {
    this.#client = client;
    this.#listener = listener;
    this.#options = options;
  }

  subscribe = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };

  status = (): LiveStatus => this.#status;

  /** True in the one tab of several that has the stream: what must happen once happens there. */
  leads(): boolean {
    return this.#feed?.leads() ?? false;
  }

  /** Runs until the function that it answers is called. */
  start(): () => void {
    const { chats, shared } = this.#options;
    const shown = [...this.#shown.values()].map((one) => one.topic);
    const topics = [topic.inbox(), topic.presence(), ...(chats ? [topic.chats()] : []), ...shown];
    const open = (all: Topic[], listener: FeedListener): Feed => openStream(this.#client, all, listener);
    const feed = shared ? new SharedFeed({ ...shared, topics, open }, this.#told()) : open(topics, this.#told());
    this.#feed = feed;
    return () => {
      feed.close();
      if (this.#feed === feed) this.#feed = undefined;
    };
  }

  #told(): FeedListener {
    return {
      event: (event) => this.#listener.event(event),
      reset: (opened) => opened.topic && this.#listener.reset(opened.topic, opened),
      resumed: (opened) => opened.topic && this.#listener.resumed(opened.topic, opened),
      closed: (closed) => this.#closed(closed.topic),
      open: (is) => this.#set(is ? "open" : "down"),
      refused: () => this.#listener.refused(),
    };
  }

  /** Subscribes to a thread from a cursor on, until the answered function is called. */
  open(threadId: string, cursor: string): () => void {
    return this.watch(topic.thread(threadId, cursor));
  }

  /** Subscribes to a topic until the answered function is called. */
  watch(wanted: Topic): () => void {
    const name = topicName(wanted);
    const shown = this.#shown.get(name) ?? { users: 0, topic: wanted };
    this.#shown.set(name, shown);
    shown.users++;
    this.#feed?.add(shown.topic);
    let released = false;
    return () => {
      if (released) return;
      released = true;
      shown.users--;
      setTimeout(() => this.#drop(name), LINGER_MS);
    };
  }

  #drop(name: string): void {
    const shown = this.#shown.get(name);
    if (shown?.users !== 0) return;
    this.#shown.delete(name);
    this.#feed?.drop(shown.topic);
  }

  #closed(closed: Topic | undefined): void {
    if (!closed) return;
    this.#shown.delete(topicName(closed));
    if (closed.kind.case === "threadId") this.#listener.closed(closed.kind.value);
  }

  #set(state: LiveStatus["state"]): void {
    if (this.#status.state === state) return;
    this.#status = { state, since: Date.now() };
    for (const watcher of this.#watchers) watcher();
  }
}

