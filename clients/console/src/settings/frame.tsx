import { Button, Group, Skeleton, Stack, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useNavigate } from "@tanstack/react-router";
import { useCallback, type ReactNode } from "react";
import { Role } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import { useServices } from "../services.tsx";
import { Header } from "../ui/header.tsx";
import { Empty, Failure, FailureLine } from "../ui/states.tsx";
import classes from "./settings.module.css";

interface FrameProps {
  title: string;
  /** One sentence that says what this is about. */
  hint?: string;
  /** The least role that may see it. */
  role: Role;
  /** What can be done, at the top. */
  actions?: ReactNode;
  /** How far what is shown has come. */
  query: { isPending: boolean; error: unknown; data: unknown; refetch: () => unknown };
  children: ReactNode;
}

/** A page of the settings, with its states. */
export function Frame({ title, hint, role, actions, query, children }: FrameProps) {
  const t = useText();
  const { me } = useServices();
  const navigate = useNavigate();
  const allowed = me.role >= role;
  return (
    <>
      <Header title={title} back={() => void navigate({ to: "/settings" })}>{allowed && actions}</Header>
      <div className={classes.body}>
        <div className={classes.column}>
          {allowed && hint && <Text c="dimmed" size="sm" mb="md">{hint}</Text>}
          {!allowed && <Empty text={role === Role.AGENT ? t("settings.forAgents") : t("settings.forAdministrators")} />}
          {allowed && query.isPending && <Waiting />}
          {allowed && query.error !== null && !query.data && <Failure error={query.error} retry={() => void query.refetch()} />}
          {allowed && query.data !== undefined && children}
        </div>
      </div>
    </>
  );
}

function Waiting() {
  const t = useText();
  return <Stack gap="md" aria-busy aria-label={t("state.loading")}><Skeleton h={58} /><Skeleton h={58} /><Skeleton h={58} /><Skeleton h={58} /></Stack>;
}

/** A part of a form, with a heading. */
export function Section({ title, hint, children }: { title: string; hint?: string; children: ReactNode }) {
  return (
    <section className={classes.section}>
      <h2 className={classes.sectionTitle}>{title}</h2>
      {hint && <Text c="dimmed" size="xs" mb="xs">{hint}</Text>}
      <Stack gap="sm">{children}</Stack>
    </section>
  );
}

/** The end of a form: what went wrong, and the button that saves. */
export function SaveBar({ error, busy, disabled, onCancel, label }: { error: unknown; busy: boolean; disabled?: boolean; onCancel?: () => void; label?: string }) {
  const t = useText();
  return (
    <Stack gap="sm" mt="md">
      {error !== null && error !== undefined && <FailureLine error={error} />}
      <Group justify="flex-end" gap="xs">
        {onCancel && <Button variant="default" onClick={onCancel}>{t("action.cancel")}</Button>}
        <Button type="submit" loading={busy} disabled={disabled}>{label ?? t("action.save")}</Button>
      </Group>
    </Stack>
  );
}

/** Says that something was saved. */
export function useSavedNotice(): () => void {
  const t = useText();
  return useCallback(() => void notifications.show({ message: t("settings.saved") }), [t]);
}
