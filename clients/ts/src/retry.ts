// oxlint-disable no-await-in-loop -- each step follows from the one before
import { clone, type DescMessage, type MessageShape } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel as Idempotency } from "@bufbuild/protobuf/wkt";
import {
  Code,
  ConnectError,
  createContextKey,
  createContextValues,
  type CallOptions,
  type Interceptor,
  type UnaryRequest,
} from "@connectrpc/connect";
import { pause, realClock, type Backoff, type Clock } from "./clock.js";
import { explain, isPassing } from "./failure.js";

/** How calls are tried again. */
export interface RetryOptions extends Backoff {
  /** How often a call is tried in all; 6 if unset. */
  attempts?: number;
  /** How long one attempt may take, in milliseconds, before the next; 30,000 if unset. */
  attemptMs?: number;
  /** For tests. */
  clock?: Clock;
}

const once = createContextKey(false, { description: "the caller tries again by itself" });

/** Call options for a caller that tries again by itself. */
export function withoutRetry(options: CallOptions): CallOptions {
  return { ...options, contextValues: createContextValues().set(once, true) };
}

/**
 * Tries calls again that failed for a passing reason: those that change nothing
 * or may be repeated, by the contract's idempotency levels, and those that carry
 * a request id. An empty request id is filled once, before the first attempt, so
 * that what was done is never done twice. A server that asks to wait for longer
 * than the longest pause is not asked again. Streams are left alone: subscribe()
 * and download() resume them.
 *
 * The caller's signal and timeout bound all attempts together.
 */
export function retry(options: RetryOptions = {}): Interceptor {
  const { attempts = 6, attemptMs = 30_000, mostMs = 20_000, clock = realClock } = options;
  return (next) => async (request) => {
    if (request.stream || request.contextValues.get(once)) return await next(request);
    const message = withRequestId(request);
    const most = repeatable(request) ? attempts : 1;
    for (let failures = 0; ; failures++) {
      const limit = AbortSignal.timeout(attemptMs);
      try {
        return await next({ ...request, message, signal: AbortSignal.any([request.signal, limit]) });
      } catch (error) {
        const late = limit.aborted && !request.signal.aborted;
        const asked = explain(error).retryAfterMs ?? 0;
        if (request.signal.aborted || failures + 1 >= most || asked > mostMs || !(late || isPassing(error))) {
          throw late ? new ConnectError("the server did not answer in time", Code.DeadlineExceeded) : error;
        }
        await clock.wait(Math.max(pause(failures, options), asked), request.signal);
        if (request.signal.aborted) throw error;
      }
    }
  };
}

/** True if doing it twice is the same as doing it once. */
function repeatable({ method }: UnaryRequest): boolean {
  return (
    method.idempotency === Idempotency.NO_SIDE_EFFECTS ||
    method.idempotency === Idempotency.IDEMPOTENT ||
    requestIdField(method.input) !== undefined
  );
}

/** The message with a request id. It is a copy, so that a caller may use theirs for another call. */
function withRequestId({ method, message }: UnaryRequest): MessageShape<DescMessage> {
  const field = requestIdField(method.input);
  if (field === undefined || (message as unknown as Record<string, unknown>)[field] !== "") return message;
  return Object.assign(clone(method.input, message), { [field]: crypto.randomUUID() });
}

function requestIdField(input: DescMessage): string | undefined {
  return input.fields.find((field) => field.name === "request_id")?.localName;
}
