import { timestampMs } from "@bufbuild/protobuf/wkt";
import { useState } from "react";
import type { InboxItem } from "../api/contract.ts";
import type { ViewName } from "./query.ts";

interface Kept {
  view: ViewName;
  /** Items that were opened, as last seen. */
  opened: ReadonlyMap<string, InboxItem>;
  /** Items that are done. */
  gone: ReadonlySet<string>;
}

function none(view: ViewName): Kept {
  return { view, opened: new Map(), gone: new Set() };
}

/**
 * A list with what the reader opened in it, although it was read since and the
 * server leaves it out: nothing goes away under their eyes. What is done goes.
 */
export function useKept(view: ViewName, loaded: InboxItem[], chosen: string | undefined) {
  const [stored, setKept] = useState(() => none(view));
  let kept = stored.view === view ? stored : none(view);
  const now = loaded.find((item) => item.id === chosen);
  if (now && kept.opened.get(now.id) !== now) kept = { ...kept, opened: new Map([...kept.opened, [now.id, now]]) };
  if (kept !== stored) setKept(kept);

  const missing = [...kept.opened.values()].filter((item) => !loaded.some((one) => one.id === item.id));
  return {
    items: merge(loaded, missing).filter((item) => !kept.gone.has(item.id)),
    /** Takes an item out now. */
    drop: (id: string) => setKept((before) => ({ ...before, gone: new Set([...before.gone, id]) })),
    /** Keeps a change of an item that the server leaves out. */
    change: (item: InboxItem) =>
      setKept((before) => (before.opened.has(item.id) ? { ...before, opened: new Map([...before.opened, [item.id, item]]) } : before)),
  };
}

/** Both lists as one, newest first. */
export function merge(loaded: InboxItem[], missing: InboxItem[]): InboxItem[] {
  if (missing.length === 0) return loaded;
  const time = (item: InboxItem): number => (item.createTime ? timestampMs(item.createTime) : 0);
  return [...loaded, ...missing].sort((a, b) => time(b) - time(a));
}
