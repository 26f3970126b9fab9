import { ActionIcon, Anchor, Button, Menu, Skeleton, Stack, Text, Tooltip } from "@mantine/core";
import { createConnectQueryKey, useMutation, useQuery } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate, useRouter } from "@tanstack/react-router";
import { IconDots, IconExternalLink, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { useIntl } from "react-intl";
import { FieldType, RecordService, type Record as ParleyRecord, type RecordType } from "../api/contract.ts";
import { Dialog } from "../ui/dialog.tsx";
import { useText } from "../intl/intl.tsx";
import { useKeys } from "../keys/keys.tsx";
import { Chatter } from "../thread/chatter.tsx";
import { Header, IconButton } from "../ui/header.tsx";
import { Empty, Failure, FailureLine } from "../ui/states.tsx";
import { FileField } from "./file-field.tsx";
import { InlineField, useSaver } from "./inline-field.tsx";
import { useRecordType } from "./query.ts";
import { Value } from "./values.tsx";
import classes from "./records.module.css";

const route = getRouteApi("/app/records/$type/$recordId");

/** One record: its form on the left, its conversation on the right. */
export function RecordPage() {
  const t = useText();
  const { type: name, recordId } = route.useParams();
  const type = useRecordType(name);
  // A change of a field that is not tracked is told by nobody: look now and then.
  const { data, error, refetch } = useQuery(
    RecordService.method.getRecord,
    { recordId },
    { refetchInterval: 30_000, refetchOnWindowFocus: "always" },
  );
  if (error && !data) return <Failure error={error} retry={() => void refetch()} />;
  if (!type) return <Empty text={t("records.noType")} />;
  if (!data?.record) return <Waiting />;
  return <Page key={recordId} type={type} record={data.record} />;
}

function Page({ type, record }: { type: RecordType; record: ParleyRecord }) {
  const { seq } = route.useSearch();
  const navigate = useNavigate();
  const router = useRouter();
  useKeys({ Escape: () => void navigate({ to: "/records/$type", params: { type: type.name } }) });
  const linkTo = (place: bigint): string =>
    location.origin + router.buildLocation({ to: "/records/$type/$recordId", params: { type: type.name, recordId: record.id }, search: { seq: Number(place) } }).publicHref;
  return (
    <div className={classes.record}>
      <div className={classes.sheet}>
        <Head type={type} record={record} />
        <Fields type={type} record={record} />
      </div>
      <div className={classes.chatter}>
        <Chatter threadId={record.id} seq={seq} subtypes={type.subtypes} linkTo={linkTo} />
      </div>
    </div>
  );
}

function Head({ type, record }: { type: RecordType; record: ParleyRecord }) {
  const t = useText();
  const navigate = useNavigate();
  const state = type.fields.find((field) => field.type === FieldType.SELECTION && field.tracked);
  const address = publicAddress(type, record);
  return (
    <Header
      title={<span className={classes.heading}>{record.title || t("record.untitled")} {state && <Value field={state} record={record} />}</span>}
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
    const value = record.fields?.[name];
    if (typeof value !== "string" && typeof value !== "number") complete = false;
    return encodeURIComponent(String(value));
  });
  return complete ? address : undefined;
}

function More({ type, record }: { type: RecordType; record: ParleyRecord }) {
  const t = useText();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [asking, setAsking] = useState(false);
  const remove = useMutation(RecordService.method.deleteRecord, {
    onSuccess: async () => {
      await navigate({ to: "/records/$type", params: { type: type.name } });
      await queries.invalidateQueries({ queryKey: createConnectQueryKey({ schema: RecordService.method.listRecords, cardinality: undefined }) });
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

function Fields({ type, record }: { type: RecordType; record: ParleyRecord }) {
  const t = useText();
  const intl = useIntl();
  const save = useSaver(record);
  const created = record.createTime ? Number(record.createTime.seconds) * 1000 : undefined;
  return (
    <div className={classes.formBody}>
      <div className={classes.fields}>
        {type.fields.map((field) => (
          <div key={field.name} data-wide={field.name === type.titleField || field.type === FieldType.LONG_TEXT}>
            {field.type === FieldType.FILE ? <FileField field={field} record={record} save={save} /> : <InlineField field={field} record={record} save={save} />}
          </div>
        ))}
      </div>
      {created !== undefined && <Text size="xs" c="dimmed" mt="xl">{t("record.created", { date: intl.formatDate(created, { dateStyle: "medium", timeStyle: "short" }) })}</Text>}
    </div>
  );
}

function Waiting() {
  return (
    <div className={classes.record}>
      <div className={classes.sheet}>
        <Stack p="md"><Skeleton h={24} w="50%" /><Skeleton h={56} /><Skeleton h={56} /><Skeleton h={56} /></Stack>
      </div>
      <div className={classes.chatter} />
    </div>
  );
}
