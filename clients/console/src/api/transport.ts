import { Code, ConnectError, createParley, retry } from "@parley/client";
import { createContextKey, createContextValues, type CallOptions, type Interceptor, type Transport } from "@connectrpc/connect";
import type { SessionStore } from "./session.ts";

const once = createContextKey(false, { description: "the caller tries again by itself" });

/** Call options for a caller that tries again by itself, and so decides when. */
export function withoutRetry(options: CallOptions): CallOptions {
  return { ...options, contextValues: createContextValues().set(once, true) };
}

/** A call that is refused as unauthenticated ends the session it was made with. */
export function expiring(session: SessionStore): Interceptor {
  return (next) => async (request) => {
    const token = session.get();
    try {
      return await next(request);
    } catch (reason) {
      if (token !== null && ConnectError.from(reason).code === Code.Unauthenticated) session.expire(token);
      throw reason;
    }
  };
}

/** Tries calls again as the library does, unless their caller wants to do that. */
function retrying(): Interceptor {
  const again = retry();
  return (next) => {
    const tried = again(next);
    return (request) => (request.contextValues.get(once) ? next(request) : tried(request));
  };
}

/** The console's way to the server: with the session's token, and retries that never do anything twice. */
export function createTransport(baseUrl: string, session: SessionStore): Transport {
  return createParley({ baseUrl, token: session.get, retry: false, interceptors: [expiring(session), retrying()] }).transport;
}
