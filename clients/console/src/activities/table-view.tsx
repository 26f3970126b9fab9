import { Popover, Skeleton, Stack, UnstyledButton } from "@mantine/core";
import { createQueryOptions, useInfiniteQuery, useTransport } from "@connectrpc/connect-query";
import { useQueries } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { IconPlus } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { ActivityService, type ActivityCell, type ActivityRow, type ActivityType } from "../api/contract.ts";
import { byPageToken } from "../api/pages.ts";
import { useText } from "../intl/intl.tsx";
import { Empty, Failure, FailureLine, RowSkeletons } from "../ui/states.tsx";
import classes from "./activities.module.css";
import { ActivityCard } from "./activity-card.tsx";
import { DueWord } from "./due-word.tsx";
import { urgencyOf } from "./group.ts";
import { ActivityIcon } from "./icon.tsx";
import { ScheduleDialog } from "./schedule-dialog.tsx";

const ROW = 45;

/** The records of a type, and what is planned on each by type of activity. */
export default function TableView({ recordType, mine }: { recordType: string; mine: boolean }) {
  const t = useText();
  const list = useInfiniteQuery(ActivityService.method.listActivityRows, { recordType, mine, pageSize: 100, pageToken: "" }, { ...byPageToken, refetchOnWindowFocus: "always" });
  if (list.isPending) return <RowSkeletons height={ROW} />;
  if (list.error && !list.data) return <Failure error={list.error} retry={() => void list.refetch()} />;
  const pages = list.data?.pages ?? [];
  const rows = pages.flatMap((page) => page.rows);
  if (rows.length === 0 && !list.hasNextPage) return <Empty text={mine ? t("activity.noneMine") : t("activity.noneAll")} />;
  const types = [...new Map(pages.flatMap((page) => page.types).map((type) => [type.id, type])).values()].sort((a, b) => a.position - b.position);
  return <Table rows={rows} types={types} recordType={recordType} onEnd={list.hasNextPage && !list.isFetchingNextPage ? () => void list.fetchNextPage() : undefined} />;
}

interface TableProps {
  rows: ActivityRow[];
  types: ActivityType[];
  recordType: string;
  onEnd?: () => void;
}

function Table({ rows, types, recordType, onEnd }: TableProps) {
  const t = useText();
  const box = useRef<HTMLDivElement>(null);
  const [adding, setAdding] = useState<{ recordId: string; typeId: string }>();
  // oxlint-disable-next-line react/incompatible-library -- nothing here is memoised by a compiler
  const virtualizer = useVirtualizer({ count: rows.length, getScrollElement: () => box.current, estimateSize: () => ROW, overscan: 12 });
  const shown = virtualizer.getVirtualItems();
  const last = shown.at(-1)?.index ?? 0;
  useEffect(() => {
    if (last >= rows.length - 10) onEnd?.();
  }, [last, rows.length, onEnd]);
  const before = shown[0]?.start ?? 0;
  const after = virtualizer.getTotalSize() - (shown.at(-1)?.end ?? 0);
  return (
    <div ref={box} className={classes.scroll}>
      <table className={classes.table}>
        <thead>
          <tr>
            <th scope="col">{t("activity.record")}</th>
            {types.map((type) => <th key={type.id} scope="col"><span><ActivityIcon icon={type.icon} size={15} />{type.name}</span></th>)}
          </tr>
        </thead>
        <tbody>
          {before > 0 && <tr aria-hidden style={{ blockSize: before }} />}
          {shown.map(({ index }) => {
            const row = rows[index];
            return row && <Row key={row.recordId} row={row} types={types} recordType={recordType} onAdd={(typeId) => setAdding({ recordId: row.recordId, typeId })} />;
          })}
          {after > 0 && <tr aria-hidden style={{ blockSize: after }} />}
        </tbody>
      </table>
      {adding && <ScheduleDialog recordIds={[adding.recordId]} recordType={recordType} typeId={adding.typeId} onClose={() => setAdding(undefined)} />}
    </div>
  );
}

function Row({ row, types, recordType, onAdd }: { row: ActivityRow; types: ActivityType[]; recordType: string; onAdd: (typeId: string) => void }) {
  const t = useText();
  return (
    <tr style={{ blockSize: ROW }}>
      <td>
        <Link to="/records/$type/$recordId" params={{ type: recordType, recordId: row.recordId }} className={classes.recordLink}>{row.recordTitle || t("record.untitled")}</Link>
      </td>
      {types.map((type) => {
        const cell = row.cells.find((one) => one.typeId === type.id);
        return (
          <td key={type.id}>
            {cell ? (
              <Cell cell={cell} type={type} title={row.recordTitle} onAdd={() => onAdd(type.id)} />
            ) : (
              <UnstyledButton className={classes.cell} data-empty disabled={type.archived} onClick={() => onAdd(type.id)} aria-label={t("activity.scheduleOn", { type: type.name, title: row.recordTitle })}>
                <IconPlus size={15} aria-hidden />
              </UnstyledButton>
            )}
          </td>
        );
      })}
    </tr>
  );
}

function Cell({ cell, type, title, onAdd }: { cell: ActivityCell; type: ActivityType; title: string; onAdd: () => void }) {
  const t = useText();
  const [open, setOpen] = useState(false);
  return (
    <Popover opened={open} onChange={setOpen} position="bottom-start" width={360} trapFocus withinPortal>
      <Popover.Target>
        <UnstyledButton className={classes.cell} data-urgency={urgencyOf(cell.state)} onClick={() => setOpen(!open)} aria-label={t("activity.onRecord", { type: type.name, title, count: cell.count })}>
          <DueWord activity={cell} />
          {cell.count > 1 && <span className={classes.cellCount}>{cell.count}</span>}
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown p="xs">
        {open && <CellList ids={cell.activityIds} />}
        {!type.archived && (
          <UnstyledButton className={classes.cell} onClick={() => { setOpen(false); onAdd(); }}><IconPlus size={15} aria-hidden />{t("activity.schedule")}</UnstyledButton>
        )}
      </Popover.Dropdown>
    </Popover>
  );
}

function CellList({ ids }: { ids: string[] }) {
  const transport = useTransport();
  const answers = useQueries({ queries: ids.map((activityId) => ({ ...createQueryOptions(ActivityService.method.getActivity, { activityId }, { transport }), staleTime: 0 })) });
  const error = answers.find((one) => one.error)?.error;
  if (error) return <FailureLine error={error} />;
  return (
    <ul className={classes.cards} style={{ maxBlockSize: "50vh", overflowY: "auto" }}>
      {answers.map(({ data }, at) => (data?.activity ? <ActivityCard key={ids[at]} activity={data.activity} /> : <Stack key={ids[at]}><Skeleton h={64} /></Stack>))}
    </ul>
  );
}
