import { Code, createClient } from "@connectrpc/connect";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { LiveService } from "../src/gen/parley/live/v1/live_service_pb.js";
import {
  createParley,
  ResetReason,
  retry,
  subscribe,
  topic,
  type SubscribeOptions,
  type Subscription,
  type SubscriptionState,
  type Topic,
} from "../src/index.js";
import { LiveServer, type Fault } from "./live-server.js";

interface Heard {
  subscription: Subscription;
  /** The bodies of the messages told. */
  bodies: string[];
  resets: { name: string; reason: ResetReason }[];
  resumed: number;
  closed: string[];
  states: SubscriptionState[];
  ended: unknown;
}

const open: Subscription[] = [];

function listen(server: LiveServer, topics: Topic[] = [topic.thread("t1", server.cursor(0))], more: Partial<SubscribeOptions> = {}): Heard {
  const heard: Omit<Heard, "subscription"> = { bodies: [], resets: [], resumed: 0, closed: [], states: [], ended: undefined };
  const subscription = subscribe(createClient(LiveService, server.transport([retry()])), {
    topics,
    onEvent: ({ change }) => {
      if (change.case === "message") heard.bodies.push(change.value.body);
    },
    onReset: (opened) => {
      heard.resets.push({ name: opened.topic?.kind.case ?? "", reason: opened.resetReason });
    },
    onResumed: () => {
      heard.resumed++;
    },
    onClosed: (closed) => {
      heard.closed.push(closed.topic?.kind.value as string);
    },
    onState: (state) => heard.states.push(state),
    ...more,
  });
  open.push(subscription);
  subscription.done.then(
    () => (heard.ended = "closed"),
    (error: unknown) => (heard.ended = error),
  );
  return Object.assign(heard, { subscription });
}

const bodies = (from: number, to: number): string[] => Array.from({ length: to - from + 1 }, (_, i) => `m${from + i}`);
const pass = (seconds: number): Promise<unknown> => vi.advanceTimersByTimeAsync(seconds * 1_000);

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(async () => {
  for (const subscription of open.splice(0)) subscription.close();
  await pass(1);
  vi.useRealTimers();
});

