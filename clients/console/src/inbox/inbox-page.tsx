import { Button } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { createConnectQueryKey, useMutation } from "@connectrpc/connect-query";
import { useQueryClient, type InfiniteData } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { IconChecks } from "@tabler/icons-react";
import { useCallback, useEffect, type ReactNode } from "react";
import { ChatterService, ThreadKind, type InboxItem, type ListInboxResponse } from "../api/contract.ts";
import { useText, type TextId } from "../intl/intl.tsx";
import { useKeys } from "../keys/keys.tsx";
import { QuarantineLink } from "../quarantine/quarantine-link.tsx";
import { Header, IconButton } from "../ui/header.tsx";
import { Panes } from "../ui/panes.tsx";
import { Empty, Failure, RowSkeletons } from "../ui/states.tsx";
import { VirtualList } from "../ui/virtual-list.tsx";
import { useFaultText } from "../ui/states.tsx";
import { toFault } from "../api/fault.ts";
import { InboxActivities } from "./inbox-activities.tsx";
import { InboxDetail } from "./inbox-detail.tsx";
import { InboxRow } from "./inbox-row.tsx";
import { InboxTabs } from "./inbox-tabs.tsx";
import { useKept } from "./kept.ts";
import { VIEWS, inboxKey, useInbox, type ViewName } from "./query.ts";
import { applyItem } from "./reduce.ts";

const route = getRouteApi("/app/inbox");
const EMPTY: Record<ViewName, TextId> = { unread: "inbox.emptyUnread", starred: "inbox.emptyStarred", all: "inbox.emptyAll" };

/** What needs the user: items of the inbox, and planned activities. */
export function InboxPage() {
  const { view = "unread", item: chosen } = route.useSearch();
  const navigate = route.useNavigate();
  const tabs = <InboxTabs tab={view} onChange={(tab) => void navigate({ search: { view: tab } })} />;
  const choose = useCallback((item: string | undefined) => void navigate({ search: { view, item }, replace: chosen !== undefined }), [chosen, navigate, view]);
  if (view === "activities") return <InboxActivities tabs={tabs} chosen={chosen} onChoose={choose} />;
  return <Items key={view} view={view} tabs={tabs} chosen={chosen} />;
}

/** One list of the inbox. */
function Items({ view, tabs, chosen }: { view: ViewName; tabs: ReactNode; chosen: string | undefined }) {
  const t = useText();
  const navigate = route.useNavigate();
  const go = useNavigate();
  const list = useInbox(VIEWS[view]);
  const loaded = list.data?.pages.flatMap((page) => page.items) ?? [];
  const kept = useKept(view, loaded, chosen);
  const { items } = kept;
  const at = items.findIndex((one) => one.id === chosen);
  const selected = items[at];
  const change = useItemChanges(kept.change);

  const select = (item: InboxItem | undefined): void => void navigate({ search: { view, item: item?.id }, replace: chosen !== undefined });
  const step = (by: number): void => {
    const next = items[at < 0 ? 0 : at + by];
    if (next) select(next);
  };
  const done = (item: InboxItem): void => {
    change.read(item);
    if (view === "unread") kept.drop(item.id);
    if (item.id === chosen) select(items[at + 1] ?? items[at - 1]);
  };
  useKeys({
    j: () => step(1),
    k: () => step(-1),
    e: () => selected && done(selected),
    s: () => selected && change.star(selected),
    Enter: () => selected && void go(recordOf(selected)),
    Escape: () => select(undefined),
  });
  useReadSoon(selected, change.read);

  return (
    <Panes
      detail={chosen !== undefined}
      listLabel={t("nav.inbox")}
      list={
        <>
          <Header title={t("nav.inbox")}><QuarantineLink /><MarkAll disabled={!items.some((item) => !item.read)} /></Header>
          {tabs}
          {list.isPending && <RowSkeletons height={72} />}
          {list.error && !list.data && <Failure error={list.error} retry={() => void list.refetch()} />}
          {list.data && items.length === 0 && (
            <Empty
              text={t(EMPTY[view])}
              action={view === "unread" && <Button variant="default" onClick={() => void navigate({ search: { view: "all" } })}>{t("inbox.showAll")}</Button>}
            />
          )}
          {items.length > 0 && (
            <VirtualList items={items} keyOf={(item) => item.id} height={72} label={t("nav.inbox")} selected={at} onEnd={list.hasNextPage ? () => void list.fetchNextPage() : undefined}>
              {(item) => <InboxRow item={item} view={view} selected={item.id === chosen} onDone={() => done(item)} onStar={() => change.star(item)} />}
            </VirtualList>
          )}
        </>
      }
    >
      {selected ? (
        <InboxDetail key={selected.id} item={selected} onBack={() => select(undefined)} onDone={() => done(selected)} onStar={() => change.star(selected)} />
      ) : (
        <Empty text={items.length > 0 ? t("inbox.choose") : t("inbox.quiet")} />
      )}
    </Panes>
  );
}

