import { createConnectQueryKey, useInfiniteQuery } from "@connectrpc/connect-query";
import { ChatterService, InboxView } from "../api/contract.ts";
import { byPageToken } from "../api/pages.ts";

/** The three lists of the inbox, as the address names them. */
export const VIEWS = { unread: InboxView.UNREAD, starred: InboxView.STARRED, all: InboxView.ALL } as const;
export type ViewName = keyof typeof VIEWS;

/** The tabs of the inbox: its lists, and the caller's planned activities. */
export const TABS = ["unread", "starred", "all", "activities"] as const;
export type TabName = (typeof TABS)[number];

/** One list of the inbox, page by page. */
export function useInbox(view: InboxView) {
  return useInfiniteQuery(ChatterService.method.listInbox, { view, pageSize: 50, pageToken: "" }, byPageToken);
}

/** The key of one list of the inbox. */
export function inboxKey(view: InboxView) {
  return createConnectQueryKey({
    schema: ChatterService.method.listInbox,
    input: { view, pageSize: 50 },
    cardinality: "infinite",
  });
}