describe("a subscription", () => {
  test("tells what is posted, while it is posted", async () => {
    const server = new LiveServer();
    const heard = listen(server);
    await pass(0);
    server.post();
    await pass(0);
    expect(heard.bodies).toEqual(["m1"]);
    expect(heard.states.map(({ phase }) => phase)).toEqual(["live"]);
  });

  test.each(["error", "end", "closing", "silence"] as const)("tells each message once over streams that end by %s", async (how) => {
    const server = new LiveServer();
    for (let i = 0; i < 7; i++) server.post();
    server.faults.push({ after: 4, how }, { after: 3, how }, { after: 4, how });
    const heard = listen(server);
    await pass(200);
    expect(heard.bodies).toEqual(bodies(1, 7));
    expect(server.requests.map(({ topics }) => topics[0]?.cursor)).toEqual(["1:0", "1:2", "1:3", "1:5"]);
    expect(heard.resets).toEqual([]);
    expect(server.openStreams).toBe(1);
  });

  test("tells no message again that the server repeats", async () => {
    const server = new LiveServer();
    for (let i = 0; i < 6; i++) server.post();
    server.faults.push({ after: 6, how: "error" }, { after: 4, how: "end", repeat: 3 }, { after: 99, how: "end", repeat: 6 });
    const heard = listen(server);
    await pass(60);
    expect(heard.bodies).toEqual(bodies(1, 6));
  });

  test("tells an outsider each state of a message once, without revisions", async () => {
    const server = new LiveServer();
    server.outside = true;
    server.post("a", "one");
    server.post("b", "two");
    server.post("a", "one, mended");
    server.faults.push({ after: 4, how: "error" }, { after: 99, how: "error", repeat: 3 });
    const heard = listen(server);
    await pass(60);
    expect(heard.bodies).toEqual(["one", "two", "one, mended"]);
  });

  test("tells changes that come out of order, but never an older state of a message", async () => {
    const server = new LiveServer();
    const heard = listen(server);
    await pass(0);
    server.post("a", "one");
    server.post("b", "two");
    server.post("a", "one, mended");
    server.log.reverse();
    await pass(0);
    expect(heard.bodies).toEqual(["one, mended", "two"]);
  });

  test("goes on from a heartbeat's position", async () => {
    const server = new LiveServer();
    server.faults.push({ after: 3, how: "error" });
    const heard = listen(server);
    await pass(1);
    server.post("x", "x", "t2");
    await pass(40);
    expect(server.requests[1]?.topics[0]?.cursor).toBe("1:1");
    expect(heard.bodies).toEqual([]);
  });

  test("stays on a stream that has heartbeats only", async () => {
    const server = new LiveServer();
    listen(server);
    await pass(600);
    expect(server.requests).toHaveLength(1);
  });

  test("says that a thread has to be read anew, and goes on from there", async () => {
    const server = new LiveServer();
    server.post();
    server.faults.push({ after: 3, how: "error" });
    const heard = listen(server);
    await pass(0);
    server.epoch = 2; // the database is an older copy: revisions begin anew
    server.log.splice(0);
    await pass(10);
    expect(heard.resets).toEqual([{ name: "threadId", reason: ResetReason.EPOCH_CHANGED }]);
    server.post("m1", "again");
    await pass(10);
    expect(heard.bodies).toEqual(["m1", "again"]);
    expect(heard.subscription.topics()[0]?.cursor).toBe("2:1");
  });

  test("says at each connecting that topics that are not logs have to be read anew", async () => {
    const server = new LiveServer();
    server.faults.push({ after: 3, how: "error" });
    const heard = listen(server, [topic.inbox(), topic.thread("t1")]);
    await pass(10);
    server.post();
    await pass(10);
    expect(heard.resets.map(({ name }) => name)).toEqual(["inbox", "threadId", "inbox"]);
    expect(heard.bodies).toEqual(["m1"]);
  });

  test("waits as long as the server asks when it says goodbye", async () => {
    const server = new LiveServer();
    server.faults.push({ after: 3, how: "closing", hintMs: 5_000 });
    const heard = listen(server);
    await pass(15 + 4.9); // the heartbeat is the third frame
    expect(server.requests).toHaveLength(1);
    expect(heard.subscription.state).toEqual({ phase: "waiting", retryInMs: 5_000 });
    await pass(0.2);
    expect(server.requests).toHaveLength(2);
  });

  test("does not run in circles when the server says goodbye at once, again and again", async () => {
    const server = new LiveServer();
    server.faults.push(...Array.from({ length: 1_000 }, (): Fault => ({ after: 1, how: "closing", hintMs: 0 })));
    listen(server);
    await pass(120);
    expect(server.requests.length).toBeLessThan(50);
  });

  test("tries at once when it is woken", async () => {
    const server = new LiveServer();
    server.faults.push({ after: 2, how: "closing", hintMs: 5_000 });
    const heard = listen(server);
    await pass(1);
    heard.subscription.wake();
    await pass(0);
    expect(heard.subscription.state.phase).toBe("live");
  });

  test("waits longer the more often it fails, up to 20 seconds", async () => {
    const server = new LiveServer();
    vi.spyOn(Math, "random").mockReturnValue(1);
    server.pollsFail = true;
    server.faults.push(...Array.from({ length: 9 }, (): Fault => ({ after: 0, how: "error" })));
    const heard = listen(server);
    await pass(300);
    vi.restoreAllMocks();
    const waits = heard.states.flatMap((state) => (state.phase === "waiting" ? [state.retryInMs] : []));
    expect(waits.slice(0, 9)).toEqual([300, 600, 1_200, 2_400, 4_800, 9_600, 19_200, 20_000, 20_000]);
  });

  test("ends with what trying again does not cure", async () => {
    const server = new LiveServer();
    server.faults.push({ after: 2, how: "unauthenticated" });
    const heard = listen(server);
    await pass(60);
    expect(heard.ended).toMatchObject({ code: Code.Unauthenticated });
    expect(server.requests).toHaveLength(1);
  });

  test("goes on after a frame that broke off in the middle", async () => {
    const frames = [new Uint8Array([0, 0, 0, 0, 9, 1]), new Uint8Array([0, 0])];
    let calls = 0;
    const parley = createParley({
      baseUrl: "http://nowhere.invalid",
      fetch: async () => {
        calls++;
        return new Response(frames[calls % 2], { headers: { "content-type": "application/connect+proto" } });
      },
    });
    const subscription = parley.subscribe({ onEvent: () => {} });
    open.push(subscription);
    await pass(10);
    expect(calls).toBeGreaterThan(2);
    expect(subscription.state.phase).not.toBe("live");
  });

  test("ends with what a listener throws, and lets another go on from before it", async () => {
    const server = new LiveServer();
    server.post();
    const broken = new Error("broken");
    const heard = listen(server, undefined, {
      onEvent: () => {
        throw broken;
      },
    });
    await pass(1);
    expect(heard.ended).toBe(broken);
    const other = listen(server, heard.subscription.topics());
    await pass(1);
    expect(other.bodies).toEqual(["m1"]);
  });

  test("waits for a listener that takes its time, however long the heartbeats", async () => {
    const server = new LiveServer();
    server.post();
    server.post();
    const told: number[] = [];
    listen(server, undefined, {
      onEvent: async () => {
        told.push(Date.now());
        await new Promise((resolve) => {
          setTimeout(resolve, 100_000);
        });
      },
    });
    await pass(300);
    expect(told).toHaveLength(2);
    expect((told[1] ?? 0) - (told[0] ?? 0)).toBe(100_000);
    expect(server.requests).toHaveLength(1);
  });

  test("ends when its signal is aborted", async () => {
    const server = new LiveServer();
    const stop = new AbortController();
    const heard = listen(server, undefined, { signal: stop.signal });
    await pass(1);
    stop.abort();
    await pass(1);
    expect(heard.ended).toBe("closed");
    expect(server.openStreams).toBe(0);
  });
});

