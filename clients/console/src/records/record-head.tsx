import { ActionIcon, Anchor, Button, Menu, Stack, Text, Tooltip } from "@mantine/core";
import { useMutation } from "@connectrpc/connect-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { IconDots, IconExternalLink, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { RecordService, type Record as ParleyRecord, type RecordType } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Header, IconButton } from "../ui/header.tsx";
import { FailureLine } from "../ui/states.tsx";
import { useRenewLists } from "./query.ts";
import { stateField } from "./sections.ts";
import { Value } from "./values.tsx";
import classes from "./records.module.css";

/** The head of a record: its title and state, where it is listed, and what can be done with it. */
export function RecordHead({ type, record }: { type: RecordType; record: ParleyRecord }) {
  const t = useText();
  const navigate = useNavigate();
  const state = stateField(type);
  const address = publicAddress(type, record);
  return (
    <Header
      title={<span className={classes.heading}><span className={classes.name} dir="auto">{record.title || t("record.untitled")}</span> {state && <Value field={state} record={record} />}</span>}
      detail={<Anchor inherit c="dimmed" renderRoot={(props) => <Link to="/records/$type" params={{ type: type.name }} {...props} />}>{type.pluralLabel || type.label}</Anchor>}
      back={() => void navigate({ to: "/records/$type", params: { type: type.name } })}
    >
      {address && (
        <Tooltip label={t("record.openPublic")}>
          <ActionIcon component="a" variant="subtle" color="gray" href={address} target="_blank" rel="noopener noreferrer" aria-label={t("record.openPublic")}>
            <IconExternalLink size={18} stroke={1.7} />
          </ActionIcon>
        </Tooltip>
      )}
      <More type={type} record={record} />
    </Header>
  );
}

/** The record's web address from its type's template; undefined where a part is missing. */
export function publicAddress(type: RecordType, record: ParleyRecord): string | undefined {
  if (!/^https?:\/\//u.test(type.urlTemplate)) return undefined;
  let complete = true;
  const address = type.urlTemplate.replace(/\{(\w+)\}/gu, (_match, name: string) => {
    const value = name === "id" ? record.id : record.fields?.[name];
    if (typeof value !== "string" && typeof value !== "number") complete = false;
    return encodeURIComponent(String(value));
  });
  return complete ? address : undefined;
}

function More({ type, record }: { type: RecordType; record: ParleyRecord }) {
  const t = useText();
  const navigate = useNavigate();
  const renew = useRenewLists();
  const [asking, setAsking] = useState(false);
  const remove = useMutation(RecordService.method.deleteRecord, {
    onSuccess: async () => {
      await navigate({ to: "/records/$type", params: { type: type.name } });
      await renew();
    },
  });
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target><IconButton label={t("record.more")}><IconDots size={18} /></IconButton></Menu.Target>
        <Menu.Dropdown>
          <Menu.Item color="red" leftSection={<IconTrash size={15} />} onClick={() => setAsking(true)}>{t("record.delete", { type: type.label })}</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Dialog opened={asking} onClose={() => setAsking(false)} title={t("record.deleteAsk", { title: record.title })}>
        <Stack gap="md">
          <Text>{t("record.deleteHint")}</Text>
          {remove.error && <FailureLine error={remove.error} />}
          <div className={classes.buttons}>
            <Button variant="default" data-autofocus onClick={() => setAsking(false)}>{t("action.cancel")}</Button>
            <Button color="red" loading={remove.isPending} onClick={() => remove.mutate({ recordId: record.id })}>{t("record.delete", { type: type.label })}</Button>
          </div>
        </Stack>
      </Dialog>
    </>
  );
}
