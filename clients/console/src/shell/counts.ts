import { useQuery } from "@connectrpc/connect-query";
import { useEffect } from "react";
import { ChatState, ChatView, ChatterService } from "../api/contract.ts";
import { useActivityCounts } from "../activities/query.ts";
import { useChats } from "../chats/query.ts";
import { useServices } from "../services.tsx";

/** How many items of the inbox are unread. */
export function useInboxCount(): number {
  const { data } = useQuery(ChatterService.method.getInboxCounts, {}, { staleTime: Infinity });
  return data?.unreadCount ?? 0;
}

/** How many of the caller's activities are overdue or due today. */
export function useActivityCount(): number {
  const { data } = useActivityCounts();
  return (data?.overdueCount ?? 0) + (data?.todayCount ?? 0);
}

/** How many open chats wait for the caller: their own with news, and those nobody has. */
export function useChatCount(): number {
  const { agent } = useServices();
  const mine = useChats({ view: ChatView.MINE, state: ChatState.OPEN }, agent);
  const unassigned = useChats({ view: ChatView.UNASSIGNED, state: ChatState.OPEN }, agent);
  const news = mine.data?.pages.flatMap((page) => page.chats).filter((chat) => chat.unreadCount > 0).length ?? 0;
  const waiting = unassigned.data?.pages.flatMap((page) => page.chats).length ?? 0;
  return news + waiting;
}

/** A number as a badge shows it. */
export function badge(count: number): string {
  return count > 99 ? "99+" : String(count);
}

/** Shows what is unread in the tab's title. */
export function useTitleCount(): void {
  const inbox = useInboxCount();
  const chats = useChatCount();
  const count = inbox + chats;
  useEffect(() => {
    document.title = count > 0 ? `(${badge(count)}) Parley` : "Parley";
  }, [count]);
}
