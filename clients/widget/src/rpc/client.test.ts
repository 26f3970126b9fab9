import { afterEach, expect, test, vi } from "vitest";
import { Random, seeds } from "../testing/random.ts";
import { streamed } from "../testing/server.ts";
import { Client } from "./client.ts";
import type { SubscribeResponseJson } from "./contract.ts";
import { Fault } from "./fault.ts";

const GET = "visitor.v1.VisitorService/GetWidget";
const SUBSCRIBE = "live.v1.LiveService/Subscribe";

afterEach(() => {
  vi.useRealTimers();
});

function answering(response: Response | Error): { client: Client; asked: { url: string; options: RequestInit }[] } {
  const asked: { url: string; options: RequestInit }[] = [];
  const client = new Client("https://chat.example/", (url, options) => {
    asked.push({ url: String(url), options: options ?? {} });
    return response instanceof Error ? Promise.reject(response) : Promise.resolve(response);
  });
  return { client, asked };
}

const failure = (promise: Promise<unknown>): Promise<Fault> =>
  promise.then(
    () => Promise.reject(new Error("it did not fail")),
    (thrown: unknown) => thrown as Fault,
  );

async function collect(client: Client): Promise<{ frames: SubscribeResponseJson[]; fault?: Fault }> {
  const frames: SubscribeResponseJson[] = [];
  try {
    for await (const frame of client.stream(SUBSCRIBE, {}, new AbortController().signal)) frames.push(frame);
    return { frames };
  } catch (thrown) {
    return { frames, fault: thrown as Fault };
  }
}

test("a call is Connect's JSON with the visitor's token and no cookies", async () => {
  const { client, asked } = answering(Response.json({ widget: { title: "Shop" } }));
  client.token = "secret";
  const answer = await client.call(GET, { channelId: "c" });
  expect(answer.widget?.title).toBe("Shop");
  expect(asked[0]?.url).toBe("https://chat.example/parley.visitor.v1.VisitorService/GetWidget");
  expect(asked[0]?.options).toMatchObject({
    method: "POST",
    body: '{"channelId":"c"}',
    credentials: "omit",
    headers: { "Content-Type": "application/json", "Connect-Protocol-Version": "1", Authorization: "Bearer secret" },
  });
});

test("an error keeps its code, its words, its reason and how long to wait", async () => {
  // google.rpc.ErrorInfo{reason: "CHAT_CLOSED", domain: "parley.chat"}, without padding as Connect sends it.
  const value = btoa("\n\u000bCHAT_CLOSED\u0012\u000bparley.chat").replaceAll("=", "");
  const body = { code: "failed_precondition", message: "the chat is closed", details: [{ type: "google.rpc.ErrorInfo", value }] };
  const { client } = answering(Response.json(body, { status: 400, headers: { "Retry-After": "3" } }));
  const fault = await failure(client.call(GET, {}));
  expect(fault).toMatchObject({ code: "failed_precondition", message: "the chat is closed", reason: "CHAT_CLOSED", retryAfter: 3000 });
  expect(fault.transient).toBe(false);
});

test.each([
  [502, "unavailable", true],
  [503, "unavailable", true],
  [429, "unavailable", true],
  [401, "unauthenticated", false],
  [404, "unimplemented", false],
  [418, "unknown", false],
])("an answer of something before the server counts by its status, %i", async (status, code, transient) => {
  const { client } = answering(new Response("<html>Bad gateway</html>", { status }));
  const fault = await failure(client.call(GET, {}));
  expect(fault).toMatchObject({ code, transient });
});

test("a broken network can be tried again", async () => {
  const { client } = answering(new TypeError("Failed to fetch"));
  expect(await failure(client.call(GET, {}))).toMatchObject({ code: "unavailable", transient: true });
});

test("a call that is never answered ends with its deadline", async () => {
  vi.useFakeTimers();
  const client = new Client(
    "https://chat.example/",
    (_, options) => new Promise((_resolve, reject) => options?.signal?.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError")))),
  );
  const fault = failure(client.call(GET, {}, { timeout: 1_000 }));
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await fault).toMatchObject({ code: "deadline_exceeded", transient: true });
});

test.each(seeds(20))("a stream's frames come in order, split anywhere, seed %i", async (seed) => {
  const random = new Random(seed);
  const frames = Array.from({ length: 30 }, (_, index) => ({ event: { cursor: String(index) } }));
  const cut = (bytes: Uint8Array): Uint8Array[] => {
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; ) {
      const size = 1 + random.below(60);
      pieces.push(bytes.slice(at, at + size));
      at += size;
    }
    return pieces;
  };
  const { client } = answering(streamed(frames, {}, cut));
  const read = await collect(client);
  expect(read.fault).toBeUndefined();
  expect(read.frames).toEqual(frames);
});

test("a stream that ends with an error tells it after its frames", async () => {
  const { client } = answering(streamed([{ heartbeat: {} }], { error: { code: "unauthenticated", message: "revoked" } }));
  const { frames, fault } = await collect(client);
  expect(frames).toHaveLength(1);
  expect(fault).toMatchObject({ code: "unauthenticated", message: "revoked" });
});

test("a stream that is cut off is not a stream that ended", async () => {
  const { client } = answering(streamed([{ heartbeat: {} }]));
  expect((await collect(client)).fault).toMatchObject({ code: "unavailable", transient: true });
});

test("a stream that is refused tells why", async () => {
  const { client } = answering(Response.json({ code: "permission_denied" }, { status: 403 }));
  expect((await collect(client)).fault).toMatchObject({ code: "permission_denied" });
});
