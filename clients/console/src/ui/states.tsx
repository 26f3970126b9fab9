import { Alert, Button, CopyButton, Group, Skeleton, Stack, Text, UnstyledButton } from "@mantine/core";
import { Code } from "@connectrpc/connect";
import { IconAlertCircle, IconCheck, IconCopy, IconLock } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { toFault, type Fault } from "../api/fault.ts";
import { useText, type TextId } from "../intl/intl.tsx";
import classes from "./states.module.css";

/** One sentence and, if there is something to do, one action. */
export function Empty({ text, action }: { text: string; action?: ReactNode }) {
  return (
    <div className={classes.center}>
      <Text c="dimmed" ta="center" maw="40ch">{text}</Text>
      {action}
    </div>
  );
}

const KNOWN: Partial<Record<Code, TextId>> = {
  [Code.Unavailable]: "error.unavailable",
  [Code.DeadlineExceeded]: "error.slow",
  [Code.NotFound]: "error.notFound",
  [Code.PermissionDenied]: "error.forbidden",
  [Code.ResourceExhausted]: "error.tooMuch",
};

/** A sentence for a failed call: ours where we know it, else the server's. */
export function useFaultText(): (fault: Fault) => string {
  const t = useText();
  return (fault) => {
    const known = KNOWN[fault.code];
    if (known) return t(known);
    if (fault.code === Code.Internal || fault.code === Code.Unknown) return t("error.internal");
    const message = fault.message.trim();
    return message === "" ? t("error.internal") : message.charAt(0).toLocaleUpperCase() + message.slice(1);
  };
}

/** Says what went wrong, offers another try, and names the request. */
export function Failure({ error, retry }: { error: unknown; retry?: () => void }) {
  const t = useText();
  const fault = toFault(error);
  const text = useFaultText()(fault);
  const forbidden = fault.code === Code.PermissionDenied;
  const final = forbidden || fault.code === Code.NotFound;
  return (
    <div className={classes.center} role="alert">
      {forbidden ? <IconLock size={22} aria-hidden /> : <IconAlertCircle size={22} aria-hidden />}
      <Text ta="center" maw="44ch">{text}</Text>
      <Group gap="xs">
        {retry && !final && <Button variant="default" onClick={retry}>{t("action.retry")}</Button>}
        <RequestId fault={fault} />
      </Group>
    </div>
  );
}

/** The same in one line, for where there is little room. */
export function FailureLine({ error, retry }: { error: unknown; retry?: () => void }) {
  const t = useText();
  const fault = toFault(error);
  const text = useFaultText()(fault);
  return (
    <Alert color="red" variant="light" p="xs" icon={<IconAlertCircle size={16} />} role="alert">
      <Group gap="xs" justify="space-between">
        <Text size="xs">{text}</Text>
        <Group gap={4}>
          {retry && <Button variant="subtle" size="compact-xs" color="red" onClick={retry}>{t("action.retry")}</Button>}
          <RequestId fault={fault} />
        </Group>
      </Group>
    </Alert>
  );
}

function RequestId({ fault }: { fault: Fault }) {
  const t = useText();
  if (fault.requestId === "") return null;
  return (
    <CopyButton value={fault.requestId}>
      {({ copied, copy }) => (
        <UnstyledButton className={classes.requestId} onClick={copy}>
          {copied ? <IconCheck size={14} aria-hidden /> : <IconCopy size={14} aria-hidden />}
          {copied ? t("error.copied") : t("error.requestId", { id: fault.requestId.slice(0, 8) })}
        </UnstyledButton>
      )}
    </CopyButton>
  );
}

/** Rows of the size of what comes. */
export function RowSkeletons({ count = 8, height = 64 }: { count?: number; height?: number }) {
  const t = useText();
  return (
    <Stack gap={0} aria-busy aria-label={t("state.loading")}>
      {Array.from({ length: count }, (_, index) => (
        <Group key={index} h={height} px="md" gap="sm" wrap="nowrap">
          <Skeleton circle h={28} w={28} />
          <Stack gap={6} flex={1}>
            <Skeleton h={10} w={`${55 - (index % 3) * 10}%`} />
            <Skeleton h={10} w={`${85 - (index % 4) * 8}%`} />
          </Stack>
        </Group>
      ))}
    </Stack>
  );
}
