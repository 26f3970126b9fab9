import { Badge, Button, Text } from "@mantine/core";
import { useInfiniteQuery } from "@connectrpc/connect-query";
import { useState } from "react";
import { MessengerService, type Connection, type WhatsAppTemplate } from "../api/contract.ts";
import { byPageToken } from "../api/pages.ts";
import { useText } from "../intl/intl.tsx";
import { useRecordTypes } from "../records/query.ts";
import { Failure, RowSkeletons } from "../ui/states.tsx";
import { StateBadge } from "./state-badge.tsx";
import { WhatsAppTemplateDialog } from "./whatsapp-template-dialog.tsx";
import classes from "./settings.module.css";

/** What WhatsApp says of each template, and what it is bound to. */
export function WhatsAppTemplates({ connections, onChanged }: { connections: Connection[]; onChanged: () => void }) {
  const t = useText();
  const query = useInfiniteQuery(MessengerService.method.listWhatsAppTemplates, { connectionId: "", pageSize: 100, pageToken: "" }, byPageToken);
  const [bound, setBound] = useState<WhatsAppTemplate>();
  const templates = query.data?.pages.flatMap((page) => page.templates) ?? [];
  if (query.isPending) return <RowSkeletons count={3} />;
  if (query.error && !query.data) return <Failure error={query.error} retry={() => void query.refetch()} />;
  if (templates.length === 0) return <Text size="sm" c="dimmed">{t("whatsapp.noTemplates")}</Text>;
  return (
    <>
      <ul className={classes.rows}>
        {templates.map((template) => <Row key={template.id} template={template} connection={connections.length > 1 ? connections.find((one) => one.id === template.connectionId)?.name : undefined} onBind={() => setBound(template)} />)}
      </ul>
      {query.hasNextPage && <Button variant="subtle" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t("action.more")}</Button>}
      {bound && <WhatsAppTemplateDialog template={bound} onClose={() => setBound(undefined)} onSaved={onChanged} />}
    </>
  );
}

function Row({ template, connection, onBind }: { template: WhatsAppTemplate; connection: string | undefined; onBind: () => void }) {
  const t = useText();
  const type = useRecordTypes().data?.recordTypes.find((one) => one.name === template.recordType);
  const missing = template.parameters.some((one) => one.value === "");
  const use = template.recordType === "" ? t("whatsapp.unbound") : t("whatsapp.boundTo", { type: type?.pluralLabel || type?.label || template.recordType });
  return (
    <li className={classes.item}>
      <div className={classes.itemText}>
        <div className={classes.itemTitle}>{template.name}<span className={classes.itemDetail}>{template.language}</span><StateBadge state={template.state} />{!template.supported && <Badge color="gray">{t("whatsapp.unsupported")}</Badge>}</div>
        <div className={classes.itemDetail}>{[connection, use, template.recordType !== "" && missing && t("whatsapp.missing"), template.stateReason].filter(Boolean).join(" · ")}</div>
      </div>
      <Button variant="default" size="compact-sm" onClick={onBind}>{t("whatsapp.bind")}</Button>
    </li>
  );
}
