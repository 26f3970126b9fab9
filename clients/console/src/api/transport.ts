import { Code, ConnectError, createParley } from "@parley/client";
import type { Interceptor, Transport } from "@connectrpc/connect";
import type { SessionStore } from "./session.ts";

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

/** The console's way to the server: with the session's token, and retries that never do anything twice. */
export function createTransport(baseUrl: string, session: SessionStore): Transport {
  return createParley({ baseUrl, token: session.get, interceptors: [expiring(session)] }).transport;
}
