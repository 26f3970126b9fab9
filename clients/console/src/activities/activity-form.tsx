import { createClient } from "@connectrpc/connect";
import { useTransport } from "@connectrpc/connect-query";
import { Group, Select, SimpleGrid, Stack, Textarea, TextInput } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { ActivityService, type Activity, type ActivityDraft, type ActivityType } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import { useServices } from "../services.tsx";
import { DayInput } from "./day-input.tsx";
import type { Day } from "./days.ts";
import { ActivityIcon } from "./icon.tsx";
import { UserSelect } from "./user-select.tsx";

/** What one says of an activity. */
export interface ActivityValues {
  typeId: string;
  summary: string;
  note: string;
  assigneeId: string;
  assigneeName: string;
  dueDate: Day;
}

/** A form for an activity, and what is needed to send it. */
export interface ActivityFormState {
  values: ActivityValues;
  change: (values: Partial<ActivityValues>) => void;
  /** Takes another type, and with it what activities of it begin with. */
  choose: (type: ActivityType) => void;
  complete: boolean;
}

/** The values of an activity, or of one that is suggested. */
export function valuesOf(from: Activity | ActivityDraft): ActivityValues {
  const { typeId, summary, note, assignee, dueDate } = from;
  return { typeId, summary, note, dueDate, assigneeId: assignee?.id ?? "", assigneeName: assignee?.name ?? "" };
}

/** Keeps the values of a form; the first type is taken if none is given. */
export function useActivityForm(types: readonly ActivityType[], start: Partial<ActivityValues>): ActivityFormState {
  const { me } = useServices();
  const transport = useTransport();
  const first = start.typeId ?? types[0]?.id ?? "";
  const [values, setValues] = useState<ActivityValues>({ typeId: first, summary: "", note: "", dueDate: "", assigneeId: me.id, assigneeName: me.name, ...start });
  // What somebody has written is never replaced by what a type begins with.
  const touched = useRef(new Set<string>(start.typeId ? Object.keys(start) : start.dueDate ? ["dueDate"] : []));
  const asked = useRef("");

  async function prepare(typeId: string): Promise<void> {
    asked.current = typeId;
    try {
      const { draft } = await createClient(ActivityService, transport).prepareActivity({ typeId });
      if (!draft || asked.current !== typeId) return;
      const fresh = Object.entries(valuesOf(draft)).filter(([name]) => !touched.current.has(name === "assigneeName" ? "assigneeId" : name));
      setValues((now) => ({ ...now, ...Object.fromEntries(fresh), typeId }));
    } catch {
      // The form can be filled in by hand, and the server adds what is left out.
    }
  }
  const choose = (type: ActivityType): void => {
    setValues((now) => ({ ...now, typeId: type.id }));
    void prepare(type.id);
  };
  useEffect(() => {
    if (start.typeId === undefined && first !== "") void prepare(first);
  }, []); // oxlint-disable-line react-hooks/exhaustive-deps -- what a form begins with is read once
  return {
    values,
    choose,
    change: (some) => {
      for (const name of Object.keys(some)) touched.current.add(name);
      setValues((now) => ({ ...now, ...some }));
    },
    complete: values.typeId !== "",
  };
}

/** The fields of an activity. */
export function ActivityFields({ form, types }: { form: ActivityFormState; types: readonly ActivityType[] }) {
  const t = useText();
  const { values, change, choose } = form;
  const data = types.map((type) => ({ value: type.id, label: type.name }));
  return (
    <Stack gap="sm">
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
        <Select
          size="sm"
          label={t("activity.type")}
          allowDeselect={false}
          data={data}
          value={values.typeId || null}
          leftSection={<ActivityIcon icon={types.find((type) => type.id === values.typeId)?.icon ?? ""} />}
          renderOption={({ option }) => <Group gap="xs"><ActivityIcon icon={types.find((type) => type.id === option.value)?.icon ?? ""} />{option.label}</Group>}
          onChange={(id) => {
            const type = types.find((one) => one.id === id);
            if (type) choose(type);
          }}
        />
        <DayInput label={t("activity.due")} value={values.dueDate} onChange={(dueDate) => change({ dueDate })} />
      </SimpleGrid>
      <TextInput label={t("activity.summary")} data-autofocus maxLength={200} value={values.summary} onChange={(event) => change({ summary: event.currentTarget.value })} />
      <UserSelect label={t("activity.assignee")} value={values.assigneeId} name={values.assigneeName || undefined} onChange={(assigneeId) => change({ assigneeId, assigneeName: "" })} />
      <Textarea label={t("activity.note")} autosize minRows={3} maxRows={10} maxLength={10_000} value={values.note} onChange={(event) => change({ note: event.currentTarget.value })} />
    </Stack>
  );
}
