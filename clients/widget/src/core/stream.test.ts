import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Client } from "../rpc/client.ts";
import { enclose } from "../rpc/envelope.ts";
import { Stream, type Frame, type StreamListener } from "./stream.ts";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

const hanging = (signal: AbortSignal | null | undefined): Promise<never> =>
  new Promise((_resolve, reject) => signal?.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError"))));

/** A stream that stays open after these frames, until it is aborted. */
function open(frames: Frame[], signal: AbortSignal | null | undefined): Response {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const frame of frames) controller.enqueue(enclose(frame));
      signal?.addEventListener("abort", () => controller.error(new DOMException("aborted", "AbortError")));
    },
  });
  return new Response(body);
}

function listening(fetcher: typeof fetch): { stream: Stream; frames: Frame[]; states: boolean[]; refusals: () => number } {
  const frames: Frame[] = [];
  const states: boolean[] = [];
  let refusals = 0;
  let cursor = "c0";
  const listener: StreamListener = {
    place: () => ({ threadId: "t", cursor }),
    frame: (frame) => {
      frames.push(frame);
      cursor = frame.event?.cursor ?? frame.heartbeat?.positions?.[0]?.cursor ?? cursor;
    },
    up: (up) => states.push(up),
    refused: () => refusals++,
  };
  return { stream: new Stream(new Client("https://chat.example/", fetcher), listener), frames, states, refusals: () => refusals };
}

function asked(options: RequestInit | undefined): string {
  const bytes = options?.body;
  const text = bytes instanceof Uint8Array ? new TextDecoder().decode(bytes.subarray(5)) : String(bytes);
  return (JSON.parse(text) as { topics: { cursor: string }[] }).topics[0]?.cursor ?? "";
}

test("it comes back at its cursor after the stream was cut off", async () => {
  const cursors: string[] = [];
  const { stream, frames } = listening((_, options) => {
    cursors.push(asked(options));
    const broken = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(enclose({ opened: { heartbeatSeconds: 15 } }));
        controller.enqueue(enclose({ event: { cursor: `c${cursors.length}` } }));
        controller.close();
      },
    });
    return Promise.resolve(new Response(broken));
  });
  void stream.run();
  await vi.advanceTimersByTimeAsync(5_000);
  stream.stop();
  expect(cursors.slice(0, 3)).toEqual(["c0", "c1", "c2"]);
  expect(frames.filter(({ event }) => event).length).toBe(cursors.length);
});

test("a stream that the server ends well is followed by another after the time it asks for", async () => {
  let opened = 0;
  const { stream, states } = listening((_, options) => {
    opened++;
    return Promise.resolve(open([{ opened: { heartbeatSeconds: 15 } }, { closing: { reason: "LIFETIME", reconnectAfterMs: 400 } }], options?.signal));
  });
  void stream.run();
  await vi.advanceTimersByTimeAsync(399);
  expect(opened).toBe(1);
  await vi.advanceTimersByTimeAsync(2);
  expect(opened).toBe(2);
  stream.stop();
  expect(states).not.toContain(false);
});

test("silence for twice the heartbeat means the stream is dead", async () => {
  let opened = 0;
  const { stream } = listening((_, options) => {
    opened++;
    return Promise.resolve(open([{ opened: { heartbeatSeconds: 15 } }], options?.signal));
  });
  void stream.run();
  await vi.advanceTimersByTimeAsync(29_000);
  expect(opened).toBe(1);
  await vi.advanceTimersByTimeAsync(6_000);
  expect(opened).toBe(2);
  stream.stop();
});

test("where streams bring nothing it polls at the same cursor, and tries streams again later", async () => {
  const methods: string[] = [];
  const { stream, frames, states } = listening(async (url, options) => {
    const method = String(url).split("/").at(-1) ?? "";
    methods.push(method);
    if (method === "Subscribe") return hanging(options?.signal); // a proxy that holds everything back
    const cursor = asked(options);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    return Response.json({ frames: [{ event: { cursor: `${cursor}+` } }], topics: [{ threadId: "t", cursor: `${cursor}+` }] });
  });
  void stream.run();
  await vi.advanceTimersByTimeAsync(50_000);
  expect(methods.slice(0, 4)).toEqual(["Subscribe", "Subscribe", "Subscribe", "Poll"]);
  expect(frames.find(({ event }) => event)?.event?.cursor).toBe("c0+");
  expect(frames.findLast(({ event }) => event)?.event?.cursor).toMatch(/^c0\+{5,}$/);
  expect(states.at(-1)).toBe(true);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(methods.filter((method) => method === "Subscribe").length).toBeGreaterThan(3);
  stream.stop();
});

test("a server that is away is told after the second attempt, and that it is back", async () => {
  let there = false;
  const { stream, states } = listening((_, options) =>
    there ? Promise.resolve(open([{ opened: { heartbeatSeconds: 15 } }], options?.signal)) : Promise.reject(new TypeError("Failed to fetch")),
  );
  void stream.run();
  await vi.advanceTimersByTimeAsync(3_000);
  expect(states).toContain(false);
  there = true;
  await vi.advanceTimersByTimeAsync(120_000);
  expect(states.at(-1)).toBe(true);
  stream.stop();
});

test("a token that is not in force ends it", async () => {
  const { stream, refusals } = listening(() => Promise.resolve(Response.json({ code: "unauthenticated" }, { status: 401 })));
  await stream.run();
  expect(refusals()).toBe(1);
});
