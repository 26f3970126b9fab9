import type { Client, Transport } from "@connectrpc/connect";
import { createClient } from "@connectrpc/connect";
import { queryOptions } from "@tanstack/react-query";
import { ChatterService } from "../api/contract.ts";
import type { Journal } from "./journal.ts";
import { append, fromPage, lastSeq, prepend, type ThreadLog } from "./log.ts";

const PAGE = 60;

/** The key of a thread's loaded stretches, or of the one around a message. */
export function threadLogKey(threadId: string, around?: bigint): readonly unknown[] {
  return around === undefined ? ["thread-log", threadId] : ["thread-log", threadId, { around: around.toString() }];
}

/** A stretch of a thread: its end, or the neighbourhood of one message. `seen` is told the request ids in it. */
export function threadLogOptions(transport: Transport, journal: Journal, threadId: string, around: bigint | undefined, seen?: (requestId: string) => void) {
  const client = createClient(ChatterService, transport);
  return queryOptions({
    queryKey: threadLogKey(threadId, around ?? 0n),
    queryFn: async ({ signal }): Promise<ThreadLog> => {
      const place = around === undefined ? { case: undefined } : { case: "aroundSeq" as const, value: around };
      const page = await client.listMessages({ threadId, pageSize: PAGE, place }, { signal });
      page.messages.forEach((message) => seen?.(message.requestId));
      return journal.replay(threadId, fromPage(page));
    },
    // The stream keeps it fresh.
    staleTime: Infinity,
    gcTime: 60_000,
    structuralSharing: false,
  });
}

/** Reads the messages before those loaded. */
export async function loadBefore(client: Client<typeof ChatterService>, threadId: string, log: ThreadLog): Promise<(log: ThreadLog) => ThreadLog> {
  const first = log.messages[0];
  if (!first || !log.hasBefore) return (now) => now;
  const page = await client.listMessages({ threadId, pageSize: PAGE, place: { case: "beforeSeq", value: first.seq } });
  return (now) => prepend(now, page);
}

/** Reads the messages after those loaded. */
export async function loadAfter(client: Client<typeof ChatterService>, threadId: string, log: ThreadLog): Promise<(log: ThreadLog) => ThreadLog> {
  if (!log.hasAfter) return (now) => now;
  const page = await client.listMessages({ threadId, pageSize: PAGE, place: { case: "afterSeq", value: lastSeq(log) } });
  return (now) => append(now, page);
}
