import { Button, Group, Popover, SegmentedControl, Skeleton, Text, UnstyledButton } from "@mantine/core";
import { useQuery } from "@connectrpc/connect-query";
import { keepPreviousData } from "@tanstack/react-query";
import { IconChevronLeft, IconChevronRight, IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { useIntl, type IntlShape } from "react-intl";
import { ActivityService, type Activity } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import { firstDayOf } from "../intl/locale.ts";
import { useKeys } from "../keys/keys.tsx";
import { IconButton } from "../ui/header.tsx";
import { Failure, FailureLine } from "../ui/states.tsx";
import classes from "./activities.module.css";
import { ActivityCard } from "./activity-card.tsx";
import { dayDate, grid, turn, type Day, type Span } from "./days.ts";
import { titleOf, urgencyOf } from "./group.ts";
import { ActivityIcon } from "./icon.tsx";
import { useToday } from "./query.ts";
import { ScheduleDialog } from "./schedule-dialog.tsx";

interface CalendarProps {
  recordType: string;
  mine: boolean;
  day: Day;
  span: Span;
  onChange: (change: { day?: Day; span?: Span }) => void;
}

/** What is planned, day by day. */
export default function CalendarView({ recordType, mine, day, span, onChange }: CalendarProps) {
  const t = useText();
  const intl = useIntl();
  const today = useToday();
  const [adding, setAdding] = useState<Day>();
  const weeks = grid(day, span, firstDayOf(intl.locale));
  const dueFrom = weeks[0]?.[0] ?? day;
  const dueTo = weeks.at(-1)?.[6] ?? day;
  const { data, error, isPending, refetch } = useQuery(ActivityService.method.listActivityDays, { dueFrom, dueTo, recordType, mine }, { placeholderData: keepPreviousData, refetchOnWindowFocus: "always" });
  const byDay = new Map(data?.days.map((one) => [one.date, one.activities]));
  const go = (by: 1 | -1): void => onChange({ day: turn(day, span, by) });
  useKeys({ j: () => go(1), k: () => go(-1), t: () => onChange({ day: today }) });
  if (error && !data) return <Failure error={error} retry={() => void refetch()} />;
  return (
    <div className={classes.calendar}>
      <div className={classes.bar}>
        <Group gap={4}>
          <IconButton label={t("calendar.previous")} keys="k" onClick={() => go(-1)}><IconChevronLeft size={18} className="flip" /></IconButton>
          <IconButton label={t("calendar.next")} keys="j" onClick={() => go(1)}><IconChevronRight size={18} className="flip" /></IconButton>
          <Button variant="default" size="compact-sm" onClick={() => onChange({ day: today })}>{t("calendar.today")}</Button>
        </Group>
        <Text fw={600} flex={1} aria-live="polite">{titleText(intl, day, span, dueFrom, dueTo)}</Text>
        <SegmentedControl size="xs" aria-label={t("calendar.span")} value={span} onChange={(value) => onChange({ span: value === "week" ? "week" : "month" })} data={[{ value: "month", label: t("calendar.month") }, { value: "week", label: t("calendar.week") }]} />
      </div>
      {data?.truncated && <Text size="xs" c="dimmed" px="md" py={4}>{t("calendar.truncated")}</Text>}
      {error && <FailureLine error={error} retry={() => void refetch()} />}
      <div className={classes.weekdays} aria-hidden>
        {weeks[0]?.map((one) => <span key={one}>{intl.formatDate(dayDate(one), { weekday: "short", timeZone: "UTC" })}</span>)}
      </div>
      {isPending ? <Skeleton flex={1} m="xs" /> : (
        <div className={classes.weeks} role="grid" aria-label={t("activity.view.calendar")}>
          {weeks.map((week) => (
            <div key={week[0]} className={classes.week} role="row" data-span={span}>
              {week.map((one) => (
                <DayCell key={one} day={one} span={span} today={one === today} chosen={one === day} outside={span === "month" && one.slice(0, 7) !== day.slice(0, 7)} activities={byDay.get(one) ?? []} onAdd={() => setAdding(one)} onChoose={() => onChange({ day: one })} />
              ))}
            </div>
          ))}
        </div>
      )}
      <Agenda day={day} activities={byDay.get(day) ?? []} onAdd={() => setAdding(day)} />
      {adding && <ScheduleDialog recordIds={[]} recordType={recordType} dueDate={adding} onClose={() => setAdding(undefined)} />}
    </div>
  );
}

function titleText(intl: IntlShape, day: Day, span: Span, from: Day, to: Day): string {
  if (span === "month") return intl.formatDate(dayDate(day), { month: "long", year: "numeric", timeZone: "UTC" });
  return intl.formatDateTimeRange(dayDate(from), dayDate(to), { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
}

interface DayCellProps {
  day: Day;
  span: Span;
  today: boolean;
  chosen: boolean;
  outside: boolean;
  activities: Activity[];
  onAdd: () => void;
  onChoose: () => void;
}

/** How many activities a day of the month shows before the rest hides behind a number. */
const MOST = 3;

function DayCell({ day, span, today, chosen, outside, activities, onAdd, onChoose }: DayCellProps) {
  const t = useText();
  const intl = useIntl();
  const name = intl.formatDate(dayDate(day), { weekday: "long", day: "numeric", month: "long", timeZone: "UTC" });
  const fits = span === "week" || activities.length <= MOST ? activities : activities.slice(0, MOST - 1);
  const rest = activities.length - fits.length;
  return (
    <div role="gridcell" className={classes.day} data-today={today} data-outside={outside} data-chosen={chosen} aria-label={t("calendar.day", { day: name, count: activities.length })}>
      <div className={classes.dayHead}>
        <UnstyledButton className={classes.dayNumber} onClick={onChoose} aria-label={name} aria-current={today ? "date" : undefined}>{Number(day.slice(8))}</UnstyledButton>
        <IconButton size={22} className={classes.add} label={t("calendar.add", { day: name })} onClick={onAdd}><IconPlus size={14} /></IconButton>
      </div>
      <span className={classes.dots} aria-hidden>{activities.slice(0, 4).map((one) => <i key={one.id} data-urgency={urgencyOf(one.state)} />)}</span>
      {fits.map((activity) => <Chip key={activity.id} activity={activity} />)}
      {rest > 0 && <Rest day={name} activities={activities} count={rest} />}
    </div>
  );
}

function Chip({ activity }: { activity: Activity }) {
  const t = useText();
  const [open, setOpen] = useState(false);
  const urgency = urgencyOf(activity.state);
  return (
    <Popover opened={open} onChange={setOpen} width={360} position="bottom-start" trapFocus>
      <Popover.Target>
        <UnstyledButton className={classes.chip} data-urgency={urgency} onClick={() => setOpen(!open)} title={`${t(`activity.${urgency}`)}: ${titleOf(activity)}`}>
          <ActivityIcon icon={activity.icon} size={13} />
          <span className="sr-only">{t(`activity.${urgency}`)}: </span>
          <span className={classes.clip}>{titleOf(activity)}</span>
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown p="xs">{open && <ul className={classes.cards}><ActivityCard activity={activity} showRecord /></ul>}</Popover.Dropdown>
    </Popover>
  );
}

function Rest({ day, activities, count }: { day: string; activities: Activity[]; count: number }) {
  const t = useText();
  const [open, setOpen] = useState(false);
  return (
    <Popover opened={open} onChange={setOpen} width={380} position="bottom-start" trapFocus>
      <Popover.Target><UnstyledButton className={classes.more} onClick={() => setOpen(!open)}>{t("calendar.rest", { count })}</UnstyledButton></Popover.Target>
      <Popover.Dropdown p="xs">
        <Text fw={600} mb={6}>{day}</Text>
        {open && <ul className={classes.cards} style={{ maxBlockSize: "50vh", overflowY: "auto" }}>{activities.map((one) => <ActivityCard key={one.id} activity={one} showRecord />)}</ul>}
      </Popover.Dropdown>
    </Popover>
  );
}

/** On narrow screens: what is planned on the chosen day. */
function Agenda({ day, activities, onAdd }: { day: Day; activities: Activity[]; onAdd: () => void }) {
  const t = useText();
  const intl = useIntl();
  const name = intl.formatDate(dayDate(day), { weekday: "long", day: "numeric", month: "long", timeZone: "UTC" });
  return (
    <div className={classes.agenda}>
      <Group justify="space-between">
        <Text fw={600}>{name}</Text>
        <IconButton label={t("calendar.add", { day: name })} onClick={onAdd}><IconPlus size={17} /></IconButton>
      </Group>
      {activities.length === 0 ? <Text c="dimmed" size="sm">{t("calendar.nothing")}</Text> : <ul className={classes.cards}>{activities.map((one) => <ActivityCard key={one.id} activity={one} showRecord />)}</ul>}
    </div>
  );
}
