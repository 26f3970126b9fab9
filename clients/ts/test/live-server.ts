// oxlint-disable no-await-in-loop -- each step follows from the one before
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createRouterTransport, type HandlerContext, type Interceptor, type Transport } from "@connectrpc/connect";
import {
  Continuity,
  LiveService,
  ResetReason,
  SubscribeResponseSchema,
  type PollRequest,
  type SubscribeRequest,
  type SubscribeResponse,
  type Topic,
  type UpdateSubscriptionRequest,
} from "../src/gen/parley/live/v1/live_service_pb.js";
import { MessageSchema, type Message } from "../src/gen/parley/thread/v1/thread_pb.js";
import { topic } from "../src/index.js";
import { failure } from "./details.js";

type Frame = MessageInitShape<typeof SubscribeResponseSchema>["frame"];

/** How one stream goes wrong. */
export interface Fault {
  /** Ends the stream after so many frames. */
  after: number;
  how: "error" | "end" | "silence" | "closing" | "unauthenticated";
  /** Sends so many of the events before the cursor once more. */
  repeat?: number;
  /** Milliseconds that a closing frame asks to wait. */
  hintMs?: number;
}

interface OpenStream {
  id: string;
  changes: { add: Topic[]; drop: Topic[] }[];
  wake: () => void;
}

/** A server whose streams go wrong as they are told; its log is what is true. */
export class LiveServer {
  readonly log: Message[] = [];
  /** The faults of the streams to come, in order; then streams are well. */
  readonly faults: Fault[] = [];
  readonly requests: SubscribeRequest[] = [];
  readonly polls: PollRequest[] = [];
  readonly updates: UpdateSubscriptionRequest[] = [];
  readonly threads = new Set(["t1", "t2"]);
  readonly #streams = new Set<OpenStream>();
  epoch = 1;
  /** True to tell no revisions, as to visitors. */
  outside = false;
  /** True if polls fail. */
  pollsFail = false;
  /** True if another server answers updates. */
  updatesAstray = false;
  /** True if updates are answered, and lost. */
  updatesLost = false;
  heartbeatSeconds = 15;
  #closed = new Set<string>();

  transport = (interceptors: Interceptor[] = []): Transport =>
    createRouterTransport(
      ({ service }) => {
        service(LiveService, {
          subscribe: (request, context) => this.#subscribe(request, context),
          updateSubscription: (request) => this.#update(request),
          poll: (request, context) => this.#poll(request, context),
        });
      },
      { transport: { interceptors } },
    );

  /** Posts or changes a message; it is told to all who listen. */
  post(id = `m${this.log.length + 1}`, body = id, threadId = "t1"): void {
    const rev = BigInt(this.log.length + 1);
    const time = timestampFromMs(Number(rev) * 1_000);
    const first = this.log.find((message) => message.id === id);
    this.log.push(
      create(MessageSchema, {
        id, threadId, rev, body,
        createTime: first?.createTime ?? time,
        ...(first && { editTime: time }),
      }),
    );
    this.#wakeAll();
  }

  /** Takes the right to read a thread away. */
  close(threadId: string): void {
    this.#closed.add(threadId);
    this.#wakeAll();
  }

  cursor(rev = this.log.length): string {
    return `${this.epoch}:${rev}`;
  }

  get openStreams(): number {
    return this.#streams.size;
  }

  #wakeAll(): void {
    for (const stream of this.#streams) stream.wake();
  }

