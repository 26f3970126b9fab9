import { Skeleton, Stack, Text, TextInput, UnstyledButton } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { createConnectQueryKey, useMutation, useQuery } from "@connectrpc/connect-query";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { useQueryClient } from "@tanstack/react-query";
import { IconAlertCircle, IconChevronDown, IconChevronUp, IconClock, IconLock, IconPencil, IconSend2, IconX } from "@tabler/icons-react";
import { lazy, Suspense, useState } from "react";
import { useIntl } from "react-intl";
import { ComposeService, ScheduledState, TextFormat, type ScheduledMessage } from "../api/contract.ts";
import { toFault } from "../api/fault.ts";
import { useText } from "../intl/intl.tsx";
import { useServices } from "../services.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { IconButton } from "../ui/header.tsx";
import { PartyFace } from "../ui/person.tsx";
import { useFaultText } from "../ui/states.tsx";
import { plainText } from "./body.tsx";
import { TextField } from "./text-field.tsx";
import { useZone } from "./schedule-menu.tsx";
import classes from "./scheduled.module.css";

const SchedulePicker = lazy(() => import("./schedule-picker.tsx"));

/** What is to be posted in a thread later, above its composer. */
export function ScheduledList({ threadId }: { threadId: string }) {
  const t = useText();
  const [open, setOpen] = useState(false);
  const [editing, setEditing] = useState<ScheduledMessage>();
  const { data } = useQuery(ComposeService.method.listScheduledMessages, { threadId, pageSize: 100 }, { staleTime: 60_000, refetchOnMount: "always" });
  const waiting = data?.scheduledMessages ?? [];
  if (waiting.length === 0) return null;
  const failed = waiting.filter((one) => one.state === ScheduledState.FAILED).length;
  return (
    <section className={classes.box} aria-label={t("scheduled.label")}>
      <UnstyledButton className={classes.head} aria-expanded={open} onClick={() => setOpen(!open)}>
        <IconClock size={15} aria-hidden />
        <span>{t("scheduled.count", { count: waiting.length })}</span>
        {failed > 0 && <span className={classes.failed}><IconAlertCircle size={14} aria-hidden />{t("scheduled.failed", { count: failed })}</span>}
        {open ? <IconChevronDown size={15} className={classes.arrow} aria-hidden /> : <IconChevronUp size={15} className={classes.arrow} aria-hidden />}
      </UnstyledButton>
      {open && <ul className={classes.rows}>{waiting.map((one) => <Row key={one.id} message={one} onEdit={() => setEditing(one)} />)}</ul>}
      <Dialog opened={editing !== undefined} onClose={() => setEditing(undefined)} title={t("scheduled.edit")} size="lg">
        {editing && <Editor key={editing.id} message={editing} onClose={() => setEditing(undefined)} />}
      </Dialog>
    </section>
  );
}

function useRenew(): () => Promise<void> {
  const queries = useQueryClient();
  return () => queries.invalidateQueries({ queryKey: createConnectQueryKey({ schema: ComposeService.method.listScheduledMessages, cardinality: undefined }) });
}

function Row({ message, onEdit }: { message: ScheduledMessage; onEdit: () => void }) {
  const t = useText();
  const intl = useIntl();
  const zone = useZone();
  const { cache } = useServices();
  const faultText = useFaultText();
  const renew = useRenew();
  const onError = (error: unknown): void => {
    notifications.show({ color: "red", message: faultText(toFault(error)) });
    void renew();
  };
  const send = useMutation(ComposeService.method.sendScheduledMessageNow, {
    onError,
    onSuccess: (answer) => {
      if (answer.message) cache.message(answer.message);
      return renew();
    },
  });
  const cancel = useMutation(ComposeService.method.cancelScheduledMessage, { onError, onSuccess: renew });
  const at = message.sendTime ? timestampMs(message.sendTime) : 0;
  const { content } = message;
  const text = content?.subject || plainText(content?.body ?? "", content?.format) || message.files[0]?.name || "";
  const ids = { scheduledMessageId: message.id };
  return (
    <li className={classes.row}>
      <PartyFace party={message.author} size={22} />
      <span className={classes.text}>
        <span className={classes.line}>
          {message.internal && <span className={classes.note}><IconLock size={13} aria-hidden />{t("message.internal")}</span>}
          <span className={classes.excerpt}>{text}</span>
        </span>
        <span className={classes.when} data-failed={message.state === ScheduledState.FAILED}>
          {message.state === ScheduledState.FAILED ? t("scheduled.why", { reason: message.failureMessage }) : intl.formatDate(at, { dateStyle: "medium", timeStyle: "short", timeZone: zone || undefined })}
        </span>
      </span>
      {message.editable && <IconButton size="sm" label={t("message.edit")} onClick={onEdit}><IconPencil size={15} /></IconButton>}
      {message.editable && <IconButton size="sm" label={t("scheduled.sendNow")} loading={send.isPending} onClick={() => send.mutate(ids)}><IconSend2 size={15} className="flip" /></IconButton>}
      <IconButton size="sm" label={t("scheduled.cancel")} loading={cancel.isPending} onClick={() => cancel.mutate(ids)}><IconX size={15} /></IconButton>
    </li>
  );
}

function Editor({ message, onClose }: { message: ScheduledMessage; onClose: () => void }) {
  const t = useText();
  const zone = useZone();
  const renew = useRenew();
  const [content, setContent] = useState(message.content);
  const save = useMutation(ComposeService.method.updateScheduledMessage, {
    onSuccess: async () => {
      await renew();
      onClose();
    },
  });
  if (!content) return null;
  return (
    <Stack gap="sm">
      {message.internal && <Text size="xs" className={classes.note}><IconLock size={13} aria-hidden />{t("message.internal")}</Text>}
      {!message.internal && (
        <TextInput label={t("composer.subject")} maxLength={300} value={content.subject} onChange={(event) => setContent({ ...content, subject: event.currentTarget.value })} />
      )}
      <TextField
        label={t("scheduled.text")}
        body={content.body}
        markdown={content.format === TextFormat.MARKDOWN}
        onChange={(body) => setContent({ ...content, body })}
      />
      <Suspense fallback={<Skeleton h={120} />}>
        <SchedulePicker
          zone={zone}
          at={message.sendTime && message.state !== ScheduledState.FAILED ? timestampMs(message.sendTime) : undefined}
          label={t("action.save")}
          busy={save.isPending}
          onCancel={onClose}
          error={save.error}
          onPick={(at) => save.mutate({ scheduledMessageId: message.id, content, sendTime: timestampFromMs(at), etag: message.etag })}
        />
      </Suspense>
    </Stack>
  );
}
