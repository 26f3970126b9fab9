import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, createRouterTransport, type ServiceImpl } from "@connectrpc/connect";
import { describe, expect, test } from "vitest";
import { ChatterService, PostMessageRequestSchema } from "../src/gen/parley/chatter/v1/chatter_service_pb.js";
import { IdentityService } from "../src/gen/parley/identity/v1/identity_service_pb.js";
import { createParley, reason, type Parley, type RetryOptions } from "../src/index.js";
import { failure } from "./details.js";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

interface Setup {
  parley: Parley;
  /** How long was waited between attempts, in milliseconds. */
  waits: number[];
}

function setup(
  chatter: Partial<ServiceImpl<typeof ChatterService>>,
  identity: Partial<ServiceImpl<typeof IdentityService>> = {},
  retry: RetryOptions = {},
): Setup {
  const waits: number[] = [];
  const clock = {
    now: () => 0,
    wait: async (milliseconds: number) => {
      waits.push(milliseconds);
    },
  };
  const parley = createParley({
    baseUrl: "",
    token: "secret",
    retry: { clock, ...retry },
    transport: (interceptors) =>
      createRouterTransport(({ service }) => service(ChatterService, chatter).service(IdentityService, identity), {
        transport: { interceptors },
      }),
  });
  return { parley, waits };
}

describe("a call", () => {
  test("is tried again with the request id that was made up before the first attempt", async () => {
    const ids: string[] = [];
    const { parley, waits } = setup({
      postMessage: ({ requestId }) => {
        ids.push(requestId);
        if (ids.length < 4) throw new ConnectError("away", Code.Unavailable);
        return { message: { requestId } };
      },
    });
    const answer = await parley.chatter.postMessage({ threadId: "t", body: "hello" });
    expect(ids[0]).toMatch(UUID);
    expect(ids).toEqual(Array(4).fill(ids[0]));
    expect(answer.message?.requestId).toBe(ids[0]);
    expect(waits).toHaveLength(3);
  });

  test("leaves the caller's request as it is, so that the next call is another", async () => {
    const ids = new Set<string>();
    const { parley } = setup({
      postMessage: ({ requestId }) => {
        ids.add(requestId);
        return {};
      },
    });
    const request = create(PostMessageRequestSchema, { threadId: "t", body: "hello" });
    await parley.chatter.postMessage(request);
    await parley.chatter.postMessage(request);
    expect(ids.size).toBe(2);
    expect(request.requestId).toBe("");
  });

  test("keeps a request id that the caller chose", async () => {
    const { parley } = setup({ postMessage: ({ requestId }) => ({ message: { requestId } }) });
    const answer = await parley.chatter.postMessage({ requestId: "mine", threadId: "t" });
    expect(answer.message?.requestId).toBe("mine");
  });

  test("is tried six times at most", async () => {
    let calls = 0;
    const { parley } = setup({
      getThread: () => {
        calls++;
        throw new ConnectError("away", Code.Unavailable);
      },
    });
    await expect(parley.chatter.getThread({ threadId: "t" })).rejects.toMatchObject({ code: Code.Unavailable });
    expect(calls).toBe(6);
  });

  test("is not tried again when it may do something twice", async () => {
    let calls = 0;
    const { parley } = setup({}, {
      signIn: () => {
        calls++;
        throw new ConnectError("away", Code.Unavailable);
      },
    });
    await expect(parley.signIn({ email: "ann@example.com", password: "secret" })).rejects.toMatchObject({ code: Code.Unavailable });
    expect(calls).toBe(1);
  });

  test.each([
    ["an answer", () => new ConnectError("no", Code.FailedPrecondition)],
    ["a conflict", () => failure(Code.Aborted, "changed", { ErrorInfo: ["ETAG_MISMATCH"] })],
    ["being asked to wait for long", () => failure(Code.ResourceExhausted, "slow down", { RetryInfo: [[21]] })],
  ])("is not tried again after %s", async (_, error) => {
    let calls = 0;
    const { parley } = setup({
      getThread: () => {
        calls++;
        throw error();
      },
    });
    await expect(parley.chatter.getThread({ threadId: "t" })).rejects.toBeInstanceOf(ConnectError);
    expect(calls).toBe(1);
  });

  test.each([Code.Aborted, Code.ResourceExhausted, Code.Unavailable])("waits as long as the server asks, with code %s", async (code) => {
    let calls = 0;
    const { parley, waits } = setup({
      getThread: () => {
        if (++calls === 1) throw failure(code, "not yet", { RetryInfo: [[7, 500_000_000]] });
        return {};
      },
    });
    await parley.chatter.getThread({ threadId: "t" });
    expect(waits).toEqual([7_500]);
  });

  test("that the server does not answer in time is tried again", async () => {
    let calls = 0;
    const { parley } = setup(
      {
        getThread: async (_, { signal }) => {
          if (++calls > 1) return {};
          await new Promise((resolve) => signal.addEventListener("abort", resolve));
          return {};
        },
      },
      {},
      { attemptMs: 20 },
    );
    await parley.chatter.getThread({ threadId: "t" });
    expect(calls).toBe(2);
  });

  test("ends at once when its caller gives up", async () => {
    const stop = new AbortController();
    let calls = 0;
    const { parley } = setup({
      getThread: () => {
        calls++;
        stop.abort();
        throw new ConnectError("away", Code.Unavailable);
      },
    });
    await expect(parley.chatter.getThread({ threadId: "t" }, { signal: stop.signal })).rejects.toMatchObject({ code: Code.Canceled });
    expect(calls).toBe(1);
  });
});

test("a broken connection is a passing failure", async () => {
  let calls = 0;
  const parley = createParley({
    baseUrl: "http://nowhere.invalid",
    retry: { clock: { now: () => 0, wait: async () => {} } },
    fetch: async () => {
      if (++calls < 3) throw new TypeError("fetch failed");
      return Response.json({ code: "failed_precondition", message: "closed" }, { status: 400 });
    },
  });
  await expect(parley.chatter.getThread({ threadId: "t" })).rejects.toMatchObject({ code: Code.FailedPrecondition });
  expect(calls).toBe(3);
});

describe("signing in", () => {
  test("sends the token along from then on, until signing out", async () => {
    const tokens: (string | null)[] = [];
    const { parley } = setup(
      {
        getThread: (_, { requestHeader }) => {
          tokens.push(requestHeader.get("authorization"));
          return {};
        },
      },
      { signIn: () => ({ token: "fresh" }), signOut: () => ({}) },
    );
    await parley.chatter.getThread({});
    await parley.signIn({ email: "ann@example.com", password: "secret" });
    await parley.chatter.getThread({});
    expect(parley.token).toBe("fresh");
    await parley.signOut();
    await parley.chatter.getThread({});
    expect(tokens).toEqual(["Bearer secret", "Bearer fresh", null]);
  });

  test("fails with a reason that programs can tell", async () => {
    const { parley } = setup({}, {
      signIn: () => {
        throw failure(Code.Unauthenticated, "wrong", { ErrorInfo: ["SIGN_IN_FAILED", "parley.chat"] });
      },
    });
    const failed: unknown = await parley.signIn({ email: "a@b", password: "c" }).catch((error: unknown) => error);
    expect(reason(failed)).toBe("SIGN_IN_FAILED");
  });
});
