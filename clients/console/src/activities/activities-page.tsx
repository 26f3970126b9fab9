import { Button, SegmentedControl, Select, Switch } from "@mantine/core";
import { getRouteApi } from "@tanstack/react-router";
import { IconCalendarPlus } from "@tabler/icons-react";
import { lazy, Suspense, useState } from "react";
import { useText } from "../intl/intl.tsx";
import { useRecordTypes } from "../records/query.ts";
import { Header } from "../ui/header.tsx";
import { RowSkeletons } from "../ui/states.tsx";
import classes from "./activities.module.css";
import { ActivityList } from "./activity-list.tsx";
import { useToday } from "./query.ts";
import { ScheduleDialog } from "./schedule-dialog.tsx";
import { ACTIVITY_VIEWS, type ActivitiesSearch } from "./search.ts";

const CalendarView = lazy(() => import("./calendar-view.tsx"));
const TableView = lazy(() => import("./table-view.tsx"));
const route = getRouteApi("/app/activities");

/** Everything that is planned: as a list, by type of activity, or in a calendar. */
export function ActivitiesPage() {
  const t = useText();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const today = useToday();
  const types = useRecordTypes().data?.recordTypes ?? [];
  const [scheduling, setScheduling] = useState(false);
  const { view = "list" } = search;
  const mine = search.all !== true;
  const type = search.type ?? (view === "table" ? (types[0]?.name ?? "") : "");
  const change = (next: Partial<ActivitiesSearch>): void => void navigate({ search: (now) => ({ ...now, ...next }), replace: true });
  return (
    <div className={classes.page}>
      <Header title={t("nav.activities")}>
        <Button leftSection={<IconCalendarPlus size={15} />} onClick={() => setScheduling(true)}>{t("activity.schedule")}</Button>
      </Header>
      <div className={classes.bar}>
        <SegmentedControl
          size="xs"
          aria-label={t("activity.view")}
          value={view}
          onChange={(value) => change({ view: ACTIVITY_VIEWS.find((name) => name === value) })}
          data={ACTIVITY_VIEWS.map((name) => ({ value: name, label: t(`activity.view.${name}`) }))}
        />
        <Select
          size="xs"
          w={150}
          aria-label={t("activity.recordType")}
          allowDeselect={false}
          data={[...(view === "table" ? [] : [{ value: "", label: t("activity.allTypes") }]), ...types.map((one) => ({ value: one.name, label: one.pluralLabel || one.label }))]}
          value={type}
          onChange={(value) => change({ type: value || undefined })}
        />
        <Switch size="xs" label={t("activity.mine")} checked={mine} onChange={(event) => change({ all: event.currentTarget.checked ? undefined : true })} />
      </div>
      <Suspense fallback={<RowSkeletons height={58} />}>
        {view === "list" && <ActivityList recordType={type} mine={mine} />}
        {view === "table" && type !== "" && <TableView key={type} recordType={type} mine={mine} />}
        {view === "calendar" && <CalendarView recordType={type} mine={mine} day={search.day ?? today} span={search.span ?? "month"} onChange={change} />}
      </Suspense>
      {scheduling && <ScheduleDialog recordIds={[]} recordType={search.type ?? types[0]?.name ?? ""} onClose={() => setScheduling(false)} />}
    </div>
  );
}
