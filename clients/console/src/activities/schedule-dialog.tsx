import { Button, Group, Skeleton, Stack } from "@mantine/core";
import { useMutation } from "@connectrpc/connect-query";
import { useState } from "react";
import { ActivityService, type Activity, type ActivityDraft, type ActivityType } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Empty, Failure, FailureLine } from "../ui/states.tsx";
import { ActivityFields, useActivityForm, valuesOf, type ActivityValues } from "./activity-form.tsx";
import { AttachmentField, useAttachments } from "./attachments.tsx";
import type { Day } from "./days.ts";
import { useActivitiesChanged, useActivityTypes } from "./query.ts";
import { RecordPicker } from "./record-picker.tsx";

interface ScheduleDialogProps {
  /** The records that get one each; none: one is asked for. */
  recordIds: readonly string[];
  /** Name of their type; empty if a record is asked for. */
  recordType: string;
  /** The activity to change; unset for a new one. */
  activity?: Activity;
  /** What a new one begins with. */
  draft?: ActivityDraft;
  /** The day a new one is due, if that is said already. */
  dueDate?: Day;
  /** The type of a new one, if that is said already. */
  typeId?: string;
  onClose: () => void;
  onDone?: () => void;
}

/** Schedules an activity, on one record or many, or changes one. */
export function ScheduleDialog(props: ScheduleDialogProps) {
  const t = useText();
  const [picked, setPicked] = useState({ id: props.recordIds[0] ?? "", type: props.recordType });
  const ask = props.recordIds.length === 0;
  const types = useActivityTypes(picked.type, picked.type !== "");
  const title = props.activity ? t("activity.edit") : t("activity.scheduleTitle", { count: props.recordIds.length });
  const recordIds = ask ? (picked.id === "" ? [] : [picked.id]) : [...props.recordIds];
  return (
    <Dialog opened onClose={props.onClose} title={title}>
      <Stack gap="sm">
        {ask && <RecordPicker type={picked.type} value={picked.id} onChange={setPicked} />}
        {types.error && !types.data && <Failure error={types.error} retry={() => void types.refetch()} />}
        {picked.type !== "" && types.isPending && <Stack gap="sm"><Skeleton h={56} /><Skeleton h={56} /><Skeleton h={56} /><Skeleton h={92} /></Stack>}
        {types.data && types.data.types.length === 0 && <Empty text={t("activity.noTypes")} />}
        {types.data && types.data.types.length > 0 && <Form key={picked.type} {...props} recordIds={recordIds} types={types.data.types} />}
      </Stack>
    </Dialog>
  );
}

function startOf({ activity, draft, dueDate }: ScheduleDialogProps): Partial<ActivityValues> {
  const known = activity ?? draft;
  if (known) return valuesOf(known);
  return dueDate ? { dueDate } : {};
}

function Form(props: ScheduleDialogProps & { types: ActivityType[] }) {
  const { activity, recordIds, types, typeId, onClose, onDone } = props;
  const t = useText();
  const changed = useActivitiesChanged();
  // The type that is asked for stands first, and so is the one to begin with.
  const ordered = [...types].sort((a, b) => Number(b.id === typeId) - Number(a.id === typeId));
  const form = useActivityForm(typeId ? ordered : types, startOf(props));
  const threadId = activity?.recordId ?? (recordIds.length === 1 ? (recordIds[0] ?? "") : "");
  const attachments = useAttachments(threadId);
  const [requestId] = useState(() => crypto.randomUUID());
  const done = (): void => {
    changed();
    onDone?.();
    onClose();
  };
  const schedule = useMutation(ActivityService.method.scheduleActivities, { onSuccess: done });
  const update = useMutation(ActivityService.method.updateActivity, { onSuccess: done });
  const error = schedule.error ?? update.error;

  function submit(): void {
    const { assigneeName: _, ...values } = form.values;
    if (activity) update.mutate({ activityId: activity.id, etag: activity.etag, ...values, dueDate: values.dueDate || undefined, assigneeId: values.assigneeId || undefined, addFileIds: attachments.fileIds });
    else schedule.mutate({ requestId, recordIds: [...recordIds], ...values, fileIds: attachments.fileIds });
  }

  return (
    <form onSubmit={(event) => { event.preventDefault(); submit(); }}>
      <Stack gap="sm">
        <ActivityFields form={form} types={types} />
        {threadId !== "" && <AttachmentField attachments={attachments} />}
        {error && <FailureLine error={error} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>{t("action.cancel")}</Button>
          <Button type="submit" disabled={!form.complete || attachments.busy || recordIds.length === 0} loading={schedule.isPending || update.isPending}>
            {activity ? t("action.save") : t("activity.schedule")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
