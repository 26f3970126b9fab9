import { Button, Group, List, Select, Skeleton, Stack, Text } from "@mantine/core";
import { useMutation, useQuery } from "@connectrpc/connect-query";
import { useState } from "react";
import { ActivityService, PlanResponsible, type ActivityPlan, type ActivityType } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import { useServices } from "../services.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Empty, Failure, FailureLine } from "../ui/states.tsx";
import { DayInput } from "./day-input.tsx";
import { useActivitiesChanged, useActivityTypes, useToday } from "./query.ts";
import { UserSelect } from "./user-select.tsx";
import { usePlanText } from "./plan-text.ts";

interface PlanDialogProps {
  recordIds: readonly string[];
  recordType: string;
  onClose: () => void;
}

/** Schedules a plan: a named series of activities, all at once. */
export function PlanDialog(props: PlanDialogProps) {
  const t = useText();
  const plans = useQuery(ActivityService.method.listActivityPlans, { recordType: props.recordType, pageSize: 200 });
  const types = useActivityTypes(props.recordType);
  return (
    <Dialog opened onClose={props.onClose} title={t("activity.planTitle")}>
      {(plans.error ?? types.error) && <Failure error={plans.error ?? types.error} retry={() => void Promise.all([plans.refetch(), types.refetch()])} />}
      {plans.isPending && <Stack gap="sm"><Skeleton h={56} /><Skeleton h={56} /><Skeleton h={56} /></Stack>}
      {plans.data && plans.data.plans.length === 0 && <Empty text={t("activity.noPlans")} />}
      {plans.data && plans.data.plans.length > 0 && types.data && <Form {...props} plans={plans.data.plans} types={types.data.types} />}
    </Dialog>
  );
}

function Form({ recordIds, plans, types, onClose }: PlanDialogProps & { plans: ActivityPlan[]; types: ActivityType[] }) {
  const t = useText();
  const { me } = useServices();
  const today = useToday();
  const changed = useActivitiesChanged();
  const itemText = usePlanText();
  const [requestId] = useState(() => crypto.randomUUID());
  const [planId, setPlanId] = useState(plans[0]?.id ?? "");
  const [planDate, setPlanDate] = useState(today);
  const [assigneeId, setAssigneeId] = useState(me.id);
  const plan = plans.find((one) => one.id === planId);
  const asks = plan?.items.some((item) => item.responsible !== PlanResponsible.FIXED) ?? false;
  const schedule = useMutation(ActivityService.method.scheduleActivityPlan, {
    onSuccess: () => {
      changed();
      onClose();
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        schedule.mutate({ requestId, planId, recordIds: [...recordIds], planDate, assigneeId: asks ? assigneeId : "" });
      }}
    >
      <Stack gap="sm">
        <Select size="sm" label={t("activity.plan")} allowDeselect={false} data={plans.map((one) => ({ value: one.id, label: one.name }))} value={planId} onChange={(id) => setPlanId(id ?? "")} />
        <DayInput label={t("activity.planDate")} value={planDate} onChange={setPlanDate} />
        {asks && <UserSelect label={t("activity.assignee")} value={assigneeId} onChange={setAssigneeId} />}
        {plan && (
          <List size="sm" spacing={2} center>
            {plan.items.map((item, at) => (
              <List.Item key={`${item.typeId}-${at}`}><Text size="sm" span>{itemText(item, types)}</Text></List.Item>
            ))}
          </List>
        )}
        {schedule.error && <FailureLine error={schedule.error} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>{t("action.cancel")}</Button>
          <Button type="submit" disabled={!plan} loading={schedule.isPending}>{t("activity.schedulePlan")}</Button>
        </Group>
      </Stack>
    </form>
  );
}
