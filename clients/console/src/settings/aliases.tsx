import { Button } from "@mantine/core";
import { createConnectQueryKey, useInfiniteQuery, useMutation } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { IconPencil, IconPlus, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { AliasWriters, MailService, Role, type MailAlias } from "../api/contract.ts";
import { byPageToken } from "../api/pages.ts";
import { useText } from "../intl/intl.tsx";
import { useRecordTypes } from "../records/query.ts";
import { IconButton } from "../ui/header.tsx";
import { Empty } from "../ui/states.tsx";
import { AliasDialog } from "./alias-dialog.tsx";
import { Ask } from "./ask.tsx";
import { Frame } from "./frame.tsx";
import classes from "./settings.module.css";

/** The addresses that open records. */
export function AliasesPage() {
  const t = useText();
  const queries = useQueryClient();
  const query = useInfiniteQuery(MailService.method.listMailAliases, { pageSize: 100, pageToken: "" }, byPageToken);
  const aliases = query.data?.pages.flatMap((page) => page.aliases) ?? [];
  const [edited, setEdited] = useState<MailAlias | "new">();
  const [asked, setAsked] = useState<MailAlias>();
  const anew = (): void => void queries.invalidateQueries({ queryKey: createConnectQueryKey({ schema: MailService.method.listMailAliases, cardinality: undefined }) });
  const remove = useMutation(MailService.method.deleteMailAlias, {
    onSuccess: () => {
      anew();
      setAsked(undefined);
    },
  });
  const add = <Button leftSection={<IconPlus size={15} />} onClick={() => setEdited("new")}>{t("alias.add")}</Button>;
  return (
    <Frame title={t("settings.aliases")} hint={t("alias.hint")} role={Role.ADMINISTRATOR} query={query} actions={aliases.length > 0 && add}>
      {aliases.length === 0 && <Empty text={t("mail.noAliases")} action={add} />}
      {aliases.length > 0 && (
        <ul className={classes.rows}>
          {aliases.map((alias) => <Row key={alias.id} alias={alias} onEdit={() => setEdited(alias)} onDelete={() => setAsked(alias)} />)}
        </ul>
      )}
      {query.hasNextPage && <Button variant="subtle" mt="xs" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>{t("action.more")}</Button>}
      {edited && <AliasDialog alias={edited === "new" ? undefined : edited} onClose={() => setEdited(undefined)} onSaved={anew} />}
      {asked && (
        <Ask title={t("alias.deleteAsk", { address: asked.address || asked.name })} hint={t("alias.deleteHint")} action={t("alias.delete")} busy={remove.isPending} error={remove.error} onConfirm={() => remove.mutate({ aliasId: asked.id })} onClose={() => { remove.reset(); setAsked(undefined); }} />
      )}
    </Frame>
  );
}

function Row({ alias, onEdit, onDelete }: { alias: MailAlias; onEdit: () => void; onDelete: () => void }) {
  const t = useText();
  const type = useRecordTypes().data?.recordTypes.find((one) => one.name === alias.recordType);
  return (
    <li className={classes.item}>
      <div className={classes.itemText}>
        <div className={classes.itemTitle}>{alias.address || alias.name}</div>
        <div className={classes.itemDetail}>
          {t("alias.opens", { type: type?.label ?? alias.recordType })}
          {alias.writers === AliasWriters.CONTACTS && ` · ${t("alias.contacts")}`}
          {alias.followerIds.length > 0 && ` · ${t("follow.followers", { count: alias.followerIds.length })}`}
        </div>
      </div>
      <IconButton label={t("alias.edit", { name: alias.name })} onClick={onEdit}><IconPencil size={16} /></IconButton>
      <IconButton label={t("alias.deleteNamed", { name: alias.name })} onClick={onDelete}><IconTrash size={16} /></IconButton>
    </li>
  );
}
