import { createConnectQueryKey, useInfiniteQuery } from "@connectrpc/connect-query";
import { skipToken } from "@tanstack/react-query";
import { ChatState, ChatView, LiveChatService } from "../api/contract.ts";
import { byPageToken } from "../api/pages.ts";
import type { ChatFilter } from "./reduce.ts";

/** The lists of chats, as the address names them. */
export const CHAT_VIEWS = { mine: ChatView.MINE, unassigned: ChatView.UNASSIGNED, all: ChatView.ALL } as const;
export type ChatViewName = keyof typeof CHAT_VIEWS;

export const CHAT_STATES = { open: ChatState.OPEN, closed: ChatState.CLOSED } as const;
export type ChatStateName = keyof typeof CHAT_STATES;

/** Every list of chats that may be loaded. */
export const CHAT_FILTERS: readonly ChatFilter[] = Object.values(CHAT_VIEWS).flatMap((view) =>
  Object.values(CHAT_STATES).map((state) => ({ view, state })),
);

/** One list of chats, page by page; nothing for those who answer none. */
export function useChats(filter: ChatFilter, enabled = true) {
  return useInfiniteQuery(
    LiveChatService.method.listChats,
    enabled ? { ...filter, pageSize: 50, pageToken: "" } : skipToken,
    byPageToken,
  );
}

/** The key of one list of chats. */
export function chatsKey(filter: ChatFilter) {
  return createConnectQueryKey({
    schema: LiveChatService.method.listChats,
    input: { ...filter, pageSize: 50 },
    cardinality: "infinite",
  });
}
