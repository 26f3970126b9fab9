import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { InfiniteData } from "@tanstack/react-query";
import { ChatState, ChatView, type Chat, type ListChatsResponse, type ReadMark } from "../api/contract.ts";
import { mapPages } from "../api/pages.ts";

type Pages = InfiniteData<ListChatsResponse>;

/** Which chats a list has. */
export interface ChatFilter {
  view: ChatView;
  state: ChatState;
}

/**
 * Takes a chat in as it is now: in its place by time if it belongs to the list,
 * out of it if it does not. What is older than what is known changes nothing.
 */
export function applyChat(data: Pages | undefined, chat: Chat, filter: ChatFilter, self: string): Pages | undefined {
  if (!data) return data;
  const known = data.pages.flatMap((page) => page.chats).find((one) => one.id === chat.id);
  if (known && known.version > chat.version) return data;
  const without = mapPages(data, (page) => ({ ...page, chats: page.chats.filter((one) => one.id !== chat.id) }));
  if (!without || !belongs(chat, filter, self)) return without;
  return insert(without, chat);
}

function insert(data: Pages, chat: Chat): Pages {
  const at = data.pages.findIndex((page, index) => {
    const oldest = page.chats.at(-1);
    return (oldest !== undefined && order(chat) >= order(oldest)) || index === data.pages.length - 1;
  });
  const pages = data.pages.map((page, index) => {
    if (index !== at) return page;
    return { ...page, chats: [...page.chats, chat].sort((a, b) => order(b) - order(a)) };
  });
  return { ...data, pages };
}

function order(chat: Chat): number {
  const time = chat.lastMessageTime ?? chat.createTime;
  return time ? timestampMs(time) : 0;
}

/** A chat that its reader has read up to a mark. */
export function readUpTo(chat: Chat, mark: ReadMark): Chat {
  if (chat.id !== mark.threadId || mark.seq <= chat.readSeq) return chat;
  return { ...chat, readSeq: mark.seq, unreadCount: mark.seq >= chat.lastSeq ? 0 : chat.unreadCount };
}

/** True if a list with this filter has the chat. */
export function belongs(chat: Chat, { view, state }: ChatFilter, self: string): boolean {
  if (state !== ChatState.UNSPECIFIED && chat.state !== state) return false;
  if (view === ChatView.MINE) return chat.operator?.id === self;
  if (view === ChatView.UNASSIGNED) return chat.operator === undefined;
  return true;
}
