import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { ChatState, ChatView, ListChatsResponseSchema, type Chat } from "../api/contract.ts";
import { chat, minutesAgo, partyOf, user } from "../fixture/make.ts";
import { applyChat, readUpTo, type ChatFilter } from "./reduce.ts";

const me = partyOf(user(1, "Mia Kern"));
const other = partyOf(user(2, "Jonas Albrecht"));
const MINE: ChatFilter = { view: ChatView.MINE, state: ChatState.OPEN };
const list = (...chats: Chat[]) => ({ pages: [create(ListChatsResponseSchema, { chats })], pageParams: [""] });
const ids = (data: ReturnType<typeof applyChat>): string[] | undefined => data?.pages.flatMap((page) => page.chats.map(({ id }) => id));
const older = chat({ id: "older", operator: me, lastMessageTime: minutesAgo(9) });
const newer = chat({ id: "newer", operator: me, lastMessageTime: minutesAgo(5) });

test("the chat with the newest message comes first", () => {
  const data = applyChat(list(newer, older), { ...older, lastMessageTime: minutesAgo(1), version: 2n }, MINE, me.id);
  expect(ids(data)).toEqual(["older", "newer"]);
});

test("a chat that somebody else took leaves my list", () => {
  expect(ids(applyChat(list(newer, older), { ...newer, operator: other, version: 2n }, MINE, me.id))).toEqual(["older"]);
});

test("a closed chat leaves the open ones and joins the closed ones", () => {
  const closed = { ...newer, state: ChatState.CLOSED, version: 2n };
  expect(ids(applyChat(list(newer, older), closed, MINE, me.id))).toEqual(["older"]);
  expect(ids(applyChat(list(), closed, { ...MINE, state: ChatState.CLOSED }, me.id))).toEqual(["newer"]);
});

test("what is older than what is known changes nothing", () => {
  const data = list({ ...newer, version: 5n });
  expect(applyChat(data, { ...newer, unreadCount: 9, version: 4n }, MINE, me.id)).toBe(data);
});

test("a list that was never loaded stays so", () => {
  expect(applyChat(undefined, newer, MINE, me.id)).toBeUndefined();
});

test("reading to the end clears the number, going back changes nothing", () => {
  const unread = chat({ id: "c", lastSeq: 7n, readSeq: 3n, unreadCount: 4 });
  const mark = { $typeName: "parley.thread.v1.ReadMark" as const, threadId: "c", seq: 7n };
  expect(readUpTo(unread, mark)).toMatchObject({ readSeq: 7n, unreadCount: 0 });
  expect(readUpTo(unread, { ...mark, seq: 2n })).toBe(unread);
});
