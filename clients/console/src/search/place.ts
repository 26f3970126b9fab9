import { ThreadKind, type SearchResult } from "../api/contract.ts";

/** Where a result is: the thread, at its message. */
export function placeOf(result: SearchResult) {
  const search = { seq: Number(result.seq) };
  if (result.threadKind === ThreadKind.CHAT) return { to: "/chats/$chatId" as const, params: { chatId: result.threadId }, search };
  return { to: "/records/$type/$recordId" as const, params: { type: result.recordType, recordId: result.threadId }, search };
}
