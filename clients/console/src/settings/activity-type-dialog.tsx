import { Group, NumberInput, Select, SimpleGrid, Stack, Textarea, TextInput } from "@mantine/core";
import { useMutation } from "@connectrpc/connect-query";
import { useState } from "react";
import { ACTIVITY_ICONS, ActivityIcon } from "../activities/icon.tsx";
import { UserSelect } from "../activities/user-select.tsx";
import { ActivityService, DueBase, DueUnit, NextMode, type ActivityType } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import { useRecordTypes } from "../records/query.ts";
import { Dialog } from "../ui/dialog.tsx";
import { SaveBar } from "./frame.tsx";

interface ActivityTypeDialogProps {
  /** The type to change; unset for a new one. */
  type?: ActivityType;
  /** All types, for what follows. */
  types: ActivityType[];
  onClose: () => void;
  onSaved: () => void;
}

const PATHS = ["name", "icon", "record_type", "default_summary", "default_note", "default_assignee_id", "due_count", "due_unit", "due_base", "next_type_id", "next_mode"];

function startOf(type: ActivityType | undefined) {
  return {
    name: type?.name ?? "",
    icon: type?.icon || "checkbox",
    recordType: type?.recordType ?? "",
    defaultSummary: type?.defaultSummary ?? "",
    defaultNote: type?.defaultNote ?? "",
    defaultAssigneeId: type?.defaultAssigneeId ?? "",
    dueCount: type?.dueCount ?? 0,
    dueUnit: type?.dueUnit || DueUnit.DAY,
    dueBase: type?.dueBase || DueBase.TODAY,
    nextTypeId: type?.nextTypeId ?? "",
    nextMode: type?.nextMode || NextMode.NONE,
  };
}

/** Adds a type of activity, or changes one. */
export function ActivityTypeDialog({ type, types, onClose, onSaved }: ActivityTypeDialogProps) {
  const t = useText();
  const recordTypes = useRecordTypes().data?.recordTypes ?? [];
  const [requestId] = useState(() => crypto.randomUUID());
  const [values, setValues] = useState(() => startOf(type));
  const set = (change: Partial<typeof values>): void => setValues((now) => ({ ...now, ...change }));
  const done = (): void => {
    onSaved();
    onClose();
  };
  const create = useMutation(ActivityService.method.createActivityType, { onSuccess: done });
  const update = useMutation(ActivityService.method.updateActivityType, { onSuccess: done });
  const last = Math.max(0, ...types.map((one) => one.position));
  return (
    <Dialog opened onClose={onClose} title={type ? t("settings.edit", { name: type.name }) : t("activityType.add")}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (type) update.mutate({ type: { ...values, id: type.id, etag: type.etag }, updateMask: { paths: PATHS } });
          else create.mutate({ requestId, type: { ...values, position: last + 10 } });
        }}
      >
        <Stack gap="sm">
          <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
            <TextInput label={t("settings.name")} required withAsterisk={false} maxLength={80} value={values.name} onChange={(event) => set({ name: event.currentTarget.value })} />
            <Select
              size="sm"
              label={t("activityType.icon")}
              allowDeselect={false}
              searchable
              leftSection={<ActivityIcon icon={values.icon} />}
              renderOption={({ option }) => <Group gap="xs"><ActivityIcon icon={option.value} />{option.label}</Group>}
              data={[...new Set([...Object.keys(ACTIVITY_ICONS), values.icon])]}
              value={values.icon}
              onChange={(icon) => set({ icon: icon ?? "" })}
            />
          </SimpleGrid>
          <Select size="sm" label={t("activityType.for")} allowDeselect={false} data={[{ value: "", label: t("activity.allTypes") }, ...recordTypes.map((one) => ({ value: one.name, label: one.pluralLabel || one.label }))]} value={values.recordType} onChange={(recordType) => set({ recordType: recordType ?? "" })} />
          <SimpleGrid cols={{ base: 1, xs: 3 }} spacing="sm">
            <NumberInput size="sm" label={t("activityType.due")} min={0} max={1000} allowDecimal={false} value={values.dueCount} onChange={(value) => set({ dueCount: Number(value) || 0 })} />
            <Select size="sm" label={t("activityType.unit")} allowDeselect={false} data={[{ value: "1", label: t("unit.days") }, { value: "2", label: t("unit.weeks") }, { value: "3", label: t("unit.months") }]} value={String(values.dueUnit)} onChange={(value) => set({ dueUnit: Number(value) })} />
            <Select size="sm" label={t("activityType.base")} allowDeselect={false} data={[{ value: "1", label: t("activityType.fromToday") }, { value: "2", label: t("activityType.fromPrevious") }]} value={String(values.dueBase)} onChange={(value) => set({ dueBase: Number(value) })} />
          </SimpleGrid>
          <TextInput label={t("activityType.summary")} maxLength={200} value={values.defaultSummary} onChange={(event) => set({ defaultSummary: event.currentTarget.value })} />
          <UserSelect label={t("activityType.assignee")} clearable placeholder={t("activityType.whoSchedules")} value={values.defaultAssigneeId} onChange={(defaultAssigneeId) => set({ defaultAssigneeId })} />
          <Textarea label={t("activityType.note")} autosize minRows={2} maxRows={8} maxLength={10_000} value={values.defaultNote} onChange={(event) => set({ defaultNote: event.currentTarget.value })} />
          <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
            <Select size="sm" label={t("activityType.next")} allowDeselect={false} data={[{ value: "1", label: t("activityType.nextNone") }, { value: "2", label: t("activityType.nextSuggest") }, { value: "3", label: t("activityType.nextAutomatic") }]} value={String(values.nextMode)} onChange={(value) => set({ nextMode: Number(value), ...(value === "1" && { nextTypeId: "" }) })} />
            {values.nextMode !== NextMode.NONE && <Select size="sm" label={t("activityType.nextType")} required withAsterisk={false} data={types.map((one) => ({ value: one.id, label: one.name }))} value={values.nextTypeId || null} onChange={(nextTypeId) => set({ nextTypeId: nextTypeId ?? "" })} />}
          </SimpleGrid>
          <SaveBar error={create.error ?? update.error} busy={create.isPending || update.isPending} disabled={values.name.trim() === ""} onCancel={onClose} />
        </Stack>
      </form>
    </Dialog>
  );
}
