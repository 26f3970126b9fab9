import { Code, ConnectError, subscribe, type Event, type SubscriptionState, type Topic, type TopicClosed, type TopicOpened } from "@parley/client";
import type { Client } from "@connectrpc/connect";
import type { LiveService } from "../api/contract.ts";

/** What a feed tells. */
export interface FeedListener {
  event(event: Event): void;
  reset(opened: TopicOpened): void;
  resumed(opened: TopicOpened): void;
  closed(closed: TopicClosed): void;
  /** True while news come. */
  open(is: boolean): void;
  /** The session is not in force any more. */
  refused(): void;
}

/** Where news come from. */
export interface Feed {
  add(topic: Topic): void;
  drop(topic: Topic): void;
  /** The topics with the cursors to go on from. */
  topics(): Topic[];
  close(): void;
  /** True in the one tab of several that has the stream. */
  leads(): boolean;
}

/** A feed with a stream of its own. */
export function openStream(client: Client<typeof LiveService>, topics: Topic[], listener: FeedListener): Feed {
  const subscription = subscribe(client, {
    topics,
    active: () => document.visibilityState === "visible",
    onEvent: (event) => listener.event(event),
    onReset: (opened) => listener.reset(opened),
    onResumed: (opened) => listener.resumed(opened),
    onClosed: (closed) => listener.closed(closed),
    onState: ({ phase }: SubscriptionState) => {
      if (phase !== "connecting") listener.open(phase !== "waiting");
    },
  });
  subscription.done.catch((reason: unknown) => {
    if (ConnectError.from(reason).code === Code.Unauthenticated) listener.refused();
    listener.open(false);
  });
  return {
    add: (topic) => subscription.add(topic),
    drop: (topic) => subscription.drop(topic),
    topics: () => subscription.topics(),
    close: () => subscription.close(),
    leads: () => true,
  };
}
