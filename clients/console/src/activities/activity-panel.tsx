import { Button, Skeleton, Stack, Text } from "@mantine/core";
import { IconCalendarPlus, IconListCheck } from "@tabler/icons-react";
import { useState } from "react";
import { useText } from "../intl/intl.tsx";
import { IconButton } from "../ui/header.tsx";
import { FailureLine } from "../ui/states.tsx";
import classes from "./activities.module.css";
import { ActivityCard } from "./activity-card.tsx";
import { grouped } from "./group.ts";
import { PlanDialog } from "./plan-dialog.tsx";
import { useActivities } from "./query.ts";
import { ScheduleDialog } from "./schedule-dialog.tsx";

interface ActivityPanelProps {
  recordId: string;
  /** Name of the record's type. */
  recordType: string;
}

/** What is planned on a record, the most urgent first; kept live by the record's thread. */
export function ActivityPanel({ recordId, recordType }: ActivityPanelProps) {
  const t = useText();
  const [shown, setShown] = useState<"schedule" | "plan">();
  const list = useActivities({ recordId });
  const activities = list.data?.pages.flatMap((page) => page.activities) ?? [];
  const lines = grouped(activities).flatMap((line) => (line.kind === "activity" ? [line.activity] : []));
  const close = (): void => setShown(undefined);
  return (
    <section className={classes.panel} aria-label={t("activity.planned.title")}>
      <header className={classes.panelHead}>
        <h2 className={classes.panelTitle}>{t("activity.planned.title")}</h2>
        {activities.length > 0 && <Text c="dimmed" size="xs" className="numeric">{activities.length}</Text>}
        <span className={classes.gap} />
        <IconButton label={t("activity.planTitle")} onClick={() => setShown("plan")}><IconListCheck size={17} stroke={1.7} /></IconButton>
        <Button variant="default" size="compact-sm" leftSection={<IconCalendarPlus size={15} />} onClick={() => setShown("schedule")}>{t("activity.schedule")}</Button>
      </header>
      {list.isPending && <Stack gap="xs" aria-busy aria-label={t("state.loading")}><Skeleton h={58} /><Skeleton h={58} /></Stack>}
      {list.error && !list.data && <FailureLine error={list.error} retry={() => void list.refetch()} />}
      {list.data && lines.length === 0 && <Text c="dimmed" size="xs">{t("activity.none")}</Text>}
      {lines.length > 0 && <ul className={classes.cards}>{lines.map((activity) => <ActivityCard key={activity.id} activity={activity} />)}</ul>}
      {list.hasNextPage && <Button variant="subtle" size="compact-xs" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>{t("action.more")}</Button>}
      {shown === "schedule" && <ScheduleDialog recordIds={[recordId]} recordType={recordType} onClose={close} />}
      {shown === "plan" && <PlanDialog recordIds={[recordId]} recordType={recordType} onClose={close} />}
    </section>
  );
}
