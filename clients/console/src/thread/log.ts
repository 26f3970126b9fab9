import type { ListMessagesResponse, Message } from "../api/contract.ts";

/** A stretch of a thread as loaded so far, oldest message first. */
export interface ThreadLog {
  messages: Message[];
  hasBefore: boolean;
  hasAfter: boolean;
  /** Where a subscription goes on after what is loaded. */
  cursor: string;
}

/** At most so many messages are kept; what is far from the reader is dropped. */
export const WINDOW = 400;

/** Makes a log of the first answer. */
export function fromPage(page: ListMessagesResponse): ThreadLog {
  return { messages: page.messages, hasBefore: page.hasBefore, hasAfter: page.hasAfter, cursor: page.cursor };
}

/** Adds older messages in front, and lets go of the newest ones beyond the window. */
export function prepend(log: ThreadLog, page: ListMessagesResponse): ThreadLog {
  const messages = union(page.messages, log.messages);
  const over = messages.length > WINDOW;
  return {
    ...log,
    messages: over ? messages.slice(0, WINDOW) : messages,
    hasBefore: page.hasBefore,
    hasAfter: over || log.hasAfter,
  };
}

/** Adds newer messages behind, and lets go of the oldest ones beyond the window. */
export function append(log: ThreadLog, page: ListMessagesResponse): ThreadLog {
  const messages = union(log.messages, page.messages);
  const over = messages.length > WINDOW;
  return {
    ...log,
    messages: over ? messages.slice(-WINDOW) : messages,
    hasBefore: over || log.hasBefore,
    hasAfter: page.hasAfter,
  };
}

/** What a live message did to a log. `gap` asks for reading the thread anew. */
export type Applied = { log: ThreadLog; gap: false } | { log: ThreadLog; gap: true };

/**
 * Takes a message in as it is now: new, edited or deleted. Told twice or late it
 * changes nothing, so a stream may repeat itself.
 */
export function applyMessage(log: ThreadLog, message: Message): Applied {
  const at = log.messages.findIndex((known) => known.id === message.id);
  const known = log.messages[at];
  if (known) {
    if (message.rev !== 0n && message.rev <= known.rev) return { log, gap: false };
    return { log: { ...log, messages: log.messages.with(at, message) }, gap: false };
  }
  const last = log.messages.at(-1);
  if (last && message.seq < last.seq) return { log, gap: false };
  if (log.hasAfter) return { log, gap: false };
  if (last && message.seq > last.seq + 1n) return { log, gap: true };
  const messages = [...log.messages, message];
  const over = messages.length > WINDOW * 2;
  return {
    log: { ...log, messages: over ? messages.slice(-WINDOW) : messages, hasBefore: over || log.hasBefore },
    gap: false,
  };
}

/** Two stretches as one, each message once and in its newest state. */
function union(a: Message[], b: Message[]): Message[] {
  const byId = new Map<string, Message>();
  for (const message of [...a, ...b]) {
    const known = byId.get(message.id);
    if (!known || message.rev >= known.rev) byId.set(message.id, message);
  }
  return [...byId.values()].sort((x, y) => Number(x.seq - y.seq));
}

/** The newest seq of a log, 0 when it is empty. */
export function lastSeq(log: ThreadLog | undefined): bigint {
  return log?.messages.at(-1)?.seq ?? 0n;
}
