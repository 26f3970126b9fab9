import { create } from "@bufbuild/protobuf";
import { Alert, Button, Group, Radio, Select, Stack, Switch, Text } from "@mantine/core";
import { TimeInput } from "@mantine/dates";
import { createConnectQueryKey, useMutation, useQuery } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { IconAlertCircle } from "@tabler/icons-react";
import { useState } from "react";
import { ChatterService, GetNotificationSettingsResponseSchema, IdentityService, NotifyBy, Role, type NotificationSettings } from "../api/contract.ts";
import { askPermission, permission, ring } from "../inbox/ring.ts";
import { useText } from "../intl/intl.tsx";
import { useServices } from "../services.tsx";
import { Frame, SaveBar, Section, useSavedNotice } from "./frame.tsx";
import { zonesFrom } from "./zones.ts";

/** How the caller wants to be told of things. */
export function NotificationsPage() {
  const t = useText();
  const query = useQuery(ChatterService.method.getNotificationSettings, {});
  return (
    <Frame title={t("settings.notifications")} role={Role.MEMBER} query={query}>
      {query.data?.settings && <Form settings={query.data.settings} />}
    </Frame>
  );
}

function Form({ settings }: { settings: NotificationSettings }) {
  const t = useText();
  const { me, workspace } = useServices();
  const queries = useQueryClient();
  const saved = useSavedNotice();
  const [values, setValues] = useState({ ...settings, notifyBy: settings.notifyBy || NotifyBy.INBOX });
  const [zone, setZone] = useState(me.timeZone);
  const set = (change: Partial<typeof values>): void => setValues((now) => ({ ...now, ...change }));
  const quiet = values.quietFrom !== "" || values.quietTo !== "";
  const save = useMutation(ChatterService.method.updateNotificationSettings, {
    onSuccess: (answer) => queries.setQueryData(createConnectQueryKey({ schema: ChatterService.method.getNotificationSettings, input: {}, cardinality: "finite" }), create(GetNotificationSettingsResponseSchema, { settings: answer.settings })),
  });
  const update = useMutation(IdentityService.method.updateUser, {
    onSuccess: () => queries.invalidateQueries({ queryKey: createConnectQueryKey({ schema: IdentityService.method.getCaller, cardinality: undefined }) }),
  });

  async function submit(): Promise<void> {
    try {
      if (zone !== me.timeZone) await update.mutateAsync({ user: { id: me.id, timeZone: zone }, updateMask: { paths: ["time_zone"] } });
      await save.mutateAsync({ settings: values });
      saved();
    } catch {
      // The form shows what went wrong.
    }
  }

  return (
    <form onSubmit={(event) => { event.preventDefault(); void submit(); }}>
      <Section title={t("notify.way")}>
        <Radio.Group aria-label={t("notify.way")} value={String(values.notifyBy)} onChange={(value) => set({ notifyBy: Number(value) })}>
          <Stack gap="xs">
            <Radio value={String(NotifyBy.INBOX)} label={t("notify.inbox")} description={t("notify.inboxHint")} />
            <Radio value={String(NotifyBy.MAIL)} label={t("notify.mail")} description={t("notify.mailHint", { email: me.email })} />
          </Stack>
        </Radio.Group>
        <Switch label={t("notify.digest")} description={t("notify.digestHint")} checked={values.activityDigest} onChange={(event) => set({ activityDigest: event.currentTarget.checked })} />
      </Section>
      <Section title={t("notify.quiet")} hint={t("notify.quietHint")}>
        <Switch label={t("notify.quietOn")} checked={quiet} onChange={(event) => set(event.currentTarget.checked ? { quietFrom: "22:00", quietTo: "07:00" } : { quietFrom: "", quietTo: "" })} />
        {quiet && (
          <Group gap="sm">
            <TimeInput size="sm" label={t("notify.from")} required withAsterisk={false} value={values.quietFrom} onChange={(event) => set({ quietFrom: event.currentTarget.value.slice(0, 5) })} />
            <TimeInput size="sm" label={t("notify.to")} required withAsterisk={false} value={values.quietTo} onChange={(event) => set({ quietTo: event.currentTarget.value.slice(0, 5) })} />
          </Group>
        )}
        <Select
          size="sm"
          maw={320}
          searchable
          allowDeselect={false}
          label={t("notify.zone")}
          data={[{ value: "", label: t("notify.zoneWorkspace", { zone: zoneName(workspace.timeZone || "UTC") }) }, ...zonesFrom(Intl.supportedValuesOf("timeZone"), zone).map((name) => ({ value: name, label: zoneName(name) }))]}
          value={zone}
          onChange={(value) => setZone(value ?? "")}
        />
      </Section>
      <Section title={t("notify.browser")} hint={t("notify.browserHint")}>
        <Switch label={t("notify.browserOn")} checked={values.browser} onChange={(event) => set({ browser: event.currentTarget.checked })} />
        {values.browser && <Permission />}
      </Section>
      <SaveBar error={save.error ?? update.error} busy={save.isPending || update.isPending} />
    </form>
  );
}

/** Whether this browser lets us, and a way to find out what it looks like. */
function Permission() {
  const t = useText();
  const [state, setState] = useState(permission);
  if (state === "unsupported") return <Text size="xs" c="dimmed">{t("notify.unsupported")}</Text>;
  if (state === "denied") return <Alert color="amber" p="xs" icon={<IconAlertCircle size={16} />}><Text size="xs">{t("notify.denied")}</Text></Alert>;
  return (
    <Group gap="xs">
      {state === "default" && <Button variant="default" onClick={() => void askPermission().then(setState)}>{t("notify.allow")}</Button>}
      {state === "granted" && <Button variant="default" onClick={() => ring({ tag: "parley-test", title: t("notify.testTitle"), body: t("notify.testBody") })}>{t("notify.test")}</Button>}
      <Text size="xs" c="dimmed">{state === "granted" ? t("notify.granted") : t("notify.ask")}</Text>
    </Group>
  );
}

function zoneName(zone: string): string {
  return zone.replaceAll("_", " ");
}
