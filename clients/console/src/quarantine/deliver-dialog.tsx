import { Button, Group, SegmentedControl, Select, Stack, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useMutation, useQuery } from "@connectrpc/connect-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { RecordPicker } from "../activities/record-picker.tsx";
import { MailService, type QuarantinedMail } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import { useRecordTypes } from "../records/query.ts";
import { Dialog } from "../ui/dialog.tsx";
import { FailureLine } from "../ui/states.tsx";

interface DeliverDialogProps {
  mail: QuarantinedMail;
  onClose: () => void;
  onGone: () => void;
}

/** Where a mail can go. */
const WAYS = ["thread", "type", "alias"] as const;
type Way = (typeof WAYS)[number];

/** Puts a mail where somebody decides. */
export function DeliverDialog({ mail, onClose, onGone }: DeliverDialogProps) {
  const t = useText();
  const go = useNavigate();
  const types = useRecordTypes().data?.recordTypes ?? [];
  const aliases = useQuery(MailService.method.listMailAliases, { pageSize: 200 });
  const [way, setWay] = useState<Way>("thread");
  const [record, setRecord] = useState({ type: "", id: "" });
  const [type, setType] = useState("");
  const [aliasId, setAliasId] = useState("");
  const target = targetOf(way, record.id, type, aliasId);
  const deliver = useMutation(MailService.method.deliverQuarantinedMail, {
    onSuccess: ({ result }) => {
      onClose();
      onGone();
      const name = way === "thread" ? record.type : way === "type" ? type : (aliases.data?.aliases.find((one) => one.id === aliasId)?.recordType ?? "");
      const id = notifications.show({
        message: (
          <Group justify="space-between" wrap="nowrap">
            {t("quarantine.delivered")}
            {result && result.threadId !== "" && name !== "" && (
              <Button variant="subtle" size="compact-xs" onClick={() => { notifications.hide(id); void go({ to: "/records/$type/$recordId", params: { type: name, recordId: result.threadId } }); }}>{t("inbox.openRecord")}</Button>
            )}
          </Group>
        ),
      });
    },
  });
  return (
    <Dialog opened onClose={onClose} title={t("quarantine.deliver")}>
      <form onSubmit={(event) => { event.preventDefault(); if (target) deliver.mutate({ quarantineId: mail.id, target }); }}>
        <Stack gap="sm">
          <SegmentedControl size="xs" fullWidth aria-label={t("quarantine.way")} value={way} onChange={(value) => setWay(WAYS.find((one) => one === value) ?? "thread")} data={WAYS.map((one) => ({ value: one, label: t(`quarantine.way.${one}`) }))} />
          {way === "thread" && <RecordPicker type={record.type || (types[0]?.name ?? "")} value={record.id} onChange={setRecord} />}
          {way === "type" && <Select size="sm" label={t("activity.recordType")} data={types.map((one) => ({ value: one.name, label: one.label }))} value={type || null} onChange={(value) => setType(value ?? "")} />}
          {way === "alias" && <Select size="sm" label={t("quarantine.alias")} nothingFoundMessage={t("mail.noAliases")} data={(aliases.data?.aliases ?? []).map((one) => ({ value: one.id, label: one.address || one.name }))} value={aliasId || null} onChange={(value) => setAliasId(value ?? "")} />}
          <Text size="xs" c="dimmed">{t(`quarantine.wayHint.${way}`)}</Text>
          {deliver.error && <FailureLine error={deliver.error} />}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>{t("action.cancel")}</Button>
            <Button type="submit" disabled={!target} loading={deliver.isPending}>{t("quarantine.deliver")}</Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}

function targetOf(way: Way, threadId: string, recordType: string, aliasId: string) {
  if (way === "thread") return threadId === "" ? undefined : { case: "threadId" as const, value: threadId };
  if (way === "type") return recordType === "" ? undefined : { case: "recordType" as const, value: recordType };
  return aliasId === "" ? undefined : { case: "aliasId" as const, value: aliasId };
}
