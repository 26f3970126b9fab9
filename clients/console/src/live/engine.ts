import { subscribe, topic, type Event, type Subscription, type SubscriptionState, type Topic, type TopicOpened } from "@parley/client";
import type { Client } from "@connectrpc/connect";
import { Code, ConnectError } from "@connectrpc/connect";
import type { LiveService } from "../api/contract.ts";

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

/** How long a thread stays subscribed after nobody shows it any more. */
const LINGER_MS = 5_000;

/**
 * Holds the one subscription of this tab: the caller's inbox, the chats,
 * presence, and every thread on the screen.
 */
export class LiveEngine {
  readonly #client: Client<typeof LiveService>;
  readonly #listener: LiveListener;
  readonly #chats: boolean;
  /** How many show a thread, and where to begin. */
  readonly #threads = new Map<string, { users: number; topic: Topic }>();
  readonly #watchers = new Set<() => void>();
  #status: LiveStatus = { state: "connecting", since: Date.now() };
  #subscription: Subscription | undefined;

  constructor(client: Client<typeof LiveService>, listener: LiveListener, options: { chats: boolean }) {
    this.#client = client;
    this.#listener = listener;
    this.#chats = options.chats;
  }

  subscribe = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };

  status = (): LiveStatus => this.#status;

  /** Runs until the function that it answers is called. */
  start(): () => void {
    const subscription = subscribe(this.#client, {
      topics: [topic.inbox(), topic.presence(), ...(this.#chats ? [topic.chats()] : []), ...[...this.#threads.values()].map((thread) => thread.topic)],
      active: () => document.visibilityState === "visible",
      onEvent: (event) => this.#listener.event(event),
      onReset: (opened) => opened.topic && this.#listener.reset(opened.topic, opened),
      onResumed: (opened) => opened.topic && this.#listener.resumed(opened.topic, opened),
      onClosed: (closed) => this.#closed(closed.topic),
      onState: (state) => this.#become(state),
    });
    this.#subscription = subscription;
    subscription.done.catch((reason: unknown) => {
      if (ConnectError.from(reason).code === Code.Unauthenticated) this.#listener.refused();
      this.#set("down");
    });
    return () => {
      subscription.close();
      if (this.#subscription === subscription) this.#subscription = undefined;
    };
  }

  /** Subscribes to a thread from a cursor on, until the answered function is called. */
  open(threadId: string, cursor: string): () => void {
    const thread = this.#threads.get(threadId) ?? { users: 0, topic: topic.thread(threadId, cursor) };
    this.#threads.set(threadId, thread);
    thread.users++;
    this.#subscription?.add(thread.topic);
    let released = false;
    return () => {
      if (released) return;
      released = true;
      thread.users--;
      setTimeout(() => this.#drop(threadId), LINGER_MS);
    };
  }

  #drop(threadId: string): void {
    const thread = this.#threads.get(threadId);
    if (thread?.users !== 0) return;
    this.#threads.delete(threadId);
    this.#subscription?.drop(thread.topic);
  }

  #closed(closed: Topic | undefined): void {
    if (closed?.kind.case !== "threadId") return;
    this.#threads.delete(closed.kind.value);
    this.#listener.closed(closed.kind.value);
  }

  #become({ phase }: SubscriptionState): void {
    if (phase === "live" || phase === "polling") this.#set("open");
    else if (phase === "waiting") this.#set("down");
  }

  #set(state: LiveStatus["state"]): void {
    if (this.#status.state === state) return;
    this.#status = { state, since: Date.now() };
    for (const watcher of this.#watchers) watcher();
  }
}