describe("topics that come and go", () => {
  test("are added to the open stream and dropped from it", async () => {
    const server = new LiveServer();
    const heard = listen(server);
    await pass(0);
    heard.subscription.add(topic.thread("t2", server.cursor(0)));
    await pass(0);
    server.post("a", "a", "t2");
    await pass(0);
    heard.subscription.drop(topic.thread("t1"));
    await pass(0);
    server.post("b");
    await pass(0);
    expect(heard.bodies).toEqual(["a"]);
    expect(server.requests).toHaveLength(1);
    expect(server.updates).toHaveLength(2);
  });

  test("are part of the next stream when none is open", async () => {
    const server = new LiveServer();
    server.faults.push({ after: 1, how: "closing", hintMs: 5_000 });
    const heard = listen(server);
    await pass(1);
    heard.subscription.add(topic.thread("t2"));
    heard.subscription.drop(topic.thread("t1"));
    await pass(5);
    expect(server.requests[1]?.topics.map(({ kind }) => kind.value)).toEqual(["t2"]);
    expect(server.updates).toEqual([]);
  });

  test("make another stream when another server answers", async () => {
    const server = new LiveServer();
    const heard = listen(server);
    await pass(0);
    server.updatesAstray = true;
    heard.subscription.add(topic.thread("t2", server.cursor(0)));
    await pass(0);
    server.post("a", "a", "t2");
    await pass(1);
    expect(heard.bodies).toEqual(["a"]);
    expect(server.requests).toHaveLength(2);
  });

  test("make another stream when the change was lost between two servers", async () => {
    const server = new LiveServer();
    const heard = listen(server);
    await pass(0);
    server.updatesLost = true;
    heard.subscription.add(topic.thread("t2", server.cursor(0)));
    server.post("a", "a", "t2");
    await pass(11);
    expect(heard.bodies).toEqual(["a"]);
    expect(server.requests).toHaveLength(2);
  });

  test("lose nothing when dropped and added at once from an earlier cursor", async () => {
    const server = new LiveServer();
    for (let i = 0; i < 5; i++) server.post();
    const heard = listen(server, []);
    await pass(0);
    heard.subscription.add(topic.thread("t1", server.cursor(3)));
    heard.subscription.drop(topic.thread("t1"));
    heard.subscription.add(topic.thread("t1", server.cursor(1)));
    await pass(0);
    expect(heard.bodies).toEqual(bodies(2, 5));
  });

  test("are closed when they may not be read any more, and not asked for again", async () => {
    const server = new LiveServer();
    const heard = listen(server, [topic.thread("t1"), topic.thread("t2")]);
    await pass(0);
    server.faults.push({ after: 99, how: "end" });
    server.close("t1");
    await pass(0);
    expect(heard.closed).toEqual(["t1"]);
    expect(heard.subscription.topics().map(({ kind }) => kind.value)).toEqual(["t2"]);
  });

  test("are at most 200", () => {
    const heard = listen(new LiveServer(), []);
    const many = Array.from({ length: 201 }, (_, i) => topic.thread(`t${i}`));
    expect(() => heard.subscription.add(...many)).toThrow(RangeError);
    expect(heard.subscription.topics()).toEqual([]);
  });
});

