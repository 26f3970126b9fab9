import { useText } from "../intl/intl.tsx";
import { Empty, Failure, RowSkeletons } from "../ui/states.tsx";
import { VirtualList } from "../ui/virtual-list.tsx";
import classes from "./activities.module.css";
import { ActivityLine, keyOfLine, LINE_HEIGHT, LineHead } from "./activity-line.tsx";
import { grouped } from "./group.ts";
import { useActivities } from "./query.ts";

/** Activities below overdue, today and planned. */
export function ActivityList({ recordType, mine }: { recordType: string; mine: boolean }) {
  const t = useText();
  const list = useActivities({ recordType, mine });
  if (list.isPending) return <RowSkeletons height={LINE_HEIGHT} />;
  if (list.error && !list.data) return <Failure error={list.error} retry={() => void list.refetch()} />;
  const lines = grouped(list.data?.pages.flatMap((page) => page.activities) ?? []);
  if (lines.length === 0) return <Empty text={mine ? t("activity.noneMine") : t("activity.noneAll")} />;
  return (
    <div className={classes.narrowList}>
      <VirtualList items={lines} keyOf={keyOfLine} height={LINE_HEIGHT} label={t("nav.activities")} selected={-1} onEnd={list.hasNextPage && !list.isFetchingNextPage ? () => void list.fetchNextPage() : undefined}>
        {(line) => (line.kind === "head" ? <LineHead line={line} /> : <ActivityLine activity={line.activity} assignee={!mine} />)}
      </VirtualList>
    </div>
  );
}
