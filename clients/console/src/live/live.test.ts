import { create } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { createConnectQueryKey } from "@connectrpc/connect-query";
import { QueryClient, QueryObserver } from "@tanstack/react-query";
import { afterEach, expect, test, vi } from "vitest";
import { ChatterService, GetInboxCountsResponseSchema, LiveService, TopicOpenedSchema, TopicSchema } from "../api/contract.ts";
import { partyOf, uuid } from "../fixture/make.ts";
import { startFixture } from "../fixture/server.ts";
import { push } from "../fixture/world.ts";
import { Journal } from "../thread/journal.ts";
import type { ThreadLog } from "../thread/log.ts";
import { threadLogOptions } from "../thread/query.ts";
import { LiveCache } from "./cache.ts";
import { LiveEngine } from "./engine.ts";
import { TYPING_MS, TypingStore } from "./typing.ts";

const THREAD = uuid(1_002);

afterEach(() => void vi.useRealTimers());

/** An engine with a loaded thread, on a server in memory. */
async function setup() {
  const fixture = startFixture();
  const [, jonas] = fixture.world.users;
  if (!jonas) throw new Error("the example has two users");
  const queries = new QueryClient();
  const journal = new Journal();
  const typing = new TypingStore();
  const cache = new LiveCache({ queries, self: fixture.world.me.id, typing, journal, arrived: () => undefined, refused: () => undefined });
  const engine = new LiveEngine(createClient(LiveService, fixture.transport), cache, { chats: true });
  const options = threadLogOptions(fixture.transport, journal, THREAD, undefined);
  const log = await queries.fetchQuery(options);
  const stop = engine.start();
  engine.open(THREAD, log.cursor);
  const bodies = (): string[] => (queries.getQueryData<ThreadLog>(options.queryKey)?.messages ?? []).map((one) => one.body);
  await vi.waitFor(() => expect(fixture.hub.topics()).toContain(THREAD));
  return { ...fixture, jonas: partyOf(jonas), queries, engine, cache, typing, stop, bodies };
}

test("what somebody else posts comes into the open thread", async () => {
  const { say, jonas, bodies, stop } = await setup();
  say(THREAD, { author: jonas, body: "news" });
  await vi.waitFor(() => expect(bodies()).toContain("news"));
  stop();
});

test("a lost stream comes back by itself and the thread goes on", async () => {
  const { hub, say, jonas, bodies, engine, stop } = await setup();
  hub.cut();
  expect(hub.topics()).toEqual([]);
  await vi.waitFor(() => expect(hub.topics()).toContain(THREAD), { timeout: 5_000 });
  say(THREAD, { author: jonas, body: "after the cut" });
  await vi.waitFor(() => expect(bodies()).toContain("after the cut"));
  expect(engine.status().state).toBe("open");
  stop();
});

test("the inbox's number follows the stream", async () => {
  const { queries, hub, stop } = await setup();
  const key = createConnectQueryKey({ schema: ChatterService.method.getInboxCounts, input: {}, cardinality: "finite" });
  queries.setQueryData(key, create(GetInboxCountsResponseSchema, { unreadCount: 2 }));
  hub.tell("inbox", { frame: { case: "event", value: { change: { case: "inbox", value: { unreadCount: 7 } } } } });
  await vi.waitFor(() => expect(queries.getQueryData(key)).toMatchObject({ unreadCount: 7 }));
  stop();
});

test("a thread that could not be resumed is read anew", async () => {
  const { queries, transport, world, cache, bodies, stop } = await setup();
  const shown = new QueryObserver(queries, threadLogOptions(transport, new Journal(), THREAD, undefined)).subscribe(() => undefined);
  const thread = world.threads.get(THREAD);
  if (thread) push(thread, { body: "missed" });
  const topic = create(TopicSchema, { kind: { case: "threadId", value: THREAD } });
  cache.reset(topic, create(TopicOpenedSchema, { topic }));
  await vi.waitFor(() => expect(bodies()).toContain("missed"));
  shown();
  stop();
});

test("typing ends by itself after six seconds, and at once when the message comes", () => {
  vi.useFakeTimers();
  const typing = new TypingStore();
  const party = { $typeName: "parley.thread.v1.Party" as const, kind: 1, id: "u", name: "Jonas" };
  typing.started("t", party);
  vi.advanceTimersByTime(TYPING_MS - 1);
  expect(typing.typists("t")).toEqual([party]);
  vi.advanceTimersByTime(1);
  expect(typing.typists("t")).toEqual([]);
  typing.started("t", party);
  typing.stopped("t", "u");
  expect(typing.typists("t")).toEqual([]);
});