  async *#subscribe(request: SubscribeRequest, context: HandlerContext): AsyncGenerator<SubscribeResponse> {
    this.requests.push(request);
    const fault = this.faults.shift();
    if (fault?.after === 0) return yield* fail(fault, context);
    let sent = 0;
    for await (const frame of this.#frames(request, context, fault?.repeat ?? 0)) {
      yield frame;
      if (++sent === fault?.after) return yield* fail(fault, context);
    }
  }

  async *#frames(request: SubscribeRequest, context: HandlerContext, repeat: number): AsyncGenerator<SubscribeResponse> {
    const stream: OpenStream = { id: `s${this.requests.length}`, changes: [], wake: () => {} };
    this.#streams.add(stream);
    context.signal.addEventListener("abort", () => this.#streams.delete(stream));
    const at = new Map<string, number>();
    const gone = aborted(context.signal);
    try {
      yield frameOf({ case: "opened", value: { streamId: stream.id, heartbeatSeconds: this.heartbeatSeconds } });
      for (const one of request.topics) yield* this.#open(one, at, repeat);
      while (!context.signal.aborted) {
        for (let change = stream.changes.shift(); change; change = stream.changes.shift()) {
          for (const one of change.drop) at.delete(one.kind.value as string);
          for (const one of change.add) yield* this.#open(one, at, 0);
        }
        yield* this.#tellNew(at);
        const woken = new Promise<void>((resolve) => {
          stream.wake = resolve;
        });
        const beat = await Promise.race([woken, elapsed(this.heartbeatSeconds * 1_000), gone]);
        if (beat === "elapsed") yield this.#heartbeat(at);
      }
    } finally {
      this.#streams.delete(stream);
    }
  }

  *#open(one: Topic, at: Map<string, number>, repeat: number): Generator<SubscribeResponse> {
    if (one.kind.case !== "threadId") {
      yield frameOf({
        case: "topicOpened",
        value: { topic: one, continuity: Continuity.RESET, resetReason: ResetReason.STATE_TOPIC },
      });
      return;
    }
    const id = one.kind.value;
    if (!this.threads.has(id) || this.#closed.has(id)) {
      yield frameOf({ case: "topicClosed", value: { topic: one, reason: "no such thread" } });
      return;
    }
    const [epoch, rev] = one.cursor.split(":").map(Number);
    const fits = epoch === this.epoch;
    const resetReason = one.cursor === "" ? ResetReason.NO_CURSOR : ResetReason.EPOCH_CHANGED;
    at.set(id, fits ? Math.max(0, (rev ?? 0) - repeat) : this.log.length);
    yield frameOf({
      case: "topicOpened",
      value: fits
        ? { topic: one, continuity: Continuity.RESUMED }
        : { topic: topic.thread(id, this.cursor()), continuity: Continuity.RESET, resetReason },
    });
  }

  *#tellNew(at: Map<string, number>): Generator<SubscribeResponse> {
    for (const [id, rev] of at) {
      if (this.#closed.has(id)) {
        at.delete(id);
        yield frameOf({ case: "topicClosed", value: { topic: topic.thread(id), reason: "not any more" } });
        continue;
      }
      for (const message of this.log.slice(rev)) {
        at.set(id, Number(message.rev));
        if (message.threadId === id) yield frameOf(this.#event(message));
      }
    }
  }

  #event(message: Message): Frame {
    const told = this.outside ? { ...message, rev: 0n } : message;
    return { case: "event", value: { cursor: this.cursor(Number(message.rev)), change: { case: "message", value: told } } };
  }

  #heartbeat(at: Map<string, number>): SubscribeResponse {
    return frameOf({
      case: "heartbeat",
      value: { positions: Array.from(at, ([id, rev]) => topic.thread(id, this.cursor(rev))) },
    });
  }

  #update(request: UpdateSubscriptionRequest): Record<string, never> {
    this.updates.push(request);
    const stream = [...this.#streams].find(({ id }) => id === request.streamId);
    if (!stream || this.updatesAstray) {
      throw failure(Code.NotFound, "no such stream", { ErrorInfo: ["STREAM_NOT_FOUND", "parley.chat"] });
    }
    if (this.updatesLost) return {};
    stream.changes.push(request);
    stream.wake();
    return {};
  }

  async #poll(request: PollRequest, context: HandlerContext): Promise<{ frames: SubscribeResponse[]; topics: Topic[] }> {
    this.polls.push(request);
    if (this.pollsFail) throw new ConnectError("down", Code.Unavailable);
    const at = new Map<string, number>();
    const frames = request.topics.flatMap((one) => [...this.#open(one, at, 0)]);
    const began = Date.now();
    const gone = aborted(context.signal);
    for (;;) {
      const news = [...this.#tellNew(at)];
      frames.push(...news);
      if (news.length > 0 || context.signal.aborted || Date.now() - began >= request.waitMs) break;
      await Promise.race([elapsed(100), gone]);
    }
    const topics = request.topics.map((one) =>
      one.kind.case === "threadId" ? topic.thread(one.kind.value, this.cursor(at.get(one.kind.value) ?? 0)) : { ...one, cursor: "state" },
    );
    return { frames, topics };
  }
}

async function* fail(fault: Fault, context: HandlerContext): AsyncGenerator<SubscribeResponse> {
  switch (fault.how) {
    case "error":
      throw new ConnectError("cut", Code.Unavailable);
    case "unauthenticated":
      throw new ConnectError("revoked", Code.Unauthenticated);
    case "silence":
      await aborted(context.signal);
      return;
    case "closing":
      yield frameOf({ case: "closing", value: { reason: "DRAINING", reconnectAfterMs: fault.hintMs ?? 0 } });
      return;
    case "end":
  }
}

function frameOf(frame: Frame): SubscribeResponse {
  return create(SubscribeResponseSchema, frame ? { frame } : {});
}

function elapsed(milliseconds: number): Promise<"elapsed"> {
  return new Promise((resolve) => {
    setTimeout(() => resolve("elapsed"), milliseconds);
  });
}

function aborted(signal: AbortSignal): Promise<"aborted"> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve("aborted");
    signal.addEventListener("abort", () => resolve("aborted"));
  });
}
