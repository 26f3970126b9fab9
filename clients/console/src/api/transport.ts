import { Code, ConnectError, type Interceptor, type Transport } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import type { SessionStore } from "./session.ts";

/**
 * Sends the session's token along. A call that is refused as unauthenticated
 * ends the session it was made with.
 */
export function bearer(session: SessionStore): Interceptor {
  return (next) => async (request) => {
    const token = session.get();
    if (token !== null) request.header.set("Authorization", `Bearer ${token}`);
    try {
      return await next(request);
    } catch (reason) {
      const error = ConnectError.from(reason);
      if (token !== null && error.code === Code.Unauthenticated) session.expire(token);
      throw error;
    }
  };
}

/** The console's way to the server that it was loaded from. */
export function createTransport(baseUrl: string, session: SessionStore): Transport {
  return createConnectTransport({
    baseUrl,
    useBinaryFormat: true,
    interceptors: [bearer(session)],
  });
}
