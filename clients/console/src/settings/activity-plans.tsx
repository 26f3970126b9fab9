import { Badge, Button, Switch } from "@mantine/core";
import { createConnectQueryKey, useInfiniteQuery, useMutation } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { IconArchive, IconArchiveOff, IconPencil, IconPlus, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { useActivityTypes } from "../activities/query.ts";
import { usePlanText } from "../activities/plan-text.ts";
import { ActivityService, Role, type ActivityPlan } from "../api/contract.ts";
import { byPageToken } from "../api/pages.ts";
import { useText } from "../intl/intl.tsx";
import { IconButton } from "../ui/header.tsx";
import { Empty, FailureLine } from "../ui/states.tsx";
import { ActivityPlanDialog } from "./activity-plan-dialog.tsx";
import { Ask } from "./ask.tsx";
import { Frame } from "./frame.tsx";
import classes from "./settings.module.css";

/** Named series of activities. */
export function ActivityPlansPage() {
  const t = useText();
  const queries = useQueryClient();
  const [archived, setArchived] = useState(false);
  const query = useInfiniteQuery(ActivityService.method.listActivityPlans, { includeArchived: archived, pageSize: 100, pageToken: "" }, byPageToken);
  const [edited, setEdited] = useState<ActivityPlan | "new">();
  const [asked, setAsked] = useState<ActivityPlan>();
  const anew = (): void => void queries.invalidateQueries({ queryKey: createConnectQueryKey({ schema: ActivityService.method.listActivityPlans, cardinality: undefined }) });
  const update = useMutation(ActivityService.method.updateActivityPlan, { onSuccess: anew });
  const remove = useMutation(ActivityService.method.deleteActivityPlan, {
    onSuccess: () => {
      anew();
      setAsked(undefined);
    },
  });
  const plans = query.data?.pages.flatMap((page) => page.plans) ?? [];
  const add = <Button leftSection={<IconPlus size={15} />} onClick={() => setEdited("new")}>{t("activityPlan.add")}</Button>;
  return (
    <Frame title={t("settings.activityPlans")} hint={t("activityPlan.hint")} role={Role.ADMINISTRATOR} query={query} actions={(plans.length > 0 || archived) && add}>
      {(plans.length > 0 || archived) && <Switch mb="sm" size="xs" label={t("settings.showArchived")} checked={archived} onChange={(event) => setArchived(event.currentTarget.checked)} />}
      {update.error && <FailureLine error={update.error} />}
      {plans.length === 0 && <Empty text={t("activityPlan.none")} action={!archived && add} />}
      {plans.length > 0 && (
        <ul className={classes.rows}>
          {plans.map((plan) => (
            <Row key={plan.id} plan={plan} onEdit={() => setEdited(plan)} onDelete={() => setAsked(plan)} onArchive={() => update.mutate({ plan: { id: plan.id, etag: plan.etag, archived: !plan.archived }, updateMask: { paths: ["archived"] } })} />
          ))}
        </ul>
      )}
      {query.hasNextPage && <Button variant="subtle" mt="xs" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t("action.more")}</Button>}
      {edited && <ActivityPlanDialog plan={edited === "new" ? undefined : edited} onClose={() => setEdited(undefined)} onSaved={anew} />}
      {asked && <Ask title={t("settings.deleteAsk", { name: asked.name })} hint={t("activityPlan.deleteHint")} action={t("activityPlan.delete")} busy={remove.isPending} error={remove.error} onConfirm={() => remove.mutate({ planId: asked.id })} onClose={() => { remove.reset(); setAsked(undefined); }} />}
    </Frame>
  );
}

function Row({ plan, onEdit, onArchive, onDelete }: { plan: ActivityPlan; onEdit: () => void; onArchive: () => void; onDelete: () => void }) {
  const t = useText();
  const types = useActivityTypes("").data?.types ?? [];
  const itemText = usePlanText();
  return (
    <li className={classes.item}>
      <div className={classes.itemText}>
        <div className={classes.itemTitle}>{plan.name}{plan.archived && <Badge color="gray">{t("settings.archived")}</Badge>}</div>
        <div className={classes.itemDetail}>{plan.items.map((item) => itemText(item, types)).join(" · ")}</div>
      </div>
      <IconButton label={t("settings.edit", { name: plan.name })} onClick={onEdit}><IconPencil size={16} /></IconButton>
      <IconButton label={t(plan.archived ? "settings.restore" : "settings.archive", { name: plan.name })} onClick={onArchive}>{plan.archived ? <IconArchiveOff size={16} /> : <IconArchive size={16} />}</IconButton>
      <IconButton label={t("settings.delete", { name: plan.name })} onClick={onDelete}><IconTrash size={16} /></IconButton>
    </li>
  );
}
