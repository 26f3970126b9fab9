import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { InboxView, ListInboxResponseSchema, type InboxItem } from "../api/contract.ts";
import { inboxItem, minutesAgo } from "../fixture/make.ts";
import { merge } from "./kept.ts";
import { applyItem } from "./reduce.ts";

const item = inboxItem({ id: "a" });
const list = (...items: InboxItem[]) => ({ pages: [create(ListInboxResponseSchema, { items })], pageParams: [""] });
const items = (data: ReturnType<typeof applyItem>): InboxItem[] | undefined => data?.pages.flatMap((page) => page.items);

test("a new item comes first", () => {
  expect(items(applyItem(list(item), inboxItem({ id: "b" }), InboxView.UNREAD))?.map(({ id }) => id)).toEqual(["b", "a"]);
});

test("an item that was read stays in its place until the list is loaded anew", () => {
  expect(items(applyItem(list(item), { ...item, read: true }, InboxView.UNREAD))).toEqual([{ ...item, read: true }]);
});

test("an item without its star leaves the starred ones", () => {
  expect(items(applyItem(list({ ...item, starred: true }), item, InboxView.STARRED))).toEqual([]);
});

test("a read item does not come into the unread ones, but into all", () => {
  const read = inboxItem({ id: "b", read: true });
  expect(items(applyItem(list(item), read, InboxView.UNREAD))).toHaveLength(1);
  expect(items(applyItem(list(item), read, InboxView.ALL))).toHaveLength(2);
});

test("what was opened stands among the others by its time", () => {
  const times = [9, 5, 1].map((minutes) => inboxItem({ id: `${minutes}`, createTime: minutesAgo(minutes) }));
  const [oldest, middle, newest] = times;
  if (!oldest || !middle || !newest) throw new Error("three items");
  expect(merge([newest, oldest], [middle]).map(({ id }) => id)).toEqual(["1", "5", "9"]);
});
