import type { InfiniteData } from "@tanstack/react-query";
import { InboxView, type InboxItem, type ListInboxResponse } from "../api/contract.ts";
import { mapPages } from "../api/pages.ts";

type Pages = InfiniteData<ListInboxResponse>;

/**
 * Takes an item in as it is now. What was read stays in the list of unread ones
 * until that is loaded anew: nothing goes away under the reader's eyes.
 */
export function applyItem(data: Pages | undefined, item: InboxItem, view: InboxView): Pages | undefined {
  if (!data) return data;
  const known = data.pages.some((page) => page.items.some((one) => one.id === item.id));
  if (known) {
    if (view === InboxView.STARRED && !item.starred) return removeItem(data, item.id);
    return mapPages(data, (page) => ({
      ...page,
      items: page.items.map((one) => (one.id === item.id ? item : one)),
    }));
  }
  if (!belongs(item, view)) return data;
  return mapPages(data, (page, index) => (index === 0 ? { ...page, items: [item, ...page.items] } : page));
}

/** Takes an item out of a list. */
function removeItem(data: Pages | undefined, id: string): Pages | undefined {
  return mapPages(data, (page) => ({ ...page, items: page.items.filter((one) => one.id !== id) }));
}

function belongs(item: InboxItem, view: InboxView): boolean {
  if (view === InboxView.ALL) return true;
  return view === InboxView.STARRED ? item.starred : !item.read;
}
