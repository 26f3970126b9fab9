import { create } from "@bufbuild/protobuf";
import { topic, topicName, type Topic } from "@parley/client";
import { afterEach, expect, test, vi } from "vitest";
import { EventSchema, type Event } from "../api/contract.ts";
import type { FeedListener } from "./feed.ts";
import { SharedFeed, type Sharing } from "./shared.ts";

interface Waiting {
  run: () => Promise<unknown>;
  drop: () => void;
}

/** Locks as a browser has them, for one page of tests. */
class Locks {
  #queue: Waiting[] = [];
  #held: { lost: (reason: Error) => void } | undefined;

  request = (_name: string, options: LockOptions, run: () => Promise<unknown>): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const entry = { run: () => this.#grant(run, resolve, reject), drop: () => reject(new Error("aborted")) };
      if (options.steal) {
        this.#held?.lost(new Error("stolen"));
        void entry.run();
        return;
      }
      options.signal?.addEventListener("abort", () => {
        if (!this.#queue.includes(entry)) return;
        this.#queue = this.#queue.filter((one) => one !== entry);
        entry.drop();
      });
      this.#queue.push(entry);
      this.#next();
    });

  async #grant(run: () => Promise<unknown>, resolve: (value: unknown) => void, reject: (reason: Error) => void): Promise<void> {
    const held = { lost: reject };
    this.#held = held;
    resolve(await run());
    if (this.#held !== held) return;
    this.#held = undefined;
    this.#next();
  }

  #next(): void {
    if (!this.#held) void this.#queue.shift()?.run();
  }
}

interface Stream {
  topics: Map<string, Topic>;
  listener: FeedListener;
}

const feeds: SharedFeed[] = [];
let name = 0;

afterEach(() => feeds.splice(0).forEach((feed) => feed.close()));

/** Some tabs, and the streams that were opened among them. */
function setup() {
  const streams: Stream[] = [];
  const locks = new Locks();
  const sharing: Sharing = { locks, channel: (of) => new BroadcastChannel(of) };
  const shared = `test-${(name += 1)}`;
  const open = (topics: Topic[], listener: FeedListener) => {
    const stream = { topics: new Map(topics.map((one) => [topicName(one), { ...one }])), listener };
    streams.push(stream);
    return {
      add: (one: Topic) => void stream.topics.set(topicName(one), one),
      drop: (one: Topic) => void stream.topics.delete(topicName(one)),
      topics: () => [...stream.topics.values()],
      close: () => undefined,
      leads: () => true,
    };
  };
  const tab = (topics: Topic[] = [topic.inbox()]) => {
    const events: Event[] = [];
    const states: boolean[] = [];
    const listener: FeedListener = {
      event: (event) => events.push(event),
      reset: () => undefined,
      resumed: () => undefined,
      closed: () => undefined,
      open: (is) => states.push(is),
      refused: () => undefined,
    };
    const feed = new SharedFeed({ name: shared, topics, sharing, open }, listener);
    feeds.push(feed);
    return { feed, events, states };
  };
  return { streams, tab };
}

const message = (cursor: string): Event => create(EventSchema, { cursor, change: { case: "message", value: { threadId: "t", body: cursor } } });

test("many tabs have one stream, and all of them hear what comes", async () => {
  const { streams, tab } = setup();
  const tabs = [tab(), tab(), tab()];
  await vi.waitFor(() => expect(streams).toHaveLength(1));
  streams[0]?.listener.open(true);
  streams[0]?.listener.event(message("c1"));
  for (const { events, states } of tabs) {
    await vi.waitFor(() => expect(events).toHaveLength(1));
    await vi.waitFor(() => expect(states.at(-1)).toBe(true));
  }
  expect(streams).toHaveLength(1);
});

test("what a following tab opens comes into the stream, and goes when nobody wants it", async () => {
  const { streams, tab } = setup();
  tab();
  await vi.waitFor(() => expect(streams).toHaveLength(1));
  const follower = tab();
  follower.feed.add(topic.thread("t", "c0"));
  await vi.waitFor(() => expect(streams[0]?.topics.get("thread t")).toMatchObject({ cursor: "c0" }));
  follower.feed.drop(topic.thread("t"));
  await vi.waitFor(() => expect(streams[0]?.topics.has("thread t")).toBe(false));
});

test("when the leading tab goes another goes on where it had come", async () => {
  const { streams, tab } = setup();
  const leader = tab();
  await vi.waitFor(() => expect(streams).toHaveLength(1));
  const follower = tab();
  follower.feed.add(topic.thread("t", "c0"));
  await vi.waitFor(() => expect(streams[0]?.topics.has("thread t")).toBe(true));
  streams[0]?.listener.event(message("c7"));
  await vi.waitFor(() => expect(follower.events).toHaveLength(1));
  leader.feed.close();
  await vi.waitFor(() => expect(streams).toHaveLength(2));
  expect(streams[1]?.topics.get("thread t")).toMatchObject({ cursor: "c7" });
});

test("a new leader asks the others what they want", async () => {
  const { streams, tab } = setup();
  const leader = tab();
  await vi.waitFor(() => expect(streams).toHaveLength(1));
  tab();
  const third = tab();
  third.feed.add(topic.thread("t", "c3"));
  leader.feed.close();
  await vi.waitFor(() => expect(streams[1]?.topics.has("thread t")).toBe(true));
});

test("one tab leads, whatever their number", async () => {
  const { streams, tab } = setup();
  const tabs = [tab(), tab(), tab()];
  await vi.waitFor(() => expect(streams).toHaveLength(1));
  expect(tabs.filter(({ feed }) => feed.leads())).toHaveLength(1);
});
