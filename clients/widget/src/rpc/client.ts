import type { Methods, Streams } from "./contract.ts";
import { Splitter, enclose } from "./envelope.ts";
import { asFault, Fault, faultOf, faultOfResponse } from "./fault.ts";

/** How long an answer may take, in milliseconds, unless a call says otherwise. */
const PATIENCE = 15_000;

/** How a call is made. */
export interface CallOptions {
  signal?: AbortSignal | undefined;
  /** Milliseconds until the call fails with "deadline_exceeded". */
  timeout?: number;
}

/** Calls the server by the Connect protocol in JSON, over fetch. */
export class Client {
  /** The visitor's token, or "" as long as there is none. */
  token = "";
  readonly #base: string;
  readonly #fetch: typeof fetch;

  constructor(base: string, fetcher: typeof fetch) {
    this.#base = base;
    this.#fetch = fetcher;
  }

  /** Calls a method; fails with a Fault, and with nothing else. */
  async call<M extends keyof Methods>(method: M, request: Methods[M][0], options: CallOptions = {}): Promise<Methods[M][1]> {
    const { timeout = PATIENCE, signal } = options;
    const limit = new AbortController();
    const abort = (): void => limit.abort();
    const timer = setTimeout(abort, timeout);
    signal?.addEventListener("abort", abort);
    if (signal?.aborted) abort();
    try {
      const response = await this.#post(method, "application/json", JSON.stringify(request), limit.signal);
      const body = await response.text();
      if (!response.ok) throw faultOfResponse(response.status, body, response.headers.get("Retry-After"));
      return JSON.parse(body) as Methods[M][1];
    } catch (thrown) {
      if (limit.signal.aborted) throw new Fault(signal?.aborted ? "canceled" : "deadline_exceeded");
      throw asFault(thrown);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    }
  }

  /**
   * Calls a method that streams. It ends when the server says so; a stream that
   * is cut off, and one that the server ends with an error, throws a Fault.
   */
  async *stream<M extends keyof Streams>(method: M, request: Streams[M][0], signal: AbortSignal): AsyncGenerator<Streams[M][1]> {
    const response = await this.#post(method, "application/connect+json", enclose(request), signal);
    if (!response.ok || !response.body) {
      throw faultOfResponse(response.status, await response.text(), response.headers.get("Retry-After"));
    }
    const reader = response.body.getReader();
    const splitter = new Splitter();
    const decoder = new TextDecoder();
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) throw new Fault("unavailable", "the stream was cut off");
        for (const { end, data } of splitter.push(value)) {
          const message: unknown = JSON.parse(decoder.decode(data));
          if (!end) yield message as Streams[M][1];
          else return finish(message as Trailer);
        }
      }
    } finally {
      void reader.cancel().catch(() => {});
    }
  }

  #post(method: string, type: string, body: BodyInit, signal: AbortSignal): Promise<Response> {
    const headers: Record<string, string> = { "Content-Type": type, "Connect-Protocol-Version": "1" };
    if (this.token) headers["Authorization"] = `Bearer ${this.token}`;
    const { href } = new URL(`parley.${method}`, this.#base);
    const fetcher = this.#fetch;
    return fetcher(href, { method: "POST", headers, body, signal, credentials: "omit", cache: "no-store" });
  }
}

/** What a stream ends with. */
interface Trailer {
  error?: Parameters<typeof faultOf>[0];
}

function finish(trailer: Trailer): void {
  if (trailer.error) throw faultOf(trailer.error);
}
