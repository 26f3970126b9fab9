import { IconAlertTriangle, IconCalendar, IconClock } from "@tabler/icons-react";
import { useIntl } from "react-intl";
import type { Activity } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import classes from "./activities.module.css";
import { dayDate, daysBetween } from "./days.ts";
import { urgencyOf } from "./group.ts";
import { useToday } from "./query.ts";

const ICONS = { overdue: IconAlertTriangle, today: IconClock, planned: IconCalendar, done: IconCalendar };

/** How urgent an activity is: a colour, a picture and a word. */
export function DueWord({ activity }: { activity: Pick<Activity, "state" | "dueDate"> }) {
  const t = useText();
  const intl = useIntl();
  const today = useToday();
  const urgency = urgencyOf(activity.state);
  const Symbol = ICONS[urgency];
  const date = intl.formatDate(dayDate(activity.dueDate), { day: "numeric", month: "short", timeZone: "UTC", year: activity.dueDate.slice(0, 4) === today.slice(0, 4) ? undefined : "numeric" });
  const days = Math.max(1, daysBetween(activity.dueDate, today));
  const word = urgency === "overdue" ? t("activity.overdueBy", { count: days }) : urgency === "today" ? t("activity.today") : date;
  const exact = intl.formatDate(dayDate(activity.dueDate), { dateStyle: "full", timeZone: "UTC" });
  return (
    <span className={classes.due} data-urgency={urgency} title={`${t(`activity.${urgency}`)}: ${exact}`}>
      <Symbol size={13} aria-hidden />
      {urgency === "planned" && <span className="sr-only">{t("activity.planned")}: </span>}
      {word}
    </span>
  );
}