/** Where an item leads to. */
function recordOf(item: InboxItem) {
  const search = item.message ? { seq: Number(item.message.seq) } : {};
  if (item.threadKind === ThreadKind.CHAT) return { to: "/chats/$chatId" as const, params: { chatId: item.threadId }, search };
  return { to: "/records/$type/$recordId" as const, params: { type: item.recordType, recordId: item.threadId }, search };
}

/** Marks an item as read once it was looked at for a moment. */
function useReadSoon(item: InboxItem | undefined, read: (item: InboxItem) => void): void {
  const unread = item !== undefined && !item.read;
  useEffect(() => {
    if (!unread || !item) return undefined;
    const timer = setTimeout(() => read(item), 800);
    return () => clearTimeout(timer);
  }, [item?.id, unread]); // oxlint-disable-line react-hooks/exhaustive-deps -- a changed item is still the same one
}

/** Changes of items, shown at once and taken back if the server refuses. */
function useItemChanges(keep: (item: InboxItem) => void) {
  const queries = useQueryClient();
  const faultText = useFaultText();
  const { mutate } = useMutation(ChatterService.method.updateInboxItem, {
    onError: (error) => {
      notifications.show({ color: "red", message: faultText(toFault(error)) });
      void queries.invalidateQueries({ queryKey: createConnectQueryKey({ schema: ChatterService.method.listInbox, cardinality: undefined }) });
    },
    onSuccess: () =>
      queries.invalidateQueries({ queryKey: createConnectQueryKey({ schema: ChatterService.method.getInboxCounts, cardinality: undefined }) }),
  });
  const show = useCallback(
    (item: InboxItem) => {
      keep(item);
      for (const one of Object.values(VIEWS)) {
        queries.setQueriesData<InfiniteData<ListInboxResponse>>({ queryKey: inboxKey(one) }, (data) => applyItem(data, item, one));
      }
    },
    [keep, queries],
  );
  return {
    read: (item: InboxItem) => {
      show({ ...item, read: true });
      mutate({ itemId: item.id, read: true });
    },
    star: (item: InboxItem) => {
      show({ ...item, starred: !item.starred });
      mutate({ itemId: item.id, starred: !item.starred });
    },
  };
}

function MarkAll({ disabled }: { disabled: boolean }) {
  const t = useText();
  const queries = useQueryClient();
  const mark = useMutation(ChatterService.method.markInboxRead, {
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: createConnectQueryKey({ schema: ChatterService.method.listInbox, cardinality: undefined }) });
      await queries.invalidateQueries({ queryKey: createConnectQueryKey({ schema: ChatterService.method.getInboxCounts, cardinality: undefined }) });
    },
  });
  return (
    <IconButton label={t("inbox.markAll")} disabled={disabled} loading={mark.isPending} onClick={() => mark.mutate({})}>
      <IconChecks size={18} stroke={1.7} />
    </IconButton>
  );
}
