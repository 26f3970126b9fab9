import { Badge, Button } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { createConnectQueryKey, useInfiniteQuery, useMutation } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { IconPencil, IconPlus, IconRefresh, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { MessengerService, Role, type Connection } from "../api/contract.ts";
import { byPageToken } from "../api/pages.ts";
import { useText } from "../intl/intl.tsx";
import { When } from "../intl/time.tsx";
import { IconButton } from "../ui/header.tsx";
import { Empty } from "../ui/states.tsx";
import { Answer } from "./answer.tsx";
import { Ask } from "./ask.tsx";
import { ConnectionDialog } from "./connection-dialog.tsx";
import { Frame, Section } from "./frame.tsx";
import { useOnce } from "./use-once.ts";
import { WhatsAppTemplates } from "./whatsapp-templates.tsx";
import classes from "./settings.module.css";

/** The ways to WhatsApp, and the templates that it approved. */
export function WhatsAppPage() {
  const t = useText();
  const queries = useQueryClient();
  const query = useInfiniteQuery(MessengerService.method.listConnections, { pageSize: 50, pageToken: "" }, byPageToken);
  const connections = query.data?.pages.flatMap((page) => page.connections) ?? [];
  const [edited, setEdited] = useState<Connection | "new">();
  const anew = (): void => {
    for (const schema of [MessengerService.method.listConnections, MessengerService.method.listWhatsAppTemplates] as const) {
      void queries.invalidateQueries({ queryKey: createConnectQueryKey({ schema: schema as typeof MessengerService.method.listConnections, cardinality: undefined }) });
    }
  };
  const add = <Button leftSection={<IconPlus size={15} />} onClick={() => setEdited("new")}>{t("whatsapp.add")}</Button>;
  return (
    <Frame title={t("settings.whatsapp")} hint={t("whatsapp.hint")} role={Role.ADMINISTRATOR} query={query} actions={connections.length > 0 && add}>
      {connections.length === 0 && <Empty text={t("whatsapp.none")} action={add} />}
      {connections.length > 0 && (
        <>
          <ul className={classes.rows}>{connections.map((one) => <Row key={one.id} connection={one} onEdit={() => setEdited(one)} onChanged={anew} />)}</ul>
          {query.hasNextPage && <Button variant="subtle" mt="xs" onClick={() => void query.fetchNextPage()}>{t("action.more")}</Button>}
          <Section title={t("whatsapp.templates")}><WhatsAppTemplates connections={connections} onChanged={anew} /></Section>
        </>
      )}
      {edited && <ConnectionDialog connection={edited === "new" ? undefined : edited} onClose={() => setEdited(undefined)} onSaved={anew} />}
    </Frame>
  );
}

function Row({ connection, onEdit, onChanged }: { connection: Connection; onEdit: () => void; onChanged: () => void }) {
  const t = useText();
  const [asking, setAsking] = useState(false);
  const on = useOnce(MessengerService, (client, input: { connectionId: string }, options) => client.activateConnection(input, options), onChanged);
  const off = useMutation(MessengerService.method.deactivateConnection, { onSuccess: onChanged });
  const remove = useMutation(MessengerService.method.deleteConnection, { onSuccess: onChanged });
  const sync = useOnce(MessengerService, (client, input: { connectionId: string }, options) => client.syncTemplates(input, options), (answer) => {
    onChanged();
    notifications.show({ message: t("whatsapp.synced", { count: answer.templateCount, approved: answer.approvedCount }) });
  });
  const error = on.error ?? off.error ?? sync.error;
  return (
    <li>
      <div className={classes.item}>
        <div className={classes.itemText}>
          <div className={classes.itemTitle}>{connection.name}<Badge color={connection.active ? "green" : "gray"}>{connection.active ? t("whatsapp.on") : t("whatsapp.off")}</Badge></div>
          <div className={classes.itemDetail}>
            {[connection.displayName, connection.phone].filter(Boolean).join(" · ") || t("whatsapp.unknown")}
            {connection.syncTime && <> · {t("whatsapp.lastSync")} <When at={connection.syncTime} /></>}
          </div>
        </div>
        <Button variant="default" size="compact-sm" leftSection={<IconRefresh size={14} />} loading={sync.isPending} onClick={() => sync.mutate({ connectionId: connection.id })}>{t("whatsapp.sync")}</Button>
        <Button variant="default" size="compact-sm" loading={on.isPending || off.isPending} onClick={() => (connection.active ? off : on).mutate({ connectionId: connection.id })}>{connection.active ? t("whatsapp.deactivate") : t("whatsapp.activate")}</Button>
        <IconButton label={t("settings.edit", { name: connection.name })} onClick={onEdit}><IconPencil size={16} /></IconButton>
        <IconButton label={t("settings.delete", { name: connection.name })} onClick={() => setAsking(true)}><IconTrash size={16} /></IconButton>
      </div>
      {error && <div style={{ padding: "0 12px 10px" }}><Answer error={error} /></div>}
      {asking && <Ask title={t("settings.deleteAsk", { name: connection.name })} hint={t("whatsapp.deleteHint")} action={t("whatsapp.delete")} busy={remove.isPending} error={remove.error} onConfirm={() => remove.mutate({ connectionId: connection.id })} onClose={() => setAsking(false)} />}
    </li>
  );
}
