import { Button, Group, NumberInput, Select, SimpleGrid, Stack, Text, TextInput } from "@mantine/core";
import { useMutation } from "@connectrpc/connect-query";
import { IconArrowDown, IconArrowUp, IconPlus, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { UserSelect } from "../activities/user-select.tsx";
import { useActivityTypes } from "../activities/query.ts";
import { ActivityService, DueUnit, PlanDirection, PlanResponsible, type ActivityPlan, type ActivityType } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import { useRecordTypes } from "../records/query.ts";
import { Dialog } from "../ui/dialog.tsx";
import { IconButton } from "../ui/header.tsx";
import { SaveBar } from "./frame.tsx";
import { move } from "./move.ts";
import classes from "./settings.module.css";

interface Item {
  key: string;
  typeId: string;
  summary: string;
  note: string;
  count: number;
  unit: DueUnit;
  direction: PlanDirection;
  responsible: PlanResponsible;
  assigneeId: string;
}

function newItem(typeId: string): Item {
  return { key: crypto.randomUUID(), typeId, summary: "", note: "", count: 0, unit: DueUnit.DAY, direction: PlanDirection.AFTER, responsible: PlanResponsible.ON_DEMAND, assigneeId: "" };
}

function withoutKey(item: Item): Omit<Item, "key"> {
  const { key: _, ...rest } = item;
  return rest;
}

/** Adds a plan, or changes one. */
export function ActivityPlanDialog({ plan, onClose, onSaved }: { plan?: ActivityPlan; onClose: () => void; onSaved: () => void }) {
  const t = useText();
  const recordTypes = useRecordTypes().data?.recordTypes ?? [];
  const [requestId] = useState(() => crypto.randomUUID());
  const [name, setName] = useState(plan?.name ?? "");
  const [recordType, setRecordType] = useState(plan?.recordType ?? "");
  const [items, setItems] = useState<Item[]>(() => (plan?.items ?? []).map((item) => ({ ...item, key: crypto.randomUUID(), unit: item.unit || DueUnit.DAY, direction: item.direction || PlanDirection.AFTER, responsible: item.responsible || PlanResponsible.ON_DEMAND })));
  const types = useActivityTypes(recordType).data?.types ?? [];
  const done = (): void => {
    onSaved();
    onClose();
  };
  const create = useMutation(ActivityService.method.createActivityPlan, { onSuccess: done });
  const update = useMutation(ActivityService.method.updateActivityPlan, { onSuccess: done });

  function submit(): void {
    const values = { name: name.trim(), recordType, items: items.map(withoutKey) };
    if (plan) update.mutate({ plan: { ...values, id: plan.id, etag: plan.etag }, updateMask: { paths: ["name", "record_type", "items"] } });
    else create.mutate({ requestId, plan: values });
  }

  return (
    <Dialog opened onClose={onClose} size="lg" title={plan ? t("settings.edit", { name: plan.name }) : t("activityPlan.add")}>
      <form onSubmit={(event) => { event.preventDefault(); submit(); }}>
        <Stack gap="sm">
          <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
            <TextInput label={t("settings.name")} required withAsterisk={false} maxLength={120} value={name} onChange={(event) => setName(event.currentTarget.value)} />
            <Select size="sm" label={t("activityType.for")} allowDeselect={false} data={[{ value: "", label: t("activity.allTypes") }, ...recordTypes.map((one) => ({ value: one.name, label: one.pluralLabel || one.label }))]} value={recordType} onChange={(value) => setRecordType(value ?? "")} />
          </SimpleGrid>
          {items.length === 0 && <Text size="sm" c="dimmed">{t("activityPlan.noItems")}</Text>}
          {items.map((item, at) => (
            <ItemFields
              key={item.key}
              item={item}
              types={types}
              first={at === 0}
              last={at === items.length - 1}
              onChange={(change) => setItems((now) => now.map((one) => (one.key === item.key ? { ...one, ...change } : one)))}
              onMove={(by) => setItems((now) => move(now, at, at + by))}
              onRemove={() => setItems((now) => now.filter((one) => one.key !== item.key))}
            />
          ))}
          <Button variant="default" leftSection={<IconPlus size={15} />} disabled={items.length >= 30 || types.length === 0} onClick={() => setItems((now) => [...now, newItem(types[0]?.id ?? "")])}>{t("activityPlan.addItem")}</Button>
          <SaveBar error={create.error ?? update.error} busy={create.isPending || update.isPending} disabled={name.trim() === "" || items.length === 0} onCancel={onClose} />
        </Stack>
      </form>
    </Dialog>
  );
}

interface ItemFieldsProps {
  item: Item;
  types: ActivityType[];
  first: boolean;
  last: boolean;
  onChange: (change: Partial<Item>) => void;
  onMove: (by: 1 | -1) => void;
  onRemove: () => void;
}

function ItemFields({ item, types, first, last, onChange, onMove, onRemove }: ItemFieldsProps) {
  const t = useText();
  return (
    <div className={classes.planItem}>
      <Stack gap="sm">
        <Group gap="sm" align="end" wrap="nowrap">
          <Select flex={1} size="sm" label={t("activity.type")} allowDeselect={false} data={types.map((one) => ({ value: one.id, label: one.name }))} value={item.typeId || null} onChange={(typeId) => onChange({ typeId: typeId ?? "" })} />
          <Group gap={2} wrap="nowrap" pb={4}>
            <IconButton label={t("settings.up")} disabled={first} onClick={() => onMove(-1)}><IconArrowUp size={16} /></IconButton>
            <IconButton label={t("settings.down")} disabled={last} onClick={() => onMove(1)}><IconArrowDown size={16} /></IconButton>
            <IconButton label={t("activityPlan.removeItem")} onClick={onRemove}><IconTrash size={16} /></IconButton>
          </Group>
        </Group>
        <TextInput label={t("activity.summary")} maxLength={200} placeholder={types.find((one) => one.id === item.typeId)?.defaultSummary} value={item.summary} onChange={(event) => onChange({ summary: event.currentTarget.value })} />
        <SimpleGrid cols={{ base: 1, xs: 3 }} spacing="sm">
          <NumberInput size="sm" label={t("activityPlan.count")} min={0} max={1000} allowDecimal={false} value={item.count} onChange={(value) => onChange({ count: Number(value) || 0 })} />
          <Select size="sm" label={t("activityType.unit")} allowDeselect={false} data={[{ value: "1", label: t("unit.days") }, { value: "2", label: t("unit.weeks") }, { value: "3", label: t("unit.months") }]} value={String(item.unit)} onChange={(value) => onChange({ unit: Number(value) })} />
          <Select size="sm" label={t("activityPlan.direction")} allowDeselect={false} data={[{ value: "1", label: t("activityPlan.before") }, { value: "2", label: t("activityPlan.after") }]} value={String(item.direction)} onChange={(value) => onChange({ direction: Number(value) })} />
        </SimpleGrid>
        <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
          <Select size="sm" label={t("activity.assignee")} allowDeselect={false} data={[{ value: "1", label: t("activityPlan.onDemand") }, { value: "2", label: t("activityPlan.fixed") }]} value={String(item.responsible)} onChange={(value) => onChange({ responsible: Number(value), ...(value === "1" && { assigneeId: "" }) })} />
          {item.responsible === PlanResponsible.FIXED && <UserSelect label={t("activityPlan.who")} required withAsterisk={false} value={item.assigneeId} onChange={(assigneeId) => onChange({ assigneeId })} />}
        </SimpleGrid>
      </Stack>
    </div>
  );
}
