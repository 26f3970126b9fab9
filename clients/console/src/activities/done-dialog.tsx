import { notifications } from "@mantine/notifications";
import { Button, Divider, Group, Skeleton, Stack, Text, Textarea } from "@mantine/core";
import { useMutation } from "@connectrpc/connect-query";
import { useState } from "react";
import { ActivityService, type Activity, type ActivityDraft, type ActivityType } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Failure, FailureLine } from "../ui/states.tsx";
import { ActivityFields, useActivityForm } from "./activity-form.tsx";
import { AttachmentField, useAttachments, type Attachments } from "./attachments.tsx";
import { titleOf } from "./group.ts";
import { useActivitiesChanged, useActivityTypes } from "./query.ts";

interface DoneDialogProps {
  activity: Activity;
  /** The type suggests what to do next. */
  onSuggest: (draft: ActivityDraft) => void;
  onClose: () => void;
}

/** Marks an activity as done, and can schedule the next one with it. */
export function DoneDialog({ activity, onSuggest, onClose }: DoneDialogProps) {
  const t = useText();
  const changed = useActivitiesChanged();
  const [feedback, setFeedback] = useState("");
  const [next, setNext] = useState(false);
  const attachments = useAttachments(activity.recordId);
  const complete = useMutation(ActivityService.method.completeActivity, {
    onSuccess: ({ next: scheduled, suggestion }) => {
      changed();
      if (scheduled) notifications.show({ message: t("activity.nextScheduled", { title: titleOf(scheduled) }) });
      if (suggestion) onSuggest(suggestion);
      else onClose();
    },
  });
  return (
    <Dialog opened onClose={onClose} title={t("activity.doneTitle", { title: titleOf(activity) })}>
      <Stack gap="sm">
        <Textarea data-autofocus label={t("activity.feedback")} placeholder={t("activity.feedbackHint")} autosize minRows={3} maxRows={10} maxLength={10_000} value={feedback} onChange={(event) => setFeedback(event.currentTarget.value)} />
        <AttachmentField attachments={attachments} />
        {complete.error && <FailureLine error={complete.error} />}
        {next ? (
          <Next activity={activity} feedback={feedback} attachments={attachments} onClose={onClose} />
        ) : (
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>{t("action.cancel")}</Button>
            <Button variant="default" onClick={() => setNext(true)}>{t("activity.doneNext")}</Button>
            <Button disabled={attachments.busy} loading={complete.isPending} onClick={() => complete.mutate({ activityId: activity.id, feedback: feedback.trim(), fileIds: attachments.fileIds })}>
              {t("activity.done")}
            </Button>
          </Group>
        )}
      </Stack>
    </Dialog>
  );
}

interface NextProps {
  activity: Activity;
  feedback: string;
  attachments: Attachments;
  onClose: () => void;
}

function Next(props: NextProps) {
  const t = useText();
  const types = useActivityTypes(props.activity.recordType);
  if (types.error && !types.data) return <Failure error={types.error} retry={() => void types.refetch()} />;
  return (
    <>
      <Divider label={<Text size="xs" c="dimmed">{t("activity.next")}</Text>} labelPosition="left" />
      {types.data ? <NextForm {...props} types={types.data.types} /> : <Stack gap="sm"><Skeleton h={56} /><Skeleton h={56} /><Skeleton h={92} /></Stack>}
    </>
  );
}

function NextForm({ activity, feedback, attachments, types, onClose }: NextProps & { types: ActivityType[] }) {
  const t = useText();
  const changed = useActivitiesChanged();
  const following = types.find((type) => type.id === activity.typeId)?.nextTypeId;
  const ordered = [...types].sort((a, b) => Number(b.id === following) - Number(a.id === following));
  const form = useActivityForm(ordered, {});
  const { values } = form;
  const both = useMutation(ActivityService.method.completeAndScheduleNext, {
    onSuccess: () => {
      changed();
      onClose();
    },
  });
  const submit = (): void =>
    both.mutate({
      activityId: activity.id,
      feedback: feedback.trim(),
      fileIds: attachments.fileIds,
      nextTypeId: values.typeId,
      nextSummary: values.summary,
      nextNote: values.note,
      nextAssigneeId: values.assigneeId,
      nextDueDate: values.dueDate,
    });
  return (
    <form onSubmit={(event) => { event.preventDefault(); submit(); }}>
      <Stack gap="sm">
        <ActivityFields form={form} types={types} />
        {both.error && <FailureLine error={both.error} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>{t("action.cancel")}</Button>
          <Button type="submit" disabled={!form.complete || attachments.busy} loading={both.isPending}>{t("activity.doneNext")}</Button>
        </Group>
      </Stack>
    </form>
  );
}
