import { IconCalendarEvent, IconCheck, IconChecklist, IconFileUpload, IconMail, IconPhone, IconUsers, type Icon } from "@tabler/icons-react";
import { memo } from "react";
import { useIntl } from "react-intl";
import type { Message } from "../api/contract.ts";
import { When } from "../intl/time.tsx";
import { useText } from "../intl/intl.tsx";
import { Body } from "./body.tsx";
import { FileTiles } from "./files.tsx";
import { postedAt } from "./group.ts";
import classes from "./message.module.css";

const ICONS: Record<string, Icon> = {
  phone: IconPhone,
  mail: IconMail,
  users: IconUsers,
  checklist: IconChecklist,
  checkbox: IconChecklist,
  "calendar-event": IconCalendarEvent,
  "file-upload": IconFileUpload,
  upload: IconFileUpload,
};

/** An activity that was done. */
export const ActivityRow = memo(function ActivityRow({ message }: { message: Message }) {
  const t = useText();
  const intl = useIntl();
  const { activity } = message;
  if (!activity) return null;
  const TypeIcon = ICONS[activity.icon.replace(/^icon-/u, "")] ?? IconChecklist;
  const due = activity.dueDate === "" ? undefined : new Date(`${activity.dueDate}T12:00:00Z`);
  const forOther = activity.assignee && activity.assignee.id !== message.author?.id ? activity.assignee.name : "";
  return (
    <article className={classes.activity} tabIndex={-1}>
      <span className={classes.activityIcon}><TypeIcon size={17} stroke={1.7} aria-hidden /></span>
      <div className={classes.activityText}>
        <div className={classes.activityHead}>
          <span className={classes.done}><IconCheck size={14} aria-hidden />{t("activityDone.done", { type: activity.type })}</span>
          {activity.summary !== "" && <span className={classes.activitySummary} dir="auto">{activity.summary}</span>}
        </div>
        <div className={classes.activityBy}>
          {t("activityDone.by", { name: message.author?.name || t("party.system") })} · <When at={postedAt(message)} />
          {forOther !== "" && ` · ${t("activityDone.for", { name: forOther })}`}
          {due && ` · ${t("activityDone.due", { date: intl.formatDate(due, { day: "numeric", month: "short", timeZone: "UTC" }) })}`}
        </div>
        {activity.note !== "" && <div className={classes.activityNote}><Body text={activity.note} mentions={[]} /></div>}
        {activity.feedback !== "" && <Body text={activity.feedback} mentions={[]} />}
        {message.files.length > 0 && <FileTiles files={message.files} />}
      </div>
    </article>
  );
});
