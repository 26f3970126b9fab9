import { Button, Menu, Text } from "@mantine/core";
import { useMutation } from "@connectrpc/connect-query";
import { notifications } from "@mantine/notifications";
import { Link } from "@tanstack/react-router";
import { IconCheck, IconDots, IconPencil, IconX } from "@tabler/icons-react";
import { useState } from "react";
import { useIntl } from "react-intl";
import { toFault } from "../api/fault.ts";
import { ActivityService, type Activity, type ActivityDraft } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import { FileTiles } from "../thread/files.tsx";
import { IconButton } from "../ui/header.tsx";
import { PartyFace } from "../ui/person.tsx";
import { useFaultText } from "../ui/states.tsx";
import classes from "./activities.module.css";
import { DoneDialog } from "./done-dialog.tsx";
import { DueWord } from "./due-word.tsx";
import { titleOf, urgencyOf } from "./group.ts";
import { ActivityIcon } from "./icon.tsx";
import { useActivitiesChanged } from "./query.ts";
import { ScheduleDialog } from "./schedule-dialog.tsx";

/** One planned activity, and what can be done with it. */
export function ActivityCard({ activity, showRecord = false }: { activity: Activity; showRecord?: boolean }) {
  const t = useText();
  const actions = useActivityActions(activity);
  return (
    <li className={classes.card} data-urgency={urgencyOf(activity.state)}>
      <span className={classes.icon}><ActivityIcon icon={activity.icon} /></span>
      <div className={classes.cardText}>
        <div className={classes.cardHead}>
          <span className={classes.cardTitle} dir="auto">{titleOf(activity)}</span>
          <DueWord activity={activity} />
        </div>
        <div className={classes.facts}>
          {activity.summary !== "" && <span>{activity.typeName}</span>}
          <span className={classes.person}><PartyFace party={activity.assignee} size={18} />{activity.assignee?.name}</span>
        </div>
        {showRecord && <Link to="/records/$type/$recordId" params={{ type: activity.recordType, recordId: activity.recordId }} className={classes.recordLink}>{activity.recordTitle || t("record.untitled")}</Link>}
        {activity.note !== "" && <Note text={activity.note} />}
        {activity.files.length > 0 && <FileTiles files={activity.files} />}
        <div className={classes.cardActions}>
          <Button size="compact-xs" variant="light" leftSection={<IconCheck size={14} />} onClick={actions.done}>{t("activity.done")}</Button>
          <Button size="compact-xs" variant="subtle" color="gray" leftSection={<IconPencil size={14} />} onClick={actions.edit}>{t("activity.editShort")}</Button>
          <Button size="compact-xs" variant="subtle" color="gray" leftSection={<IconX size={14} />} loading={actions.cancelling} onClick={actions.cancel}>{t("activity.cancel")}</Button>
        </div>
      </div>
      {actions.dialogs}
    </li>
  );
}

function Note({ text }: { text: string }) {
  const t = useText();
  const [open, setOpen] = useState(false);
  const long = text.length > 180 || text.split("\n").length > 3;
  return (
    <div>
      <Text size="xs" className={classes.note} lineClamp={open ? undefined : 3} dir="auto">{text}</Text>
      {long && <Button size="compact-xs" variant="transparent" px={0} onClick={() => setOpen(!open)} aria-expanded={open}>{open ? t("activity.less") : t("activity.more")}</Button>}
    </div>
  );
}

/** The same actions where there is little room. */
export function ActivityMenu({ activity }: { activity: Activity }) {
  const t = useText();
  const actions = useActivityActions(activity);
  return (
    <>
      <IconButton size={26} label={t("activity.done")} onClick={actions.done}><IconCheck size={15} /></IconButton>
      <Menu position="bottom-end">
        <Menu.Target><IconButton size={26} label={t("activity.actions")}><IconDots size={15} /></IconButton></Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconPencil size={15} />} onClick={actions.edit}>{t("activity.edit")}</Menu.Item>
          <Menu.Item leftSection={<IconX size={15} />} onClick={actions.cancel}>{t("activity.cancelLong")}</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {actions.dialogs}
    </>
  );
}

/** What can be done with an activity, and the dialogs for it. */
export function useActivityActions(activity: Activity) {
  const t = useText();
  const intl = useIntl();
  const changed = useActivitiesChanged();
  const faultText = useFaultText();
  const [shown, setShown] = useState<"done" | "edit">();
  const [draft, setDraft] = useState<ActivityDraft>();
  const close = (): void => {
    setShown(undefined);
    setDraft(undefined);
  };
  const fail = (error: unknown): void => void notifications.show({ color: "red", message: faultText(toFault(error)) });
  const again = useMutation(ActivityService.method.scheduleActivities, { onSuccess: changed, onError: fail });
  const cancel = useMutation(ActivityService.method.cancelActivity, {
    onError: fail,
    onSuccess: () => {
      changed();
      const { recordId, typeId, summary, note, assignee, dueDate } = activity;
      const request = { requestId: crypto.randomUUID(), recordIds: [recordId], typeId, summary, note, assigneeId: assignee?.id ?? "", dueDate };
      const id = notifications.show({
        autoClose: 10_000,
        message: (
          <span className={classes.undo}>
            {t("activity.cancelled", { title: titleOf(activity), due: intl.formatDate(dueDate, { dateStyle: "medium", timeZone: "UTC" }) })}
            <Button size="compact-xs" variant="subtle" onClick={() => { notifications.hide(id); again.mutate(request); }}>{t("action.undo")}</Button>
          </span>
        ),
      });
    },
  });
  const dialogs = (
    <>
      {shown === "done" && <DoneDialog activity={activity} onClose={close} onSuggest={(next) => { setShown(undefined); setDraft(next); }} />}
      {shown === "edit" && <ScheduleDialog recordIds={[activity.recordId]} recordType={activity.recordType} activity={activity} onClose={close} />}
      {draft && <ScheduleDialog recordIds={[activity.recordId]} recordType={activity.recordType} draft={draft} onClose={close} />}
    </>
  );
  return {
    dialogs,
    done: () => setShown("done"),
    edit: () => setShown("edit"),
    cancel: () => cancel.mutate({ activityId: activity.id }),
    cancelling: cancel.isPending,
  };
}
