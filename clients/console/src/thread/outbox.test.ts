import { Code, ConnectError, createClient, createRouterTransport } from "@connectrpc/connect";
import { expect, test, vi } from "vitest";
import { ChatterService, type Message } from "../api/contract.ts";
import { message } from "../fixture/make.ts";
import { Outbox, type Pending, type Wait } from "./outbox.ts";

/** An outbox on a server in memory; `answer` may fail a posting by throwing. */
function setup(answer: (body: string, attempt: number) => void | Promise<void> = () => undefined, wait: Wait = () => Promise.resolve()) {
  const posted: { requestId: string; body: string }[] = [];
  const sent: Message[] = [];
  const transport = createRouterTransport(({ service }) => {
    service(ChatterService, {
      postMessage: async ({ requestId, body }) => {
        posted.push({ requestId, body });
        await answer(body, posted.length);
        return { message: message({ requestId, body, threadId: "t" }) };
      },
    });
  });
  const chatter = createClient(ChatterService, transport);
  const outbox = new Outbox({
    post: async (request, signal) => (await chatter.postMessage(request, { signal })).message ?? message({}),
    sent: (one) => sent.push(one),
    wait,
    storage: localStorage,
  });
  return { outbox, posted, sent };
}

const text = (body: string): Omit<Pending, "state" | "time" | "requestId"> => ({ threadId: "t", body, internal: false, mentionIds: [], files: [] });

test("a message shows at once and goes when it is stored", async () => {
  const { outbox, sent } = setup();
  outbox.send(text("hello"));
  expect(outbox.snapshot()).toMatchObject([{ body: "hello", state: "sending" }]);
  await vi.waitFor(() => expect(outbox.snapshot()).toEqual([]));
  expect(sent).toMatchObject([{ body: "hello" }]);
});

test("a passing failure is tried again by the same request id", async () => {
  const { outbox, posted } = setup((_, attempt) => {
    if (attempt < 3) throw new ConnectError("away", Code.Unavailable);
  });
  outbox.send(text("hello"));
  await vi.waitFor(() => expect(outbox.snapshot()).toEqual([]));
  expect(posted).toHaveLength(3);
  expect(new Set(posted.map((one) => one.requestId)).size).toBe(1);
});

test("what cannot pass waits for the writer, who tries by the same request id", async () => {
  let closed = true;
  const { outbox, posted } = setup(() => {
    if (closed) throw new ConnectError("the chat is closed", Code.FailedPrecondition);
  });
  outbox.send(text("hello"));
  await vi.waitFor(() => expect(outbox.snapshot()).toMatchObject([{ state: "failed" }]));
  closed = false;
  outbox.retry(outbox.snapshot()[0]?.requestId ?? "");
  await vi.waitFor(() => expect(outbox.snapshot()).toEqual([]));
  expect(posted[0]?.requestId).toBe(posted[1]?.requestId);
});

test("messages arrive in the order they were written", async () => {
  const { outbox, posted } = setup((body, attempt) => {
    if (body === "one" && attempt === 1) throw new ConnectError("away", Code.Unavailable);
  });
  for (const body of ["one", "two", "three"]) outbox.send(text(body));
  await vi.waitFor(() => expect(outbox.snapshot()).toEqual([]));
  expect(posted.map((one) => one.body)).toEqual(["one", "one", "two", "three"]);
});

test("the connection's return sends what had failed for lack of one", async () => {
  let away = true;
  const { outbox } = setup(() => {
    if (away) throw new ConnectError("away", Code.Unavailable);
  });
  outbox.send(text("hello"));
  await vi.waitFor(() => expect(outbox.snapshot()).toMatchObject([{ state: "failed" }]));
  away = false;
  outbox.resume();
  await vi.waitFor(() => expect(outbox.snapshot()).toEqual([]));
});

/** Waits until it is cut short, however long that takes. */
const untilWoken: Wait = (_, signal) => new Promise((resolve) => signal.addEventListener("abort", () => resolve()));

test("the connection's return cuts a wait short", async () => {
  let away = true;
  const { outbox, posted } = setup(() => {
    if (away) throw new ConnectError("away", Code.Unavailable);
  }, untilWoken);
  outbox.send(text("hello"));
  await vi.waitFor(() => expect(outbox.snapshot()).toMatchObject([{ state: "waiting" }]));
  away = false;
  outbox.resume();
  await vi.waitFor(() => expect(outbox.snapshot()).toEqual([]));
  expect(new Set(posted.map((one) => one.requestId)).size).toBe(1);
});

test("the connection's return sends again what went out and was never answered", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const { outbox, posted, sent } = setup((_, attempt) => (attempt === 1 ? new Promise<void>(() => undefined) : undefined));
  outbox.send(text("hello"));
  await vi.advanceTimersByTimeAsync(4_000);
  expect(outbox.snapshot()).toMatchObject([{ state: "waiting" }]);
  outbox.resume();
  vi.useRealTimers();
  await vi.waitFor(() => expect(outbox.snapshot()).toEqual([]));
  expect(posted).toHaveLength(2);
  expect(posted[0]?.requestId).toBe(posted[1]?.requestId);
  expect(sent).toHaveLength(1);
});

test("what keeps failing asks the writer in the end", async () => {
  const { outbox, posted } = setup(() => {
    throw new ConnectError("away", Code.Unavailable);
  });
  outbox.send(text("hello"));
  await vi.waitFor(() => expect(outbox.snapshot()).toMatchObject([{ state: "failed" }]));
  expect(posted).toHaveLength(8);
});

test("a reload keeps what was not sent, for the writer to decide", () => {
  setup().outbox.send(text("hello"));
  expect(setup().outbox.snapshot()).toMatchObject([{ body: "hello", state: "failed" }]);
});
