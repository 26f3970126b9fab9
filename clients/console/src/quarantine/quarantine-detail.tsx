import { Badge, Button, Group, Skeleton, Stack, Text } from "@mantine/core";
import { useMutation, useQuery } from "@connectrpc/connect-query";
import { IconPaperclip, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import { useIntl } from "react-intl";
import { MailService, type QuarantinedMail } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import { exactTime } from "../intl/time.tsx";
import { sizeText } from "../thread/files.tsx";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { Dialog } from "../ui/dialog.tsx";
import { Header, IconButton } from "../ui/header.tsx";
import { Failure, FailureLine } from "../ui/states.tsx";
import { DeliverDialog } from "./deliver-dialog.tsx";
import { reasonText } from "./query.ts";
import classes from "./quarantine.module.css";

interface QuarantineDetailProps {
  id: string;
  onBack: () => void;
  /** Called when the mail has left the quarantine. */
  onGone: () => void;
}

/** One mail: why it waits, what it says, and where it could go. */
export function QuarantineDetail({ id, onBack, onGone }: QuarantineDetailProps) {
  const { data, error, refetch } = useQuery(MailService.method.getQuarantinedMail, { quarantineId: id });
  if (error && !data) return <Failure error={error} retry={() => void refetch()} />;
  if (!data?.mail) return <Stack p="md"><Skeleton h={24} w="50%" /><Skeleton h={14} w="35%" /><Skeleton h={160} /></Stack>;
  return <Mail mail={data.mail} onBack={onBack} onGone={onGone} />;
}

function Mail({ mail, onBack, onGone }: { mail: QuarantinedMail; onBack: () => void; onGone: () => void }) {
  const t = useText();
  const intl = useIntl();
  const [shown, setShown] = useState<"deliver" | "delete">();
  const close = (): void => setShown(undefined);
  const remove = useMutation(MailService.method.deleteQuarantinedMail, { onSuccess: onGone });
  return (
    <>
      <Header title={mail.subject || t("quarantine.noSubject")} detail={mail.from} back={onBack}>
        <IconButton label={t("quarantine.delete")} onClick={() => setShown("delete")}><IconTrash size={18} stroke={1.7} /></IconButton>
        <Button onClick={() => setShown("deliver")}>{t("quarantine.deliver")}</Button>
      </Header>
      <div className={classes.mail}>
        <div className={classes.why}>
          <Text fw={600}>{t(reasonText(mail.reason))}</Text>
          {mail.details !== "" && <Text size="xs">{mail.details}</Text>}
        </div>
        <dl className={classes.facts}>
          <dt>{t("quarantine.from")}</dt><dd>{mail.from || t("quarantine.noSender")}</dd>
          <dt>{t("quarantine.to")}</dt><dd>{mail.to.join(", ")}</dd>
          <dt>{t("quarantine.came")}</dt><dd>{mail.createTime && exactTime(intl, timestampDate(mail.createTime))}</dd>
          <dt>{t("quarantine.size")}</dt><dd>{sizeText(intl, Number(mail.size))}</dd>
        </dl>
        {mail.fileNames.length > 0 && <Group gap={6} mb="md">{mail.fileNames.map((name, at) => <Badge key={`${name}-${at}`} color="gray" leftSection={<IconPaperclip size={12} aria-hidden />}>{name}</Badge>)}</Group>}
        {mail.text.trim() === "" ? <Text c="dimmed">{t("quarantine.noText")}</Text> : <Text className={classes.text} dir="auto">{mail.text}</Text>}
      </div>
      {shown === "deliver" && <DeliverDialog mail={mail} onClose={close} onGone={onGone} />}
      <Dialog opened={shown === "delete"} onClose={close} title={t("quarantine.deleteAsk")} size="sm">
        <Stack gap="md">
          <Text>{t("quarantine.deleteHint")}</Text>
          {remove.error && <FailureLine error={remove.error} />}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" data-autofocus onClick={close}>{t("action.cancel")}</Button>
            <Button color="red" loading={remove.isPending} onClick={() => remove.mutate({ quarantineId: mail.id })}>{t("quarantine.delete")}</Button>
          </Group>
        </Stack>
      </Dialog>
    </>
  );
}
