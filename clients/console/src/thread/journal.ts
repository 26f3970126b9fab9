import type { Message } from "../api/contract.ts";
import { applyMessage, type ThreadLog } from "./log.ts";

const KEPT = 200;

/**
 * Remembers the last live messages of threads. A thread that is read anew may
 * answer a state that is older than what the stream already told; replaying what
 * was told since closes that gap.
 */
export class Journal {
  readonly #threads = new Map<string, Message[]>();

  add(message: Message): void {
    const told = [...(this.#threads.get(message.threadId) ?? []), message];
    this.#threads.set(message.threadId, told.slice(-KEPT));
  }

  /** A log with everything told of its thread; what it already has changes nothing. */
  replay(threadId: string, log: ThreadLog): ThreadLog {
    const told = this.#threads.get(threadId) ?? [];
    return told.reduce((now, message) => applyMessage(now, message).log, log);
  }

  forget(threadId: string): void {
    this.#threads.delete(threadId);
  }
}