describe("on a network that breaks streams", () => {
  const barren = (how: Fault["how"]): Fault[] => [1, 2, 3].map(() => ({ after: 0, how }));

  test.each(["error", "silence"] as const)("it polls when streams end by %s before a frame", async (how) => {
    const server = new LiveServer();
    for (let i = 0; i < 3; i++) server.post();
    server.faults.push({ after: 4, how: "error" }, ...barren(how));
    const heard = listen(server);
    await pass(60);
    expect(heard.subscription.state.phase).toBe("polling");
    server.post();
    await pass(1);
    server.post();
    await pass(1);
    expect(heard.bodies).toEqual(bodies(1, 5));
    expect(server.polls[0]?.topics[0]?.cursor).toBe("1:2");
    expect(heard.resets).toEqual([]);
  });

  test("polls hold the state topics' cursors, and end when topics change", async () => {
    const server = new LiveServer();
    server.faults.push(...barren("error"));
    const heard = listen(server, [topic.inbox()]);
    await pass(30);
    expect(server.polls.map(({ topics }) => topics[0]?.cursor).slice(0, 2)).toEqual(["", "state"]);
    const asked = server.polls.length;
    heard.subscription.add(topic.thread("t1"));
    await pass(0);
    expect(server.polls).toHaveLength(asked + 1);
    expect(server.polls[asked]?.topics).toHaveLength(2);
  });

  test("it goes back to a stream after some minutes", async () => {
    const server = new LiveServer();
    server.faults.push(...barren("error"));
    const heard = listen(server);
    await pass(350);
    expect(heard.subscription.state.phase).toBe("live");
    server.post();
    await pass(1);
    expect(heard.bodies).toEqual(["m1"]);
  });
});

// Spec: C4
test("whatever happens to the streams, each message is told once and in order, or a reset is told", async () => {
  const hows = ["error", "end", "closing", "silence"] as const;
  for (let seed = 1; seed <= 60; seed++) {
    const random = generator(seed);
    const server = new LiveServer();
    server.outside = seed % 2 === 0;
    for (let i = 0; i < 12; i++) {
      const how = hows[Math.floor(random() * hows.length)] ?? "end";
      server.faults.push({ after: Math.floor(random() * 6), how, repeat: Math.floor(random() * 4), hintMs: random() * 1_000 });
    }
    const heard = listen(server);
    for (let i = 0; i < 30; i++) {
      server.post();
      // oxlint-disable-next-line no-await-in-loop -- time passes between posts
      await pass(random() * 8);
    }
    // oxlint-disable-next-line no-await-in-loop -- one history after the other
    await pass(700);
    heard.subscription.close();
    expect(heard.bodies, `seed ${seed}`).toEqual(bodies(1, 30));
    expect(heard.resets).toEqual([]);
  }
});

/** Numbers that look random, the same for the same seed. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
