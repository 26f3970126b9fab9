import { Badge, Button, Switch } from "@mantine/core";
import { createConnectQueryKey, useMutation, useQuery } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { IconArchive, IconArchiveOff, IconPencil, IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { ActivityIcon } from "../activities/icon.tsx";
import { unitName } from "../activities/plan-text.ts";
import { ActivityService, NextMode, Role, type ActivityType } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import { useRecordTypes } from "../records/query.ts";
import { IconButton } from "../ui/header.tsx";
import { FailureLine } from "../ui/states.tsx";
import { ActivityTypeDialog } from "./activity-type-dialog.tsx";
import { Frame } from "./frame.tsx";
import classes from "./settings.module.css";

/** The kinds of activity there are. */
export function ActivityTypesPage() {
  const t = useText();
  const queries = useQueryClient();
  const [archived, setArchived] = useState(false);
  const query = useQuery(ActivityService.method.listActivityTypes, { includeArchived: archived, pageSize: 200 });
  const [edited, setEdited] = useState<ActivityType | "new">();
  const anew = (): void => void queries.invalidateQueries({ queryKey: createConnectQueryKey({ schema: ActivityService.method.listActivityTypes, cardinality: undefined }) });
  const update = useMutation(ActivityService.method.updateActivityType, { onSuccess: anew });
  const types = query.data?.types ?? [];
  return (
    <Frame
      title={t("settings.activityTypes")}
      hint={t("activityType.hint")}
      role={Role.ADMINISTRATOR}
      query={query}
      actions={<Button leftSection={<IconPlus size={15} />} onClick={() => setEdited("new")}>{t("activityType.add")}</Button>}
    >
      <Switch mb="sm" size="xs" label={t("settings.showArchived")} checked={archived} onChange={(event) => setArchived(event.currentTarget.checked)} />
      {update.error && <FailureLine error={update.error} />}
      <ul className={classes.rows}>
        {types.map((type) => (
          <Row key={type.id} type={type} all={types} onEdit={() => setEdited(type)} onArchive={() => update.mutate({ type: { id: type.id, etag: type.etag, archived: !type.archived }, updateMask: { paths: ["archived"] } })} />
        ))}
      </ul>
      {edited && <ActivityTypeDialog type={edited === "new" ? undefined : edited} types={types} onClose={() => setEdited(undefined)} onSaved={anew} />}
    </Frame>
  );
}

function Row({ type, all, onEdit, onArchive }: { type: ActivityType; all: ActivityType[]; onEdit: () => void; onArchive: () => void }) {
  const t = useText();
  const record = useRecordTypes().data?.recordTypes.find((one) => one.name === type.recordType);
  const next = all.find((one) => one.id === type.nextTypeId);
  const follows = next && type.nextMode === NextMode.AUTOMATIC ? t("activityType.thenDoes", { type: next.name }) : next && type.nextMode === NextMode.SUGGEST ? t("activityType.thenSuggests", { type: next.name }) : "";
  const facts = [record ? record.pluralLabel || record.label : type.recordType || t("activity.allTypes"), t(`activityType.dueIn.${unitName(type.dueUnit)}`, { count: type.dueCount }), follows].filter(Boolean);
  return (
    <li className={classes.item}>
      <span className={classes.itemIcon}><ActivityIcon icon={type.icon} size={18} /></span>
      <div className={classes.itemText}>
        <div className={classes.itemTitle}>{type.name}{type.archived && <Badge color="gray">{t("settings.archived")}</Badge>}</div>
        <div className={classes.itemDetail}>{facts.join(" · ")}</div>
      </div>
      <IconButton label={t("settings.edit", { name: type.name })} onClick={onEdit}><IconPencil size={16} /></IconButton>
      <IconButton label={t(type.archived ? "settings.restore" : "settings.archive", { name: type.name })} onClick={onArchive}>{type.archived ? <IconArchiveOff size={16} /> : <IconArchive size={16} />}</IconButton>
    </li>
  );
}
