import { ActionIcon, Menu, Skeleton } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { createConnectQueryKey, useMutation } from "@connectrpc/connect-query";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { useQueryClient } from "@tanstack/react-query";
import { IconCalendarTime, IconChevronDown, IconClock } from "@tabler/icons-react";
import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { useIntl } from "react-intl";
import { ComposeService } from "../api/contract.ts";
import { toFault } from "../api/fault.ts";
import { useText } from "../intl/intl.tsx";
import { useServices } from "../services.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { useFaultText } from "../ui/states.tsx";
import type { ComposerState } from "./use-composer.ts";
import { mondayMorning, morning } from "./zone.ts";

const SchedulePicker = lazy(() => import("./schedule-picker.tsx"));

/** The user's time zone, or else the workspace's. */
export function useZone(): string {
  const { me, workspace } = useServices();
  return me.timeZone || workspace.timeZone || Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** Sends later: at a time one chooses, or at one of two that are often chosen. */
export function ScheduleMenu({ composer, color }: { composer: ComposerState; color: string | undefined }) {
  const t = useText();
  const intl = useIntl();
  const zone = useZone();
  const [asking, setAsking] = useState(false);
  const [now, setNow] = useState(() => Date.now());
  const schedule = useSchedule(composer);
  const name = (at: number): string => intl.formatDate(at, { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", timeZone: zone || undefined });
  const presets = [
    ["schedule.tomorrow", morning(now, 1, zone)],
    ["schedule.monday", mondayMorning(now, zone)],
  ] as const;
  return (
    <>
      <Menu position="top-end" onOpen={() => setNow(Date.now())}>
        <Menu.Target>
          <ActionIcon size={30} variant="filled" color={color} disabled={!composer.canSend} aria-label={t("schedule.label")} title={t("schedule.label")}>
            <IconChevronDown size={15} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Label>{t("schedule.label")}</Menu.Label>
          {presets.map(([id, at]) => (
            <Menu.Item key={id} leftSection={<IconClock size={15} />} rightSection={<span className="numeric" style={{ opacity: 0.7, fontSize: 13 }}>{name(at)}</span>} onClick={() => schedule(at)}>
              {t(id)}
            </Menu.Item>
          ))}
          <Menu.Item leftSection={<IconCalendarTime size={15} />} onClick={() => setAsking(true)}>{t("schedule.choose")}</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Dialog opened={asking} onClose={() => setAsking(false)} title={t("schedule.label")} size="sm">
        <Suspense fallback={<Skeleton h={120} />}>
          <SchedulePicker
            zone={zone}
            label={t("schedule.confirm")}
            onCancel={() => setAsking(false)}
            onPick={(at) => {
              setAsking(false);
              schedule(at);
            }}
          />
        </Suspense>
      </Dialog>
    </>
  );
}

/** Takes what is in the composer and has it sent later; a refusal puts it back. */
function useSchedule(composer: ComposerState): (at: number) => void {
  const t = useText();
  const intl = useIntl();
  const zone = useZone();
  const queries = useQueryClient();
  const faultText = useFaultText();
  const latest = useRef(composer);
  useEffect(() => {
    latest.current = composer;
  });
  const { mutateAsync } = useMutation(ComposeService.method.scheduleMessage);
  return (at) => {
    const { draft, uploads, threadId } = composer;
    const files = uploads.flatMap((one) => (one.file ? [one.file] : []));
    const taken = composer.take();
    if (!taken) return;
    const { content, internal, fileIds } = taken;
    composer.expand(false);
    void mutateAsync({ requestId: crypto.randomUUID(), threadId, internal, content: { ...content, fileIds }, sendTime: timestampFromMs(at) }).then(
      () => {
        const when = intl.formatDate(at, { dateStyle: "full", timeStyle: "short", timeZone: zone || undefined });
        notifications.show({ message: t("schedule.done", { when }) });
        return queries.invalidateQueries({ queryKey: createConnectQueryKey({ schema: ComposeService.method.listScheduledMessages, cardinality: undefined }) });
      },
      (reason: unknown) => {
        notifications.show({ color: "red", message: faultText(toFault(reason)) });
        latest.current.replace(draft, files);
      },
    );
  };
}
