import { Code, createClient } from "@connectrpc/connect";
import { afterEach, expect, test, vi } from "vitest";
import { ChatterService } from "./contract.ts";
import { toFault } from "./fault.ts";
import { SessionStore } from "./session.ts";
import { createTransport, withoutRetry } from "./transport.ts";

afterEach(() => vi.unstubAllGlobals());

/** A client on a network that is away the first time; answers how often it was asked. */
function onBadNetwork() {
  const asked = vi.fn<typeof fetch>().mockRejectedValueOnce(new TypeError("Failed to fetch"));
  asked.mockImplementation(() => Promise.resolve(new Response(new Uint8Array(), { headers: { "Content-Type": "application/proto" } })));
  vi.stubGlobal("fetch", asked);
  return { asked, chatter: createClient(ChatterService, createTransport("http://parley.test", new SessionStore(localStorage))) };
}

test("a call that failed for a passing reason is tried again", async () => {
  const { asked, chatter } = onBadNetwork();
  await chatter.postMessage({ body: "hello" });
  expect(asked).toHaveBeenCalledTimes(2);
});

test("whoever tries again by itself is told of the first failure, as a server out of reach", async () => {
  const { asked, chatter } = onBadNetwork();
  const reason: unknown = await chatter.postMessage({ body: "hello" }, withoutRetry({ timeoutMs: 5_000 })).catch((error: unknown) => error);
  expect(toFault(reason)).toMatchObject({ code: Code.Unavailable, passing: true });
  expect(asked).toHaveBeenCalledTimes(1);
});
