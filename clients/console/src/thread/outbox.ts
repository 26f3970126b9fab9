// oxlint-disable no-await-in-loop -- one message after another, so that they arrive as written
import { type Fault, toFault } from "../api/fault.ts";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Message, PostMessageRequestSchema, TextFormat } from "../api/contract.ts";
import type { Keep } from "../storage.ts";

/** A file that a message on its way takes along. */
export interface PendingFile {
  id: string;
  name: string;
  size: number;
  mediaType: string;
}

/** A message on its way. */
export interface Pending {
  requestId: string;
  threadId: string;
  body: string;
  internal: boolean;
  mentionIds: string[];
  files: PendingFile[];
  /** How the body is to be read; unset means plain. */
  format?: TextFormat;
  subject?: string;
  replyToId?: string;
  recipientIds?: string[];
  exceptIds?: string[];
  time: number;
  state: "sending" | "waiting" | "failed";
  fault?: Fault;
}

/** After so long without an answer a message counts as waiting. */
const LATE_MS = 4_000;

/** How often a message is tried before the writer is asked; the connection's return begins anew. */
const TRIES = 8;

/** Tries once to post a message, until the signal aborts; the same request id twice posts once. */
export type Post = (request: MessageInitShape<typeof PostMessageRequestSchema>, signal: AbortSignal) => Promise<Message>;

/** Waits before the next attempt, or until the signal aborts; never rejects. */
export type Wait = (failures: number, signal: AbortSignal) => Promise<void>;

/**
 * Sends messages and shows them until they are in the thread. One thread's
 * messages go one after another, so that they arrive as they were written. What
 * may pass is tried again by itself; what fails waits for the writer.
 */
export class Outbox {
  #pending: Pending[] = [];
  readonly #listeners = new Set<() => void>();
  readonly #busy = new Set<string>();
  /** Cut short what a thread waits for. */
  readonly #waits = new Map<string, AbortController>();
  readonly #post: Post;
  readonly #sent: (message: Message) => void;
  readonly #wait: Wait;
  readonly #storage: Keep | undefined;

  constructor(options: {
    post: Post;
    /** Told of every message that was stored. */
    sent: (message: Message) => void;
    wait: Wait;
    /** Where messages survive a reload; unset: nowhere. */
    storage?: Keep;
  }) {
    this.#post = options.post;
    this.#sent = options.sent;
    this.#wait = options.wait;
    this.#storage = options.storage;
    this.#pending = restore(options.storage);
  }

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** All pending messages, oldest first; the same array until something changes. */
  snapshot = (): readonly Pending[] => this.#pending;

  /** Sends a message. */
  send(message: Omit<Pending, "state" | "time" | "requestId">): void {
    const requestId = crypto.randomUUID();
    this.#set([...this.#pending, { ...message, requestId, time: Date.now(), state: "sending" }]);
    void this.#drain(message.threadId);
  }

  /** Tries a failed message again, by the same request id. */
  retry(requestId: string): void {
    const pending = this.#pending.find((one) => one.requestId === requestId);
    if (!pending) return;
    this.#change(requestId, { state: "sending", fault: undefined });
    void this.#drain(pending.threadId);
  }

  /**
   * The connection is back: tries everything again at once that waits, that went
   * out long ago without an answer, or that failed for a passing reason.
   */
  resume(): void {
    for (const { requestId, threadId, state, fault } of this.#pending) {
      if (state === "waiting") this.#waits.get(threadId)?.abort();
      if (state === "failed" && fault?.passing) this.retry(requestId);
    }
  }

  /** Gives a failed message up, and answers it so that its text is not lost. */
  discard(requestId: string): Pending | undefined {
    const pending = this.#pending.find((one) => one.requestId === requestId);
    this.#set(this.#pending.filter((one) => one.requestId !== requestId));
    return pending;
  }

  /** Forgets a message that was seen in the thread. */
  arrived(requestId: string): void {
    if (requestId !== "" && this.#pending.some((one) => one.requestId === requestId)) {
      this.#set(this.#pending.filter((one) => one.requestId !== requestId));
    }
  }

  async #drain(threadId: string): Promise<void> {
    if (this.#busy.has(threadId)) return;
    this.#busy.add(threadId);
    try {
      for (;;) {
        const next = this.#pending.find((one) => one.threadId === threadId && one.state !== "failed");
        if (!next) return;
        await this.#deliver(next);
      }
    } finally {
      this.#busy.delete(threadId);
    }
  }

  async #deliver(pending: Pending): Promise<void> {
    for (let failures = 0; ; failures++) {
      const wait = new AbortController();
      this.#waits.set(pending.threadId, wait);
      const fault = await this.#try(pending, wait.signal);
      if (!fault) return;
      if (!wait.signal.aborted) {
        if (!fault.passing || failures + 1 >= TRIES) {
          this.#change(pending.requestId, { state: "failed", fault });
          return;
        }
        this.#change(pending.requestId, { state: "waiting" });
        await this.#wait(failures, wait.signal);
      }
      if (wait.signal.aborted) failures = -1;
    }
  }

  /** One attempt; answers why it failed. The writer is told when it takes long. */
  async #try(pending: Pending, signal: AbortSignal): Promise<Fault | undefined> {
    const late = setTimeout(() => this.#change(pending.requestId, { state: "waiting" }), LATE_MS);
    const { requestId, state: _state, time: _time, fault: _fault, files, ...rest } = pending;
    try {
      const fileIds = files.map((file) => file.id);
      this.#sent(await this.#post({ requestId, ...rest, fileIds }, signal));
      this.arrived(requestId);
      return undefined;
    } catch (reason) {
      return toFault(reason);
    } finally {
      clearTimeout(late);
    }
  }

  #change(requestId: string, change: Partial<Pending>): void {
    if (!this.#pending.some((one) => one.requestId === requestId)) return;
    this.#set(this.#pending.map((one) => (one.requestId === requestId ? { ...one, ...change } : one)));
  }

  #set(pending: Pending[]): void {
    this.#pending = pending;
    this.#storage?.setItem(KEY, JSON.stringify(pending.map(({ fault: _fault, ...rest }) => rest)));
    for (const listener of this.#listeners) listener();
  }
}

const KEY = "parley.outbox";

/** What was on its way when the page went away: it waits for the writer. */
function restore(storage: Keep | undefined): Pending[] {
  const text = storage?.getItem(KEY);
  if (!text) return [];
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value.filter(isPending).map((one) => Object.assign(one, { state: "failed" as const })) : [];
  } catch {
    return [];
  }
}

function isPending(value: unknown): value is Pending {
  return (
    typeof value === "object" && value !== null &&
    "requestId" in value && typeof value.requestId === "string" &&
    "threadId" in value && typeof value.threadId === "string" &&
    "body" in value && typeof value.body === "string" &&
    "internal" in value && typeof value.internal === "boolean" &&
    "mentionIds" in value && Array.isArray(value.mentionIds) &&
    "files" in value && Array.isArray(value.files) &&
    "time" in value && typeof value.time === "number"
  );
}
