import { create } from "@bufbuild/protobuf";
import { Button, Group, NumberInput, PasswordInput, SimpleGrid, TagsInput, Text, TextInput } from "@mantine/core";
import { createConnectQueryKey, useMutation, useQuery } from "@connectrpc/connect-query";
import { useQueryClient } from "@tanstack/react-query";
import { IconSend } from "@tabler/icons-react";
import { useState } from "react";
import { toFault } from "../api/fault.ts";
import { GetMailSettingsResponseSchema, MailService, Role, type MailSettings } from "../api/contract.ts";
import { useText } from "../intl/intl.tsx";
import { Answer } from "./answer.tsx";
import { CopyField } from "./copy-field.tsx";
import { Frame, SaveBar, Section, useSavedNotice } from "./frame.tsx";
import classes from "./settings.module.css";
import { useOnce } from "./use-once.ts";

/** How the workspace sends and receives mail. */
export function MailPage() {
  const t = useText();
  const query = useQuery(MailService.method.getMailSettings, {});
  const settings = query.data?.settings;
  const test = useOnce(MailService, (client, _input: void, options) => client.sendTestMail({}, options));
  const ready = settings !== undefined && settings.serverUrl !== "" && settings.domain !== "";
  return (
    <Frame
      title={t("settings.mail")}
      hint={t("mail.hint")}
      role={Role.ADMINISTRATOR}
      query={query}
      actions={<Button variant="default" leftSection={<IconSend size={15} />} disabled={!ready} loading={test.isPending} onClick={() => test.mutate()}>{t("mail.test")}</Button>}
    >
      <div className={classes.answer}><Answer error={test.error} done={test.data && t("mail.testSent", { address: test.data.address })} /></div>
      {settings && <Form settings={settings} />}
    </Frame>
  );
}

function Form({ settings }: { settings: MailSettings }) {
  const t = useText();
  const queries = useQueryClient();
  const saved = useSavedNotice();
  const [values, setValues] = useState({ ...settings, password: "", dkimKey: "" });
  const set = (change: Partial<typeof values>): void => setValues((now) => ({ ...now, ...change }));
  const save = useMutation(MailService.method.updateMailSettings, {
    onSuccess: (answer) => {
      queries.setQueryData(createConnectQueryKey({ schema: MailService.method.getMailSettings, input: {}, cardinality: "finite" }), create(GetMailSettingsResponseSchema, { settings: answer.settings }));
      if (answer.settings) setValues({ ...answer.settings, password: "", dkimKey: "" });
      saved();
    },
  });
  const fault = save.error ? toFault(save.error) : undefined;
  const errorAt = (name: string): string | undefined => (fault?.field.includes(name) ? fault.message : undefined);
  return (
    <form onSubmit={(event) => { event.preventDefault(); save.mutate({ settings: values }); }}>
      <Section title={t("mail.addresses")}>
        <TextInput label={t("mail.domain")} description={t("mail.domainHint")} placeholder="mail.example.com" value={values.domain} error={errorAt("domain")} maxLength={253} onChange={(event) => set({ domain: event.currentTarget.value.trim() })} />
        <TextInput label={t("mail.senderName")} description={t("mail.senderNameHint")} value={values.senderName} maxLength={100} onChange={(event) => set({ senderName: event.currentTarget.value })} />
      </Section>
      <Section title={t("mail.out")}>
        <TextInput label={t("mail.server")} description={t("mail.serverHint")} placeholder="smtp://mail.example.com:587?tls=required" value={values.serverUrl} error={errorAt("server_url")} maxLength={300} onChange={(event) => set({ serverUrl: event.currentTarget.value.trim() })} />
        <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
          <TextInput label={t("mail.userName")} autoComplete="off" value={values.userName} maxLength={200} onChange={(event) => set({ userName: event.currentTarget.value })} />
          <PasswordInput size="sm" label={t("mail.password")} autoComplete="new-password" placeholder={settings.hasPassword ? t("settings.secretKept") : ""} value={values.password} maxLength={500} onChange={(event) => set({ password: event.currentTarget.value })} />
        </SimpleGrid>
        <NumberInput size="sm" maw={200} label={t("mail.hold")} description={t("mail.holdHint")} min={0} max={300} allowDecimal={false} value={values.holdSeconds} onChange={(value) => set({ holdSeconds: Number(value) || 0 })} />
      </Section>
      <Dkim values={values} stored={settings} onChange={set} onGenerate={(selector) => save.mutate({ settings: { ...values, dkimSelector: selector, dkimKey: "generate" } })} busy={save.isPending} />
      <Section title={t("mail.in")} hint={t("mail.inHint")}>
        <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
          <NumberInput size="sm" label={t("mail.loopLimit")} min={0} max={10_000} allowDecimal={false} value={values.loopLimit} onChange={(value) => set({ loopLimit: Number(value) || 0 })} />
          <NumberInput size="sm" label={t("mail.loopMinutes")} min={0} max={10_080} allowDecimal={false} value={values.loopMinutes} onChange={(value) => set({ loopMinutes: Number(value) || 0 })} />
        </SimpleGrid>
        <TagsInput size="sm" label={t("mail.trusted")} description={t("mail.trustedHint")} placeholder="@example.com" maxTags={200} value={values.trustedSenders} onChange={(trustedSenders) => set({ trustedSenders })} />
      </Section>
      <SaveBar error={save.error} busy={save.isPending} />
    </form>
  );
}

interface DkimProps {
  values: { dkimSelector: string; dkimKey: string };
  stored: MailSettings;
  onChange: (change: { dkimSelector?: string; dkimKey?: string }) => void;
  onGenerate: (selector: string) => void;
  busy: boolean;
}

function Dkim({ values, stored, onChange, onGenerate, busy }: DkimProps) {
  const t = useText();
  return (
    <Section title={t("mail.dkim")} hint={t("mail.dkimHint")}>
      <Group align="end" gap="sm">
        <TextInput label={t("mail.selector")} placeholder="parley" value={values.dkimSelector} maxLength={63} onChange={(event) => onChange({ dkimSelector: event.currentTarget.value.trim() })} />
        <Button variant="default" size="sm" loading={busy} onClick={() => onGenerate(values.dkimSelector || "parley")}>{stored.dkimRecordText === "" ? t("mail.generate") : t("mail.generateNew")}</Button>
      </Group>
      <PasswordInput size="sm" label={t("mail.dkimKey")} description={t("mail.dkimKeyHint")} autoComplete="off" placeholder={stored.dkimRecordText === "" ? "" : t("settings.secretKept")} value={values.dkimKey} maxLength={8192} onChange={(event) => onChange({ dkimKey: event.currentTarget.value })} />
      {stored.dkimRecordText !== "" && (
        <>
          <Text size="xs">{t("mail.dkimPublish")}</Text>
          <CopyField label={t("mail.recordName")} value={stored.dkimRecordName} />
          <CopyField label={t("mail.recordText")} value={stored.dkimRecordText} />
        </>
      )}
    </Section>
  );
}
